/** The registry's identity proof, declared (registry page, "Registry identity proof"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { refusals } from "./problems.ts"

export const identity = HttpApiGroup.make("identity").add(
  HttpApiEndpoint.get("registryProof", "/.well-known/zynd-registry.json", {
    success: Schema.Record(Schema.String, Schema.Json).annotate({
      description: "domain, registry id, key and TLS fingerprint, signed by that key over the canonical JSON of all but the signature",
    }),
    error: refusals,
  }),
)
