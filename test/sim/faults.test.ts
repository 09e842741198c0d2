/** Faults are drawn from the seed as plain data; whatever happens, all is whole again soon after the last of them. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SeededRandom } from "../../src/sim/dice.ts"
import { liarNames } from "../../src/sim/byzantine/liars.ts"
import { drawSchedule, faultKinds, faultNames } from "../../src/sim/faults/schedule.ts"
import { tallied } from "../../src/sim/figures.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { byzantine } from "../../src/sim/scenarios/byzantine.ts"
import { churn } from "../../src/sim/scenarios/churn.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { flood } from "../../src/sim/scenarios/flood.ts"
import { partition } from "../../src/sim/scenarios/partition.ts"
import { reconcile } from "../../src/sim/scenarios/reconcile.ts"
import { exitCodeOf, simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"

const run = (scenario: Scenario, over: Partial<RunOptions> = {}, prepare: (stage: Stage) => void = () => {}) =>
  simulate(scenario, { ...defaultRun, ...scenario.defaults, ...over }, prepare)

const expectWhole = (result: ReturnType<typeof run>) => {
  expect([result.violations, result.crash, exitCodeOf(result)]).toEqual([[], undefined, 0])
  expect(result.digest).toMatchObject({ distinct: 1, unexplainedMissing: 0 })
  expect(result.digest!.roundsAfterLastFault).toBeLessThanOrEqual(2)
  expect(result.delivered).toBeGreaterThan(0)
}

describe("a schedule of faults", () => {
  it("is plain data, stays in its season, has what must be, and ends with it", () => {
    const names = fc.subarray([...faultNames])
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 2, max: 60 }),
        names,
        names,
        fc.integer({ min: 1_000, max: 300_000 }),
        (seed, nodes, always, maybe, longMs) => {
          const season = { fromMs: 5_000, untilMs: 5_000 + longMs, always, maybe }
          const drawn = drawSchedule(new SeededRandom(seed, "faults"), nodes, season)
          expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn)
          expect(drawSchedule(new SeededRandom(seed, "faults"), nodes, season)).toEqual(drawn)
          for (const { atMs, forMs, kind } of drawn) {
            expect([...always, ...maybe]).toContain(kind)
            expect(atMs).toBeGreaterThanOrEqual(season.fromMs)
            expect(atMs + forMs).toBeLessThanOrEqual(season.untilMs)
          }
          if (always.length > 0) expect(drawn.some(({ kind }) => always.includes(kind))).toBe(true)
          if (drawn.length > 0) expect(Math.max(...drawn.map(({ atMs, forMs }) => atMs + forMs))).toBe(season.untilMs)
        },
      ),
    )
  })

  it("names only machines that are there", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 60 }), fc.constantFrom(...faultKinds), (seed, nodes, kind) => {
        for (const [name, value] of Object.entries(kind.draw(new SeededRandom(seed, "x"), nodes))) {
          if (!Array.isArray(value) || (name !== "machines" && name !== "ring")) continue
          expect(new Set(value).size).toBe(value.length)
          for (const machine of value as ReadonlyArray<number>) expect(machine >= 0 && machine < nodes).toBe(true)
        }
      }),
    )
  })
})

describe("all is whole again", () => {
  // two of the fifty that CI runs, among more nodes
  const seeds = [1, 2]
  const some = { nodes: 15, records: 40 }
  it.each(seeds)("after a partition, seed %i", (seed) => expectWhole(run(partition, { ...some, seed })))
  it.each(seeds)("after churn, seed %i", (seed) => expectWhole(run(churn, { ...some, seed })))
  it.each(seeds)("though three of ten lie, seed %i", (seed) => expectWhole(run(byzantine, { ...some, seed })))
  it("after a flood", () => expectWhole(run(flood, { ...some, seed: 1 })))

  const few: Partial<RunOptions> = { nodes: 8, records: 15, untilMs: 150_000, seed: 11 }
  it.each(faultNames.map((name) => [name]))("after %s alone", (name) => expectWhole(run(partition, { ...few, faults: [name] })))
  it.each(liarNames.filter((name) => name !== "claim").map((name) => [name]))("though three %s", (name) =>
    expectWhole(run(byzantine, { ...few, faults: [name] })),
  )
})

describe("a seed that once failed", () => {
  // of a claim that gave way and was to come back; of a batch of which only our own part failed
  it.each([
    { scenario: churn, seed: 14 },
    { scenario: partition, seed: 31 },
  ])("holds: $scenario.name $seed", ({ scenario, seed }) => expectWhole(run(scenario, { nodes: 25, records: 15, untilMs: 300_000, seed })))
})

describe("corruption", () => {
  it("ends in refusals that are counted, and never in a crash", () => {
    let stage: Stage | undefined
    const result = run(partition, { nodes: 10, records: 40, untilMs: 150_000, seed: 3, faults: ["corruption"] }, (made) => (stage = made))
    expectWhole(result)
    const { network } = stage!.world
    const refused = ["malformed", "signature", "id-mismatch", "unknown-type", "not-json", "frame-too-large"]
    const counted = stage!.honest().flatMap((machine) => refused.map((reason) => tallied(machine, `drop:${reason}`)))
    expect(network.corrupted).toBeGreaterThan(0)
    expect(counted.reduce((sum, times) => sum + times, 0)).toBeGreaterThan(0)
  })
})

describe("half of all pieces are lost for an hour", () => {
  it("and nobody is taken for dead who lives", () => {
    const result = run(convergence, { nodes: 10, records: 5, loss: 0.5, untilMs: 3_600_000, seed: 2 })
    expect(result.violations).toEqual([])
  })
})

describe("a reconciliation", () => {
  it("costs what differs, and little more; of equal sets next to nothing", () => {
    const few = run(reconcile, { records: 1_000, differences: 20 })
    expect([few.violations, few.digest!.distinct]).toEqual([[], 1])
    expect(few.reconcile!.roundTrips).toBeLessThanOrEqual(3)
    expect(few.reconcile!.bytesPerRound).toBeLessThan(6_000)
    const none = run(reconcile, { records: 300, differences: 0 })
    expect([none.violations, none.digest!.distinct, none.reconcile!.roundTrips]).toEqual([[], 1, 1])
    expect(none.reconcile!.bytesPerRound).toBeLessThanOrEqual(200)
  })
})

describe("a faulty run", () => {
  it("is the same with both engines and both codecs", () => {
    for (const scenario of [churn, byzantine]) {
      const over = { seed: 7, nodes: 12, records: 20, untilMs: 120_000 }
      const { trace } = run(scenario, over)
      expect(run(scenario, { ...over, engine: "xstate" }).trace).toBe(trace)
      expect(run(scenario, { ...over, codec: "wire" }).trace).toBe(trace)
    }
  })
})
