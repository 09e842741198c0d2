/** Entities: register, show, end. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { answerOf, entityDocument } from "./documents.ts"
import { told } from "./problems.ts"
import { jsonOf } from "./request-body.ts"
import type { HttpSettings } from "./settings.ts"

export const layer = (settings: HttpSettings) =>
  HttpApiBuilder.group(
    Api,
    "entities",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      return handlers
        .handleRaw("registerEntity", ({ request }) =>
          Effect.flatMap(jsonOf(request), (body) =>
            Effect.map(told(node.registerEntity(body)), ({ entity_id, entity_type }) => ({
              entity_id,
              message: `${entity_type} registered successfully`,
            })),
          ),
        )
        .handle("getEntity", ({ params }) => Effect.map(told(node.entity(params.id)), (entry) => answerOf(entityDocument(entry, settings))))
        .handle("deregisterEntity", ({ params, headers }) =>
          Effect.map(told(node.deregister(params.id, headers.authorization)), ({ entity_id, entity_type }) => ({
            entity_id,
            message: `${entity_type} deregistered`,
          })),
        )
    }),
  )
