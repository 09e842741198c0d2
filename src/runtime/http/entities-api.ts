/** Entities, declared (reference 1.4). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { categoryCharactersMax, nameCharactersMax, summaryCharactersMax, tagsMax } from "../../protocol/limits.ts"
import { created, described, idIn, optional, signed, signedBy } from "./declaring.ts"
import { DeveloperProof, Entity } from "./documents.ts"
import { refusals } from "./problems.ts"
import { RegistrationLimit } from "./rate-limits.ts"

const id = idIn("an entity's id")

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
    }),
    success: created(Schema.Struct({ entity_id: Schema.String, message: Schema.String })),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("getEntity", "/v1/entities/:id", { params: id, success: Entity, error: refusals }),
  HttpApiEndpoint.delete("deregisterEntity", "/v1/entities/:id", {
    params: id,
    headers: signedBy("the entity's or its developer's signature of the id"),
    success: Schema.Struct({ entity_id: Schema.String, message: Schema.String }),
    error: refusals,
  }),
)
