/** What clients do besides registering, among faults: names mean what their owners bound, searches show what is there. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { DeveloperId } from "../../src/protocol/identity/id.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { clients } from "../../src/sim/scenarios/clients.ts"
import { simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"
import { storing } from "../../src/sim/mutants/mutant.ts"

const nobody = "zns:dev:0" as DeveloperId

const play = (seed: number, watch: (stage: Stage) => void = () => {}) =>
  simulate(clients, { ...defaultRun, ...clients.defaults, nodes: 8, records: 15, untilMs: 150_000, seed }, watch)
const found = (watch: (stage: Stage) => void) => new Set(play(2, watch).violations.map(({ invariant }) => invariant))

describe("clients that do everything at once", () => {
  it("are told the truth, and a run of theirs is one", () => {
    const result = play(2)
    expect([result.violations, result.crash]).toEqual([[], undefined])
    expect(Number(result.drawn["resolved"])).toBeGreaterThan(5)
    expect(play(2).trace).toBe(result.trace)
  })

  it("notice when a name means another's entity", () => {
    const foreign = storing((store) => ({
      names: (filter) => Effect.map(store.names(filter), (entries) => entries.map((entry) => ({ ...entry, developerId: nobody }))),
    }))
    expect(found(foreign)).toContain("P23 names")
  })

  it("notice when a node's index loses what comes back to it", () => {
    // the store says nothing of what is shown, as it once did of our own words
    const silent = storing((store) => ({
      merge: (...given) => Effect.map(store.merge(...given), (outcomes) => outcomes.map(({ entity: _, ...outcome }) => outcome)),
    }))
    expect(found(silent)).toContain("P24 searches")
  })
})
