/**
 * What the simulator promises, kept by real nodes over TLS: a mesh of twenty ends in one digest, and who comes late holds
 * all that the mesh holds within seconds.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import type { Happening } from "../../src/actors/happening.ts"
import type { HoldingsMemory } from "../../src/actors/holdings.ts"
import * as SlotSet from "../../src/protocol/gossip/slot-set.ts"
import type { RunningNode } from "../../src/runtime/node.ts"
import { RecordStore } from "../../src/runtime/ports.ts"
import { StoreLive } from "../../src/runtime/store/layer.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { announced, entityOf, registryOf } from "../support/builders.ts"
import { eventually, realNode } from "../support/real-nodes.ts"

const setOf = ({ actors }: RunningNode) => (actors.snapshot("holdings")!.context as HoldingsMemory).set
const digestOf = (node: RunningNode) => SlotSet.digestOf(setOf(node), 0, 0, "").toString("hex")

it("twenty real nodes end in one digest", async () => {
  const program = Effect.gen(function* () {
    const nodes: Array<RunningNode> = []
    for (let i = 0; i < 20; i++) {
      const known = [nodes[i - 1], nodes[Math.floor(i / 2)], nodes[(i * 7) % Math.max(1, i)]].filter((node) => node !== undefined)
      const bootstrap = [...new Set(known)].map(({ address }) => ({ address }))
      nodes.push(yield* realNode(100 + i, makeMemoryStore(), { bootstrap, maxPeers: 20 }))
    }
    yield* Effect.forEach(
      Array.from({ length: 60 }, (_, i) => i),
      (i) => nodes[(i * 3) % 20]!.service.registerEntity(client(9, i).registration),
      { concurrency: 4 },
    )
    yield* eventually("one digest of 60", () => nodes.every((node) => setOf(node).size >= 60 && digestOf(node) === digestOf(nodes[0]!)))
    expect(new Set(nodes.map(digestOf)).size).toBe(1)
  })
  await Effect.runPromise(Effect.scoped(program))
})

const records = 5_000

it("who comes late holds 5,000 records within seconds, on the embedded database", async () => {
  const directory = mkdtempSync(join(tmpdir(), "late-"))
  const embedded = Layer.build(StoreLive({ databaseUrl: undefined, dataDir: directory, schema: "registry", maxConnections: 4 }))

  const program = Effect.gen(function* () {
    const late = yield* Effect.flatMap(embedded, (context) => Effect.provide(RecordStore, context))
    const old = makeMemoryStore()
    // a registry that is alive: it said all this a minute ago
    const said = Math.floor(Date.now() / 1_000) - 60
    const announcements = Array.from({ length: records }, (_, i) =>
      announced(registryOf(3), entityOf(1_000 + (i >> 4), i & 15, { registered_at: said, updated_at: said }), said),
    )
    for (let at = 0; at < records; at += 200) yield* old.merge(announcements.slice(at, at + 200), said * 1_000)

    const first = yield* realNode(201, old)
    const second = yield* realNode(202, late, { bootstrap: [{ address: first.address }] })
    const tookMs = yield* eventually("all records", () => setOf(second).size >= records && digestOf(second) === digestOf(first))
    const { gossipEntities } = yield* late.counts
    expect(gossipEntities).toBe(records)
    return tookMs
  })
  const tookMs = await Effect.runPromise(Effect.scoped(program))
  console.log(`${records} records reached the late node in ${(tookMs / 1_000).toFixed(1)} s`)
  rmSync(directory, { recursive: true, force: true })
})

it("a node that is dialled at two addresses keeps one link, and is not dialled again", async () => {
  const program = Effect.gen(function* () {
    const happened: Array<Happening> = []
    const report = (one: Happening) => void happened.push(one)
    const there = yield* realNode(211, makeMemoryStore(), {}, report)
    const twice = ["127.0.0.1", "localhost"].map((host) => ({ address: { ...there.address, host } }))
    const here = yield* realNode(212, makeMemoryStore(), { bootstrap: twice }, report)
    const peers = ({ service }: RunningNode) => Effect.runSync(service.peers)
    // whichever greeting came first, both ends settle on one, and nobody dials the other
    yield* eventually("one is too many", () => happened.some((one) => "reason" in one && one.reason === "duplicate"))
    yield* eventually("both are connected", () => peers(here).length === 1 && peers(there).length === 1)
    const [settled] = peers(there)
    yield* Effect.sleep(1_100)
    expect([peers(here).length, peers(there).length]).toEqual([1, 1])
    expect(peers(there)[0]!.connectedAtMs).toBe(settled!.connectedAtMs)
  })
  await Effect.runPromise(Effect.scoped(program))
})
