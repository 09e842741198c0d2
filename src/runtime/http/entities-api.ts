/** Entities, declared (reference 1.4). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { categoryCharactersMax, nameCharactersMax, summaryCharactersMax, tagsMax } from "../../protocol/limits.ts"
import { created, described, idIn, optional, signed, signedBy } from "./declaring.ts"
import { listQuery } from "./list-query.ts"
import { DeveloperProof, Entity } from "./documents.ts"
import { refusals } from "./problems.ts"
import { RegistrationLimit } from "./rate-limits.ts"

const id = idIn("an entity's id")

/** Before an entity's id. */
export const entityPath = "/v1/entities/"
const ofEntity = `${entityPath}:id` as const

/** What keeps a signed request from being sent again by others (`protocol/records/ratchet.ts`). */
const stamped = {
  timestamp: described(
    Schema.String,
    "RFC 3339, signed: whoever has once said it together with the registry is held to it, and needs a later one for every change",
  ),
  registry_id: described(Schema.String, "id of this registry, signed"),
}

export const entities = HttpApiGroup.make("entities").add(
  HttpApiEndpoint.post("registerEntity", "/v1/entities", {
    payload: Schema.Struct({
      name: described(Schema.String, `at most ${nameCharactersMax} characters`),
      category: described(Schema.String, `at most ${categoryCharactersMax} characters`),
      public_key: described(Schema.String, "the entity's own key"),
      signature: described(
        Schema.String,
        "by that key over the canonical JSON of the request without this member, or of the seven fields that the SDKs sign",
      ),
      developer_id: Schema.String,
      developer_proof: DeveloperProof,
      entity_url: optional(described(Schema.String, "http or https; required of agents")),
      tags: optional(described(Schema.Array(Schema.String), `at most ${tagsMax}`)),
      summary: optional(described(Schema.String, `at most ${summaryCharactersMax} characters`)),
      entity_type: optional(Schema.Literals(["agent", "service"])),
      service_endpoint: optional(described(Schema.String, "required of services")),
      openapi_url: optional(Schema.String),
      entity_pricing: optional(Schema.Record(Schema.String, Schema.Json)),
      capability_summary: optional(Schema.Record(Schema.String, Schema.Json)),
      home_registry: optional(described(Schema.String, "id of this registry; signed, it ties the entity to it")),
      entity_name: optional(described(Schema.String, "its name under the developer's handle, where that is free")),
      timestamp: optional(stamped.timestamp),
      version: optional(described(Schema.String, "what the developer calls this version of the name")),
    }),
    success: created(Schema.Struct({ entity_id: Schema.String, message: Schema.String, fqan: optional(Schema.String) })),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("listEntities", "/v1/entities", {
    query: listQuery,
    success: Schema.Struct({ entities: Schema.Array(Entity), count: described(Schema.Int, "rows in this answer") }),
    error: refusals,
  }),
  HttpApiEndpoint.get("getEntity", ofEntity, { params: id, success: Entity, error: refusals }),
  HttpApiEndpoint.put("updateEntity", ofEntity, {
    params: id,
    headers: signedBy("the entity's signature of the body as it is sent; its developer's, for what the entity left unsigned"),
    payload: described(
      Schema.Struct({
        name: optional(Schema.String),
        category: optional(Schema.String),
        tags: optional(Schema.Array(Schema.String)),
        summary: optional(Schema.String),
        entity_url: optional(Schema.String),
        service_endpoint: optional(Schema.String),
        openapi_url: optional(Schema.String),
        entity_pricing: optional(Schema.Record(Schema.String, Schema.Json)),
        capability_summary: optional(Schema.Record(Schema.String, Schema.Json)),
        codebase_hash: optional(Schema.String),
        ttl: optional(described(Schema.Int, "seconds")),
        home_registry: optional(Schema.String),
        timestamp: optional(stamped.timestamp),
        registry_id: optional(stamped.registry_id),
      }),
      "what is absent or null stays as it is",
    ),
    success: Entity,
    error: signed,
  }),
  HttpApiEndpoint.delete("deregisterEntity", ofEntity, {
    params: id,
    headers: signedBy("the entity's or its developer's signature of the id; with a query, of the canonical JSON of all three"),
    query: { timestamp: optional(stamped.timestamp), registry_id: optional(stamped.registry_id) },
    success: Schema.Struct({ entity_id: Schema.String, message: Schema.String }),
    error: refusals,
  }),
)
