/** Search, declared (reference 1.5, 4.1). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { queryCharactersMax, searchResultsDefault, searchResultsMax } from "../../protocol/limits.ts"
import { described, optional, signed } from "./declaring.ts"
import { SearchResults } from "./documents.ts"
import { SearchLimit } from "./rate-limits.ts"

export const search = HttpApiGroup.make("search").add(
  HttpApiEndpoint.post("search", "/v1/search", {
    payload: Schema.Struct({
      query: optional(described(Schema.String, `words, or an entity's id; at most ${queryCharactersMax} characters`)),
      category: optional(Schema.String),
      tags: optional(described(Schema.Array(Schema.String), "any of them")),
      skills: optional(described(Schema.Array(Schema.String), "any of them, among its skills or its tags")),
      protocols: optional(described(Schema.Array(Schema.String), "any of them")),
      languages: optional(described(Schema.Array(Schema.String), "any of them")),
      models: optional(described(Schema.Array(Schema.String), "any of them")),
      min_trust_score: optional(described(Schema.Finite, "least trust in its home registry, 0 to 1")),
      developer_id: optional(Schema.String),
      developer_handle: optional(described(Schema.String, "whoever holds it at any registry")),
      fqan: optional(described(Schema.String, "host/handle/name, or an entity's id")),
      entity_type: optional(Schema.Literals(["agent", "service"])),
      status: optional(described(Schema.Literals(["active", "inactive", "any"]), "active unless said")),
      enrich: optional(described(Schema.Boolean, "with live agent cards of the first ten results")),
      max_results: optional(described(Schema.Int, `${searchResultsDefault} unless said, at most ${searchResultsMax}`)),
      offset: optional(Schema.Int),
      federated: optional(described(Schema.Boolean, "ask peers too; when absent, only if fewer than max_results are found here")),
    }),
    success: SearchResults,
    error: signed,
  }).middleware(SearchLimit),
)
