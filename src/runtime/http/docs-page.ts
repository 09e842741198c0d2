/**
 * `/docs`: the declaration as a page to read and try.
 *
 * The page brings two megabytes of script with it, so it is loaded when somebody first asks for it.
 */
import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApiSwagger } from "effect/http-api"
import { Api } from "./api.ts"

export const docsPath = "/docs"

export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = Layer.effectDiscard(
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const scope = yield* Effect.scope
    // A router of its own for the one page: its layer loads the script when it is built.
    const pages = yield* Effect.cached(
      Effect.gen(function* () {
        const ofPage = yield* HttpRouter.make
        const page = HttpApiSwagger.layer(Api, { path: docsPath }).pipe(Layer.provide(Layer.succeed(HttpRouter.HttpRouter, ofPage)))
        yield* Layer.buildWithScope(page, scope)
        return ofPage
      }),
    )
    yield* router.add("GET", docsPath, Effect.orDie(Effect.flatMap(pages, (ofPage) => ofPage.asHttpEffect())))
  }),
)
