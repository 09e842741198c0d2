/**
 * Reading what this node may not hold, tier after tier: what is local, what gossip brought, what the DHT finds. A light node
 * and a gateway ask the DHT first and then their peers (registry page, "Node roles"). The answer says which tier it came from.
 *
 * What the DHT finds counts together with what is known here, by the order of gossip: a deletion that we heard of holds.
 */
import { Effect } from "effect"
import { fqanKeyOf, idKeyOf } from "../../protocol/dht/key.ts"
import { type Announcement, developerOf, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { DeveloperId, EntityId } from "../../protocol/identity/id.ts"
import type { DeveloperEntry } from "../../protocol/records/developer.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import type { NameEntry } from "../../protocol/records/name.ts"
import * as Slots from "../../protocol/records/slots.ts"
import type { Role } from "../../protocol/wire/message.ts"
import type { RecordStore, StoreFailed } from "../ports.ts"
import { asksOthers } from "../roles.ts"
import type { DhtOfNode } from "./dht.ts"
import { steps } from "../steps.ts"

export interface Reads {
  readonly entity: (id: EntityId) => Effect.Effect<EntityEntry | undefined, StoreFailed>
  readonly developer: (id: DeveloperId) => Effect.Effect<DeveloperEntry | undefined, StoreFailed>
  /** What a name means at a host. Whether that host is its registry's is not known here. */
  readonly name: (host: string, handle: string, name: string) => Effect.Effect<NameEntry | undefined>
}

export interface ReadParts {
  readonly role: Role
  readonly store: RecordStore["Service"]
  /** What this node shows of an entity. */
  readonly shown: (id: EntityId) => Effect.Effect<EntityEntry | undefined, StoreFailed>
  readonly dht: DhtOfNode
  /** What peers hold; for those who ask them. */
  readonly askPeers: (id: EntityId) => Effect.Effect<EntityEntry | undefined, StoreFailed>
  /** Holds what was found from now on, where this node holds anything. */
  readonly keep: (id: EntityId, heard: ReadonlyArray<VerifiedAnnouncement>) => Effect.Effect<unknown, StoreFailed>
}

export const readsOf = ({ askPeers, dht, keep, role, shown, store }: ReadParts): Reads => {
  const found = steps(function* (id: EntityId | DeveloperId) {
    const heard = (yield* dht.find(idKeyOf(id))).filter(({ subject }) => subject === id)
    if (heard.length === 0) return undefined
    const known = yield* store.slots(id)
    const slots = heard.reduce<ReadonlyArray<Announcement>>((held, word) => Slots.merge(held, word).slots, known)
    const slot = Slots.shown(slots, developerOf)
    return slot === undefined ? undefined : { slot, heard, contested: Slots.isContested(slots) }
  })

  const entityByDht = steps(function* (id: EntityId) {
    const one = yield* found(id)
    if (one?.slot.body.kind !== "entity") return undefined
    yield* keep(id, one.heard)
    const entry: EntityEntry = { record: one.slot.body.record, tier: "dht", status: "active", contested: one.contested }
    return entry
  })

  return {
    entity: steps(function* (id) {
      const here = (yield* shown(id)) ?? (yield* entityByDht(id))
      return here ?? (asksOthers(role) ? yield* askPeers(id) : undefined)
    }),
    developer: steps(function* (id) {
      const here = yield* store.developer(id)
      if (here !== undefined) return here
      const body = (yield* found(id))?.slot.body
      const entry: DeveloperEntry | undefined = body?.kind === "developer" ? { record: body.record, tier: "dht" } : undefined
      return entry
    }),
    name: (host, handle, name) =>
      Effect.map(dht.find(fqanKeyOf(host, handle, name)), (heard) => {
        const slots = heard.reduce<ReadonlyArray<Announcement>>((held, word) => Slots.merge(held, word).slots, [])
        return nameEntryOf(slots.find(({ isTombstone }) => !isTombstone))
      }),
  }
}

const nameEntryOf = (slot: Announcement | undefined): NameEntry | undefined => {
  if (slot?.body.kind !== "name" || slot.body.action === "release") return undefined
  const { developerId, entityId, evidence, handle, host, label, name, tags, version } = slot.body
  return {
    host,
    registry: slot.origin,
    handle,
    name,
    entityId,
    developerId,
    version,
    label,
    tags,
    boundAt: slot.at,
    ...(evidence !== undefined && { signature: evidence.signature }),
    tier: "dht",
  }
}
