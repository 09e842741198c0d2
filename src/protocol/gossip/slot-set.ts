/**
 * The set of all announcements a node holds, as anti-entropy sees it: one id for each (subject, origin), in buckets by the
 * id's first bits, each with a digest. Changed in place; a digest is computed when it is asked for and kept until its bucket
 * changes.
 *
 * Ids are hashes, so buckets fill evenly. What is set aside (`setAside`: records of registries that are not alive, ruled) is
 * remembered and left out.
 */
import { hash } from "node:crypto"
import type { RegistryId } from "../identity/id.ts"
import { SmallMap } from "../small-map.ts"
import type { Seconds } from "../time.ts"

/** Bits of an id that choose its bucket: 4,096 buckets. */
export const bucketBits = 12

export interface SlotKey {
  readonly subject: string
  readonly origin: RegistryId
  /** 32 hex digits. */
  readonly id: string
  /** When the origin said it. */
  readonly at: Seconds
}

interface Bucket {
  /** Sorted. */
  readonly ids: Array<string>
  /** A byte a character: a node has thousands of them, and a buffer weighs ten times as much. */
  digest: string | undefined
}

export interface SlotSet {
  readonly buckets: Map<number, Bucket>
  /** Ids of the slots, by origin and subject. */
  readonly held: Map<RegistryId, SmallMap<string>>
  readonly aside: Set<RegistryId>
  size: number
  /** Over everything; `undefined` since the last change. */
  digest: Buffer | undefined
}

export const empty = (): SlotSet => ({ buckets: new Map(), held: new Map(), aside: new Set(), size: 0, digest: undefined })

/** What this origin last said of this subject; the word before is forgotten. */
export const put = (set: SlotSet, { subject, origin, id }: Omit<SlotKey, "at">): void => {
  let said = set.held.get(origin)
  if (said === undefined) set.held.set(origin, (said = new SmallMap()))
  const before = said.get(subject)
  if (before === id) return
  said.set(subject, id)
  if (set.aside.has(origin)) return
  if (before !== undefined) exclude(set, before)
  include(set, id)
}

/** The slot is no longer held. */
export const remove = (set: SlotSet, subject: string, origin: RegistryId): void => {
  const said = set.held.get(origin)
  const before = said?.get(subject)
  if (said === undefined || before === undefined) return
  said.delete(subject)
  if (said.size === 0) set.held.delete(origin)
  if (!set.aside.has(origin)) exclude(set, before)
}

/** Leaves out, or takes back, all that one registry said. */
export const setAside = (set: SlotSet, origin: RegistryId, isAside: boolean): void => {
  if (set.aside.has(origin) === isAside) return
  if (isAside) set.aside.add(origin)
  else set.aside.delete(origin)
  for (const id of set.held.get(origin)?.values() ?? []) {
    if (isAside) exclude(set, id)
    else include(set, id)
  }
}

export const has = (set: SlotSet, id: string): boolean => {
  const bucket = set.buckets.get(bucketOf(id))
  return bucket !== undefined && bucket.ids[positionOf(bucket.ids, id)] === id
}

/** How many registries have a word about this subject here. */
export const originsOf = ({ held }: SlotSet, subject: string): number => {
  let count = 0
  for (const said of held.values()) if (said.has(subject)) count++
  return count
}

/** Ids whose first `bits` bits are `prefix`, sorted. `bits` ≤ `bucketBits`. */
export const idsOf = (set: SlotSet, bits: number, prefix: number): ReadonlyArray<string> =>
  bucketsOf(set, bits, prefix).flatMap(([, bucket]) => bucket.ids)

/** Over all ids with this prefix; equal for equal sets, and with the salt nobody can prepare two sets that look alike. */
export const digestOf = (set: SlotSet, bits: number, prefix: number, salt: string): Buffer =>
  hash(
    "sha256",
    Buffer.concat([Buffer.from(salt), bits === 0 ? (set.digest ??= unsalted(set, 0, 0)) : unsalted(set, bits, prefix)]),
    "buffer",
  )

const unsalted = (set: SlotSet, bits: number, prefix: number): Buffer => {
  const parts = bucketsOf(set, bits, prefix).map(([index, bucket]) => `${index} ${digestOfBucket(bucket)}`)
  return hash("sha256", Buffer.from(parts.join(""), "latin1"), "buffer")
}

const bucketsOf = (set: SlotSet, bits: number, prefix: number): ReadonlyArray<readonly [number, Bucket]> => {
  const first = prefix << (bucketBits - bits)
  const end = (prefix + 1) << (bucketBits - bits)
  if (end - first === 1) {
    const bucket = set.buckets.get(first)
    return bucket === undefined ? [] : [[first, bucket]]
  }
  if (end - first > set.buckets.size) return [...set.buckets].filter(([index]) => index >= first && index < end).sort(([a], [b]) => a - b)
  const found: Array<readonly [number, Bucket]> = []
  for (let index = first; index < end; index++) {
    const bucket = set.buckets.get(index)
    if (bucket !== undefined) found.push([index, bucket])
  }
  return found
}

const digestOfBucket = (bucket: Bucket): string => (bucket.digest ??= hash("sha256", bucket.ids.join(""), "buffer").toString("latin1"))

const include = (set: SlotSet, id: string): void => {
  const index = bucketOf(id)
  const bucket = set.buckets.get(index)
  if (bucket === undefined) set.buckets.set(index, { ids: [id], digest: undefined })
  else {
    const position = positionOf(bucket.ids, id)
    if (bucket.ids[position] === id) return
    bucket.ids.splice(position, 0, id)
    bucket.digest = undefined
  }
  set.digest = undefined
  set.size++
}

const exclude = (set: SlotSet, id: string): void => {
  const index = bucketOf(id)
  const bucket = set.buckets.get(index)
  const position = bucket === undefined ? -1 : positionOf(bucket.ids, id)
  if (bucket === undefined || bucket.ids[position] !== id) return
  bucket.ids.splice(position, 1)
  bucket.digest = undefined
  set.digest = undefined
  if (bucket.ids.length === 0) set.buckets.delete(index)
  set.size--
}

/** Where the id is, or belongs. */
const positionOf = (ids: ReadonlyArray<string>, id: string): number => {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ids[middle]! < id) low = middle + 1
    else high = middle
  }
  return low
}

const bucketOf = (id: string): number => Number.parseInt(id.slice(0, 3), 16)
