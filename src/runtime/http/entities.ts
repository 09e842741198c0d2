/** Entities: register, list, show, change, end. */
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { isObject } from "../../protocol/records/plain-json.ts"
import { fqanOf } from "../../protocol/records/naming.ts"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { answerOf, entityDocument } from "./documents.ts"
import { readFilter } from "./list-query.ts"
import type { entityTexts } from "./ready-answers.ts"
import { told } from "./problems.ts"
import { jsonOf, textOf } from "./request-body.ts"
import type { HttpSettings } from "./settings.ts"

export const layer = (settings: HttpSettings, entityText: ReturnType<typeof entityTexts>) =>
  HttpApiBuilder.group(
    Api,
    "entities",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      const shown = (id: string) =>
        Effect.map(told(node.entity(id)), (view) => HttpServerResponse.text(entityText(view).text, { contentType: "application/json" }))
      return handlers
        .handleRaw("registerEntity", ({ request }) =>
          Effect.gen(function* () {
            const body = yield* jsonOf(request)
            const { entity_id, entity_type } = yield* told(node.registerEntity(body))
            const isNamed = isObject(body) && (body["entity_name"] ?? body["agent_name"] ?? "") !== ""
            const { name } = isNamed ? yield* told(node.entity(entity_id)) : {}
            return {
              entity_id,
              message: `${entity_type} registered successfully`,
              ...(name !== undefined && { fqan: fqanOf(name.host, name.handle, name.name) }),
            }
          }),
        )
        .handle("listEntities", ({ query }) =>
          Effect.map(told(Effect.flatMap(readFilter(query), node.list)), (entries) =>
            answerOf({ entities: entries.map((entry) => entityDocument(entry, settings)), count: entries.length }),
          ),
        )
        .handle("getEntity", ({ params }) => shown(params.id))
        .handleRaw("updateEntity", ({ headers, params, request }) =>
          Effect.flatMap(textOf(request), (text) =>
            Effect.flatMap(told(node.updateEntity(params.id, text, headers.authorization)), ({ entity_id }) => shown(entity_id)),
          ),
        )
        .handle("deregisterEntity", ({ params, headers, query }) =>
          Effect.map(told(node.deregister(params.id, headers.authorization, query)), ({ entity_id, entity_type }) => ({
            entity_id,
            message: `${entity_type} deregistered`,
          })),
        )
    }),
  )
