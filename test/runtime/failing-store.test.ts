/** A store that fails in the middle: what was written is told, and what stands is not undone by what comes after it. */
import { Context, Effect } from "effect"
import { expect, it } from "vitest"
import { defaultSettings } from "../../src/runtime/node-settings.ts"
import { refusingOwnWords } from "../../src/runtime/own-words.ts"
import { RecordStore, StoreFailed } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { World } from "../../src/sim/world.ts"
import { digestOf } from "../../src/sim/digest-watch.ts"
import { announced, entityOf, noon, registryOf } from "../support/builders.ts"

const failed = Effect.fail(new StoreFailed({ operation: "entity", reason: "test" }))

it("a deletion and a change that were written are told, even when nobody can read afterwards what is shown", () => {
  const world = new World({ seed: 3, codec: "fast", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const [home, other] = [world.addMachine(), world.addMachine()]
  let isBlind = false
  const blindAfterWriting = (ports: Parameters<typeof world.over>[0]) => {
    const store = Context.get(ports, RecordStore)
    const blinding = <A, E>(write: Effect.Effect<A, E>) => Effect.tap(write, () => Effect.sync(() => void (isBlind = true)))
    return Context.add(ports, RecordStore, {
      ...store,
      entity: (id) => Effect.suspend(() => (isBlind ? failed : store.entity(id))),
      say: (words) => blinding(store.say(words)),
      deregister: (...given) => blinding(store.deregister(...given)),
    })
  }
  const settings = { ...defaultSettings, version: "test", indexes: false, wantedPeers: 0 }
  world.boot(home, settings, blindAfterWriting)
  world.boot(other, { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] })
  world.run(2_000)
  const [first, changed] = [client(3, 1), client(3, 1, 1)]
  const shown = () => world.perform(other, other.store.entity(first.entityId))?.record.summary
  const at = (untilMs: number, ask: Effect.Effect<unknown, unknown>) => {
    isBlind = false
    world.perform(home, ask)
    world.run(untilMs)
    return shown()
  }
  const { service } = home.node!
  expect(at(4_000, service.registerEntity(first.registration))).toBe(first.registration["summary"])
  expect(at(6_000, service.updateEntity(first.entityId, changed.update!.body, changed.update!.authorization))).toBe(
    changed.registration["summary"],
  )
  expect(at(8_000, service.deregister(first.entityId, first.deletion))).toBeUndefined()
})

it("what others said is merged, whatever comes of a word of ours beside it", () => {
  const [own, peer] = [registryOf(1), registryOf(2)]
  const store = makeMemoryStore()
  const refusing = refusingOwnWords({ ...store, entity: () => failed }, own, () => Effect.void)
  const said = [peer, own].map((registry, i) => announced(registry, entityOf(4, i)))
  expect(Effect.runSync(refusing.merge(said, noon * 1_000))).toMatchObject([{ changed: true }, { changed: false, hasFailed: true }])
  expect(Effect.runSync(store.slots(said[0]!.subject))).toHaveLength(1)
})

it("what comes twice beside a word of ours changed something the first time", () => {
  const [own, peer] = [registryOf(1), registryOf(2)]
  const store = makeMemoryStore()
  const [twice, ours] = [announced(peer, entityOf(4, 0)), announced(own, entityOf(4, 1))]
  const outcomes = Effect.runSync(refusingOwnWords(store, own, () => Effect.void).merge([twice, ours, twice], noon * 1_000))
  expect(outcomes.map(({ changed }) => changed)).toEqual([true, false, false])
})

it("what was written although the store said that it failed is compared when it comes again", () => {
  const world = new World({ seed: 3, codec: "fast", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const [home, other] = [world.addMachine(), world.addMachine()]
  let isLost = true
  const losingAnswers = (ports: Parameters<typeof world.over>[0]) => {
    const store = Context.get(ports, RecordStore)
    return Context.add(ports, RecordStore, {
      ...store,
      merge: (...given) => Effect.flatMap(store.merge(...given), (outcomes) => (isLost ? failed : Effect.succeed(outcomes))),
    })
  }
  const settings = { ...defaultSettings, version: "test", indexes: false, wantedPeers: 0 }
  world.boot(home, settings)
  world.boot(other, { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] }, losingAnswers)
  world.run(2_000)
  world.perform(home, home.node!.service.registerEntity(client(3, 1).registration))
  world.run(10_000)
  expect(digestOf(other)).not.toBe(digestOf(home))
  isLost = false
  world.run(120_000)
  expect(digestOf(other)).toBe(digestOf(home))
})

it("a word of ours that comes back leaves what is shown of its entity as it was", () => {
  const own = registryOf(1)
  const store = makeMemoryStore()
  const said = announced(own, entityOf(4, 1))
  Effect.runSync(store.merge([said], noon * 1_000, own.registryId))
  const refusing = refusingOwnWords(store, own, () => Effect.void)
  const [outcome] = Effect.runSync(refusing.merge([said], noon * 1_000))
  expect(outcome).toMatchObject({ changed: false, entity: { record: { entity_id: said.subject } } })
})
