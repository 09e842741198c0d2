/** P11: within two rounds of anti-entropy after the last fault all honest nodes hold the same (ruled), and mean the same by it. */
import { digestOf, pictureOf } from "../digest-watch.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker, Finding } from "./checker.ts"

const roundsMax = 2

export const oneDigest: Checker = {
  invariant: "P11 one digest",
  end: (stage) => {
    const { distinct, rounds } = stage.digests
    if (distinct === 0) return []
    if (distinct > 1) return [differing(stage, digestOf, `${distinct} different digests at the end`)]
    if (rounds > roundsMax) return [{ node: "all", detail: `agreed only after ${rounds} rounds` }]
    const picture = (machine: Machine) => pictureOf(stage.world, machine)
    const pictures = new Set(stage.honest().map(picture)).size
    return pictures === 1 ? [] : [differing(stage, picture, `${pictures} different pictures under one digest`)]
  },
}

/** Who differs: the fewest that are alike. */
const differing = (stage: Stage, of: (machine: Machine) => string | undefined, detail: string): Finding => {
  const [fewest] = [...Map.groupBy(stage.honest(), of).values()].sort((a, b) => a.length - b.length)
  return { node: (fewest ?? []).map(({ name }) => name).join(" "), detail }
}
