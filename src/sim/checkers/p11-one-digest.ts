/** P11: within two rounds of anti-entropy after the last fault all honest nodes hold the same (ruled). */
import { digestOf } from "../digest-watch.ts"
import type { Checker } from "./checker.ts"

const roundsMax = 2

export const oneDigest: Checker = {
  invariant: "P11 one digest",
  end: (stage) => {
    const { distinct, rounds } = stage.digests
    if (distinct <= 1 && rounds <= roundsMax) return []
    const groups = Map.groupBy(stage.honest(), (machine) => digestOf(machine))
    const [, smallest] = [...groups].sort(([, a], [, b]) => a.length - b.length)[0] ?? []
    const who = distinct <= 1 ? "all" : (smallest ?? []).map(({ name }) => name).join(" ")
    return [{ node: who, detail: distinct <= 1 ? `agreed only after ${rounds} rounds` : `${distinct} different digests at the end` }]
  },
}
