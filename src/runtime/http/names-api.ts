/** Names, declared (reference 1.7; naming page). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { created, described, optional, signed, signedBy } from "./declaring.ts"
import { Name, Resolved, Version } from "./naming-documents.ts"
import { refusals } from "./problems.ts"
import { RegistrationLimit } from "./rate-limits.ts"

const params = { developer: described(Schema.String, "a developer's handle"), name: described(Schema.String, "an entity's name under it") }
const query = { host: optional(described(Schema.String, "the registry host, where several know the name")) }

const binding = {
  version: optional(described(Schema.String, "what the developer calls this version")),
  capability_tags: optional(Schema.NullOr(Schema.Array(Schema.String))),
  build_hash: optional(described(Schema.String, "of what was built; signed with the rest")),
  registry_host: optional(described(Schema.String, "signed, it counts for that host only")),
  home_registry: optional(described(Schema.String, "signed, it counts at that registry only")),
}
const five =
  'the canonical JSON of capability_tags (null where there are none), developer_handle, entity_id, entity_name and version ("" where there is none)'
const Bound = Schema.Struct({ fqan: Schema.String, entity_id: Schema.String, current_version: Schema.Int, message: Schema.String })

export const names = HttpApiGroup.make("names").add(
  HttpApiEndpoint.post("bindName", "/v1/names", {
    payload: Schema.Struct({
      entity_name: Schema.String,
      developer_handle: Schema.String,
      entity_id: Schema.String,
      ...binding,
      signature: described(Schema.String, `by the developer who holds the handle over ${five}`),
    }),
    success: created(Bound),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("getName", "/v1/names/:developer/:name", { params, query, success: Name, error: refusals }),
  HttpApiEndpoint.get("nameAvailable", "/v1/names/:developer/:name/available", {
    params,
    success: Schema.Struct({
      developer: Schema.String,
      entity_name: Schema.String,
      available: Schema.Boolean,
      reason: optional(Schema.String),
      existing_entity_id: optional(Schema.String),
    }),
    error: refusals,
  }),
  HttpApiEndpoint.put("rebindName", "/v1/names/:developer/:name", {
    params,
    payload: Schema.Struct({
      entity_id: optional(described(Schema.String, "what the name shall mean; without it, what it means now")),
      ...binding,
      signature: described(
        Schema.String,
        `by the developer over ${five}, and current_version: the number of the new version, one more than now`,
      ),
    }),
    success: Name,
    error: signed,
  }),
  HttpApiEndpoint.post("rollbackName", "/v1/names/:developer/:name/rollback", {
    params,
    payload: Schema.Struct({
      to_version: described(Schema.Int, "the number of the version that it shall mean again"),
      signature: described(
        Schema.String,
        `by the developer over what that version was bound with, and current_version: the number of the new one`,
      ),
    }),
    success: Name,
    error: signed,
  }),
  HttpApiEndpoint.delete("releaseName", "/v1/names/:developer/:name", {
    params,
    headers: signedBy("the developer's signature of release:<host>/<handle>/<name>"),
    success: Schema.Struct({ message: Schema.String }),
    error: refusals,
  }),
  HttpApiEndpoint.get("nameVersions", "/v1/names/:developer/:name/versions", {
    params,
    query,
    success: described(Schema.Array(Version), "newest first"),
    error: refusals,
  }),
  HttpApiEndpoint.get("resolveName", "/v1/resolve/:developer/:name", {
    params,
    query: { ...query, card: optional(described(Schema.Literals(["true", "false"]), "with the live agent card of what it means")) },
    success: Resolved,
    error: refusals,
  }),
)
