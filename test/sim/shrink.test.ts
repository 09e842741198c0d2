/** A failing run is made as small as the bug is, fails alike, and ends as a test that fails while the bug is there. */
import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import { sliceOf } from "../../src/sim/causes.ts"
import type { EventLog } from "../../src/sim/event-log.ts"
import { regressionName, regressionText } from "../../src/sim/regression.ts"
import { defaultRun, type RunOptions } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { partition } from "../../src/sim/scenarios/partition.ts"
import { shrink } from "../../src/sim/shrink.ts"
import { simulate } from "../../src/sim/simulate.ts"
import { mutantNamed } from "../../src/sim/mutants/mutants.ts"

const from: RunOptions = { ...defaultRun, nodes: 10, records: 20, untilMs: 150_000, seed: 1 }
const watch = mutantNamed("nobody reconciles")!.plant
const shrunk = shrink(partition, from, { isTimeUp: () => false, watch })!

describe("a run that fails", () => {
  it("is made smaller: one client and one fault among two or three nodes", () => {
    const { clients, nodes, schedule, untilMs } = shrunk.options
    expect([clients!.length, schedule!.length, nodes <= 3, untilMs < from.untilMs]).toEqual([1, 1, true, true])
    expect([shrunk.isDone, shrunk.violation.invariant]).toEqual([true, "P1 convergence"])
  })

  it("fails alike afterwards, and needs all that is left of it", () => {
    const invariants = (over: Partial<RunOptions>, plant = watch) =>
      simulate(partition, { ...shrunk.options, ...over }, plant).violations.map(({ invariant }) => invariant)
    expect(invariants({})).toContain("P1 convergence")
    expect([invariants({ schedule: [] }), invariants({ clients: [] }), invariants({ without: [1] }), invariants({}, () => {})]).toEqual([
      [],
      [],
      [],
      [],
    ])
  })

  it("ends as a test that says what happened, and whose run is this one", () => {
    let log: EventLog | undefined
    simulate(partition, shrunk.options, (stage) => {
      watch(stage)
      log = stage.world.record()
    })
    const found = { scenario: "partition", from, commit: "c0ffee", shrunk, slice: sliceOf(log!) }
    expect(regressionName(found)).toBe("p1-convergence-in-partition-seed-1.test.ts")
    const text = regressionText(found)
    for (const part of ["registered", "never hears GOSSIP", "P1 convergence is violated", "../../support/regression.ts"])
      expect(text).toContain(part)

    const held: Array<readonly [string, string, Partial<RunOptions>]> = []
    const body = text.slice(text.indexOf("holds(")) // the one statement that is left when the import is gone
    runInNewContext(body, { holds: (...said: readonly [string, string, Partial<RunOptions>]) => held.push(said) })
    const [[invariant, scenario, options]] = held as [readonly [string, string, Partial<RunOptions>]]
    expect([invariant, scenario, { ...defaultRun, ...options }]).toEqual(["P1 convergence", "partition", shrunk.options])
  })

  it("is given up when the time is up, with what there is", () => {
    let asked = 0
    const hurried = shrink(partition, from, { isTimeUp: () => asked++ > 4, watch })!
    expect([hurried.isDone, hurried.runs <= 6]).toEqual([false, true])
    expect(simulate(partition, hurried.options, watch).violations[0]!.invariant).toBe("P1 convergence")
  })
})

it("a run that does not fail is not made smaller", () => {
  expect(shrink(convergence, { ...defaultRun, nodes: 4, records: 2, untilMs: 8_000 }, { isTimeUp: () => false })).toBe(undefined)
})
