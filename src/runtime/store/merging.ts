/**
 * A batch of announcements, merged: what each came to, and the rows that have to be written. Pure; `sql.ts` reads before
 * and writes after.
 */
import { developerOf, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
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

/** Rows for `writeSlots` (`statements.ts`): for one subject, or for a batch of them. */
export interface SlotWrites {
  readonly slots: ReadonlyArray<JsonObject>
  readonly forgotten: ReadonlyArray<JsonObject>
  readonly shown: ReadonlyArray<JsonObject>
  readonly hidden: ReadonlyArray<JsonObject>
  readonly tombstones: ReadonlyArray<JsonObject>
}

interface SubjectWrites extends SlotWrites {
  readonly subject: string
}

export interface MergedBatch {
  readonly outcomes: ReadonlyArray<MergeOutcome>
  readonly writes: SlotWrites
}

/** Merges in order. `subjects` names every subject of the batch. */
export const mergeAll = (
  subjects: ReadonlyMap<string, Subject>,
  announcements: ReadonlyArray<VerifiedAnnouncement>,
  nowMs: number,
): MergedBatch => {
  const merged = new Map<string, ReadonlyArray<HeldSlot>>()
  const outcomes = announcements.map((heard): MergeOutcome => {
    const { local, slots: before } = subjects.get(heard.subject)!
    const held = merged.get(heard.subject) ?? before
    const { changed, slots } = Slots.merge(held, slotOf(heard, secondsOf(nowMs)))
    if (changed) merged.set(heard.subject, slots)
    const entity = entryOf(local, slots, details)
    const forgotten = changed ? Slots.forgottenBy(held, slots) : []
    return { changed, ...(entity !== undefined && { entity }), ...(forgotten.length > 0 && { forgotten }) }
  })
  const writes = [...merged].map(([subject, after]) => writesOf(subject, subjects.get(subject)!.slots, after))
  return { outcomes, writes: together(writes) }
}

/** The rows that turn what was held of a subject into what is held now. */
export const writesOf = (subject: string, before: ReadonlyArray<HeldSlot>, after: ReadonlyArray<HeldSlot>): SubjectWrites => {
  const added = after.filter((slot) => !before.includes(slot))
  const entry = entryOf(undefined, after, details)
  const shown = Slots.shown(after, details.developerOf)
  return {
    subject,
    slots: added.map(slotRow),
    forgotten: Slots.forgottenBy(before, after).map((origin) => ({ subject, origin })),
    shown: entry === undefined || shown === undefined ? [] : [gossipRow(entry, shown.announcement().originKey)],
    hidden: entry === undefined ? [{ agent_id: subject, tombstone_at: pgTime(after[0]!.at) }] : [],
    tombstones: added.filter(({ isTombstone }) => isTombstone).map((slot) => tombstoneRow(slot.announcement())),
  }
}

const details = {
  recordOf: (slot: HeldSlot) => recordOf(slot.announcement()),
  developerOf: (slot: HeldSlot) => developerOf(slot.announcement()),
  receivedAtOf: (slot: HeldSlot) => slot.receivedAt,
}

/** In ascending order of what identifies them, so that two batches never wait for each other's rows. */
const together = (writes: ReadonlyArray<SubjectWrites>): SlotWrites => {
  const ordered = [...writes].sort((a, b) => (a.subject < b.subject ? -1 : 1))
  return {
    slots: ordered.flatMap(({ slots }) => slots),
    forgotten: ordered.flatMap(({ forgotten }) => forgotten),
    shown: ordered.flatMap(({ shown }) => shown),
    hidden: ordered.flatMap(({ hidden }) => hidden),
    tombstones: ordered.flatMap(({ tombstones }) => tombstones),
  }
}
