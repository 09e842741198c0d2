/** A month of names: handles are claimed, names bound, renamed and given up, while halves part for days and homes are away. */
import { namesMeanTheirs } from "../checkers/p23-names.ts"
import { defaultSettings } from "../../runtime/node-settings.ts"
import type { Scenario } from "../scenario.ts"
import { hostOf, names } from "../workload/names.ts"
import { beginMonth, dayMs, hourMs } from "./month.ts"

export const naming: Scenario = {
  name: "naming",
  purpose: "for thirty days a name means what its owner bound, whatever parts and comes together",
  defaults: { nodes: 4, untilMs: 30 * dayMs, records: 8 },
  play: (stage) => {
    // whether entities live is another month's question
    const liveness = { ...defaultSettings.liveness, isWatching: false }
    stage.mesh(3, (machine) => ({ registryHost: hostOf(machine), liveness }))
    const { fromMs, untilMs } = beginMonth(stage)
    const everyMs = Math.min(8 * hourMs, (untilMs - fromMs) / 10)
    const book = names(stage, { count: stage.options.records, fromMs, untilMs, everyMs })
    stage.checkers.push(namesMeanTheirs(stage, book))
    stage.digests.calmFromMs = untilMs
    stage.run(stage.options.untilMs)
    stage.drawn["resolved"] = book.resolved
    return { digest: stage.digestSection() }
  },
}
