/** Everything that clients do, at once and among faults: register, change, delete, bind and rename, search and resolve. */
import { judgeAnswer, findAll } from "../checkers/p24-searches.ts"
import { namesMeanTheirs } from "../checkers/p23-names.ts"
import { faultNames } from "../faults/schedule.ts"
import type { Scenario } from "../scenario.ts"
import { hostOf, names } from "../workload/names.ts"
import { searches } from "../workload/searches.ts"
import { playFaults, turmoilOf } from "./faulty.ts"

const namesEveryMs = 8_000
const searchesEveryMs = 1_000

export const clients: Scenario = {
  name: "clients",
  purpose: "whatever clients do among faults, a name means what its owner bound, and a search shows what is there",
  defaults: { nodes: 12, untilMs: 240_000, records: 30 },
  play: (stage) => {
    stage.mesh(6, (machine) => ({ indexes: true, registryHost: hostOf(machine) }))
    const { fromMs, untilMs } = turmoilOf(stage)
    const book = names(stage, { count: Math.ceil(stage.options.records / 5), fromMs, untilMs, everyMs: namesEveryMs })
    stage.checkers.push(namesMeanTheirs(stage, book))
    searches(stage, { fromMs, untilMs, everyMs: searchesEveryMs }, (...answer) => judgeAnswer(stage, ...answer))
    const sections = playFaults(stage, [], faultNames)
    findAll(stage)
    stage.drawn["resolved"] = book.resolved
    return sections
  },
}
