/** The live card of an entity, passed on as it was served, so that whoever checks its signature finds the bytes it covers. */
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { CardUnavailable } from "../cards.ts"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { type BadGateway, told } from "./problems.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "cards",
  Effect.fnUntraced(function* (handlers) {
    const node = yield* Node
    return handlers.handle("getCard", ({ params }) =>
      Effect.map(
        told(Effect.catchTag(node.card(params.id), "CardUnavailable", ({ why }) => Effect.succeed(why))).pipe(
          Effect.flatMap((found) => (typeof found === "string" ? Effect.fail(unavailable(found)) : Effect.succeed(found))),
        ),
        ({ signature, text }) =>
          HttpServerResponse.text(text, { contentType: "application/json", headers: { "x-card-signature": signature } }),
      ),
    )
  }),
)

/** Neither an address nor what was met there: who asks might be looking for both. */
const unavailable = (why: CardUnavailable["why"]): typeof BadGateway.Type => ({ error: "bad_gateway", message: sentences[why] })

const sentences: Readonly<Record<CardUnavailable["why"], string>> = {
  "address-not-public": "the entity's card is at an address that is not public",
  "no-answer": "the entity did not answer",
  "not-in-time": "the entity did not answer in time",
  "not-there": "the entity serves no card",
  "too-large": "the entity's card is too large",
  "too-many-redirects": "the entity's card is behind too many redirects",
  "not-text": "what the entity serves is no card",
  "no-card": "what the entity serves is no card of it",
  "no-url": "the entity has no address on the web",
  busy: "too many cards are being fetched right now",
}
