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
      developer_id: optional(Schema.String),
      developer_handle: optional(Schema.String),
      fqan: optional(Schema.String),
      entity_type: optional(Schema.Literals(["agent", "service"])),
      status: optional(Schema.Literals(["active", "inactive", "any"])),
      max_results: optional(described(Schema.Int, `${searchResultsDefault} unless said, at most ${searchResultsMax}`)),
      offset: optional(Schema.Int),
    }),
    success: SearchResults,
    error: signed,
  }).middleware(SearchLimit),
)
