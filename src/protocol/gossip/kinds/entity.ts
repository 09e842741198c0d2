/**
 * `agent_announce`, `service_announce`: an entity registered, or changed its record (mesh page, "Announcement types").
 *
 * Its evidence is in the record: every field that a key signed must still be as it was signed (`records/registration.ts`). In
 * the deployed dialect there is none: then it is a body of another kind, which nobody takes for the other by mistake.
 */
import { Schema } from "effect"
import { evidenceHolds, isHomeSigned } from "../../records/registration.ts"
import type { BareRecord, EntityRecord } from "../../records/entity.ts"
import { pricingContent } from "../../records/pricing.ts"
import { EntityDocument, readEntityDocument, writeEntityDocument } from "../../records/entity-document.ts"
import type { JsonObject } from "../../identity/canonical-json.ts"
import { type Kind, malformed, readerOf } from "./kind.ts"

export type EntityAction = "register" | "update"

export interface EntityBody {
  readonly kind: "entity"
  readonly action: EntityAction
  readonly record: EntityRecord
}

/** As only its registry says (`protocol/agentdns`). */
export interface BareEntityBody {
  readonly kind: "bare-entity"
  readonly action: EntityAction
  readonly record: BareRecord
}

const members = readerOf(
  Schema.Struct({
    type: Schema.Literals(["agent_announce", "service_announce"]),
    action: Schema.Literals(["register", "update"]),
    record: EntityDocument,
  }),
)

export const entity: Kind<EntityBody | BareEntityBody> = {
  read: (document, { at, origin }) => {
    const said = members(document)
    if (said === undefined) return malformed("not an announcement")
    const record = readEntityDocument(said.record, origin)
    if (record === undefined) return malformed("record")
    if (said.type !== typeOf(record)) return malformed("type and id disagree")
    if (record.updated_at > at) return malformed("record is later than its announcement")
    return {
      subject: record.entity_id,
      isTombstone: false,
      registeredAt: record.registered_at,
      homeIsSigned: isHomeSigned(record),
      body: { kind: "entity", action: said.action, record },
    }
  },
  contentOf: ({ action, record: r }) => [
    action,
    r.entity_id,
    r.name,
    r.category,
    r.tags,
    r.summary,
    r.entity_url,
    r.service_endpoint ?? "",
    r.openapi_url ?? "",
    pricingContent(r.entity_pricing),
    r.developer_id,
    r.developer_proof?.developer_public_key ?? "",
    r.developer_proof?.entity_index ?? null,
  ],
  isEntitled: (body, _, check) => body.kind === "bare-entity" || evidenceHolds(body.record, check),
}

export const typeOf = (record: Pick<EntityRecord, "entity_type">): "agent_announce" | "service_announce" =>
  record.entity_type === "service" ? "service_announce" : "agent_announce"

export const entityDocument = (action: EntityAction, record: EntityRecord): JsonObject => ({
  type: typeOf(record),
  action,
  record: writeEntityDocument(record),
})
