/**
 * The routing table: 256 buckets by shared bits with our own key (Kademlia §2.2), k contacts each, and of one network only
 * a few (as go-libp2p's diversity filter; ruled), so that a rack full of keys is not everybody we know.
 *
 * In it are contacts that proved their key in a handshake, and answered when they were asked last. A reducer owns it, and
 * changes it in place.
 */
import { dhtBucketSize, dhtContactsPerNetwork, dhtContactsPerNetworkAndBucket, dhtQuietMs, dhtRefreshMs } from "../limits.ts"
import { branching, byDistance, sharedBits } from "./distance.ts"
import type { KBucket, Seen } from "./k-bucket.ts"
import * as Bucket from "./k-bucket.ts"
import type { DhtKey } from "./key.ts"

export interface RoutingTable {
  readonly self: DhtKey
  readonly k: number
  /** By shared bits with our key; absent while nobody was ever there. */
  readonly buckets: Map<number, KBucket>
}

export const empty = (self: DhtKey, k = dhtBucketSize): RoutingTable => ({ self, k, buckets: new Map() })

export const sizeOf = ({ buckets }: RoutingTable): number => {
  let size = 0
  for (const { contacts } of buckets.values()) size += contacts.length
  return size
}

export const contactsOf = ({ buckets }: RoutingTable): ReadonlyArray<Seen> => [...buckets.values()].flatMap(({ contacts }) => contacts)

export const contactOf = (table: RoutingTable, id: DhtKey): Seen | undefined =>
  table.buckets.get(sharedBits(table.self, id))?.contacts.find((seen) => seen.id === id)

/** What came of seeing a contact. */
export type Sighting =
  | { readonly type: "known" }
  | { readonly type: "added" }
  /** Its bucket is full: it waits. `suspect` was not heard for long: whether it lives decides. */
  | { readonly type: "waits"; readonly suspect?: Seen }
  /** There are enough of its network. */
  | { readonly type: "refused" }

/** A contact that just proved its key, or answered. */
export const see = (table: RoutingTable, seen: Seen): Sighting => {
  if (seen.id === table.self) return { type: "refused" }
  const bucket = bucketOf(table, seen.id, seen.seenMs)
  const before = bucket.contacts.find(({ id }) => id === seen.id)
  if (before !== undefined && before.network === seen.network) {
    Bucket.renew(bucket, seen)
    return { type: "known" }
  }
  // who comes back from another network is judged as if it were new
  if (before !== undefined) Bucket.remove(bucket, seen.id)
  if (!hasRoomFor(table, bucket, seen)) {
    Bucket.remove(bucket, seen.id)
    return { type: "refused" }
  }
  if (bucket.contacts.length < table.k) {
    Bucket.renew(bucket, seen)
    return before === undefined ? { type: "added" } : { type: "known" }
  }
  Bucket.wait(bucket, seen)
  const oldest = bucket.contacts[0]!
  return seen.seenMs - oldest.seenMs >= dhtQuietMs ? { type: "waits", suspect: oldest } : { type: "waits" }
}

/** A contact did not answer: it leaves, and the newest that waits and may takes its place. */
export const lose = (table: RoutingTable, id: DhtKey): void => {
  const bucket = table.buckets.get(sharedBits(table.self, id))
  if (bucket === undefined) return
  Bucket.remove(bucket, id)
  while (bucket.contacts.length < table.k) {
    const next = bucket.replacements.findLast((seen) => hasRoomFor(table, bucket, seen))
    if (next === undefined) return
    // it keeps its time: it comes before everybody who was heard since
    bucket.replacements = Bucket.without(bucket.replacements, next.id)
    bucket.contacts = [...bucket.contacts, next].sort((a, b) => a.seenMs - b.seenMs)
  }
}

/** Are there few enough of its network, in its bucket and in all? */
const hasRoomFor = (table: RoutingTable, bucket: KBucket, { network }: Seen): boolean => {
  if (network === undefined) return true
  if (ofNetwork(bucket.contacts, network) >= dhtContactsPerNetworkAndBucket) return false
  let all = 0
  for (const { contacts } of table.buckets.values()) all += ofNetwork(contacts, network)
  return all < dhtContactsPerNetwork
}

