/** Three of ten nodes lie, each in its own way, with other faults around it, while clients go on at the honest ones. */
import { drawLiars, liarNames, lie, meshWithHands } from "../byzantine/liars.ts"
import type { Scenario } from "../scenario.ts"
import { playFaults, turmoilOf } from "./faulty.ts"

const liarsShare = 0.3

export const byzantine: Scenario = {
  name: "byzantine",
  purpose: "three of ten nodes lie, and take over nobody, bring nothing back, and stop nothing",
  defaults: { nodes: 25, untilMs: 240_000, records: 60 },
  play: (stage) => {
    const hands = meshWithHands(stage, 8, (edges) => drawLiars(stage, Math.floor(stage.options.nodes * liarsShare), edges))
    const { fromMs, untilMs } = turmoilOf(stage)
    const given = stage.options.faults?.filter((name) => liarNames.includes(name)) ?? []
    lie(stage, hands, given.length > 0 ? given : liarNames, fromMs, untilMs)
    return playFaults(stage, [], ["loss", "delay", "duplication", "reordering", "halves", "one-way", "crash", "pause", "clock-skew"])
  },
}
