/**
 * Crowding: somebody makes so many keys close to one that nobody else is among the k closest to it, takes what is stored
 * there, and returns nothing ("active Sybil eclipse"; arXiv 2505.01139).
 *
 * The size of the network says how many nodes there may be so close. Where there are far more, the *mirrors* of the key
 * are used beside it: keys at the edge of the region that k nodes would share, where only the region's own live. Publisher
 * and reader come to the same ones, because both know the network's size well enough.
 */
import { dhtBucketSize, dhtCrowdedFactor } from "../limits.ts"
import type { Contact } from "./contact.ts"
import { flipped, share, sharedBits } from "./distance.ts"
import type { DhtKey } from "./key.ts"

/** Are these, the closest to a key, far more than live so close by chance? Closest first. */
export const isCrowded = (key: DhtKey, closest: ReadonlyArray<Contact>, networkSize: number): boolean => {
  const farthest = closest.at(-1)
  if (farthest === undefined || closest.length < dhtBucketSize / 2) return false
  return closest.length > dhtCrowdedFactor * Math.max(1, share(key, farthest.id) * networkSize)
}

/** Targets around a key whose k closest are the honest of its region, whoever crowds the key itself. */
export const mirrorsOf = (key: DhtKey, networkSize: number): ReadonlyArray<DhtKey> => {
  const bits = regionBits(networkSize)
  return [flipped(key, bits - 1), flipped(key, bits)]
}

/** Is this one so close to the key that it may be of the crowd? Few honest ones are. */
export const isOfCrowd = (key: DhtKey, { id }: Contact, networkSize: number): boolean => sharedBits(key, id) > regionBits(networkSize) + 2

/** Bits that a key shares with the k nodes of its region. */
const regionBits = (networkSize: number): number => Math.max(1, Math.round(Math.log2(Math.max(2, networkSize / dhtBucketSize))))
