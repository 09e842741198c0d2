/** Nodes come and go, some of them with empty disks, with other faults around it, while clients go on. */
import { faultNames } from "../faults/schedule.ts"
import type { Scenario } from "../scenario.ts"
import { playFaults } from "./faulty.ts"

export const churn: Scenario = {
  name: "churn",
  purpose: "who was away holds what all hold, soon after it came back",
  defaults: { nodes: 25, untilMs: 240_000, records: 60 },
  play: (stage) => {
    stage.mesh(8)
    return playFaults(stage, ["churn"], faultNames)
  },
}
