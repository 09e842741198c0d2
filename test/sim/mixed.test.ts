/** Meshes of ours and deployed nodes: what is owed is there; and without us, or with one of the bugs that break it, it is not. */
import { expect, it } from "vitest"
import type { EventLog } from "../../src/sim/event-log.ts"
import { defaultRun, type RunOptions } from "../../src/sim/scenario.ts"
import { mixed } from "../../src/sim/scenarios/mixed.ts"
import { exitCodeOf, simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"

const small = { nodes: 9, records: 12, untilMs: 200_000 }
const run = (over: Partial<RunOptions>, prepare: (stage: Stage) => void = () => {}) =>
  simulate(mixed, { ...defaultRun, ...mixed.defaults, ...small, ...over }, prepare)

it.each([1, 2])("all that is owed is there with seed %i, and the ledger says what is not owed", (seed) => {
  const result = run({ seed })
  expect([result.violations, exitCodeOf(result)]).toEqual([[], 0])
  expect(result.mixed).toMatchObject({ deployed: 3, missing: 0 })
  expect([result.gossip!.coverage, result.digest!.unexplainedMissing]).toEqual([1, 0])
  expect(result.mixed!.owed).toBeGreaterThan(70)
})

it("ours that speak the pages' dialect only are found out", () => {
  const result = run({ seed: 1 }, (stage) => {
    stage.planted = { dialect: "spec" }
  })
  expect(exitCodeOf(result)).toBe(4)
  expect(result.mixed!.missing).toBeGreaterThan(0)
})

it("is the same whenever the seed is, with either codec, and logged; the log knows what every frame was", () => {
  const first = run({ seed: 3 })
  let log: EventLog | undefined
  const logged = run({ seed: 3, codec: "wire" }, (stage) => {
    log = stage.world.record()
  })
  expect([run({ seed: 3 }).trace, logged.trace]).toEqual([first.trace, first.trace])
  const delivered = [...log!.events()].filter(({ kind }) => kind === "deliver")
  expect([delivered.length, delivered.filter(({ what }) => what === "")]).toEqual([logged.delivered, []])
  const kinds = new Set(delivered.flatMap(({ what }) => what.split(", ")))
  for (const kind of ["IHAVE", "GOSSIP", "hello", "gossip", "dht"]) expect(kinds).toContain(kind)
  expect(run({ seed: 4 }).trace).not.toBe(first.trace)
})
