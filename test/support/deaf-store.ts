/** A store that keeps what is registered here, and nothing that gossip brings. */
import { Effect } from "effect"
import { makeMemoryStore, type StoreInMemory } from "../../src/runtime/store/memory.ts"

export const deafStore = (): StoreInMemory => ({
  ...makeMemoryStore(),
  merge: (heard) => Effect.succeed(heard.map(() => ({ changed: false }))),
})
