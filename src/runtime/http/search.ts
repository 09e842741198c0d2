/** Search. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Node, Refused, type SearchAnswer } from "../node-service.ts"
import { Api } from "./api.ts"
import { answerOf, searchDocument } from "./documents.ts"
import { told } from "./problems.ts"
import { jsonOf } from "./request-body.ts"
import { readSearch } from "./search-request.ts"
import type { HttpSettings } from "./settings.ts"

export const layer = (settings: HttpSettings) =>
  HttpApiBuilder.group(
    Api,
    "search",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      return handlers.handleRaw("search", ({ request }) =>
        Effect.flatMap(jsonOf(request), (body) => {
          const asked = readSearch(body)
          const answer = asked.type === "refused" ? new Refused(refusedAs(asked)) : node.search(asked.request)
          const enriched = ({ hits }: SearchAnswer) =>
            asked.type === "asked" && asked.enrich ? node.cards(hits.map(({ entry }) => entry)) : noCards
          return Effect.flatMap(told(answer), (found) =>
            Effect.map(enriched(found), (cards) => answerOf(searchDocument(found, settings, cards))),
          )
        }),
      )
    }),
  )

const noCards = Effect.succeed(new Map<never, never>())

const refusedAs = ({ code, message, field }: { readonly code: Refused["code"]; readonly message: string; readonly field?: string }) => ({
  code,
  message,
  ...(field !== undefined && { field }),
})
