/**
 * What a store shows of a subject: the rules that every store shares, so that a simulated node and one on PostgreSQL never
 * disagree (storage page, "Lookup precedence"; `protocol/records/slots.ts`).
 */
import { type Announcement, recordIn } from "../../protocol/gossip/announcement.ts"
import { idOf, type RegistryId } from "../../protocol/identity/id.ts"
import type { PublicKey } from "../../protocol/identity/key.ts"
import type { DeveloperRecord } from "../../protocol/records/developer.ts"
import type { BareRecord, EntityEntry, EntityRecord, EntityStatus } from "../../protocol/records/entity.ts"
import * as Slots from "../../protocol/records/slots.ts"
import type { Seconds } from "../../protocol/time.ts"
import { StoreFailed } from "../ports.ts"

/** An entity that registered here. */
export interface LocalEntity {
  readonly record: EntityRecord
  readonly status: EntityStatus
  readonly lastHeartbeat?: Seconds
}

/** A new registration: active, and its heartbeat counts from now (who registers again keeps the time of the first). */
export const newlyRegistered = (record: EntityRecord): LocalEntity => ({ record, status: "active", lastHeartbeat: record.updated_at })

/** What must be known of a held slot to show it. */
export interface SlotDetails<S extends Slots.Slot> {
  readonly recordOf: (slot: S) => EntityRecord | BareRecord
  readonly developerOf: Slots.DeveloperOf<S>
  readonly receivedAtOf: (slot: S) => Seconds
  /** What the registry of a slot last said of the entity's status, if anything. */
  readonly statusOf: (slot: S) => Announcement["body"] | undefined
}

/** Local before gossip, nothing when it is deleted. `slots` is ranked. */
export const entryOf = <S extends Slots.Slot>(
  local: LocalEntity | undefined,
  slots: ReadonlyArray<S>,
  details: SlotDetails<S>,
  shown: typeof Slots.shown = Slots.shown,
): EntityEntry | undefined => {
  const contested = Slots.isContested(slots)
  if (local !== undefined) return { tier: "local", contested, ...local }
  const slot = shown(slots, details.developerOf)
  if (slot === undefined) return undefined
  return {
    tier: "gossip",
    contested,
    record: details.recordOf(slot),
    receivedAt: details.receivedAtOf(slot),
    ...statusFrom(details.statusOf(slot)),
  }
}

/** Active until its registry says otherwise. */
const statusFrom = (body: Announcement["body"] | undefined): Pick<EntityEntry, "status" | "lastHeartbeat"> =>
  body?.kind !== "status" || body.status === "gone"
    ? { status: "active" }
    : { status: body.status, ...(body.lastHeartbeat !== undefined && { lastHeartbeat: body.lastHeartbeat }) }

/** The developer that a slot shows. */
export const developerRecordOf = (slot: Announcement | undefined): DeveloperRecord | undefined =>
  slot?.body.kind === "developer" ? slot.body.record : undefined

/** The row of a developer whom nobody has introduced yet: it has no name, and has signed no profile. */
export const introduced = (publicKey: PublicKey, home: RegistryId, at: Seconds): DeveloperRecord => ({
  developer_id: idOf("developer", publicKey),
  name: "",
  public_key: publicKey,
  profile_url: "",
  github: "",
  home_registry: home,
  registered_at: at,
  updated_at: at,
})

/** The record of an announcement that is no tombstone. */
export const recordOf = (announcement: Announcement): EntityRecord | BareRecord => {
  const record = recordIn(announcement)
  if (record === undefined) throw new Error(`announcement ${announcement.id} is shown but holds no record`)
  return record
}

/** May our own statement follow what we are known to have said? Every other node would drop one that does not. */
export const isNews = (slots: ReadonlyArray<Slots.Slot>, own: Slots.Slot): boolean =>
  slots.every((slot) => slot.origin !== own.origin || Slots.later(slot, own) !== slot)

export const outdated = (operation: string) =>
  new StoreFailed({ operation, reason: "a statement of ours about this entity is held that this one could not follow" })
