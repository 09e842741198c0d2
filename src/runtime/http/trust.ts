/** Trust in an entity. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { told } from "./problems.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "trust",
  Effect.fnUntraced(function* (handlers) {
    const node = yield* Node
    return handlers.handle("entityTrust", ({ params }) =>
      Effect.map(told(node.trust(params.id)), ({ attesters, entityId, home, trust }) => ({
        entity_id: entityId,
        home_registry_id: home,
        trust_score: trust,
        attesters,
      })),
    )
  }),
)
