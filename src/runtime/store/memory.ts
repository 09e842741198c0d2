/**
 * The record store in memory: what simulated nodes use, ten thousand of them in one process, and what the SQL store is
 * held against in tests.
 *
 * Small and synchronous: maps, and announcements shared between all nodes that hold them; no effect here ever waits.
 */
import { Effect, Layer, Stream } from "effect"
import { type Announcement, developerOf, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { DeveloperId, EntityId } from "../../protocol/identity/id.ts"
import type { PeerPin } from "../../protocol/mesh/pin.ts"
import type { DeveloperRecord } from "../../protocol/records/developer.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import * as Slots from "../../protocol/records/slots.ts"
import { type Seconds, secondsOf } from "../../protocol/time.ts"
import { AlreadyRegistered, type MergeOutcome, RecordStore, type StoreCounts, type StoreFailed } from "../ports.ts"
import { entryOf, isImplicit, isNews, type LocalEntity, newlyRegistered, outdated, recordOf, withOwn } from "./shown.ts"

/** What is held of one subject: ranked slots, and when each arrived, in the same order. */
interface Held {
  readonly slots: ReadonlyArray<Announcement>
  readonly receivedAt: ReadonlyArray<Seconds>
}

const nothing: Held = { slots: [], receivedAt: [] }

/** A store that is empty and forgets everything with the process. */
export const makeMemoryStore = (): RecordStore["Service"] => {
  const local = new Map<string, LocalEntity>()
  const held = new Map<string, Held>()
  const developers = new Map<DeveloperId, DeveloperRecord>()
  const pins = new Map<string, PeerPin>()
  const byId = new Map<string, Announcement>()

  const heldOf = (subject: string): Held => held.get(subject) ?? nothing

  const shownOf = (subject: string): EntityEntry | undefined => {
    const { slots, receivedAt } = heldOf(subject)
    return entryOf(local.get(subject), slots, { recordOf, developerOf, receivedAtOf: (slot) => receivedAt[slots.indexOf(slot)]! })
  }

  const keep = (subject: string, slots: ReadonlyArray<Announcement>, arrived: Announcement, at: Seconds): void => {
    const before = heldOf(subject)
    for (const slot of before.slots) if (!slots.includes(slot)) byId.delete(slot.id)
    byId.set(arrived.id, arrived)
    held.set(subject, { slots, receivedAt: slots.map((slot) => (slot === arrived ? at : before.receivedAt[before.slots.indexOf(slot)]!)) })
  }

  const keepOwn = (announcement: VerifiedAnnouncement): void => {
    keep(announcement.subject, withOwn(heldOf(announcement.subject).slots, announcement), announcement, announcement.at)
  }

  const mergeOne = (heard: VerifiedAnnouncement, nowMs: number): MergeOutcome => {
    const { changed, slots } = Slots.merge(heldOf(heard.subject).slots, heard)
    const forgotten = changed ? Slots.forgottenBy(heldOf(heard.subject).slots, slots) : []
    if (changed) keep(heard.subject, slots, heard, secondsOf(nowMs))
    const entity = shownOf(heard.subject)
    return { changed, ...(entity !== undefined && { entity }), ...(forgotten.length > 0 && { forgotten }) }
  }

  const counts = (): StoreCounts => {
    let gossipEntities = 0
    for (const [subject, { slots }] of held) if (!local.has(subject) && Slots.shown(slots, developerOf) !== undefined) gossipEntities++
    return { localEntities: local.size, gossipEntities, developers: developers.size }
  }

  const everything = (): ReadonlyArray<EntityEntry> =>
    [...new Set([...local.keys(), ...held.keys()])].map(shownOf).filter((entry) => entry !== undefined)

  return {
    entity: (id) => Effect.sync(() => shownOf(id)),
    entities: (ids) => Effect.sync(() => ids.map(shownOf).filter((entry) => entry !== undefined)),
    everyEntity: Stream.suspend(() => Stream.fromIterable(everything())),
    developer: (id) =>
      Effect.sync(() => {
        const record = developers.get(id)
        return record === undefined ? undefined : { record, tier: "local" as const }
      }),
    counts: Effect.sync(counts),
    slots: (subject) => Effect.sync(() => heldOf(subject).slots),
    everySlot: Stream.suspend(() => Stream.fromIterable(byId.values())),
    documents: (ids) => Effect.sync(() => ids.map((id) => byId.get(id)?.document).filter((document) => document !== undefined)),
    addDeveloper: (developer) =>
      Effect.suspend((): Effect.Effect<void, AlreadyRegistered> => {
        const present = developers.get(developer.developer_id)
        if (present !== undefined && !isImplicit(present)) return Effect.fail(new AlreadyRegistered({ id: developer.developer_id }))
        developers.set(developer.developer_id, developer)
        return Effect.void
      }),
    register: ({ announcement, developer, record }) =>
      Effect.suspend((): Effect.Effect<void, AlreadyRegistered | StoreFailed> => {
        if (local.has(record.entity_id)) return Effect.fail(new AlreadyRegistered({ id: record.entity_id }))
        if (!isNews(heldOf(record.entity_id).slots, announcement)) return Effect.fail(outdated("register"))
        if (!developers.has(developer.developer_id)) developers.set(developer.developer_id, developer)
        local.set(record.entity_id, newlyRegistered(record))
        keepOwn(announcement)
        return Effect.void
      }),
    deregister: (id: EntityId, announcement) =>
      Effect.suspend((): Effect.Effect<boolean, StoreFailed> => {
        if (!local.has(id)) return Effect.succeed(false)
        if (!isNews(heldOf(id).slots, announcement)) return Effect.fail(outdated("deregister"))
        local.delete(id)
        keepOwn(announcement)
        return Effect.succeed(true)
      }),
    merge: (announcements, nowMs) => Effect.sync(() => announcements.map((heard) => mergeOne(heard, nowMs))),
    pins: Effect.sync(() => [...pins.values()]),
    pin: (pin) => Effect.sync(() => void pins.set(pin.address, pin)),
  }
}

/** A fresh memory store for whoever builds it. */
export const MemoryStore: Layer.Layer<RecordStore> = Layer.sync(RecordStore, makeMemoryStore)
