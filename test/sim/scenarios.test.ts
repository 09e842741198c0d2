/** The scenarios end well over a few seeds; and a fault of our own is seen as one. */
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/actors/command.ts"
import { gossip, type GossipEvent, type GossipInput, type GossipMemory } from "../../src/actors/gossip.ts"
import type { Reducer } from "../../src/actors/reducer.ts"
import { gossipHopsMax } from "../../src/protocol/limits.ts"
import { cast } from "../../src/runtime/cast.ts"
import { chain } from "../../src/sim/mutants/trials.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { tofu } from "../../src/sim/scenarios/tofu.ts"
import { exitCodeOf, scenarios, simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"

const run = (scenario: Scenario, over: Partial<RunOptions> = {}, prepare: (stage: Stage) => void = () => {}) =>
  simulate(scenario, { ...defaultRun, ...scenario.defaults, ...over }, prepare)

const seeds = [1, 2, 3]
const small = { nodes: 12, records: 20, untilMs: 20_000 }

describe("scenarios", () => {
  it("are the ones that are promised so far", () => {
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(["convergence", "tofu"]))
  })

  it.each(seeds)("convergence holds every invariant with seed %i", (seed) => {
    const result = run(convergence, { seed, ...small })
    expect([result.violations, exitCodeOf(result)]).toEqual([[], 0])
    expect(result.gossip!.coverage).toBe(1)
    expect(result.gossip!.maxMs).toBeLessThan(5_000)
  })

  it.each(seeds)("tofu holds every invariant with seed %i", (seed) => {
    const result = run(tofu, { seed })
    expect([result.violations, exitCodeOf(result)]).toEqual([[], 0])
    expect(result.gossip!.coverage).toBe(1)
  })

  it("those who register while the mesh boots are all heard, and nothing is taken twice", () => {
    const early: Scenario = {
      ...convergence,
      play: (stage) => {
        stage.mesh(4)
        stage.registerMany(stage.options.records, 500)
        stage.run(stage.options.untilMs)
        return { gossip: stage.gossipSection() }
      },
    }
    const result = run(early, { seed: 1, ...small, nodes: 10 })
    expect([result.violations, result.gossip!.coverage]).toEqual([[], 1])
  })

  it("an announcement reaches the end of a chain that is longer than its hops", () => {
    const result = run(chain.scenario, { ...chain.over, nodes: gossipHopsMax + 6 })
    expect(result.violations).toEqual([])
    expect(result.gossip!.lastHop).toBeLessThanOrEqual(gossipHopsMax)
  })

  it("it converges though a piece in five is lost", () => {
    const result = run(convergence, { seed: 4, ...small, loss: 0.2, untilMs: 240_000 })
    expect([result.violations, result.gossip!.coverage]).toEqual([[], 1])
  })
})

type Gossip = Reducer<GossipInput, GossipMemory, GossipEvent>
type Say = (command: Command) => void

/** Falls over what it merged. */
const throwing: Gossip = {
  ...gossip,
  step: (memory: GossipMemory, event: GossipEvent, say: Say) => {
    if (event.type === "announcement.merged") throw new Error("planted")
    gossip.step(memory, event, say)
  },
}

describe("a fault of our own", () => {
  it("is a crash, with the node where it happened", () => {
    const result = run(convergence, { ...small, seed: 1 }, (stage) => {
      stage.planted = { cast: { ...cast, gossip: throwing } }
    })
    expect(exitCodeOf(result)).toBe(2)
    expect(result.crash?.node).toMatch(/^n\d+$/)
    expect(result.crash?.reason).toContain("planted")
  })
})
