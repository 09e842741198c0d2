/** Handles, declared (reference 1.6; naming page). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { created, described, optional, signed, signedBy } from "./declaring.ts"
import { Handle, Name } from "./naming-documents.ts"
import { refusals } from "./problems.ts"
import { RegistrationLimit } from "./rate-limits.ts"

const handle = { handle: Schema.String }
const Proven = Schema.Struct({ handle: Schema.String, message: Schema.String })

export const handles = HttpApiGroup.make("handles").add(
  HttpApiEndpoint.post("claimHandle", "/v1/handles", {
    payload: Schema.Struct({
      handle: Schema.String,
      developer_id: Schema.String,
      public_key: described(Schema.String, "the developer's"),
      signature: described(
        Schema.String,
        "by that key over the canonical JSON of developer_id, handle, public_key and, where given, domain",
      ),
      domain: optional(described(Schema.String, "that will be shown to be the developer's; then verifying needs no signature of its own")),
      home_registry: optional(described(Schema.String, "id of this registry; signed, the claim counts nowhere else")),
    }),
    success: created(
      Schema.Struct({
        handle: Schema.String,
        developer_id: Schema.String,
        message: Schema.String,
        verification_token: Schema.String,
        dns_txt: described(Schema.String, "the TXT record that shows that a domain is the developer's"),
      }),
    ),
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.get("getHandle", "/v1/handles/:handle", {
    params: handle,
    query: { registry: optional(described(Schema.String, "id of the registry, where several know the handle")) },
    success: Handle,
    error: refusals,
  }),
  HttpApiEndpoint.get("handleAvailable", "/v1/handles/:handle/available", {
    params: handle,
    success: Schema.Struct({ handle: Schema.String, available: Schema.Boolean, reason: optional(Schema.String) }),
    error: refusals,
  }),
  HttpApiEndpoint.post("verifyHandle", "/v1/handles/:handle/verify", {
    params: handle,
    payload: Schema.Struct({
      method: Schema.Literals(["dns", "github"]),
      proof: described(Schema.String, "the domain, or the GitHub account"),
      signature: optional(described(Schema.String, "the developer's over the canonical JSON of handle, method and proof")),
    }),
    success: Proven,
    error: signed,
  }).middleware(RegistrationLimit),
  HttpApiEndpoint.delete("releaseHandle", "/v1/handles/:handle", {
    params: handle,
    headers: signedBy("the developer's signature of release:<handle>"),
    success: Proven,
    error: refusals,
  }),
  HttpApiEndpoint.get("namesUnderHandle", "/v1/handles/:handle/entities", { params: handle, success: Schema.Array(Name), error: refusals }),
)