const ofNetwork = (contacts: ReadonlyArray<Seen>, network: string): number =>
  contacts.reduce((count, seen) => count + Number(seen.network === network), 0)

const bucketOf = ({ buckets, self }: RoutingTable, id: DhtKey, nowMs: number): KBucket => {
  const bits = sharedBits(self, id)
  const known = buckets.get(bits)
  if (known !== undefined) return known
  const fresh: KBucket = { contacts: [], replacements: [], lookedForMs: nowMs }
  buckets.set(bits, fresh)
  return fresh
}

/**
 * The closest contacts to a key, closest first. The bucket that the key falls into has the closest ones, then come those
 * that are nearer to ourselves, all of them at once, then the others, nearest first.
 */
export const closest = (table: RoutingTable, target: DhtKey, count: number): ReadonlyArray<Seen> => {
  const { buckets, self } = table
  const bits = sharedBits(self, target)
  const found: Array<Seen> = []
  const take = (contacts: ReadonlyArray<Seen>) => {
    for (const contact of byDistance(target, contacts, count - found.length)) found.push(contact)
  }
  take(buckets.get(bits)?.contacts ?? [])
  if (found.length < count) {
    const nearer: Array<Seen> = []
    for (const [shared, { contacts }] of buckets) if (shared > bits) nearer.push(...contacts)
    take(nearer)
  }
  for (let shared = bits - 1; shared >= 0 && found.length < count; shared--) take(buckets.get(shared)?.contacts ?? [])
  return found
}

/** Bits that our k closest contacts share with us: who looks for itself comes to all that live in this range and the deeper ones. */
const neighbourhoodBits = ({ buckets, k }: RoutingTable): number => {
  let near = 0
  for (let bits = Math.max(-1, ...buckets.keys()); bits > 0; bits--) {
    near += buckets.get(bits)?.contacts.length ?? 0
    if (near >= k) return bits
  }
  return 0
}

/** Something was looked for in this key's range; the ranges of our neighbourhood are one. */
export const touch = (table: RoutingTable, target: DhtKey, nowMs: number): void => {
  const bits = sharedBits(table.self, target)
  const near = neighbourhoodBits(table)
  for (const [shared, bucket] of table.buckets) if (shared === bits || (shared >= near && bits >= near)) bucket.lookedForMs = nowMs
}

/** A key in the range where nothing was looked for longest, if that is due; `random` fills what is free of it. */
export const refreshTarget = (table: RoutingTable, random: DhtKey, nowMs: number): DhtKey | undefined => {
  let stalest: readonly [bits: number, lookedForMs: number] | undefined
  for (const [bits, { lookedForMs }] of table.buckets)
    if (nowMs - lookedForMs >= dhtRefreshMs && (stalest === undefined || lookedForMs < stalest[1])) stalest = [bits, lookedForMs]
  if (stalest === undefined) return undefined
  return stalest[0] >= neighbourhoodBits(table) ? table.self : branching(table.self, stalest[0], random)
}

/** Keys in the ranges beyond our neighbourhood that have room: looking for them fills a new table (Kademlia §2.3). */
export const joinTargets = (table: RoutingTable, random: DhtKey): ReadonlyArray<DhtKey> => {
  const { buckets, k, self } = table
  return Array.from({ length: neighbourhoodBits(table) }, (_, bits) => bits)
    .filter((bits) => (buckets.get(bits)?.contacts.length ?? 0) < k)
    .map((bits) => branching(self, bits, random))
}

/**
 * How many nodes there are: a bucket that is not full has all that we met of its range. The middle one of the three widest
 * such buckets counts, so that a crowd in one of them, or one that makes another full, moves it little.
 */
export const networkSize = ({ buckets, k }: RoutingTable): number => {
  const deepest = Math.max(-1, ...buckets.keys())
  let known = 0
  const guesses: Array<number> = []
  for (let bits = 0; bits <= deepest; bits++) {
    const { length } = buckets.get(bits)?.contacts ?? []
    known += length
    if (length < k && guesses.length < 3) guesses.push(length * 2 ** (bits + 1))
  }
  return Math.max(known, guesses.toSorted((a, b) => a - b)[guesses.length >> 1] ?? 0)
}
