/**
 * The ratchet (ruled, "Replay"). REST signatures carry no nonce, and what the SDKs repeat byte for byte must stay possible; so
 * whoever wants more signs when, and for which registry. An entity that has once done so is held to it: from then on only what is
 * signed with a later time, for this registry, changes or ends it or brings it back.
 *
 * The time is the signed member `timestamp` (RFC 3339, as fine as the client likes), the registry is `registry_id` or
 * `home_registry`. A deletion has no body, so its two travel in the query, and this is what is signed:
 *
 *     {"entity_id":"zns:…","registry_id":"zns:registry:…","timestamp":"2026-04-10T12:34:56.789Z"}
 */
import { Result } from "effect"
import type { Announcement } from "../gossip/announcement.ts"
import { canonical, type JsonObject } from "../identity/canonical-json.ts"
import { readJson } from "../identity/json-text.ts"
import { type EntityId, readEntityId, readRegistryId, type RegistryId } from "../identity/id.ts"
import { clockSkewMaxMs } from "../limits.ts"
import { readMoment } from "../time.ts"
import type { EntityRecord } from "./entity.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import { isObject } from "./plain-json.ts"
import { signedMembers } from "./signed-text.ts"

/** When a text was signed and for whom, where it says both. */
interface Stamp {
  readonly atMs: number
  readonly registry: RegistryId
}

/** `undefined` for a text that is not stamped, as those of the SDKs are not. */
const stampIn = (said: JsonObject): Stamp | undefined => {
  const { timestamp, registry_id, home_registry } = said
  const to = registry_id ?? home_registry
  const atMs = typeof timestamp === "string" ? readMoment(timestamp) : undefined
  const registry = typeof to === "string" ? readRegistryId(to) : undefined
  return atMs === undefined || registry === undefined ? undefined : { atMs, registry }
}

const stampOf = (text: string): number => stampIn(membersOf(text))?.atMs ?? unheld

/** What a signed text says; nothing, where it is no JSON object. */
export const membersOf = (text: string): JsonObject => {
  const said = readJson(text)
  return isObject(said) ? said : {}
}

/** What an entity that never signed a time is held to. */
export const unheld = 0

/** Milliseconds since 1970 that the last stamped text of this record says; `unheld` without one. */
export const heldSince = (record: EntityRecord): number =>
  Math.max(
    unheld,
    ...[record.signed, ...record.changes.map(({ text }) => text)].map((text) => (text === undefined ? unheld : stampOf(text))),
  )

/** The same of all that registries say of an entity, of its deletions too. */
export const heldBy = (slots: ReadonlyArray<Announcement>): number =>
  Math.max(
    unheld,
    ...slots.map(({ body }) => {
      if (body.kind === "entity") return heldSince(body.record)
      return body.kind === "tombstone" && body.proof !== undefined ? stampOf(body.proof.text) : unheld
    }),
  )

/** May what was signed as `said` follow, where the entity is held to `held`? Milliseconds, as `nowMs`. */
export const judgeStamp = (said: JsonObject, held: number, registry: RegistryId, nowMs: number): Result.Result<void, Refusal> => {
  const stamp = stampIn(said)
  if (stamp === undefined)
    return held === unheld
      ? Result.void
      : unauthorized("this entity signs with a timestamp and registry_id: without them this may be an old request again", "timestamp")
  if (stamp.registry !== registry) return unauthorized("this was signed for another registry", "registry_id")
  if (stamp.atMs > nowMs + clockSkewMaxMs) return invalid("timestamp is ahead of this registry's clock", "timestamp")
  return stamp.atMs > held ? Result.void : unauthorized("something with a later timestamp came before: sign again", "timestamp")
}

/** What a deletion's query says of its signature. */
export interface DeletionStamp {
  readonly timestamp?: string | undefined
  readonly registry_id?: string | undefined
}

/** What is signed to end an entity that is held. `undefined` when the query does not say both. */
export const timedDeletionText = (entityId: EntityId, said: DeletionStamp): string | undefined =>
  said.timestamp === undefined || said.registry_id === undefined
    ? undefined
    : canonical({ entity_id: entityId, registry_id: said.registry_id, timestamp: said.timestamp })

/** Does this text end this entity at this registry, as such a text does? */
export const isTimedDeletion = (text: string, entityId: EntityId, registry: RegistryId): boolean => {
  const said = signedMembers(text)
  if (said === undefined || Object.keys(said).length !== 3) return false
  const { entity_id } = said
  return typeof entity_id === "string" && readEntityId(entity_id) === entityId && stampIn(said)?.registry === registry
}
