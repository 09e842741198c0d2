/** The registry's identity proof, as it was signed. */
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { told } from "./problems.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "identity",
  Effect.fnUntraced(function* (handlers) {
    const node = yield* Node
    return handlers.handle("registryProof", () =>
      Effect.map(told(node.proof), ({ document }) =>
        HttpServerResponse.jsonUnsafe(document, { headers: { "cache-control": "public, max-age=3600" } }),
      ),
    )
  }),
)
