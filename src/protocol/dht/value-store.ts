/**
 * The values that a node holds, by key: for others, because it is among the closest to their keys, and its own.
 *
 * Which of two counts is decided as in gossip (`records/slots.ts`); of one word said again, the later pointer. Bounded: at
 * `dhtKeysMax` the key farthest from our own goes first, and a value for a farther one is not taken. Our own stay. A
 * reducer owns it, and changes it in place.
 */
import { claimsPerEntityMax, dhtKeysMax, dhtRepublishMs, dhtValueLifeMs, dhtValuesPerKeyMax } from "../limits.ts"
import * as Slots from "../records/slots.ts"
import { compare } from "./distance.ts"
import type { DhtKey } from "./key.ts"
import { isExpired, isFresh, isWhole, type ProvenValue } from "./value.ts"

export interface Held {
  readonly values: ReadonlyArray<ProvenValue>
  /** When somebody stored it here last: then the others need not be told so soon. */
  readonly storedMs: number
}

export interface ValueStore {
  readonly self: DhtKey
  readonly keysMax: number
  /** How long a value of others is held after its publisher said it last; a day at most. */
  readonly lifeMs: number
  /** For others. */
  readonly held: Map<DhtKey, Held>
  /** Of our own registrations, with their records whatever their size. */
  readonly own: Map<DhtKey, ReadonlyArray<ProvenValue>>
}

export const empty = (self: DhtKey, { keysMax = dhtKeysMax, lifeMs = dhtValueLifeMs } = {}): ValueStore => ({
  self,
  keysMax,
  lifeMs,
  held: new Map(),
  own: new Map(),
})

export const sizeOf = ({ held }: ValueStore): number => {
  let size = 0
  for (const { values } of held.values()) size += values.length
  return size
}

/** Takes a value. False when something later is held, or there is no room for it. */
export const put = (store: ValueStore, value: ProvenValue, nowMs: number): boolean => {
  const { held, keysMax, lifeMs } = store
  if (isExpired(value, nowMs, lifeMs)) return false
  const before = held.get(value.key)
  if (before === undefined && held.size >= keysMax && !makeRoom(store, value.key)) return false
  const { values, changed } = merge(before?.values ?? [], value)
  held.set(value.key, { values, storedMs: nowMs })
  return changed
}

/** Our own word, until we say another. */
export const putOwn = ({ own }: ValueStore, value: ProvenValue): void => {
  const others = (own.get(value.key) ?? []).filter(({ subject }) => subject !== value.subject)
  own.set(value.key, [...others, value])
}

/** What is served for a key: nothing expired, the fresh ones first. */
export const get = ({ held, lifeMs, own }: ValueStore, key: DhtKey, nowMs: number): ReadonlyArray<ProvenValue> => {
  const ours = own.get(key) ?? []
  const living = ours.filter((value) => !isExpired(value, nowMs))
  for (const value of held.get(key)?.values ?? [])
    if (!isExpired(value, nowMs, lifeMs) && !ours.some((mine) => isOneSlot(mine, value))) living.push(value)
  return living.length < 2 ? living : living.sort((a, b) => Number(isFresh(b, nowMs)) - Number(isFresh(a, nowMs)))
}

/** Forgets what has expired. */
export const expire = (store: ValueStore, nowMs: number): void =>
  forget(store, (value, isOwn) => isExpired(value, nowMs, isOwn ? dhtValueLifeMs : store.lifeMs))

export const forget = (store: ValueStore, isOver: (value: ProvenValue, isOwn: boolean) => boolean): void => {
  for (const [key, { storedMs, values }] of store.held) {
    const living = values.filter((value) => !isOver(value, false))
    if (living.length === 0) store.held.delete(key)
    else if (living.length < values.length) store.held.set(key, { values: living, storedMs })
  }
  for (const [key, values] of store.own) {
    const living = values.filter((value) => !isOver(value, true))
    if (living.length === 0) store.own.delete(key)
    else if (living.length < values.length) store.own.set(key, living)
  }
}

/** Keys that nobody told us about for an hour: whoever is still close to them tells the others. */
export const quietKeys = ({ held }: ValueStore, nowMs: number, quietMs = dhtRepublishMs): ReadonlyArray<DhtKey> =>
  [...held].flatMap(([key, { storedMs }]) => (nowMs - storedMs >= quietMs ? [key] : []))

/** The others were told. */
export const touch = ({ held }: ValueStore, key: DhtKey, nowMs: number): void => {
  const found = held.get(key)
  if (found !== undefined) held.set(key, { ...found, storedMs: nowMs })
}

// which counts -------------------------------------------------------------------------------------------------------

/** One registry's word about one subject. */
const isOneSlot = (a: ProvenValue, b: ProvenValue): boolean => a.origin === b.origin && a.subject === b.subject

export const merge = (
  values: ReadonlyArray<ProvenValue>,
  heard: ProvenValue,
): { readonly values: ReadonlyArray<ProvenValue>; readonly changed: boolean } => {
  const own = values.find((value) => isOneSlot(value, heard))
  if (own !== undefined && later(own, heard) === own) return { values, changed: false }
  const others = values.filter((value) => value !== own)
  const ofSubject = ranked([...others.filter(({ subject }) => subject === heard.subject), heard]).slice(0, claimsPerEntityMax)
  const rest = others.filter(({ subject }) => subject !== heard.subject)
  const all = [...rest, ...ofSubject]
  return all.length > dhtValuesPerKeyMax || !ofSubject.includes(heard) ? { values, changed: false } : { values: all, changed: true }
}

/** Of two words of one registry about one subject: the stronger, then the later (as gossip); of one word the one said last. */
const later = (a: ProvenValue, b: ProvenValue): ProvenValue => {
  if (a.record !== undefined && b.record !== undefined && a.record.id !== b.record.id)
    return Slots.later(a.record, b.record) === a.record ? a : b
  return a.at > b.at || (a.at === b.at && (isWhole(a) || !isWhole(b))) ? a : b
}

/** As gossip ranks claims; pointers, which only their registries signed, after all of them, the latest first. */
const ranked = (values: ReadonlyArray<ProvenValue>): ReadonlyArray<ProvenValue> =>
  [...values].sort((a, b) => {
    if (a.record !== undefined && b.record !== undefined) return Slots.compareClaims(a.record, b.record)
    return Number(isWhole(b)) - Number(isWhole(a)) || b.at - a.at || (a.origin < b.origin ? -1 : 1)
  })

/** Forgets the farthest key, if this one is closer. */
const makeRoom = ({ held, self }: ValueStore, key: DhtKey): boolean => {
  let farthest = key
  for (const other of held.keys()) if (compare(self, other, farthest) > 0) farthest = other
  return farthest !== key && held.delete(farthest)
}
