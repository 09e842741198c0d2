/**
 * The filter over what this node is home to, and how others hear of it (mesh page, HEARTBEAT; ruled: a filter over everything
 * prunes nothing; exchanged as a change where it changed).
 *
 * Every state of the filter has a version. A peer says which one it holds, and is told the bits that differ since, or the
 * whole filter where that is shorter or too long ago; so what is lost on the way is told again. Changed in place.
 */
import { filterChangesMax } from "../limits.ts"
import * as Bloom from "./bloom.ts"
import type { Items } from "./question.ts"

/** What a HEARTBEAT says of a filter. Versions begin with 1; they mean something between two ends of one link only. */
export type FilterNews =
  | {
      readonly type: "whole"
      readonly version: number
      readonly bloom: Bloom.Bloom
      /** Of whole words (deployed node), not of stems and what they are worth. */
      readonly isPlain?: true
    }
  /** Bits that are otherwise than in version `base`. */
  | { readonly type: "change"; readonly version: number; readonly base: number; readonly flipped: ReadonlyArray<number> }

export interface HomeFilter {
  /** How many entities bring an item, and what it is worth in all of them together. */
  readonly brought: Map<string, { readonly count: number; readonly worth: number }>
  /** What is in the filter: items, and the levels of what they are worth. */
  readonly items: Set<string>
  bloom: Bloom.Bloom
  version: number
  /** Of the latest versions, what made them of the one before; the last is `version`. */
  changes: Array<ReadonlyArray<number>>
  /** Set since the last version was told. */
  pending: Array<number>
  /** An item went: bits may have to be cleared. */
  isStale: boolean
  /** Items that the filter is sized for. */
  capacity: number
}

const capacityMin = 64

export const begin = (): HomeFilter => ({
  brought: new Map(),
  items: new Set(),
  bloom: Bloom.emptyFor(capacityMin),
  version: 1,
  changes: [],
  pending: [],
  isStale: false,
  capacity: capacityMin,
})

/** An entity comes, with these items. */
export const add = (filter: HomeFilter, items: Items): void => {
  for (const [item, worth] of items) bring(filter, item, 1, worth)
}

export const remove = (filter: HomeFilter, items: Items): void => {
  for (const [item, worth] of items) bring(filter, item, -1, -worth)
}

const bring = (filter: HomeFilter, item: string, count: number, worth: number): void => {
  const before = filter.brought.get(item) ?? { count: 0, worth: 0 }
  const now = { count: before.count + count, worth: before.worth + worth }
  if (now.count > 0) filter.brought.set(item, now)
  else filter.brought.delete(item)
  const [levelBefore, level] = [levelOf(before), levelOf(now)]
  for (let added = levelBefore + 1; added <= level; added++) include(filter, levelItem(item, added))
  for (let gone = level + 1; gone <= levelBefore; gone++) exclude(filter, levelItem(item, gone))
}

/** 0 where it is not; above, one more for each factor of √2 in what it is worth: two of them are twice as much. */
const levelOf = ({ count, worth }: { readonly count: number; readonly worth: number }): number =>
  count <= 0 ? 0 : Math.min(levelsMax, 1 + Math.max(0, Math.floor(2 * Math.log2(Math.max(1, worth)))))

const levelsMax = 24

/** The first level is the item itself; no item has a tab in it. */
const levelItem = (item: string, level: number): string => (level === 1 ? item : `${item}\t${level}`)

/** How much a filter claims of an item. */
export const levelIn = (bloom: Bloom.Bloom, item: string): number => {
  let level = 0
  while (level < levelsMax && Bloom.has(bloom, levelItem(item, level + 1))) level++
  return level
}

const include = (filter: HomeFilter, item: string): void => {
  filter.items.add(item)
  if (filter.items.size <= filter.capacity) filter.pending.push(...Bloom.add(filter.bloom, item))
}

const exclude = (filter: HomeFilter, item: string): void => {
  filter.items.delete(item)
  filter.isStale = true
}

/** The current version, whatever was added and removed. */
export const settle = (filter: HomeFilter): number => {
  const { capacity, items } = filter
  if (items.size > capacity || (items.size < capacity / 4 && capacity > capacityMin)) resize(filter)
  else if (filter.isStale) rebuild(filter)
  if (filter.pending.length > 0) {
    filter.version++
    filter.changes = [...filter.changes, filter.pending].slice(-filterChangesMax)
    filter.pending = []
  }
  filter.isStale = false
  return filter.version
}

/** What brings a peer that holds version `known` up to now; nothing when it is. Call after `settle`. */
export const newsSince = ({ bloom, changes, version }: HomeFilter, known: number): FilterNews | undefined => {
  if (known === version) return undefined
  const since = known >= version - changes.length && known < version ? changes.slice(known - version) : undefined
  const flipped = since === undefined ? undefined : oddOnes(since)
  // a position is told in some two bytes
  return flipped === undefined || 2 * flipped.length > bloom.bits.length
    ? { type: "whole", version, bloom }
    : { type: "change", version, base: known, flipped }
}

/** Bits that were turned an odd number of times, in order. */
const oddOnes = (changes: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const odd = new Set<number>()
  for (const bit of changes.flat()) if (!odd.delete(bit)) odd.add(bit)
  return [...odd].sort((a, b) => a - b)
}

/** Another size has other bits: nobody can make it of the one before. */
const resize = (filter: HomeFilter): void => {
  filter.capacity = capacityMin
  while (filter.capacity < filter.items.size) filter.capacity *= 2
  filter.bloom = filled(filter)
  filter.version++
  filter.changes = []
  filter.pending = []
}

const rebuild = (filter: HomeFilter): void => {
  const { bits } = filter.bloom
  const rebuilt = filled(filter)
  for (let byte = 0; byte < bits.length; byte++) {
    const differing = bits[byte]! ^ rebuilt.bits[byte]!
    for (let bit = 0; differing >> bit !== 0; bit++) if ((differing >> bit) & 1) filter.pending.push(8 * byte + bit)
  }
  filter.bloom = rebuilt
}

const filled = ({ capacity, items }: HomeFilter): Bloom.Bloom => {
  const bloom = Bloom.emptyFor(capacity)
  for (const item of items) Bloom.add(bloom, item)
  return bloom
}

// a peer's filter, as we hold it -----------------------------------------------------------------------------------------

export interface HeldFilter {
  readonly version: number
  readonly bloom: Bloom.Bloom
  /** Of the filter as it is (`Bloom.errorRate`). */
  readonly errorRate: number
  /** Of whole words, of which none says how much it is worth. */
  readonly isPlain?: true
}

/** What we hold after hearing this; a change of what we do not hold changes nothing. */
export const heard = (held: HeldFilter | undefined, news: FilterNews): HeldFilter | undefined => {
  if (news.type === "whole") return { ...holding(news.version, news.bloom), ...(news.isPlain === true && { isPlain: true }) }
  if (held?.version !== news.base || news.flipped.some((bit) => bit >= held.bloom.size)) return held
  const bits = held.bloom.bits.slice()
  for (const bit of news.flipped) bits[bit >> 3]! ^= 1 << (bit & 7)
  return holding(news.version, { ...held.bloom, bits })
}

const holding = (version: number, bloom: Bloom.Bloom): HeldFilter => ({ version, bloom, errorRate: Bloom.errorRate(bloom) })
