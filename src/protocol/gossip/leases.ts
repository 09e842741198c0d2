/**
 * Leases by registry (ruled): a registry that said nothing for a day is not alive. What it is home to is *stale*: kept,
 * marked, ranked last, and outside the digest that nodes compare; back when it speaks again. Decided from what it said and
 * the clock alone, so every node decides the same, and after a split of any length nothing deleted comes back.
 *
 * Every registry of ours says that it is alive every eight hours (`registry_proof`). A deployed node says no such thing: for it,
 * whoever is connected with it does, by attesting of it every hour (ruled: "the node of ours with a live link to it vouches").
 * Others can so keep the records of a dead registry from being marked stale, and no more than that: they change none, and
 * what a living one took back it takes back again. Changed in place.
 */
import { leaseMs } from "../limits.ts"
import { attestedIn } from "./kinds/attestation.ts"
import type { SlotKey } from "./slot-set.ts"
import type { RegistryId } from "../identity/id.ts"
import type { Seconds } from "../time.ts"

export interface Leases {
  /** When each registry last said anything, or was attested. */
  readonly lastWord: Map<RegistryId, Seconds>
  readonly stale: Set<RegistryId>
}

export const empty = (): Leases => ({ lastWord: new Map(), stale: new Set() })

/** Its origin said this, and maybe of another registry that it is there. Registries that may be back, but `self`, which needs no lease. */
export const hear = (
  leases: Leases,
  self: RegistryId,
  { at, origin, subject }: Pick<SlotKey, "at" | "origin" | "subject">,
): ReadonlyArray<RegistryId> => {
  renew(leases, origin, at)
  const attested = attestedIn(subject)
  if (attested === undefined || attested === self) return [origin]
  renew(leases, attested, at)
  return [origin, attested]
}

const renew = ({ lastWord }: Leases, registry: RegistryId, at: Seconds): void => {
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
