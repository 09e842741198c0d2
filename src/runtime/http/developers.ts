/** Developers: register, show. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { answerOf, developerDocument } from "./documents.ts"
import { told } from "./problems.ts"
import { jsonOf } from "./request-body.ts"
import type { HttpSettings } from "./settings.ts"

export const layer = (settings: HttpSettings) =>
  HttpApiBuilder.group(
    Api,
    "developers",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      return handlers
        .handleRaw("registerDeveloper", ({ request }) =>
          Effect.flatMap(jsonOf(request), (body) =>
            Effect.map(told(node.registerDeveloper(body)), ({ developer_id }) => ({
              developer_id,
              message: "developer registered successfully",
            })),
          ),
        )
        .handle("getDeveloper", ({ params }) =>
          Effect.map(told(node.developer(params.id)), (entry) => answerOf(developerDocument(entry, settings))),
        )
    }),
  )
