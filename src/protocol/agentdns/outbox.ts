/**
 * What one deployed node is to be told, and when. Changed in place.
 *
 * In order, at a bounded rate, and two words about one id a second apart. A word in a second that the node knows already is lost
 * there, whatever it says; so it is told once more when the node has forgotten the second, if it still stands then.
 */
import type { Announcement } from "../gossip/announcement.ts"
import * as Allowance from "../gossip/allowance.ts"
import {
  deployedMemoryMs,
  deployedOwedMax,
  deployedRepeatsMax,
  deployedSpacingMs,
  deployedTellsPerSecond,
  deployedToldMax,
} from "./limits.ts"
import { aboutOf } from "./said-of.ts"

export interface Owed {
  readonly announcement: Announcement
  /** It is told because nobody said anything later: not where that has changed by then. */
  readonly mustStand: boolean
}

export interface Outbox {
  /** Oldest first. */
  readonly owed: Map<string, Owed>
  /** When something was last told about an id, oldest first; forgotten when the spacing has passed. */
  readonly spoken: Map<string, number>
  /** By id and second: when it was told first, and which ids of announcements were told. Oldest first. */
  readonly told: Map<string, { readonly atMs: number; readonly ids: Set<string> }>
  /** To be told again, oldest first. */
  readonly repeats: Array<{ readonly announcement: Announcement; readonly dueMs: number }>
  allowance: Allowance.Allowance
  /** Something was forgotten at the bound. */
  isBehind: boolean
}

export const empty = (nowMs: number): Outbox => ({
  owed: new Map(),
  spoken: new Map(),
  told: new Map(),
  repeats: [],
  allowance: Allowance.full(deployedTellsPerSecond, nowMs),
  isBehind: false,
})

/** Is there anything to be told, sooner or later? */
export const isIdle = ({ owed, repeats }: Outbox): boolean => owed.size === 0 && repeats.length === 0

/** Was it told within the node's memory, or will it be? */
export const knows = ({ owed, told }: Outbox, announcement: Announcement): boolean =>
  owed.has(announcement.id) || told.get(secondOf(announcement))?.ids.has(announcement.id) === true

export const owe = (box: Outbox, announcement: Announcement, mustStand: boolean): void => {
  if (knows(box, announcement)) return
  if (box.owed.size >= deployedOwedMax) {
    box.owed.delete(box.owed.keys().next().value!)
    box.isBehind = true
  }
  box.owed.set(announcement.id, { announcement, mustStand })
}

/** What is to be told now, in order; it counts as told. */
export const due = (box: Outbox, nowMs: number): ReadonlyArray<Owed> => {
  forget(box, nowMs)
  box.allowance = Allowance.refilled(box.allowance, nowMs)
  const now: Array<Owed> = []
  for (const [id, one] of box.owed) {
    if (box.allowance.left < 1) break
    const about = aboutOf(one.announcement)
    if (box.spoken.has(about)) continue
    box.owed.delete(id)
    box.spoken.set(about, nowMs)
    box.allowance = Allowance.spend(box.allowance, 1)
    tell(box, one.announcement, nowMs)
    now.push(one)
  }
  return now
}

const tell = ({ repeats, told }: Outbox, announcement: Announcement, nowMs: number): void => {
  const second = secondOf(announcement)
  const before = told.get(second)
  if (before === undefined) {
    if (told.size >= deployedToldMax) told.delete(told.keys().next().value!)
    told.set(second, { atMs: nowMs, ids: new Set([announcement.id]) })
    return
  }
  before.ids.add(announcement.id)
  if (repeats.length >= deployedRepeatsMax) repeats.shift()
  repeats.push({ announcement, dueMs: before.atMs + deployedMemoryMs })
}

const forget = ({ owed, repeats, spoken, told }: Outbox, nowMs: number): void => {
  for (const [about, atMs] of spoken) {
    if (nowMs - atMs < deployedSpacingMs && nowMs >= atMs) break
    spoken.delete(about)
  }
  for (const [second, { atMs }] of told) {
    if (nowMs - atMs < deployedMemoryMs) break
    told.delete(second)
  }
  while (repeats.length > 0 && repeats[0]!.dueMs <= nowMs) {
    const { announcement } = repeats.shift()!
    owed.set(announcement.id, { announcement, mustStand: true })
  }
}

const secondOf = (announcement: Announcement): string => `${announcement.at} ${aboutOf(announcement)}`
