/**
 * A batch of announcements, merged: what each came to, and the rows that have to be written. Pure; `sql.ts` reads before
 * and writes after.
 */
import { type Announcement, developerOf, entityOf, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { RegistryId } from "../../protocol/identity/id.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import { claimsPerEntityMax } from "../../protocol/limits.ts"
import * as Slots from "../../protocol/records/slots.ts"
import { secondsOf } from "../../protocol/time.ts"
import type { MergeOutcome } from "../ports.ts"
import { gossipDeveloper, projected, type Write } from "./projection.ts"
import { gossipRow, type HeldSlot, pgTime, slotOf, slotRow, tombstoneRow } from "./rows.ts"
import { entryOf, type LocalEntity, recordOf, type SlotDetails } from "./shown.ts"

/** What is held of one subject: the registration here, the ranked slots, and of an entity what registries say of its status. */
export interface Subject {
  readonly local: LocalEntity | undefined
  readonly slots: ReadonlyArray<HeldSlot>
  readonly statuses: Statuses
}

export type Statuses = ReadonlyMap<RegistryId, Announcement["body"]>

export const nothingHeld: Subject = { local: undefined, slots: [], statuses: new Map() }

/** Rows for `writeSlots` (`statements.ts`), and for typed tables: for one subject, or for a batch of them. */
export interface SlotWrites {
  readonly slots: ReadonlyArray<JsonObject>
  readonly forgotten: ReadonlyArray<JsonObject>
  readonly shown: ReadonlyArray<JsonObject>
  readonly hidden: ReadonlyArray<JsonObject>
  readonly tombstones: ReadonlyArray<JsonObject>
  readonly typed: ReadonlyArray<Write>
}

interface SubjectWrites extends SlotWrites {
  readonly subject: string
}

export interface MergedBatch {
  readonly outcomes: ReadonlyArray<MergeOutcome>
  readonly writes: SlotWrites
}

/** Merges in order. `subjects` names every subject of the batch, and every entity that one of them is about. */
export const mergeAll = (
  subjects: ReadonlyMap<string, Subject>,
  announcements: ReadonlyArray<VerifiedAnnouncement>,
  nowMs: number,
  self?: RegistryId,
): MergedBatch => {
  const merged = new Map<string, Subject>()
  const heldOf = (subject: string): Subject => merged.get(subject) ?? subjects.get(subject)!
  const outcomes = announcements.map((heard): MergeOutcome => {
    const before = heldOf(heard.subject)
    const { changed, slots } = Slots.isTooLate(before.slots, heard, nowMs)
      ? { changed: false, slots: before.slots }
      : Slots.merge(before.slots, slotOf(heard, secondsOf(nowMs)), self)
    if (changed) merged.set(heard.subject, { ...before, slots })
    const about = entityOf(heard)
    if (changed && heard.body.kind === "status") {
      const entity = heldOf(heard.body.entityId)
      merged.set(heard.body.entityId, { ...entity, statuses: new Map(entity.statuses).set(heard.origin, heard.body) })
    }
    const entity = about === undefined ? undefined : shownNow(heldOf(about))
    const forgotten = changed ? Slots.forgottenBy(before.slots, slots) : []
    return {
      changed,
      ...(entity !== undefined && { entity }),
      ...(forgotten.length > 0 && { forgotten }),
      ...(slots.length > claimsPerEntityMax && { isCrowded: true }),
    }
  })
  const writes = [...merged].map(([subject, { slots }]) => writesOf(subject, subjects.get(subject)!.slots, slots))
  return { outcomes, writes: together(writes) }
}

const shownNow = ({ local, slots, statuses }: Subject): EntityEntry | undefined => entryOf(local, slots, detailsWith(statuses))

/** The rows that turn what was held of a subject into what is held now. `isOurs`: we said it here. */
export const writesOf = (
  subject: string,
  before: ReadonlyArray<HeldSlot>,
  after: ReadonlyArray<HeldSlot>,
  isOurs: boolean = false,
): SubjectWrites => {
  const added = after.filter((slot) => !before.includes(slot))
  return {
    subject,
    slots: added.map(slotRow),
    forgotten: Slots.forgottenBy(before, after).map((origin) => ({ subject, origin })),
    shown: [],
    hidden: [],
    tombstones: added.filter(({ isTombstone }) => isTombstone).map((slot) => tombstoneRow(slot.announcement())),
    typed: added.flatMap((slot) => projected(slot.announcement(), slot.receivedAt, isOurs)),
    ...((added.length > 0 || after.length < before.length) && shownWrites(subject, after)),
  }
}

/** The rows that show what is left of a subject whose tombstones were forgotten. */
export const shownAgain = (subject: string, slots: ReadonlyArray<HeldSlot>): SubjectWrites => ({
  subject,
  slots: [],
  forgotten: [],
  shown: [],
  hidden: [],
  tombstones: [],
  typed: [],
  ...shownWrites(subject, slots),
})

/** What is shown of a subject that several registries may claim. */
const shownWrites = (subject: string, after: ReadonlyArray<HeldSlot>): Partial<SubjectWrites> => {
  const shown = Slots.shown(after, details.developerOf, !subject.startsWith("zns:dev:"))
  if (subject.startsWith("zns:dev:")) return { typed: [gossipDeveloper(subject, shown?.announcement(), shown?.receivedAt ?? 0)] }
  if (!subject.startsWith("zns:")) return {}
  const entry = entryOf(undefined, after, details)
  return entry === undefined || shown === undefined
    ? { hidden: [{ agent_id: subject, tombstone_at: pgTime(after[0]!.at) }] }
    : { shown: [gossipRow(entry, shown.announcement().originKey)] }
}

const detailsWith = (statuses: Statuses): SlotDetails<HeldSlot> => ({
  recordOf: (slot) => recordOf(slot.announcement()),
  developerOf: (slot) => developerOf(slot.announcement()),
  receivedAtOf: (slot) => slot.receivedAt,
  statusOf: ({ origin }) => statuses.get(origin),
})

const details = detailsWith(new Map())

/** In ascending order of what identifies them, so that two batches never wait for each other's rows. */
export const together = (writes: ReadonlyArray<SubjectWrites>): SlotWrites => {
  const ordered = [...writes].sort((a, b) => (a.subject < b.subject ? -1 : 1))
  return {
    slots: ordered.flatMap(({ slots }) => slots),
    forgotten: ordered.flatMap(({ forgotten }) => forgotten),
    shown: ordered.flatMap(({ shown }) => shown),
    hidden: ordered.flatMap(({ hidden }) => hidden),
    tombstones: ordered.flatMap(({ tombstones }) => tombstones),
    typed: ordered.flatMap(({ typed }) => typed),
  }
}
