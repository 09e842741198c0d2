/**
 * A cache and counters that nodes share (registry page: Redis, optional: "without it the node still works, just slower").
 *
 * A port that never fails: what cannot be reached knows nothing, forgets what it is told, and is back when it is back.
 */
import { Context, Effect } from "effect"

export interface SharedCache {
  readonly get: (key: string) => Effect.Effect<string | undefined>
  readonly set: (key: string, value: string, lifetimeMs: number) => Effect.Effect<void>
  /** Counts one more in a window that begins with its first; how many there are, if anybody knows. */
  readonly count: (key: string, windowMs: number) => Effect.Effect<number | undefined>
}

/** Nothing is shared unless the operator names a Redis. */
export const SharedCache = Context.Reference<SharedCache>("agentdns/runtime/SharedCache", {
  defaultValue: () => ({ get: () => Effect.undefined, set: () => Effect.void, count: () => Effect.undefined }),
})
