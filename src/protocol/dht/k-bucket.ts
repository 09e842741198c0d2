/**
 * A k-bucket: contacts at about the same distance, least recently seen first (Kademlia §2.2, §4.1). Who has been there
 * longest stays while it lives; who comes to a full bucket waits, and takes the place of one that stopped answering.
 */
import { dhtReplacementsMax } from "../limits.ts"
import type { Contact } from "./contact.ts"
import type { DhtKey } from "./key.ts"

/** A contact that proved its key to us. */
export interface Seen extends Contact {
  /** Where it was seen, as `networkOf` says it. */
  readonly network: string | undefined
  readonly seenMs: number
  /** The first bits of its id (`distance.ts`): tables are sorted all the time, and this is at hand. */
  readonly head: number
}

export interface KBucket {
  /** Least recently seen first; at most k. */
  contacts: ReadonlyArray<Seen>
  /** Waiting for a place, the newest last. */
  replacements: ReadonlyArray<Seen>
  /** When something in its range was looked for last. */
  lookedForMs: number
}

export const without = (list: ReadonlyArray<Seen>, id: DhtKey): ReadonlyArray<Seen> =>
  list.some((seen) => seen.id === id) ? list.filter((seen) => seen.id !== id) : list

/** Heard just now: the newest of all. */
export const renew = (bucket: KBucket, seen: Seen): void => {
  bucket.contacts = [...without(bucket.contacts, seen.id), seen]
  bucket.replacements = without(bucket.replacements, seen.id)
}

/** Waits for a place; whoever waited longest makes room. */
export const wait = (bucket: KBucket, seen: Seen): void => {
  bucket.replacements = [...without(bucket.replacements, seen.id), seen].slice(-dhtReplacementsMax)
}

/** It did not answer. */
export const remove = (bucket: KBucket, id: DhtKey): void => {
  bucket.contacts = without(bucket.contacts, id)
  bucket.replacements = without(bucket.replacements, id)
}
