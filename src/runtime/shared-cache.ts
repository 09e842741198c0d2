/**
 * A cache and counters that nodes share (registry page: Redis, optional: "without it the node still works, just slower").
 *
 * A port that never fails: what cannot be reached knows nothing, forgets what it is told, and is back when it is back.
 */
import { Context, Effect } from "effect"
import type { Ruling } from "./rate-window.ts"

export interface SharedCache {
  readonly get: (key: string) => Effect.Effect<string | undefined>
  readonly set: (key: string, value: string, lifetimeMs: number) => Effect.Effect<void>
  /** Counts a request at all nodes together, if the limit grants it (`rate-window.ts`); nothing where nobody can tell. */
  readonly take: (key: string, limit: number) => Effect.Effect<Ruling | undefined>
}

/** Nothing is shared unless the operator names a Redis. */
export const SharedCache = Context.Reference<SharedCache>("agentdns/runtime/SharedCache", {
  defaultValue: () => ({ get: () => Effect.undefined, set: () => Effect.void, take: () => Effect.undefined }),
})
