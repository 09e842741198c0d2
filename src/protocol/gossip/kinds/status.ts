/**
 * `agent_status`: an entity became active or inactive (registry page, "Active → inactive transition").
 *
 * Every registry has a word of its own about it; the one that counts is that of the registry whose claim to the entity is
 * shown, because the entity's beats go there.
 */
import { Schema } from "effect"
import { type EntityId, EntityIdText, onWire, readEntityId, type RegistryId } from "../../identity/id.ts"
import type { JsonObject } from "../../identity/canonical-json.ts"
import type { EntityStatus } from "../../records/entity.ts"
import { readTime, type Seconds, writeTime } from "../../time.ts"
import { type Kind, malformed, ownStatement, ownSubject, readerOf } from "./kind.ts"

/** `gone`: the registry has nothing more to say about it; a tombstone of its own word. */
export type SaidStatus = EntityStatus | "gone"

export interface StatusBody {
  readonly kind: "status"
  readonly entityId: EntityId
  readonly status: SaidStatus
  readonly lastHeartbeat?: Seconds
}

const members = readerOf(
  Schema.Struct({
    entity_id: EntityIdText,
    status: Schema.Literals(["active", "inactive", "gone"]),
    last_heartbeat: Schema.optionalKey(Schema.String),
  }),
)

export const statusSubject = (origin: RegistryId, entityId: string): string => ownSubject("status", origin, entityId)

export const status: Kind<StatusBody> = {
  read: (document, { at, origin }) => {
    const said = members(document)
    if (said === undefined) return malformed("not an announcement")
    const lastHeartbeat = said.last_heartbeat === undefined ? undefined : readTime(said.last_heartbeat)
    if (said.last_heartbeat !== undefined && lastHeartbeat === undefined) return malformed("last_heartbeat")
    if (lastHeartbeat !== undefined && lastHeartbeat > at) return malformed("a beat later than its announcement")
    const entityId = readEntityId(said.entity_id)!
    const body: StatusBody = { kind: "status", entityId, status: said.status, ...(lastHeartbeat !== undefined && { lastHeartbeat }) }
    return ownStatement(statusSubject(origin, entityId), body, said.status === "gone")
  },
  contentOf: ({ entityId, status: said }) => ["agent_status", entityId, said],
  isEntitled: () => true,
}

export const statusDocument = (entityId: EntityId, said: SaidStatus, lastHeartbeat: Seconds | undefined): JsonObject => ({
  type: "agent_status",
  entity_id: onWire(entityId),
  status: said,
  ...(lastHeartbeat !== undefined && { last_heartbeat: writeTime(lastHeartbeat) }),
})
