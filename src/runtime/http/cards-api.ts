/** Agent Cards, declared (reference 1.4). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { idIn } from "./declaring.ts"
import { BadGateway, refusals } from "./problems.ts"
import { CardLimit } from "./rate-limits.ts"

export const cards = HttpApiGroup.make("cards").add(
  HttpApiEndpoint.get("getCard", "/v1/entities/:id/card", {
    params: idIn("an entity's id"),
    success: Schema.Record(Schema.String, Schema.Json).annotate({
      description: "the card as the entity serves it; x-card-signature says whether its key signed it: valid, invalid or unsigned",
    }),
    error: [...refusals, BadGateway],
  }).middleware(CardLimit),
)
