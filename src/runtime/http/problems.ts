/**
 * What goes wrong, as clients see it: `{"error": code, "message": one sentence, "field"?: name}` with a status (ruled).
 *
 * Nothing of the inside gets into it: the reason of a failing store is logged for the operator, a defect of ours as well,
 * and the client is told so in a fixed sentence.
 */
import { Effect, Schema } from "effect"
import type { Refused } from "../node-service.ts"
import type { StoreFailed } from "../ports.ts"

const problem = <const Code extends string>(error: Code, httpApiStatus: number, description: string) =>
  Schema.Struct({
    error: Schema.Literal(error),
    message: Schema.String.annotate({ description: "one sentence for people" }),
    field: Schema.optionalKey(Schema.String.annotate({ description: "the member of the request that is at fault" })),
  }).annotate({ httpApiStatus, description })

export const InvalidRequest = problem("invalid_request", 400, "the request cannot be what was meant")
export const Unauthorized = problem("unauthorized", 401, "a signature is missing or does not hold")
export const Forbidden = Schema.Struct({
  error: Schema.Literal("forbidden"),
  message: Schema.String,
  field: Schema.optionalKey(Schema.String),
  auth_url: Schema.optionalKey(Schema.String.annotate({ description: "where developers are let in, in restricted mode" })),
}).annotate({ httpApiStatus: 403, description: "this registry does not allow it" })
export const NotFound = problem("not_found", 404, "there is no such thing here")
export const MethodNotAllowed = problem("method_not_allowed", 405, "the path is right, the method is not")
export const Conflict = problem("conflict", 409, "it is there already")
export const Gone = problem("gone", 410, "it was here, and was deleted")
export const TooLarge = problem("too_large", 413, "the request is larger than this registry reads")
export const RateLimited = problem("rate_limited", 429, "too many requests from this address; Retry-After says when to come back")
export const Internal = problem("internal", 500, "a defect of this registry")
export const BadGateway = problem("bad_gateway", 502, "somebody else, who had to be asked for it, did not answer as needed")
export const Unavailable = problem("unavailable", 503, "this registry cannot answer right now")

/** Every way in which a node may say no. */
export const refusals = [InvalidRequest, Unauthorized, Forbidden, NotFound, Conflict, Gone, Unavailable] as const
export type Refusal = (typeof refusals)[number]["Type"]
export type Problem =
  | Refusal
  | (typeof MethodNotAllowed | typeof TooLarge | typeof RateLimited | typeof BadGateway | typeof Internal)["Type"]

export const statusOf: Readonly<Record<Problem["error"], number>> = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  gone: 410,
  too_large: 413,
  rate_limited: 429,
  internal: 500,
  bad_gateway: 502,
  unavailable: 503,
}

export const internal: Problem = { error: "internal", message: "something is wrong with this registry; it has been logged" }

const storeUnavailable: Refusal = {
  error: "unavailable",
  message: "this registry cannot reach its database right now; try again in a while",
}

/** Turns what a node answers instead of a result into what the client is told. */
export const told = <A, R>(asked: Effect.Effect<A, Refused | StoreFailed, R>): Effect.Effect<A, Refusal, R> =>
  asked.pipe(
    Effect.catchTags({
      Refused: ({ code, message, field }) => Effect.fail({ error: code, message, ...(field !== undefined && { field }) }),
      StoreFailed: ({ operation, reason }) =>
        Effect.logError("the store failed", { operation, reason }).pipe(Effect.andThen(Effect.fail(storeUnavailable))),
    }),
  )
