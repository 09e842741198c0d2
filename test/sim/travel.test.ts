/** Any event of a run can be gone to, shows what it changed, and can be branched off from. */
import { describe, expect, it } from "vitest"
import { likelihoodOf } from "../../src/sim/likelihood.ts"
import { changesOf } from "../../src/sim/node-state.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { partition } from "../../src/sim/scenarios/partition.ts"
import { simulate } from "../../src/sim/simulate.ts"
import { aroundOf, eventAt, logOf, visit } from "../../src/sim/travel.ts"

const options: RunOptions = { ...defaultRun, nodes: 5, records: 3, untilMs: 10_000, seed: 2 }
const log = logOf(convergence, options)
const events = [...log.events()]
const accepted = events.find(({ kind, what, about }) => kind === "report" && what === "gossip.accepted" && !about[0]!.includes("dev:"))!

describe("an event", () => {
  it("is gone to: just after it, and not a step later", () => {
    const { changes, stage, state } = visit(convergence, options, accepted)
    expect([stage.world.clock.elapsedMs, stage.world.clock.steps]).toEqual([accepted.atMs, accepted.step])
    const id = accepted.about[0]!
    expect(changes).toContainEqual({
      path: `shows › ${id}`,
      before: "nothing",
      after: expect.stringContaining("Answers questions") as string,
    })
    expect(changes.some(({ path }) => path.startsWith("actors › gossip › remembers › seen"))).toBe(true)
    expect(visit(convergence, options, accepted)).toMatchObject({ changes, state })
  })

  it("changes nothing at a machine where nothing happened", () => {
    const elsewhere = (accepted.machine + 1) % options.nodes
    expect(visit(convergence, options, accepted, elsewhere).changes).toEqual([])
  })

  it("comes of what was heard, and leads to what others hear", () => {
    const { comesOf } = aroundOf(log, accepted)
    expect(comesOf[0]).toMatchObject({ kind: "deliver", machine: accepted.machine, what: "GOSSIP" })
    const { leadsTo } = aroundOf(log, comesOf[0]!)
    expect(leadsTo.map(({ index }) => index)).toContain(accepted.index)
    expect(eventAt(log, accepted.atMs)!.atMs).toBe(accepted.atMs)
  })
})

it("states differ where they differ", () => {
  expect(changesOf({ a: 1, b: { c: [1, 2] }, d: 0 }, { a: 1, b: { c: [1, 3, 4] }, e: null })).toEqual([
    { path: "b › c › 1", before: 2, after: 3 },
    { path: "b › c › 2", before: undefined, after: 4 },
    { path: "d", before: 0, after: undefined },
    { path: "e", before: undefined, after: null },
  ])
})

describe("a branch", () => {
  const run = (over: Partial<RunOptions>) =>
    simulate(partition, { ...defaultRun, nodes: 6, records: 8, untilMs: 100_000, seed: 3, ...over })

  it("is the run up to there, and another one afterwards, the same whenever its seed is", () => {
    const whole = run({})
    const step = 400
    const [one, again, other] = [
      run({ branch: { step, seed: 9 } }),
      run({ branch: { step, seed: 9 } }),
      run({ branch: { step, seed: 10 } }),
    ]
    expect([one.trace === again.trace, new Set([whole.trace, one.trace, other.trace]).size]).toEqual([true, 3])
    expect(run({ branch: { step: 1e9, seed: 9 } }).trace).toBe(whole.trace)
  })
})

describe("how likely a failure is", () => {
  const thrownAtMs = 5_000
  /** Fails by a coin that is thrown at a known moment. */
  const coin: Scenario = {
    name: "coin",
    purpose: "fails three times of ten",
    defaults: {},
    play: (stage) => {
      stage.mesh(2)
      const chance = stage.world.random("coin")
      stage.world.clock.at(thrownAtMs, () => {
        if (chance.next() < 0.3) stage.violate("safety", "heads", { node: "n0", detail: "tails" })
      })
      stage.run(8_000)
      return {}
    },
  }
  const thrown = (seed: number): RunOptions => ({ ...defaultRun, nodes: 2, records: 0, seed })
  const failing = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].find((seed) => simulate(coin, thrown(seed)).violations.length > 0)!

  it("is asked from many moments, and rises where the coin is thrown", () => {
    const found = likelihoodOf(coin, thrown(failing), { moments: 4, continuations: 8, isTimeUp: () => false })!
    const [from, until] = found.rise
    expect([found.invariant, found.moments.at(-1)!.failed]).toEqual(["heads", 8])
    expect([from.failed < until.failed, until.failed, from.atMs < thrownAtMs, until.atMs >= thrownAtMs]).toEqual([true, 8, true, true])
  })

  it("is no question where nothing fails", () => {
    expect(likelihoodOf(convergence, options, { moments: 2, continuations: 1, isTimeUp: () => false })).toBe(undefined)
  })
})
