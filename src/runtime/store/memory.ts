/**
 * The record store in memory: what simulated nodes use, ten thousand of them in one process, and what the SQL store is
 * held against in tests.
 *
 * Small and synchronous: maps, and announcements shared between all nodes that hold them; no effect here ever waits.
 */
import { Effect, Layer, Stream } from "effect"
import { type Announcement, developerOf, entityOf, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import { handleSubject } from "../../protocol/gossip/kinds/handle.ts"
import { isPrivate, nameSubject } from "../../protocol/gossip/kinds/name.ts"
import { statusSubject } from "../../protocol/gossip/kinds/status.ts"
import type { Signature } from "../../protocol/identity/key.ts"
import type { DeveloperId, EntityId, RegistryId } from "../../protocol/identity/id.ts"
import { claimsPerEntityMax, versionsPerNameMax, vocabularyMax } from "../../protocol/limits.ts"
import type { DeveloperEntry, DeveloperRecord } from "../../protocol/records/developer.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import { type HandleEntry, type NameEntry, type NameFilter, type NameVersion, versionOf } from "../../protocol/records/name.ts"
import { isSpent, markOf } from "../../protocol/records/replay.ts"
import * as Slots from "../../protocol/records/slots.ts"
import { type Seconds, secondsOf } from "../../protocol/time.ts"
import {
  AlreadyRegistered,
  type Change,
  type EntityFilter,
  type MergeOutcome,
  Overtaken,
  type OwnWord,
  RecordStore,
  Replayed,
  type StoreCounts,
  type StoreFailed,
} from "../ports.ts"
import { makeMemoryOfNodes } from "./memory-of-nodes.ts"
import { attestedOf, handleEntryOf, inOrder, nameEntryOf } from "./shown-names.ts"
import { developerRecordOf, entryOf, introduced, isNews, type LocalEntity, newlyRegistered, outdated, recordOf } from "./shown.ts"
import { termsOf } from "./memory-terms.ts"

/** A slot that is kept. Of a subject there is one, nearly always, so what is known of it is here and not beside the subject's slots. */
interface Kept {
  readonly slot: Announcement
  readonly receivedAt: Seconds
  /** How many were kept before it. */
  readonly number: number
}

/** The rules that decide what is held and shown. Given by whoever wants to see what other rules would lead to. */
export type SlotRules = Pick<typeof Slots, "merge" | "shown" | "isTooLate" | "isExpired">

/** What is in memory can also be looked at without asking, as checkers do a million times. */
export type StoreInMemory = RecordStore["Service"] & { readonly shownNow: (subject: string) => EntityEntry | undefined }

/** A store that is empty and forgets everything with the process. */
export const makeMemoryStore = (rules: SlotRules = Slots): StoreInMemory => {
  const local = new Map<string, LocalEntity>()
  /** Ranked slots, by their subject. */
  const held = new Map<string, ReadonlyArray<Announcement>>()
  const developers = new Map<DeveloperId, DeveloperRecord>()
  /** In the order in which they were kept. */
  const byId = new Map<string, Kept>()
  let keptCount = 0
  const tombstones = new Set<Announcement>()
  /** Statuses that are held: while there are none, nobody has to look for one. */
  let statuses = 0
  /** Subjects of handles and names that were said here. */
  const said = new Set<string>()
  const versions = new Map<string, ReadonlyArray<NameVersion>>()
  /** Marks of registrations by their signature, and of each entity the last. */
  const came = new Map<Signature | EntityId, string>()
  /** Subjects by what they are looked for by (`termsOf`). */
  const found = new Map<string, Set<string>>()

  const heldOf = (subject: string): ReadonlyArray<Announcement> => held.get(subject) ?? []
  const ownSlot = (subject: string, origin: RegistryId): Announcement | undefined => heldOf(subject).find((slot) => slot.origin === origin)

  // reading ----------------------------------------------------------------------------------------------------------

  const shownOf = (subject: string): EntityEntry | undefined => {
    const details = {
      recordOf,
      developerOf,
      receivedAtOf: ({ id }: Announcement) => byId.get(id)!.receivedAt,
      statusOf: ({ origin }: Announcement) => (statuses > 0 ? heldOf(statusSubject(origin, subject))[0]?.body : undefined),
    }
    return entryOf(local.get(subject), heldOf(subject), details, rules.shown)
  }

  const developerEntryOf = (id: DeveloperId): DeveloperEntry | undefined => {
    const own = developers.get(id)
    const record = own ?? developerRecordOf(rules.shown(heldOf(id), developerOf, false))
    if (record === undefined) return undefined
    const handle = handlesBy(`holder:${id}`).find(({ registry }) => registry === record.home_registry)
    return {
      record,
      tier: own === undefined ? "gossip" : "local",
      ...(handle !== undefined && {
        handle: { handle: handle.handle, ...(handle.verification !== undefined && { verification: handle.verification }) },
      }),
    }
  }

  const slotsBy = (term: string): ReadonlyArray<Announcement> => [...(found.get(term) ?? [])].flatMap(heldOf)
  const tierOf = ({ subject }: Announcement) => (said.has(subject) ? "local" : "gossip")
  const handlesBy = (term: string): ReadonlyArray<HandleEntry> =>
    inOrder(slotsBy(term).flatMap((slot) => handleEntryOf(slot, tierOf(slot)) ?? []))

  const holds = (registry: RegistryId, handle: string, developer: DeveloperId): boolean => {
    const body = ownSlot(handleSubject(registry, handle), registry)?.body
    return body?.kind === "handle" && body.action !== "release" && body.developerId === developer
  }

  const namesBy = ({ entityId, entityIds, handle, name, registry }: NameFilter): ReadonlyArray<NameEntry> => {
    const ids = entityId === undefined ? entityIds : [entityId]
    const slots =
      ids !== undefined
        ? ids.flatMap((id) => slotsBy(`named:${id}`))
        : handle !== undefined
          ? slotsBy(`under:${handle}`)
          : [...byId.values()].map(({ slot }) => slot)
    return inOrder(
      slots
        .flatMap((slot) => nameEntryOf(slot, tierOf(slot)) ?? [])
        .filter(
          (entry) =>
            (handle === undefined || entry.handle === handle) &&
            (name === undefined || entry.name === name) &&
            (registry === undefined || entry.registry === registry) &&
            holds(entry.registry, entry.handle, entry.developerId),
        ),
    )
  }

  // writing ----------------------------------------------------------------------------------------------------------

  const keep = (subject: string, slots: ReadonlyArray<Announcement>, arrived: Announcement, at: Seconds): void => {
    for (const slot of heldOf(subject)) if (!slots.includes(slot)) forget(slot)
    const number = ++keptCount
    if (slots.includes(arrived)) {
      byId.set(arrived.id, { slot: arrived, receivedAt: at, number })
      if (arrived.isTombstone) tombstones.add(arrived)
      if (arrived.body.kind === "status") statuses++
      for (const term of termsOf(arrived)) found.set(term, (found.get(term) ?? new Set()).add(subject))
    }
    held.set(subject, slots)
  }

  const forget = (slot: Announcement): void => {
    byId.delete(slot.id)
    tombstones.delete(slot)
    if (slot.body.kind === "status") statuses--
    for (const term of termsOf(slot)) {
      const subjects = found.get(term)
      subjects?.delete(slot.subject)
      if (subjects?.size === 0) found.delete(term)
    }
  }

  const keepOwn = (announcement: VerifiedAnnouncement): void => {
    keep(
      announcement.subject,
      Slots.withSlot(heldOf(announcement.subject), announcement, announcement.origin),
      announcement,
      announcement.at,
    )
  }

  const mergeOne = (heard: VerifiedAnnouncement, nowMs: number, self?: RegistryId): MergeOutcome => {
    const before = heldOf(heard.subject)
    const { changed, slots } = rules.isTooLate(before, heard, nowMs) ? { changed: false, slots: before } : rules.merge(before, heard, self)
    const forgotten = changed ? Slots.forgottenBy(before, slots) : []
    if (changed) {
      keep(heard.subject, slots, heard, secondsOf(nowMs))
      said.delete(heard.subject)
    }
    const about = entityOf(heard)
    const entity = about === undefined ? undefined : shownOf(about)
    return {
      changed,
      ...(entity !== undefined && { entity }),
      ...(forgotten.length > 0 && { forgotten }),
      ...(slots.length > claimsPerEntityMax && { isCrowded: true }),
    }
  }

  /** May this be said now? Nothing is changed before all of it may. */
  const maySay = ({ announcement, follows }: OwnWord): boolean => {
    const { body, origin, subject } = announcement
    const before = ownSlot(subject, origin)
    if (before?.id !== follows || (before !== undefined && Slots.later(before, announcement) === before)) return false
    switch (body.kind) {
      case "entity":
        return local.has(subject)
      case "bare-entity": // we say nothing so
        return false
      case "status":
        return body.status === "gone" || local.has(body.entityId)
      case "handle": {
        if (body.action === "release") return true
        const others = handlesBy(`holder:${body.developerId}`).filter(({ tier }) => tier === "local")
        return others.every(({ handle }) => handle === body.handle)
      }
      case "name":
        return body.action === "release" || (holds(origin, body.handle, body.developerId) && local.has(body.entityId))
      case "developer":
      case "tombstone":
      case "developer-tombstone":
      case "proof":
      case "attestation":
        return true
    }
  }

  /** What is local follows from what we said. */
  const follow = (announcement: VerifiedAnnouncement): void => {
    const { at, body, origin, subject } = announcement
    keepOwn(announcement)
    switch (body.kind) {
      case "entity":
        local.set(subject, { ...local.get(subject)!, record: body.record })
        return
      case "tombstone":
        local.delete(subject)
        return
      case "status": {
        const entity = local.get(body.entityId)
        if (entity === undefined || body.status === "gone") return
        local.set(body.entityId, {
          ...entity,
          status: body.status,
          ...(body.lastHeartbeat !== undefined && { lastHeartbeat: body.lastHeartbeat }),
        })
        return
      }
      case "developer":
        developers.set(body.record.developer_id, body.record)
        return
      case "developer-tombstone":
        developers.delete(body.developerId)
        return
      case "handle":
        if (body.action === "release") said.delete(subject)
        else {
          said.add(subject)
          if (!developers.has(body.developerId)) developers.set(body.developerId, introduced(body.publicKey, origin, at))
        }
        return
      case "name": {
        const entry = nameEntryOf(announcement, "local")
        if (entry === undefined) {
          said.delete(subject)
          versions.delete(subject)
        } else {
          said.add(subject)
          versions.set(subject, [versionOf(entry), ...(versions.get(subject) ?? [])].slice(0, versionsPerNameMax))
        }
        return
      }
      case "bare-entity":
      case "proof":
      case "attestation":
        return
    }
  }

  const sayAll = (words: ReadonlyArray<OwnWord>): Effect.Effect<void, Overtaken> => {
    const refused = words.find((word) => !maySay(word))
    if (refused !== undefined) return Effect.fail(new Overtaken({ subject: refused.announcement.subject }))
    for (const { announcement } of words) follow(announcement)
    return Effect.void
  }

  const expire = (nowMs: number): ReadonlyArray<Announcement> => {
    const expired = [...tombstones].filter((slot) => rules.isExpired(slot, nowMs))
    for (const slot of expired) {
      const slots = heldOf(slot.subject)
      forget(slot)
      if (slots.length === 1) held.delete(slot.subject)
      else
        held.set(
          slot.subject,
          slots.filter((one) => one !== slot),
        )
    }
    return expired
  }

  // counting ---------------------------------------------------------------------------------------------------------

  const counts = (): StoreCounts => {
    let gossipEntities = 0
    for (const [subject, slots] of held)
      if (isEntity(slots) && !local.has(subject) && rules.shown(slots, developerOf) !== undefined) gossipEntities++
    return { localEntities: local.size, gossipEntities, developers: developers.size }
  }

  const everything = (): ReadonlyArray<EntityEntry> =>
    [...new Set([...local.keys(), ...[...held].flatMap(([subject, slots]) => (isEntity(slots) ? [subject] : []))])]
      .map(shownOf)
      .filter((entry) => entry !== undefined)

  const changesAfter = (position: string | undefined, limit: number): ReadonlyArray<Change> => {
    const after = Number(position?.split(".")[1] ?? 0)
    const changes: Array<Change> = []
    for (const { number, slot: announcement } of byId.values()) {
      if (number > after && !isPrivate(announcement.body)) changes.push({ position: `0.${number}`, announcement })
      if (changes.length === limit) break
    }
    return changes
  }

  const listed = ({ category, developerId, entityType, limit, offset, status }: EntityFilter): ReadonlyArray<EntityEntry> =>
    [...local.keys()]
      .map((id) => shownOf(id)!)
      .filter(
        (entry) =>
          (category === undefined || entry.record.category === category) &&
          (developerId === undefined || entry.record.developer_id === developerId) &&
          (entityType === undefined || entry.record.entity_type === entityType) &&
          (status === undefined || entry.status === status),
      )
      .sort((a, b) => b.record.updated_at - a.record.updated_at || (a.record.entity_id < b.record.entity_id ? -1 : 1))
      .slice(offset, offset + limit)

  return {
    shownNow: shownOf,
    entity: (id) => Effect.sync(() => shownOf(id)),
    list: (filter) => Effect.sync(() => listed(filter)),
    changes: (after, limit) => Effect.sync(() => changesAfter(after, limit)),
    vocabulary: Effect.sync(() => {
      const shown = everything()
      return {
        categories: distinct(shown.map(({ record }) => record.category)),
        tags: distinct(shown.flatMap(({ record }) => record.tags)),
      }
    }),
    entities: (ids) => Effect.sync(() => ids.map(shownOf).filter((entry) => entry !== undefined)),
    everyEntity: Stream.suspend(() => Stream.fromIterable(everything())),
    developer: (id) => Effect.sync(() => developerEntryOf(id)),
    handles: (handle) => Effect.sync(() => handlesBy(`handle:${handle}`)),
    handlesOf: (id) => Effect.sync(() => handlesBy(`holder:${id}`)),
    names: (filter) => Effect.sync(() => namesBy(filter)),
    versions: (handle, name) =>
      Effect.sync(() => {
        const own = namesBy({ handle, name }).find(({ tier }) => tier === "local")
        return own === undefined ? [] : versions.get(nameSubject(own.registry, handle, name))!
      }),
    attestations: (subject) =>
      Effect.sync(() =>
        slotsBy(`about:${subject}`)
          .flatMap((slot) => attestedOf(slot) ?? [])
          .sort((a, b) => (a.attester < b.attester ? -1 : 1)),
      ),
    registriesAt: (host) =>
      Effect.sync(() =>
        slotsBy(`host:${host}`)
          .map(({ origin }) => origin)
          .sort(),
      ),
    counts: Effect.sync(counts),
    slots: (subject) => Effect.sync(() => heldOf(subject)),
    everySlot: Stream.suspend(() => Stream.fromIterable([...byId.values()].flatMap(({ slot }) => (isPrivate(slot.body) ? [] : [slot])))),
    documents: (ids) =>
      Effect.sync(() =>
        ids.flatMap((id) => {
          const slot = byId.get(id)?.slot
          return slot === undefined || isPrivate(slot.body) ? [] : [slot.document]
        }),
      ),
    say: (words) => Effect.suspend(() => sayAll(words)),
    register: ({ also = [], announcement, developer, introduction, record }) =>
      Effect.suspend((): Effect.Effect<boolean, AlreadyRegistered | Overtaken | Replayed | StoreFailed> => {
        if (local.has(record.entity_id)) return Effect.fail(new AlreadyRegistered({ id: record.entity_id }))
        if (!isNews(heldOf(record.entity_id), announcement)) return Effect.fail(outdated("register"))
        const mark = markOf(record)
        const isReplayed = (came.get(record.signature) ?? mark) !== mark || isSpent(came.get(record.entity_id) ?? "", mark)
        if (isReplayed) return Effect.fail(new Replayed({ id: record.entity_id }))
        local.set(record.entity_id, newlyRegistered(record))
        const refused = also.find((word) => !maySay(word))
        if (refused !== undefined) {
          local.delete(record.entity_id)
          return Effect.fail(new Overtaken({ subject: refused.announcement.subject }))
        }
        if (!developers.has(developer.developer_id)) developers.set(developer.developer_id, developer)
        keepOwn(announcement)
        came.set(record.signature, mark)
        came.set(record.entity_id, mark)
        const isIntroduced = introduction !== undefined && heldOf(introduction.subject).length === 0
        if (isIntroduced) keepOwn(introduction)
        return Effect.as(sayAll(also), isIntroduced)
      }),
    deregister: (id, announcement, also = []) =>
      Effect.suspend((): Effect.Effect<boolean, Overtaken | StoreFailed> => {
        if (!local.has(id)) return Effect.succeed(false)
        if (!isNews(heldOf(id), announcement)) return Effect.fail(outdated("deregister"))
        // a name that was bound meanwhile would be left without its entity
        const ending = new Set(also.map((word) => word.announcement.subject))
        const left = namesBy({ entityId: id }).find(
          (entry) => entry.tier === "local" && !ending.has(nameSubject(entry.registry, entry.handle, entry.name)),
        )
        if (left !== undefined) return Effect.fail(new Overtaken({ subject: id }))
        return Effect.map(sayAll(also), () => {
          follow(announcement)
          return true
        })
      }),
    merge: (announcements, nowMs, self) => Effect.sync(() => announcements.map((heard) => mergeOne(heard, nowMs, self))),
    beat: (id, at) =>
      Effect.sync(() => {
        const entity = local.get(id)
        if (entity === undefined) return false
        if (at > (entity.lastHeartbeat ?? 0)) local.set(id, { ...entity, lastHeartbeat: at })
        return true
      }),
    silentSince: (at) =>
      Effect.sync(() =>
        [...local].flatMap(([id, entity]) => (entity.status === "active" && (entity.lastHeartbeat ?? 0) < at ? [shownOf(id)!] : [])),
      ),
    expire: (nowMs) => Effect.sync(() => expire(nowMs)),
    ...makeMemoryOfNodes(),
  }
}

/** A fresh memory store for whoever builds it. */
export const MemoryStore: Layer.Layer<RecordStore> = Layer.sync(RecordStore, makeMemoryStore)

const distinct = (values: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(values)].sort().slice(0, vocabularyMax)

const isEntity = ([slot]: ReadonlyArray<Announcement>): boolean =>
  slot !== undefined && /^(?:agent_announce|service_announce|tombstone)$/.test(slot.type) && slot.body.kind !== "developer-tombstone"
