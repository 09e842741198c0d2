/**
 * `GET /v1/changes?since=TOKEN`: what this node holds, in the order in which it came to, for whoever wants to follow.
 *
 * A token says up to where a reader knows, and since when: what was deleted is told for as long as a tombstone lives, so a
 * reader who was away for longer must begin anew.
 */
import { Clock, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { changesDefault, changesMax, tombstoneLifeMs } from "../../protocol/limits.ts"
import { type Seconds, secondsOf, writeTime } from "../../protocol/time.ts"
import { Node, Refused } from "../node-service.ts"
import type { Change } from "../ports.ts"
import { Api } from "./api.ts"
import type { ChangeEntry } from "./changes-api.ts"
import { answerOf } from "./documents.ts"
import { wholeIn } from "./list-query.ts"
import { told } from "./problems.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "changes",
  Effect.fnUntraced(function* (handlers) {
    const node = yield* Node
    return handlers.handle("changes", ({ query }) =>
      Effect.gen(function* () {
        const now = secondsOf(yield* Clock.currentTimeMillis)
        const since = yield* told(readToken(query.since, now))
        const asked = yield* told(wholeIn("limit", query.limit, Number.MAX_SAFE_INTEGER, changesDefault))
        const limit = Math.min(changesMax, Math.max(1, asked))
        const changes = yield* told(node.changes(since.position, limit + 1))
        const page = changes.slice(0, limit)
        const hasMore = changes.length > limit
        const position = page.at(-1)?.position ?? since.position
        return answerOf({
          changes: page.map(changeDocument),
          has_more: hasMore,
          next: writeToken({ knownAt: hasMore ? since.knownAt : now, position }),
        })
      }),
    )
  }),
)

interface Token {
  /** When the reader knew everything there was, or began to read. */
  readonly knownAt: Seconds
  /** Of the last change that it knows; `undefined` when there was none. */
  readonly position: string | undefined
}

const writeToken = ({ knownAt, position }: Token): string => `${knownAt}${position === undefined ? "" : `.${position}`}`

const readToken = (said: string | undefined, now: Seconds): Effect.Effect<Token, Refused> => {
  if (said === undefined || said === "") return Effect.succeed({ knownAt: now, position: undefined })
  const match = /^(\d{1,12})(?:\.(\d{1,20}\.\d{1,19}))?$/.exec(said)
  const [transaction = "0", number = "0"] = match?.[2]?.split(".") ?? []
  if (match === null || BigInt(transaction) > transactionMax || BigInt(number) > numberMax)
    return Effect.fail(new Refused({ code: "invalid_request", message: "since is none of our tokens", field: "since" }))
  const knownAt = Number(match[1])
  return (now - knownAt) * 1_000 > tombstoneLifeMs
    ? Effect.fail(
        new Refused({ code: "gone", message: "this token is older than what we remember: begin anew, without since", field: "since" }),
      )
    : Effect.succeed({ knownAt, position: match[2] })
}

/** What the database counts with. */
const transactionMax = 2n ** 64n - 1n
const numberMax = 2n ** 63n - 1n

const changeDocument = ({ announcement: { at, document, id, isTombstone, origin, subject, type } }: Change): typeof ChangeEntry.Type => ({
  id,
  type,
  subject,
  deleted: isTombstone,
  registry_id: origin,
  said_at: writeTime(at),
  announcement: document as (typeof ChangeEntry.Type)["announcement"],
})
