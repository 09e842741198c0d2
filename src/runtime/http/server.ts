/**
 * The REST server: our routes on node's HTTP server, with bounds on everything a stranger can make grow.
 *
 * It listens last, when every route is in place, so that no early request waits for an answer that nobody gives.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, Context, Effect, Layer, type Scope } from "effect"
import { HttpIncomingMessage, HttpMiddleware, HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from "node:http"
import { createServer as createSecureServer, type Server as SecureServer } from "node:https"
import type { Socket } from "node:net"
import { type Address, writeAddress } from "../../protocol/mesh/address.ts"
import { requestBytesMax } from "../../protocol/limits.ts"
import { Activity } from "../activity.ts"
import type { HandleWitness } from "../handle-witness.ts"
import { Node } from "../node-service.ts"
import { ListenFailed } from "../ports.ts"
import type { TlsPair } from "../web.ts"
import { activityStream } from "./activity-stream.ts"
import * as Admin from "./admin.ts"
import { Api } from "./api.ts"
import * as Cards from "./cards.ts"
import * as Changes from "./changes.ts"
import { corsOf } from "./cors.ts"
import * as Developers from "./developers.ts"
import { docsPath, layer as docsPage } from "./docs-page.ts"
import { edge, headersOf, methodsOf, pathsOf } from "./edge.ts"
import * as Entities from "./entities.ts"
import * as Handles from "./handles.ts"
import { heartbeatStreams } from "./heartbeats.ts"
import { layer as metricsPage, metricsPath } from "./metrics.ts"
import * as Identity from "./identity.ts"
import * as Names from "./names.ts"
import * as Network from "./network.ts"
import type { Problem } from "./problems.ts"
import * as RateLimits from "./rate-limits.ts"
import * as Search from "./search.ts"
import { layer as livePage, livePagePaths } from "./live-page.ts"
import { entityTexts, readyAnswers } from "./ready-answers.ts"
import type { HttpSettings } from "./settings.ts"
import { spanning, wordsOf } from "./spans.ts"
import * as Trust from "./trust.ts"
import * as Streams from "./streams.ts"
import { makeUpgrades, plainAnswer } from "./upgrades.ts"

/** Where REST is served, once it is. */
export class HttpListener extends Context.Service<
  HttpListener,
  {
    /** As bound: with the port that was really taken. */
    readonly address: Address
    /** As a client on this machine writes it. */
    readonly url: string
  }
>()("agentdns/runtime/http/HttpListener") {}

export const layer = (settings: HttpSettings): Layer.Layer<HttpListener, ListenFailed, Activity | HandleWitness | Node> => {
  const entityText = entityTexts(settings)
  return Layer.effect(HttpListener, serve(settings, entityText)).pipe(
    Layer.provide(routes(settings, entityText)),
    Layer.provide(Layer.provide(HttpRouter.layer, Layer.succeed(HttpRouter.RouterConfig, routerConfig))),
    Layer.provide(NodeHttpServer.layerHttpServices),
  )
}

type EntityTexts = ReturnType<typeof entityTexts>

const openapiPath = "/openapi.json"

/** As deployed: another case or a trailing slash is another path. */
const routerConfig = { ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, caseSensitive: true }

const routes = (settings: HttpSettings, entityText: EntityTexts) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(Api, { openapiPath }).pipe(
      Layer.provide([
        Entities.layer(settings, entityText),
        Developers.layer(settings),
        Handles.layer,
        Changes.layer,
        Admin.layer(settings),
        Names.layer,
        Search.layer(settings),
        Network.layer(settings),
        Streams.layer,
        Cards.layer,
        Identity.layer,
        Trust.layer,
      ]),
      Layer.provide(RateLimits.layer(settings)),
    ),
    docsPage,
    livePage,
    metricsPage,
  )

// bounds -------------------------------------------------------------------------------------------------------------

/** A request must have arrived whole within this time, its head within less (deployed: 15 s). */
const requestPatienceMs = 15_000
const headPatienceMs = 10_000
/** A connection that is quiet for so long is closed: between requests, and while nobody takes an answer (deployed: 60 s). */
const quietMs = 60_000
/** Connections at a time; further ones are closed at once (ruled: each holds a few kB). */
const connectionsMax = 4_096
/** Requests under way may take so long when the node stops. */
const farewellPatience = "5 seconds"

