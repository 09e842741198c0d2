/** The feed of changes, declared. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { changesDefault, changesMax } from "../../protocol/limits.ts"
import { described, optional } from "./declaring.ts"
import { Time } from "./documents.ts"
import { refusals } from "./problems.ts"

export const ChangeEntry = Schema.Struct({
  id: Schema.String,
  type: described(
    Schema.String,
    "of the announcement: agent_announce, service_announce, tombstone, agent_status, dev_handle, name_binding …",
  ),
  subject: described(Schema.String, "what it is about: an id, or handle:<registry>/<handle>, name:<registry>/<handle>/<name> …"),
  deleted: described(Schema.Boolean, "the registry says that there is no such thing any more"),
  registry_id: described(Schema.String, "who said it"),
  said_at: Time,
  announcement: described(Schema.Record(Schema.String, Schema.Json), "as the registry signed it"),
})

export const Changes = Schema.Struct({
  changes: described(
    Schema.Array(ChangeEntry),
    "in the order in which this node came to hold them; what was said again stands where it was said last",
  ),
  has_more: Schema.Boolean,
  next: Schema.String,
})

export const changes = HttpApiGroup.make("changes").add(
  HttpApiEndpoint.get("changes", "/v1/changes", {
    query: {
      since: optional(described(Schema.String, "`next` of the answer before; without it, from the beginning")),
      limit: optional(described(Schema.String, `${changesDefault} unless said, at most ${changesMax} are given`)),
    },
    success: Changes,
    error: refusals,
  }),
)
