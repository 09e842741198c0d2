/** The scenarios end well over a few seeds; and every checker catches a bug that was planted for it. */
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/actors/command.ts"
import { gossip, type GossipEvent, type GossipInput, type GossipMemory } from "../../src/actors/gossip.ts"
import { peer } from "../../src/actors/peer.ts"
import type { Reducer } from "../../src/actors/reducer.ts"
import { read, type VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import { gossipHopsMax } from "../../src/protocol/limits.ts"
import { cast } from "../../src/runtime/cast.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { tofu } from "../../src/sim/scenarios/tofu.ts"
import { exitCodeOf, scenarios, simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"

const run = (scenario: Scenario, over: Partial<RunOptions> = {}, prepare: (stage: Stage) => void = () => {}) =>
  simulate(scenario, { ...defaultRun, ...scenario.defaults, ...over }, prepare)

const seeds = [1, 2, 3]
const small = { nodes: 12, records: 20, untilMs: 20_000 }

/** A chain of nodes, longer than an announcement may travel. */
const chain: Scenario = {
  ...convergence,
  name: "chain",
  play: (stage) => {
    for (let i = 0; i < stage.options.nodes; i++) stage.world.addMachine()
    for (const machine of stage.world.machines) {
      const next = stage.world.machines[machine.index + 1]
      stage.world.boot(machine, stage.settings({ bootstrap: next === undefined ? [] : [{ address: { host: next.name, port: 4001 } }] }))
    }
    stage.run(2_000)
    stage.registerMany(stage.options.records, 1_000)
    stage.run(stage.options.untilMs)
    return { gossip: stage.gossipSection() }
  },
}

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

  it("an announcement reaches the end of a chain that is longer than its hops", () => {
    const result = run(chain, { nodes: gossipHopsMax + 6, records: 6, untilMs: 60_000 })
    expect([result.violations, result.gossip!.coverage]).toEqual([[], 1])
    expect(result.gossip!.lastHop).toBeLessThanOrEqual(gossipHopsMax)
  })

  it("it converges though a piece in five is lost", () => {
    const result = run(convergence, { seed: 4, ...small, loss: 0.2, untilMs: 240_000 })
    expect([result.violations, result.gossip!.coverage]).toEqual([[], 1])
  })
})

// planted bugs -------------------------------------------------------------------------------------------------------

type Gossip = Reducer<GossipInput, GossipMemory, GossipEvent>
type Say = (command: Command) => void

/** A gossip that keeps some commands to itself. */
const withSay = (change: (command: Command) => ReadonlyArray<Command>): Gossip => ({
  ...gossip,
  step: (memory: GossipMemory, event: GossipEvent, say: Say) =>
    gossip.step(memory, event, (command: Command) => change(command).forEach(say)),
})

/** Passes nothing on, neither whole nor by id. */
const silent = withSay((command) =>
  command.type === "broadcast" || (command.type === "send" && command.message.type !== "BEACON") ? [] : [command],
)

/** Counts hops truly, and never minds them. */
const tireless = (): Gossip => {
  const hops = new Map<string, number>()
  const real = (id: string, command: Command): Command => {
    const travelled = hops.get(id) ?? 0
    if (command.type === "broadcast" && command.message.type === "GOSSIP")
      return { ...command, message: { ...command.message, hopCount: travelled + (hops.has(id) ? 1 : 0) } }
    if (command.type === "report" && command.happening.type === "gossip.accepted")
      return { ...command, happening: { ...command.happening, hopCount: travelled } }
    return command
  }
  return {
    ...gossip,
    step: (memory: GossipMemory, event: GossipEvent, say: Say) => {
      const isHeard = event.type === "message.received" && event.message.type === "GOSSIP"
      if (isHeard && !hops.has(event.message.id)) hops.set(event.message.id, event.message.hopCount)
      const told = isHeard ? { ...event, message: { ...event.message, hopCount: 0 } } : event
      const id =
        event.type === "announcement.merged"
          ? event.envelope.announcement.contentId
          : event.type === "announcement.made"
            ? event.announcement.contentId
            : ""
      gossip.step(memory, told, (command: Command) => say(real(id, command)))
    },
  }
}

/** Dials whoever is there, and forgets whom it met. */
const trusting = peer.provide({ guards: { contradictsPin: () => false } })

/** Falls over what it merged. */
const throwing: Gossip = {
  ...gossip,
  step: (memory: GossipMemory, event: GossipEvent, say: Say) => {
    if (event.type === "announcement.merged") throw new Error("planted")
    gossip.step(memory, event, say)
  },
}

const invariants = (result: ReturnType<typeof run>) => [...new Set(result.violations.map(({ kind, invariant }) => `${kind} ${invariant}`))]

describe("checkers catch a planted bug:", () => {
  it("P1, nodes that pass nothing on", () => {
    const result = run(convergence, { ...small, seed: 1 }, (stage) => {
      stage.planted = { cast: { ...cast, gossip: silent } }
    })
    expect(invariants(result)).toContain("liveness P1 convergence")
  })

  it("P2, a verifier that believes every record", () => {
    const result = run(tofu, { seed: 1 }, ({ world }) => {
      const honest = world.verifier.believe
      world.verifier = {
        ...world.verifier,
        believe: (document, claimedId, nowMs) => {
          const announcement = read(document)
          const isRecord = announcement.type !== "malformed" && !announcement.isTombstone
          return isRecord ? { type: "verified", announcement: announcement as VerifiedAnnouncement } : honest(document, claimedId, nowMs)
        },
      }
    })
    expect([invariants(result), exitCodeOf(result)]).toEqual([["safety P2 no takeover"], 3])
  })

  it("P3, nodes that never tire of forwarding", () => {
    const result = run(chain, { nodes: gossipHopsMax + 4, records: 6, untilMs: 20_000 }, (stage) => {
      const settings = stage.settings.bind(stage)
      // a memory of its own for each node
      stage.settings = (more) => ({ ...settings(more), cast: { ...cast, gossip: tireless() } })
    })
    expect([invariants(result), exitCodeOf(result)]).toEqual([["safety P3 hop bound"], 3])
  })

  it("P4, nodes that forget whom they met", () => {
    const result = run(tofu, { seed: 1 }, (stage) => {
      stage.planted = { cast: { ...cast, peer: trusting } }
    })
    expect([invariants(result), exitCodeOf(result)]).toEqual([["safety P4 pinned keys"], 3])
  })

  it("a crash of our own, with the node where it happened", () => {
    const result = run(convergence, { ...small, seed: 1 }, (stage) => {
      stage.planted = { cast: { ...cast, gossip: throwing } }
    })
    expect(exitCodeOf(result)).toBe(2)
    expect(result.crash?.node).toMatch(/^n\d+$/)
    expect(result.crash?.reason).toContain("planted")
  })
})
