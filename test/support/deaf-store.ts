/** Stores that keep what is registered here, and nothing, or for a while nothing, that gossip brings. */
import { Effect } from "effect"
import type { MergeOutcome } from "../../src/runtime/ports.ts"
import { makeMemoryStore, type StoreInMemory } from "../../src/runtime/store/memory.ts"

export const deafStore = (): StoreInMemory => deafWhile(() => true)

export const deafWhile = (isDeaf: () => boolean): StoreInMemory => {
  const store = makeMemoryStore()
  return {
    ...store,
    merge: (heard, ...more) =>
      Effect.suspend(() =>
        isDeaf() ? Effect.succeed<ReadonlyArray<MergeOutcome>>(heard.map(() => ({ changed: false }))) : store.merge(heard, ...more),
      ),
  }
}
