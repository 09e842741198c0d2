/** A request's body as JSON: whole, because signatures cover it, and bounded, because anybody may send it. */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Json } from "../../protocol/identity/canonical-json.ts"
import { readJson } from "../../protocol/identity/json-text.ts"
import { requestBytesMax } from "../../protocol/limits.ts"
import type { InvalidRequest, TooLarge } from "./problems.ts"

type Unreadable = typeof InvalidRequest.Type | typeof TooLarge.Type

/** As it came, for signatures over it. The size is bounded by the server's `MaxBodySize`. */
export const textOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<string, Unreadable> =>
  Number(request.headers["content-length"] ?? 0) > requestBytesMax
    ? Effect.fail(tooLarge)
    : Effect.mapError(request.text, ({ reason }) =>
        reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge" ? tooLarge : notRead,
      )

/** The Content-Type is not looked at (as deployed). */
export const jsonOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Json, Unreadable> =>
  Effect.flatMap(textOf(request), (text) => {
    const body = readJson(text)
    return body === undefined ? Effect.fail(notJson) : Effect.succeed(body)
  })

const tooLarge: Unreadable = { error: "too_large", message: `the body is larger than ${requestBytesMax} bytes` }
const notRead: Unreadable = { error: "invalid_request", message: "the body could not be read" }
const notJson: Unreadable = { error: "invalid_request", message: "the body is not JSON, or a member's name needs an escape" }
