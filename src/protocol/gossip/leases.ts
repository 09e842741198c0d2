/**
 * Leases by registry (ruled): a registry that said nothing for a day is not alive. What it is home to is *stale*: kept,
 * marked, ranked last, and outside the digest that nodes compare; back when it speaks again. Decided from what it said and
 * the clock alone, so every node decides the same, and after a split of any length nothing deleted comes back.
 *
 * Every registry says that it is alive every eight hours (`registry_proof`). Changed in place.
 */
import { leaseMs } from "../limits.ts"
import type { RegistryId } from "../identity/id.ts"
import type { Seconds } from "../time.ts"

export interface Leases {
  /** When each registry last said anything. */
  readonly lastWord: Map<RegistryId, Seconds>
  readonly stale: Set<RegistryId>
}

export const empty = (): Leases => ({ lastWord: new Map(), stale: new Set() })

/** It said something at that moment. */
export const hear = ({ lastWord }: Leases, registry: RegistryId, at: Seconds): void => {
  if (at > (lastWord.get(registry) ?? 0)) lastWord.set(registry, at)
}

/** Is it alive at this moment? `self` always is. */
export const isAlive = ({ lastWord }: Leases, registry: RegistryId, nowMs: number): boolean =>
  (lastWord.get(registry) ?? 0) * 1_000 + leaseMs > nowMs

/** Registries that became stale, or came back, since the last look. */
export const review = (
  leases: Leases,
  self: RegistryId,
  nowMs: number,
): ReadonlyArray<{ readonly origin: RegistryId; readonly isStale: boolean }> => {
  const changes: Array<{ readonly origin: RegistryId; readonly isStale: boolean }> = []
  for (const origin of leases.lastWord.keys()) {
    const isStale = origin !== self && !isAlive(leases, origin, nowMs)
    if (isStale === leases.stale.has(origin)) continue
    if (isStale) leases.stale.add(origin)
    else leases.stale.delete(origin)
    changes.push({ origin, isStale })
  }
  return changes
}
