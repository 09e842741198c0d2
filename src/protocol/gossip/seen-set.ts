/**
 * The seen-set: ids of announcements that were believed in the last five minutes (mesh page, "5-minute seen-set").
 *
 * A ring of minute buckets that is changed in place: one minute beyond the window, so that an id stays for at least the
 * whole window. Only ids of *verified* announcements get in; a forger cannot make us deaf for what it has not signed.
 */
import { seenIdsMax, seenWindowMs } from "../limits.ts"

const bucketMs = 60_000

export interface SeenSet {
  readonly bucketsKept: number
  /** Newest last. */
  readonly buckets: Array<{ readonly minute: number; readonly ids: Set<string> }>
  size: number
}

export const empty = (windowMs: number = seenWindowMs): SeenSet => ({
  bucketsKept: Math.ceil(windowMs / bucketMs) + 1,
  buckets: [],
  size: 0,
})

export const has = (seen: SeenSet, id: string): boolean => {
  for (let i = seen.buckets.length - 1; i >= 0; i--) if (seen.buckets[i]!.ids.has(id)) return true
  return false
}

/** Remembers an id. At the bound the oldest minute is forgotten: what comes again then costs a verification, not truth. */
export const add = (seen: SeenSet, id: string, nowMs: number): void => {
  if (has(seen, id)) return
  const minute = Math.floor(nowMs / bucketMs)
  forget(seen, minute)
  let newest = seen.buckets.at(-1)
  if (newest === undefined || newest.minute < minute) {
    newest = { minute, ids: new Set() }
    seen.buckets.push(newest)
  }
  newest.ids.add(id)
  seen.size++
  while (seen.size > seenIdsMax) drop(seen)
}

/** Forgets an id: what was believed could not be kept, and may come again. */
export const remove = (seen: SeenSet, id: string): void => {
  for (const { ids } of seen.buckets) if (ids.delete(id)) seen.size--
}

const forget = (seen: SeenSet, minute: number): void => {
  while (seen.buckets.length > 0 && seen.buckets[0]!.minute <= minute - seen.bucketsKept) drop(seen)
}

const drop = (seen: SeenSet): void => {
  seen.size -= seen.buckets.shift()!.ids.size
}
