/**
 * The outermost effect: what holds for every request, whatever route it takes or misses.
 *
 * CORS on every answer, OPTIONS on any path, 404 and 405 in the one form of our errors, and a defect that is logged here
 * and told to the client in a fixed sentence.
 */
import { Cause, Context, Effect } from "effect"
import { FindMyWay, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import type { Cors } from "./cors.ts"
import { internal, type Problem, statusOf } from "./problems.ts"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse>

/** What every answer to a page of this origin carries. */
export const headersOf = (cors: Cors, origin: string | undefined): Readonly<Record<string, string>> => ({
  ...cors.answer(origin),
  "x-content-type-options": "nosniff",
})

/** `methodsAt`: the methods that a path knows, to tell a wrong method from a wrong path. */
export const edge = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  cors: Cors,
  methodsAt: (url: string) => ReadonlyArray<string>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> =>
  Effect.withFiber((fiber) => {
    const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const { origin } = request.headers
    if (request.method === "OPTIONS") return Effect.succeed(HttpServerResponse.empty({ status: 204, headers: cors.preflight(origin) }))
    const headers = headersOf(cors, origin)
    return Effect.matchCauseEffect(app, {
      onSuccess: (response) => Effect.succeed(HttpServerResponse.setHeaders(response, varied(headers, response.headers["vary"]))),
      onFailure: (cause) => Effect.map(answerTo(cause, request, methodsAt), (response) => HttpServerResponse.setHeaders(response, headers)),
    })
  })

/** An answer may depend on more than on the origin. */
const varied = (headers: Readonly<Record<string, string>>, vary: string | undefined) =>
  vary === undefined || headers["vary"] === undefined ? headers : { ...headers, vary: `${vary}, ${headers["vary"]}` }

const answerTo = (
  cause: Cause.Cause<unknown>,
  request: HttpServerRequest.HttpServerRequest,
  methodsAt: (url: string) => ReadonlyArray<string>,
): Answer => {
  // The client hung up, or we are closing: nobody reads the answer.
  if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
  const failure = Cause.squash(cause)
  if (HttpServerError.isHttpServerError(failure)) {
    if (failure.reason._tag === "RouteNotFound") return Effect.succeed(missed(request, methodsAt))
    if (failure.reason._tag === "RequestParseError")
      return Effect.succeed(answer({ error: "invalid_request", message: "the request could not be read" }))
  }
  if (HttpApiError.HttpApiSchemaError.is(failure) && failure.kind !== "Body") {
    return Effect.succeed(answer({ error: "invalid_request", message: "the request has a part of a wrong form" }))
  }
  return Effect.as(Effect.logError("a request met a defect", cause), answer(internal))
}

const missed = ({ method, url }: HttpServerRequest.HttpServerRequest, methodsAt: (url: string) => ReadonlyArray<string>) => {
  const methods = methodsAt(url)
  if (methods.length === 0) return answer({ error: "not_found", message: "there is nothing at this path" })
  const allow = methods.join(", ")
  return HttpServerResponse.setHeader(
    answer({ error: "method_not_allowed", message: `${method} is not for this path, but ${allow}` }),
    "allow",
    allow,
  )
}

const answer = (problem: Problem) => HttpServerResponse.jsonUnsafe(problem, { status: statusOf[problem.error] })

/** As much of a declaration as this needs. */
interface Declared {
  readonly groups: Readonly<
    Record<string, { readonly endpoints: Readonly<Record<string, { readonly method: string; readonly path: string }>> }>
  >
}

export const pathsOf = (api: Declared): ReadonlyArray<string> =>
  Object.values(api.groups).flatMap(({ endpoints }) => Object.values(endpoints).map(({ path }) => path))

/** The methods of an API's paths, and those of the given GET pages. */
export const methodsOf = (api: Declared, pages: ReadonlyArray<FindMyWay.PathInput>, config: Partial<FindMyWay.RouterConfig>) => {
  const paths = FindMyWay.make<true>(config)
  const methods = new Set<string>(["GET", "HEAD"])
  const add = (method: string, path: FindMyWay.PathInput) => {
    methods.add(method)
    paths.on(method === "GET" ? ["GET", "HEAD"] : method, path, true)
  }
  for (const group of Object.values(api.groups))
    for (const endpoint of Object.values(group.endpoints)) add(endpoint.method, endpoint.path as FindMyWay.PathInput)
  for (const page of pages) add("GET", page)
  return (url: string): ReadonlyArray<string> => [...methods].sort().filter((method) => paths.find(method, url) !== undefined)
}
