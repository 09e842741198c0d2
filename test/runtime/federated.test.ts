/** Searching with peers over TLS: what one is home to, another finds; a hung peer costs its own answer, and time once. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { federation, type FederationEvent, type FederationMemory } from "../../src/actors/federation.ts"
import type { Reducer } from "../../src/actors/reducer.ts"
import { queryPatienceMs } from "../../src/protocol/limits.ts"
import { cast } from "../../src/runtime/cast.ts"
import { type ActivityEvent, makeActivity } from "../../src/runtime/activity.ts"
import type { RunningNode } from "../../src/runtime/node.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { eventually, realNode } from "../support/real-nodes.ts"

/** Takes part in everything, and answers no query. */
const hung: Reducer<unknown, FederationMemory, FederationEvent> = {
  ...federation,
  step: (memory, event, say) => (event.type === "message.received" ? undefined : federation.step(memory, event, say)),
}

const holdersOfFilters = (node: RunningNode): number =>
  [...(node.actors.snapshot("federation")!.context as FederationMemory).dealings.values()].filter(({ filter }) => filter !== undefined)
    .length

it("an entity on one node is found by another that does not hold it, whoever hangs", async () => {
  const program = Effect.gen(function* () {
    // light nodes that chose nothing hold nothing of each other
    const homes: Array<RunningNode> = []
    for (const seed of [301, 302, 303]) {
      const store = makeMemoryStore()
      const first = yield* Effect.scoped(
        Effect.flatMap(realNode(seed, store, { role: "light" }), ({ service }) => service.registerEntity(client(9, seed).registration)),
      )
      expect(first.name).toContain(String(seed))
      homes.push(yield* realNode(seed, store, { role: "light", ...(seed === 303 && { cast: { ...cast, federation: hung } }) }))
    }
    const activity = makeActivity("run", Date.now)
    const events: Array<ActivityEvent> = []
    activity.listen((event) => void events.push(event))
    const bootstrap = homes.map(({ address }) => ({ address }))
    const asker = yield* realNode(304, makeMemoryStore(), { role: "light", bootstrap }, activity.report)
    yield* eventually("all filters", () => holdersOfFilters(asker) === 3)

    const search = (federated?: boolean) =>
      Effect.gen(function* () {
        const from = performance.now()
        const answer = yield* asker.service.search({ query: "simulated", ...(federated !== undefined && { federated }) })
        const names = answer.hits.map(({ entry }) => entry.record.entity_id).toSorted()
        return { names, stats: answer.stats, ms: performance.now() - from }
      })
    const reachable = [301, 302].map((seed) => client(9, seed).entityId).toSorted()
    const first = yield* search(true)
    expect(first).toMatchObject({ names: reachable, stats: { peersAsked: 3, peersAnswered: 2, federated: 2 } })
    expect(first.ms).toBeLessThan(queryPatienceMs + 1_000)
    const searches = events.filter(({ type }) => type.startsWith("search_"))
    expect(searches.map(({ type }) => type)).toEqual([...Array(3).fill("search_outgoing"), ...Array(2).fill("search_result_incoming")])
    expect(searches.map(({ text }) => text).join()).not.toContain("simulated")
    // it was silent, so nobody waits for it again; and too little is held here, so that peers are asked unasked
    const second = yield* search()
    expect(second).toMatchObject({ names: reachable, stats: { peersAsked: 3, peersAnswered: 2 } })
    expect(second.ms).toBeLessThan(queryPatienceMs)
    expect(yield* search(false)).toMatchObject({ names: [], stats: { peersAsked: 0 } })
    const trusted = yield* homes[0]!.service.trust(client(9, 301).entityId)
    expect(trusted).toMatchObject({ home: homes[0]!.service.registryId, trust: 1, attesters: 0 })
  })
  await Effect.runPromise(Effect.scoped(program))
})
