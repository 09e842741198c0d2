/** The in-memory store keeps the store's contract, and never waits. */
import { Effect, Stream } from "effect"
import { expect, it } from "vitest"
import { announceDeveloper } from "../../../src/protocol/gossip/announcement.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { announced, buried, developerOf, entityOf, noon, registryOf } from "../../support/builders.ts"
import { mergeProperty, storeContract } from "./contract.ts"
import { deployedContract } from "./deployed-contract.ts"
import { listsContract } from "./lists-contract.ts"
import { wordsContract, wordsProperty } from "./words-contract.ts"

const withStore = <A, E>(use: (store: ReturnType<typeof makeMemoryStore>) => Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(use(makeMemoryStore()))

storeContract("the memory store", withStore)
wordsContract("the memory store", withStore)
listsContract("the memory store", withStore)
deployedContract("the memory store", withStore)

it("the memory store shows the same whatever the order and the pieces", () => mergeProperty(withStore, 200))

it("the memory store shows the same of all kinds, whatever the order and the pieces", () => wordsProperty(withStore, 300))

it("the memory store never waits: a simulated node may call it in the middle of a step", () => {
  const store = makeMemoryStore()
  const record = entityOf(7, 0)
  const us = registryOf(1)
  const steps = Effect.gen(function* () {
    yield* store.say([{ announcement: announceDeveloper(us, "register", developerOf(7), noon), follows: undefined }])
    yield* store.register({ record, developer: developerOf(7), announcement: announced(us, record) })
    yield* store.merge([announced(registryOf(2), record)], noon * 1_000)
    yield* store.deregister(record.entity_id, buried(us, 7, 0, record, noon + 9))
    yield* store.pin({ address: "a:1", key: us.publicKey, since: noon })
    return [yield* store.counts, yield* store.pins, yield* Stream.runCollect(store.everyEntity)].length
  })
  // `runSync` throws when an effect suspends.
  expect(Effect.runSync(steps)).toBe(3)
})
