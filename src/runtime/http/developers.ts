/** Developers: register, show, change, end; and what is theirs. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { readDeveloperId } from "../../protocol/identity/id.ts"
import { isObject } from "../../protocol/records/plain-json.ts"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { answerOf, developerDocument, entityDocument } from "./documents.ts"
import { readPage } from "./list-query.ts"
import { letIn } from "./onboarding.ts"
import { told } from "./problems.ts"
import { jsonOf, textOf } from "./request-body.ts"
import type { HttpSettings } from "./settings.ts"

export const layer = (settings: HttpSettings) =>
  HttpApiBuilder.group(
    Api,
    "developers",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      const shown = (id: string) => Effect.map(told(node.developer(id)), (entry) => answerOf(developerDocument(entry, settings)))
      return handlers
        .handleRaw("registerDeveloper", ({ headers, request }) =>
          Effect.gen(function* () {
            yield* letIn(settings, headers.authorization)
            const body = yield* jsonOf(request)
            const { developer_id } = yield* told(node.registerDeveloper(body))
            const hasHandle = isObject(body) && (body["handle"] ?? "") !== ""
            return {
              developer_id,
              message: `developer registered successfully${hasHandle ? "; claim the handle with POST /v1/handles" : ""}`,
            }
          }),
        )
        .handle("getDeveloper", ({ params }) => shown(params.id))
        .handleRaw("updateDeveloper", ({ headers, params, request }) =>
          Effect.flatMap(textOf(request), (text) =>
            Effect.flatMap(told(node.updateDeveloper(params.id, text, headers.authorization)), ({ developer_id }) => shown(developer_id)),
          ),
        )
        .handle("deleteDeveloper", ({ headers, params }) =>
          Effect.as(told(node.deleteDeveloper(params.id, headers.authorization)), { message: "developer deregistered" }),
        )
        .handle("entitiesOfDeveloper", ({ params, query }) =>
          Effect.gen(function* () {
            const developerId = readDeveloperId(params.id)
            const page = yield* told(readPage(query))
            const entries = developerId === undefined ? [] : yield* told(node.list({ developerId, ...page }))
            const entities = entries.map((entry) => entityDocument(entry, settings))
            return answerOf({ developer_id: developerId ?? params.id, agents: entities, entities, count: entities.length })
          }),
        )
    }),
  )