const serve = Effect.fnUntraced(function* (
  settings: HttpSettings,
  entityText: EntityTexts,
): Effect.fn.Return<HttpListener["Service"], ListenFailed, Activity | HttpRouter.HttpRouter | Node | Scope.Scope> {
  const router = yield* HttpRouter.HttpRouter
  const cors = corsOf(settings.corsOrigins)
  const pages = [openapiPath, docsPath, metricsPath, ...livePagePaths] as const
  const app = edge(router.asHttpEffect(), cors, methodsOf(Api, pages, routerConfig))
  const { isTraced = false } = settings
  const handler = yield* NodeHttpServer.makeHandler(isTraced ? spanning(app, wordsOf([...pathsOf(Api), ...pages])) : app, {
    scope: yield* Effect.scope,
  }).pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(requestBytesMax)),
    // its spans tell whole URLs; ours do not (`spans.ts`)
    Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true),
  )
  const node = yield* Node
  const isAnswered = readyAnswers(node, entityText, headersOf(cors, undefined))
  const answer: RequestListener = (request, response) => {
    if (isTraced || !isAnswered(request, response)) handler(request, response)
  }
  const options = {
    shouldUpgradeCallback: (request: IncomingMessage) => upgrades.isOurs(request),
    requestTimeout: requestPatienceMs,
    headersTimeout: headPatienceMs,
    keepAliveTimeout: quietMs,
    connectionsCheckingInterval: 1_000,
  }
  const { tls } = settings
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => (tls === undefined ? createServer(options, answer) : secureServer(options, tls, answer))),
    close,
  )
  // ends first: a server is closed when nobody is connected any more
  const upgrades = yield* makeUpgrades([...heartbeatStreams(node, settings), activityStream(yield* Activity, node.registryId)], settings)
  server.on("upgrade", upgrades.upgrade)
  server.maxConnections = connectionsMax
  server.timeout = quietMs
  server.on("clientError", answerUnreadable)
  const address = yield* listen(server, { host: settings.host, port: settings.port })
  return {
    address,
    url: `${tls === undefined ? "http" : "https"}://${writeAddress({ ...address, host: reachable[address.host] ?? address.host })}`,
  }
})

/** Serves the certificate that is current when a client connects. */
const secureServer = (options: ServerOptions, tls: NonNullable<HttpSettings["tls"]>, handler: RequestListener): SecureServer => {
  const server = createSecureServer({ ...options, ...pemOf(tls.current()), minVersion: "TLSv1.2" }, handler)
  tls.follow((pair) => server.setSecureContext(pemOf(pair)))
  return server
}

const pemOf = ({ cert, key }: TlsPair) => ({ cert, key })

const reachable: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" }

const listen = (server: Server | SecureServer, wanted: Address): Effect.Effect<Address, ListenFailed> =>
  Effect.callback((resume) => {
    const failed = (cause: NodeJS.ErrnoException) =>
      resume(new ListenFailed({ address: writeAddress(wanted), reason: cause.code ?? cause.message }))
    server.once("error", failed)
    server.listen(wanted, () => {
      server.off("error", failed)
      const bound = server.address()
      if (bound === null || typeof bound === "string") throw new Error("a listening server has no address")
      resume(Effect.succeed({ host: bound.address, port: bound.port }))
    })
  })

/** Takes no more, lets what is under way end, and then ends it. */
const close = (server: Server | SecureServer): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeIdleConnections()
  }).pipe(Effect.timeoutOption(farewellPatience), Effect.andThen(Effect.sync(() => server.closeAllConnections())))

/** What is not HTTP never reaches a route; it is answered in the form of our errors all the same. */
const answerUnreadable = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (!socket.writable) return void socket.destroy()
  const problem: Problem =
    error.code === "HPE_HEADER_OVERFLOW"
      ? { error: "too_large", message: "the head of the request is too large" }
      : {
          error: "invalid_request",
          message: error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "the request did not arrive in time" : "this is not HTTP",
        }
  socket.end(plainAnswer(problem))
}
