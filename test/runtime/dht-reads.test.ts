/**
 * Reading by the DHT: a light node and a gateway use it before they ask their peers, a name is resolved where gossip never
 * came, and who has no DHT neither asks nor answers. Simulated nodes, every byte written and read.
 */
import { type Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import type { DhtMemory } from "../../src/actors/dht.ts"
import { sizeOf } from "../../src/protocol/dht/value-store.ts"
import { defaultDht, withoutDht } from "../../src/runtime/node/dht.ts"
import { defaultSettings, type NodeSettings } from "../../src/runtime/node-settings.ts"
import type { Node } from "../../src/runtime/node-service.ts"
import { type Machine, World } from "../../src/sim/world.ts"
import { developerOf, developerRequest, entityIdOf, handleRequest, nameRequest, sdkRequest } from "../support/clients.ts"
import { deafStore, deafWhile } from "../support/deaf-store.ts"

const alice = developerOf(1)
const host = "zns01.example"

/** A home, a full node at it, and a reader at that one which hears no gossip. */
const row = (reader: Partial<NodeSettings>, middle: Partial<NodeSettings> = {}, store = deafStore()) => {
  const world = new World({ seed: 5, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const machines = [world.addMachine(), world.addMachine(), world.addMachine()] as const
  machines[2].store = store
  const after = (name: string, more: Partial<NodeSettings>): NodeSettings => ({
    ...defaultSettings,
    version: "test",
    wantedPeers: 0,
    ...more,
    bootstrap: name === "" ? [] : [{ address: { host: name, port: 4001 } }],
  })
  world.boot(machines[0], after("", { registryHost: host }))
  world.boot(machines[1], after("n0", middle))
  world.boot(machines[2], after("n1", reader))
  const pass = (ms: number) => world.run(world.clock.elapsedMs + ms)
  const ask = <A, E>(machine: Machine, question: (node: Node["Service"]) => Effect.Effect<A, E>): Exit.Exit<A, E> => {
    const fiber = world.fork(machine, question(machine.node!.service))
    pass(6_000)
    return fiber.pollUnsafe()!
  }
  const of = <A, E>(machine: Machine, question: (node: Node["Service"]) => Effect.Effect<A, E>): A => {
    const exit = ask(machine, question)
    if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
    return exit.value
  }
  pass(10_000)
  return { home: machines[0], middle: machines[1], reader: machines[2], pass, ask, of }
}

describe("what a reader never heard of", () => {
  it.each(["light", "gateway"] as const)("is found by the DHT before a peer is asked, at a %s node", (role) => {
    const { home, of, reader } = row({ role })
    of(home, (node) => node.registerEntity(sdkRequest(alice, 0)))
    expect(of(reader, (node) => node.entity(entityIdOf(alice, 0)))).toMatchObject({
      tier: "dht",
      record: { entity_id: entityIdOf(alice, 0) },
    })
    expect(of(reader, (node) => node.status).dht).toMatchObject({ lookups: { found: 1, missing: 0 } })
  })

  it("is held from then on, and found by a search", () => {
    let isDeaf = true
    const { home, of, reader } = row(
      {},
      {},
      deafWhile(() => isDeaf),
    )
    const { name } = of(home, (node) => node.registerEntity(sdkRequest(alice, 0)))
    const found = () => of(reader, (node) => node.search({ query: name })).hits.map((hit) => hit.entry.record.entity_id)
    expect(found()).toEqual([])
    isDeaf = false
    expect(of(reader, (node) => node.entity(entityIdOf(alice, 0)))).toMatchObject({ tier: "dht" })
    expect(found()).toEqual([entityIdOf(alice, 0)])
    expect(of(reader, (node) => node.entity(entityIdOf(alice, 0)))).toMatchObject({ tier: "gossip" })
  })

  it("is resolved by its name", () => {
    const { home, of, reader } = row({})
    of(home, (node) => node.registerDeveloper(developerRequest(alice)))
    of(home, (node) => node.registerEntity(sdkRequest(alice, 0)))
    of(home, (node) => node.claimHandle(handleRequest(alice, "alice")))
    of(home, (node) => node.bindName(nameRequest(alice, { entity_id: entityIdOf(alice, 0) })))
    const { name } = of(home, (node) => node.entity(entityIdOf(alice, 0))).record
    const bound = of(reader, (node) => node.resolveName("alice", "weather", host))
    expect(bound).toMatchObject({ name: { tier: "dht", entityId: entityIdOf(alice, 0) }, entity: { tier: "dht", record: { name } } })
  })

  it("is not found without a DHT, which neither asks nor answers", () => {
    const { ask, home, of, pass, reader } = row({ dht: withoutDht })
    of(home, (node) => node.registerEntity(sdkRequest(alice, 0)))
    expect(Exit.isFailure(ask(reader, (node) => node.entity(entityIdOf(alice, 0))))).toBe(true)
    expect(of(reader, (node) => node.status).dht).toBeUndefined()
    pass(120_000)
    expect([...reader.node!.actors.ids()].filter((id) => id.startsWith("dht"))).toEqual([])
    expect(of(home, (node) => node.status).dht).toMatchObject({ contacts: 1 })
  })
})

it("values of others are held no longer than the operator wants", () => {
  const { home, middle, of, pass } = row({}, { dht: { ...defaultDht, lifeMs: 60_000 } })
  of(home, (node) => node.registerEntity(sdkRequest(alice, 0)))
  const held = () => sizeOf((middle.node!.actors.snapshot("dht")!.context as DhtMemory).values)
  expect(held()).toBeGreaterThan(0)
  pass(180_000)
  expect(held()).toBe(0)
})
