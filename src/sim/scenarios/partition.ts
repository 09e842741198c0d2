/** The network falls apart in some way, with other faults around it, while clients go on; and then it heals. */
import type { Scenario } from "../scenario.ts"
import { faultsBut, playFaults } from "./faulty.ts"

export const partition: Scenario = {
  name: "partition",
  purpose: "whatever falls apart holds the same again, two rounds after it healed",
  defaults: { nodes: 25, untilMs: 240_000, records: 60 },
  play: (stage) => {
    stage.mesh(8)
    return playFaults(stage, ["halves", "bridge", "one-way", "majority-ring", "clog"], faultsBut("churn"))
  },
}
