/** Trust in an entity, declared (registry page, "Trust"; ruled: that of its home registry). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { described, idIn } from "./declaring.ts"
import { refusals } from "./problems.ts"

export const trust = HttpApiGroup.make("trust").add(
  HttpApiEndpoint.get("entityTrust", "/v1/entities/:id/trust", {
    params: idIn("an entity's id"),
    success: Schema.Struct({
      entity_id: Schema.String,
      home_registry_id: Schema.String,
      trust_score: described(Schema.Finite, "0 to 1: trust in its home registry, as this node reckons it; of its own entities 1"),
      attesters: described(Schema.Int, "registries that said what they saw of that one, this day"),
    }),
    error: refusals,
  }),
)
