/** Developers, declared (reference 1.3). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { nameCharactersMax } from "../../protocol/limits.ts"
import { created, described, idIn, optional, signed } from "./declaring.ts"
import { Developer } from "./documents.ts"
import { refusals } from "./problems.ts"
import { RegistrationLimit } from "./rate-limits.ts"

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
    }),
    success: created(Schema.Struct({ developer_id: Schema.String, message: Schema.String })),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("getDeveloper", "/v1/developers/:id", { params: idIn("a developer's id"), success: Developer, error: refusals }),
)
