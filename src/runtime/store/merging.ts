/**
 * A batch of announcements, merged: what each came to, and the rows that have to be written. Pure; `sql.ts` reads before
 * and writes after.
 */
import type { Announcement, VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import * as Slots from "../../protocol/records/slots.ts"
import { secondsOf } from "../../protocol/time.ts"
import type { MergeOutcome } from "../ports.ts"
import { gossipRow, type HeldSlot, pgTime, slotOf, slotRow, tombstoneRow } from "./rows.ts"
import { entryOf, type LocalEntity, recordOf } from "./shown.ts"

/** What is held of one subject: the registration here, and the ranked slots. */
export interface Subject {
  readonly local: LocalEntity | undefined
  readonly slots: ReadonlyArray<HeldSlot>
}

/** Rows for `writeSlots` (`statements.ts`). */
export interface SlotWrites {
  readonly slots: ReadonlyArray<JsonObject>
  readonly forgotten: ReadonlyArray<JsonObject>
  readonly shown: ReadonlyArray<JsonObject>
  readonly hidden: ReadonlyArray<JsonObject>
  readonly tombstones: ReadonlyArray<JsonObject>
}

export interface MergedBatch {
  readonly outcomes: ReadonlyArray<MergeOutcome>
  readonly writes: SlotWrites
}

/** Merges in order. `subjects` names every subject of the batch. What is not `storable` changes nothing. */
export const mergeAll = (
  subjects: ReadonlyMap<string, Subject>,
  announcements: ReadonlyArray<VerifiedAnnouncement>,
  storable: (announcement: Announcement) => boolean,
  nowMs: number,
): MergedBatch => {
  const merged = new Map<string, ReadonlyArray<HeldSlot>>()
  const outcomes = announcements.map((heard): MergeOutcome => {
    const { local, slots: before } = subjects.get(heard.subject)!
    const held = merged.get(heard.subject) ?? before
    const { changed, slots } = storable(heard) ? Slots.merge(held, slotOf(heard, secondsOf(nowMs))) : { changed: false, slots: held }
    if (changed) merged.set(heard.subject, slots)
    const entity = entryOf(local, slots, details)
    return entity === undefined ? { changed } : { changed, entity }
  })
  const writes = [...merged].map(([subject, after]) => writesOf(subject, subjects.get(subject)!.slots, after))
  return { outcomes, writes: together(writes) }
}

/** The rows that turn what was held of a subject into what is held now. */
export const writesOf = (subject: string, before: ReadonlyArray<HeldSlot>, after: ReadonlyArray<HeldSlot>): SlotWrites => {
  const added = after.filter((slot) => !before.includes(slot))
  const origins = new Set(after.map(({ origin }) => origin))
  const entry = entryOf(undefined, after, details)
  const shown = Slots.shown(after)
  return {
    slots: added.map(slotRow),
    forgotten: before.filter(({ origin }) => !origins.has(origin)).map(({ origin }) => ({ subject, origin })),
    shown: entry === undefined || shown === undefined ? [] : [gossipRow(entry, shown.announcement().originKey)],
    hidden: entry === undefined ? [{ agent_id: subject, tombstone_at: pgTime(after[0]!.at) }] : [],
    tombstones: added.filter(({ isTombstone }) => isTombstone).map((slot) => tombstoneRow(slot.announcement())),
  }
}

const details = {
  recordOf: (slot: HeldSlot) => recordOf(slot.announcement()),
  receivedAtOf: (slot: HeldSlot) => slot.receivedAt,
}

/** In ascending order of their keys, so that two batches never wait for each other's rows. */
const together = (writes: ReadonlyArray<SlotWrites>): SlotWrites => ({
  slots: writes.flatMap(({ slots }) => slots).sort(by("subject", "origin")),
  forgotten: writes.flatMap(({ forgotten }) => forgotten),
  shown: writes.flatMap(({ shown }) => shown).sort(by("agent_id")),
  hidden: writes.flatMap(({ hidden }) => hidden).sort(by("agent_id")),
  tombstones: writes.flatMap(({ tombstones }) => tombstones).sort(by("agent_id", "home_registry")),
})

const by = (...columns: ReadonlyArray<string>) => (a: JsonObject, b: JsonObject): number => {
  const left = columns.map((column) => String(a[column])).join(" ")
  const right = columns.map((column) => String(b[column])).join(" ")
  return left < right ? -1 : left > right ? 1 : 0
}
