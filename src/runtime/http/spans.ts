/** Requests as spans, by their method and route: paths hold ids and names, and query strings what people look for. */
import { Context, Effect } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"

/** `/v1/entities/zns:…/card` is `/v1/entities/:id/card`: what no route spells is something that somebody named. */
export const routeOf = (words: ReadonlySet<string>, url: string): string =>
  url
    .split("?")[0]!
    .split("/")
    .slice(0, segmentsMax)
    .map((segment) => (segment === "" || words.has(segment) ? segment : ":id"))
    .join("/")

/** More than any route has. */
const segmentsMax = 8

/** The words that routes are made of. */
export const wordsOf = (paths: ReadonlyArray<string>): ReadonlySet<string> =>
  new Set(paths.flatMap((path) => path.split("/")).filter((segment) => segment !== "" && !segment.startsWith(":")))

export const spanning = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  words: ReadonlySet<string>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.withFiber((fiber) => {
    const { method, url } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const route = routeOf(words, url)
    return app.pipe(
      Effect.tap(({ status }) => Effect.annotateCurrentSpan("http.response.status_code", status)),
      Effect.withSpan(
        `${method} ${route}`,
        { kind: "server", attributes: { "http.request.method": method, "http.route": route } },
        { captureStackTrace: false },
      ),
    )
  })
