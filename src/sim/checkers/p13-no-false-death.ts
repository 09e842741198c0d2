/** P13: a living peer that can be heard is not taken for dead (ruled: suspicion before death; loss up to one half). */
import { suspicionAfterMs, suspicionPatienceMs } from "../../protocol/limits.ts"
import { idOf } from "../../protocol/identity/id.ts"
import type { Checker } from "./checker.ts"

/** With so much of the silence free of trouble, at most one of ten thousand links falls silent by chance at half loss. */
const calmEnoughMs = 120_000

export const noFalseDeath: Checker = {
  invariant: "P13 no false death",
  hear: (stage, machine, happening) => {
    if (happening.type !== "peer.disconnected" || happening.reason !== "silent" || !stage.isHonest(machine)) return undefined
    const peer = stage.honest().find(({ key }) => idOf("registry", key) === happening.registryId)
    if (peer === undefined) return undefined
    const calmMs = stage.world.troubles.calmMs(machine, peer, suspicionAfterMs + suspicionPatienceMs)
    return calmMs < calmEnoughMs
      ? undefined
      : { node: machine.name, detail: `takes ${peer.name} for dead after ${calmMs} ms in which nothing kept them apart` }
  },
}
