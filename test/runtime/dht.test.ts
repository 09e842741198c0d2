/**
 * The DHT between real nodes, over TLS: thirty of them, none with more than five peers, and deaf to gossip, so that what one
 * reads of another it found by lookups. And what falls through to it, and what does not.
 */
import { Effect, Exit } from "effect"
import { expect, it } from "vitest"
import type { DhtMemory } from "../../src/actors/dht.ts"
import { type DhtKey, idKeyOf } from "../../src/protocol/dht/key.ts"
import { sign } from "../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { withoutDht } from "../../src/runtime/node/dht.ts"
import type { RunningNode } from "../../src/runtime/node.ts"
import { developerOf, developerRequest, entityIdOf, entityKeyOf, sdkRequest } from "../support/clients.ts"
import { deafStore } from "../support/deaf-store.ts"
import { eventually, realNode } from "../support/real-nodes.ts"

const count = 30
const owner = developerOf(61)
const records = [0, 1, 2]

it("thirty nodes with at most five peers each find every record from every node", async () => {
  const program = Effect.gen(function* () {
    const nodes: Array<RunningNode> = []
    for (let i = 0; i < count; i++) {
      // a tree: one above, three below
      const bootstrap = i === 0 ? [] : [{ address: nodes[Math.floor((i - 1) / 3)]!.address }]
      nodes.push(yield* realNode(600 + i, deafStore(), { maxPeers: 5, bootstrap, advertisedHost: "127.0.0.1" }))
    }
    yield* eventually("everybody knows many", () => nodes.every(({ dht }) => dht.status()!.contacts >= 15))
    for (const index of records) yield* nodes[index * 7]!.service.registerEntity(sdkRequest(owner, index))
    yield* eventually("values are stored", () => nodes.filter(({ dht }) => dht.status()!.storedValues >= records.length).length >= 15)

    const tiers = yield* Effect.forEach(
      nodes.flatMap((node, at) => records.map((index) => ({ node, at, index }))),
      ({ at, index, node }) =>
        Effect.map(node.service.entity(entityIdOf(owner, index)), ({ tier }) => ({ tier, isHome: at === index * 7 })),
      { concurrency: 8 },
    )
    expect(tiers.filter(({ isHome, tier }) => tier !== (isHome ? "local" : "dht"))).toEqual([])

    const peers = yield* Effect.forEach(nodes, ({ service }) => Effect.map(service.peers, (all) => all.length))
    expect(Math.max(...peers)).toBeLessThanOrEqual(5)
    const status = yield* nodes[1]!.service.status
    expect(status.dht).toMatchObject({ ownValues: 0, lookups: { found: records.length } })
  })
  await Effect.runPromise(Effect.scoped(program))
})

const held = ({ actors }: RunningNode, key: DhtKey) => (actors.snapshot("dht")!.context as DhtMemory).values.held.get(key)?.values ?? []

it("developers too; what was deleted is not found; and without a DHT nothing is", async () => {
  const program = Effect.gen(function* () {
    const home = yield* realNode(640, deafStore())
    const bootstrap = [{ address: home.address }]
    const reader = yield* realNode(641, deafStore(), { bootstrap })
    const without = yield* realNode(642, deafStore(), { bootstrap, dht: withoutDht })
    yield* eventually("they met", () => reader.dht.status()!.contacts === 1)
    yield* home.service.registerDeveloper(developerRequest(owner))
    yield* home.service.registerEntity(sdkRequest(owner, 0))
    const id = entityIdOf(owner, 0)
    yield* eventually("it is stored", () => reader.dht.status()!.storedValues >= 2)
    expect((yield* reader.service.developer(idOf("developer", owner.key.publicKey))).tier).toBe("dht")
    expect((yield* reader.service.entity(id)).tier).toBe("dht")
    expect(Exit.isFailure(yield* Effect.exit(without.service.entity(id)))).toBe(true)
    expect((yield* without.service.status).dht).toBeUndefined()
    expect(without.dht.status()).toBeUndefined()
    yield* home.service.deregister(id, `Bearer ${sign(entityKeyOf(owner, 0), id)}`)
    const key = idKeyOf(id)
    const isGone = () => held(reader, key).some(({ record }) => record?.isTombstone === true)
    yield* eventually("its end is stored", isGone)
    expect(Exit.isFailure(yield* Effect.exit(reader.service.entity(id)))).toBe(true)
  })
  await Effect.runPromise(Effect.scoped(program))
})
