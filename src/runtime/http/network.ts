/** The node itself: is it well, who is it, whom does it know. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Node } from "../node-service.ts"
import { Api } from "./api.ts"
import { SharedCache } from "../shared-cache.ts"
import { sharedVocabulary } from "./vocabulary.ts"
import { infoDocument, peersDocument, registriesDocument, statsDocument, statusDocument } from "./documents.ts"
import { told, type Unavailable } from "./problems.ts"
import type { HttpSettings } from "./settings.ts"

const unready = (message: string): typeof Unavailable.Type => ({ error: "unavailable", message })

export const layer = (settings: HttpSettings) =>
  HttpApiBuilder.group(
    Api,
    "network",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      const vocabulary = yield* sharedVocabulary(node.vocabulary, yield* SharedCache)
      return handlers
        .handle("health", () => Effect.succeed({ status: "ok" } as const))
        .handle("info", () => Effect.succeed(infoDocument(node, settings)))
        .handle("networkStatus", () => Effect.map(told(node.status), (status) => statusDocument(status, settings)))
        .handle("categories", () => Effect.map(told(vocabulary), ({ categories }) => ({ categories })))
        .handle("tags", () => Effect.map(told(vocabulary), ({ tags }) => ({ tags })))
        .handle("ready", () =>
          Effect.flatMap(
            Effect.mapError(told(node.status), () => unready("the database does not answer")),
            ({ areIndexesFilled, phase }) =>
              phase === "serving"
                ? Effect.succeed({ status: "ready", phase, database: "ok", indexes: areIndexesFilled ? "complete" : "filling" } as const)
                : Effect.fail(unready(`the node is ${phase}`)),
          ),
        )
        .handle("networkStats", () =>
          Effect.gen(function* () {
            return statsDocument(yield* told(node.status), yield* node.peers)
          }),
        )
        .handle("networkPeers", () => Effect.map(node.peers, peersDocument))
        .handle("networkRegistries", () => Effect.map(node.registries, registriesDocument))
    }),
  )
