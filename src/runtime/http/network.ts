/** The node itself: is it well, who is it, whom does it know. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { infoDocument, peersDocument, statusDocument } from "./documents.ts"
import { told } from "./problems.ts"
import type { HttpSettings } from "./settings.ts"

export const layer = (settings: HttpSettings) =>
  HttpApiBuilder.group(
    Api,
    "network",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      return handlers
        .handle("health", () => Effect.succeed({ status: "ok" } as const))
        .handle("info", () => Effect.succeed(infoDocument(node, settings)))
        .handle("networkStatus", () => Effect.map(told(node.status), (status) => statusDocument(status, settings)))
        .handle("networkPeers", () => Effect.map(node.peers, peersDocument))
    }),
  )
