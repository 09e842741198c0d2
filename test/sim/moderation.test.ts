/**
 * One node's operator blocks something: everybody else goes on as if nothing was, all hold the same, and nothing of it leaves
 * that node.
 */
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import type { HoldingsMemory } from "../../src/actors/holdings.ts"
import * as SlotSet from "../../src/protocol/gossip/slot-set.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { reconcilePeriodMs } from "../../src/protocol/limits.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { partition } from "../../src/sim/scenarios/partition.ts"
import { simulate } from "../../src/sim/simulate.ts"
import { addressOf, Stage } from "../../src/sim/stage.ts"
import { type Client, client } from "../../src/sim/workload/clients.ts"
import type { Machine } from "../../src/sim/world.ts"

const small = { nodes: 12, records: 24, untilMs: 150_000, faults: ["halves"] }

const service = (machine: Machine) => machine.node!.service
const block = (stage: Stage, machine: Machine, subject: string) =>
  stage.world.fork(machine, Effect.orDie(service(machine).block(subject, "spam")))
const shows = (stage: Stage, machine: Machine, { entityId }: Client) => Exit.isSuccess(stage.world.look(service(machine).entity(entityId)))
const digestOf = (machine: Machine) =>
  SlotSet.digestOf((machine.node!.actors.snapshot("holdings")!.context as HoldingsMemory).set, 0, 0, "").toString("hex")

/** The developer of the first sixteen clients. */
const blockedDeveloper = (seed: number) => client(seed, 0).registration["developer_id"] as string

describe("a mesh in which one node blocks", () => {
  it.each([
    ["a developer, from the start", convergence, 1_000, [1, 2]],
    ["a developer, in the middle of it", convergence, 4_500, [3]],
    ["a developer, while the mesh is in two halves", partition, 20_000, [4]],
  ])("%s: all others show all of it, and all hold the same", (_, scenario, atMs, seeds) => {
    for (const seed of seeds) {
      let stage: Stage | undefined
      const result = simulate(scenario, { ...defaultRun, ...scenario.defaults, ...small, seed }, (it) => {
        stage = it
        it.world.clock.at(atMs, () => void block(it, it.world.machines[3]!, blockedDeveloper(seed)))
      })
      expect([result.violations, result.crash]).toEqual([[], undefined])
      expect(result.gossip!.coverage).toBe(1)
      const { machines } = stage!.world
      const hidden = stage!.records.filter(({ client }) => client.number < 16)
      const free = stage!.records.filter(({ client }) => client.number >= 16)
      expect(free.length).toBeGreaterThan(0)
      const shown = (machine: Machine) => [hidden, free].map((words) => words.filter(({ client }) => shows(stage!, machine, client)).length)
      expect(machines.map(shown)).toEqual(machines.map(({ index }) => [index === 3 ? 0 : hidden.length, free.length]))
      expect(new Set(machines.map(digestOf)).size).toBe(1)
    }
  })
})

describe("between two that know each other only through a node that blocks", () => {
  const inARow = () => {
    const stage = new Stage({ ...defaultRun, ...convergence.defaults, nodes: 3, seed: 5 })
    for (let i = 0; i < 3; i++) stage.world.addMachine()
    const [left, middle, right] = stage.world.machines as unknown as readonly [Machine, Machine, Machine]
    for (const [machine, next] of [[left, middle], [middle, right], [right]] as const)
      stage.world.boot(machine, stage.settings({ bootstrap: next === undefined ? [] : [{ address: addressOf(next) }] }))
    stage.run(3_000)
    return { stage, left, middle, right }
  }
  const [good, bad] = [client(5, 20), client(5, 0)]

  it("passes nothing of it, however often they compare, until the block is lifted", () => {
    const { left, middle, right, stage } = inARow()
    block(stage, middle, bad.entityId)
    stage.register(left, bad)
    stage.register(left, good)
    stage.run(3 * reconcilePeriodMs)
    expect([bad, good].map((one) => [left, middle, right].map((machine) => stage.shownBy(machine, one.entityId) !== undefined))).toEqual([
      [true, true, false],
      [true, true, true],
    ])
    expect([bad, good].map((one) => [left, middle].map((machine) => shows(stage, machine, one)))).toEqual([
      [true, false],
      [true, true],
    ])
    expect(digestOf(middle)).toBe(digestOf(left))

    stage.world.fork(middle, Effect.orDie(service(middle).unblock(bad.entityId)))
    stage.run(5.5 * reconcilePeriodMs)
    expect([left, middle, right].map((machine) => shows(stage, machine, bad))).toEqual([true, true, true])
    expect(new Set([left, middle, right].map(digestOf)).size).toBe(1)
  })

  it("passes on its end", () => {
    const { left, middle, right, stage } = inARow()
    stage.register(left, bad, (word) => {
      stage.world.clock.at(2_000, () => void block(stage, middle, bad.entityId))
      stage.world.clock.at(4_000, () => stage.deregister(word))
    })
    stage.run(20_000)
    expect([left, middle, right].map((machine) => stage.shownBy(machine, bad.entityId))).toEqual([undefined, undefined, undefined])
  })

  it("a blocked registry is sent away, is not let in again, and is let in when the block is lifted", () => {
    const { left, middle, right, stage } = inARow()
    const linked = () => [left, middle, right].map((machine) => Effect.runSync(service(machine).peers).length)
    expect(linked()).toEqual([1, 2, 1])
    block(stage, middle, idOf("registry", left.key))
    stage.run(60_000)
    expect(linked()).toEqual([0, 1, 1])
    const refused = Effect.runSync(Effect.orDie(service(middle).status)).refused
    expect(refused["drop:blocked"]).toBeGreaterThan(1)
    stage.world.fork(middle, Effect.orDie(service(middle).unblock(left.key)))
    stage.run(60_000 + 400_000)
    expect(linked()).toEqual([1, 2, 1])
  })
})
