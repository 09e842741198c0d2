/** Developers, declared (reference 1.3). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { nameCharactersMax } from "../../protocol/limits.ts"
import { bearer, created, described, idIn, Message, optional, signed, signedBy } from "./declaring.ts"
import { Developer, Entity } from "./documents.ts"
import { pageQuery } from "./list-query.ts"
import { refusals } from "./problems.ts"
import { RegistrationLimit } from "./rate-limits.ts"

const id = idIn("a developer's id")

export const developers = HttpApiGroup.make("developers").add(
  HttpApiEndpoint.post("registerDeveloper", "/v1/developers", {
    payload: Schema.Struct({
      name: described(Schema.String, `at most ${nameCharactersMax} characters`),
      public_key: described(Schema.String, "ed25519: and base64"),
      signature: described(
        Schema.String,
        'by that key over the canonical JSON of github, name, profile_url and public_key, "" where absent',
      ),
      profile_url: optional(Schema.String),
      github: optional(Schema.String),
      handle: optional(described(Schema.String, "not read: this signature does not cover it; claim it with POST /v1/handles")),
    }),
    headers: bearer("the web hook's secret, in restricted mode"),
    success: created(Schema.Struct({ developer_id: Schema.String, message: Schema.String })),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("getDeveloper", "/v1/developers/:id", { params: id, success: Developer, error: refusals }),
  HttpApiEndpoint.put("updateDeveloper", "/v1/developers/:id", {
    params: id,
    headers: signedBy("the developer's signature of the body as it is sent"),
    payload: described(
      Schema.Struct({ name: optional(Schema.String), profile_url: optional(Schema.String), github: optional(Schema.String) }),
      "what is absent or null stays as it is",
    ),
    success: Developer,
    error: signed,
  }),
  HttpApiEndpoint.delete("deleteDeveloper", "/v1/developers/:id", {
    params: id,
    headers: signedBy("the developer's signature of the id"),
    success: Message,
    error: refusals,
  }),
  HttpApiEndpoint.get("entitiesOfDeveloper", "/v1/developers/:id/entities", {
    params: id,
    query: pageQuery,
    success: Schema.Struct({
      developer_id: Schema.String,
      agents: described(Schema.Array(Entity), "under the name that deployed clients read"),
      entities: Schema.Array(Entity),
      count: Schema.Int,
    }),
    error: refusals,
  }),
)
