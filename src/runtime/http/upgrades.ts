/**
 * The way from a request to a WebSocket: which path it is, whether there is a place, whether its page may (Origin), and then
 * whatever the stream itself wants. Who is not let in gets a plain answer in the form of our errors.
 *
 * Messages are bounded, compression is not spoken, and a connection lives no longer than what attends to it.
 */
import { NodeWS } from "@effect/platform-node"
import { Effect, FiberSet, Option, type Scope } from "effect"
import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { socketMessageBytesMax } from "../../protocol/limits.ts"
import { clientAddressOf } from "./client-address.ts"
import type { Places } from "./places.ts"
import { type Problem, statusOf } from "./problems.ts"
import type { HttpSettings } from "./settings.ts"

export type WebSocket = NodeWS.WebSocket

/** A path that is a WebSocket. */
export interface Stream {
  /** Its groups are given to `admit`, decoded. */
  readonly path: RegExp
  readonly places: Places
  /** Why not, or what attends to the connection: when that ends, so does the connection. */
  readonly admit: (parts: ReadonlyArray<string>, query: URLSearchParams) => Effect.Effect<Attendance, Problem>
}
export type Attendance = (socket: WebSocket) => Effect.Effect<Farewell>

/** How we end it: a code of RFC 6455, 7.4.1 and a word. */
export interface Farewell {
  readonly code: number
  readonly reason: string
}

export interface Upgrades {
  /** Everything else is an ordinary request, whatever it wants to be upgraded to. */
  readonly isOurs: (request: IncomingMessage) => boolean
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** The connections end with the scope. */
export const makeUpgrades = Effect.fnUntraced(function* (
  streams: ReadonlyArray<Stream>,
  { corsOrigins, trustedProxies }: HttpSettings,
): Effect.fn.Return<Upgrades, never, Scope.Scope> {
  const fork = yield* FiberSet.makeRuntime<never, void>()
  const server = new NodeWS.WebSocketServer({
    noServer: true,
    maxPayload: socketMessageBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
  })
  const addressOf = clientAddressOf(trustedProxies)
  /** Pages of the origins that the operator names, and our own. */
  const mayCall = ({ host, origin }: IncomingMessage["headers"]) =>
    origin === undefined ||
    corsOrigins.includes("*") ||
    corsOrigins.includes(origin) ||
    (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase())

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // an error must always find a listener
    socket.on("error", () => {})
    const found = match(streams, request.url)
    if (found === undefined) return refuse(socket, notFound)
    if (!mayCall(request.headers)) return refuse(socket, foreignPage)
    const address = addressOf({
      remoteAddress: Option.fromNullishOr((socket as Socket).remoteAddress),
      headers: { "x-forwarded-for": oneOf(request.headers["x-forwarded-for"]) },
    })
    const { parts, query, stream } = found
    if (!stream.places.take(address)) return refuse(socket, noPlace)
    socket.once("close", () => stream.places.leave(address))
    const attending = fork(
      Effect.matchEffect(stream.admit(parts, query), {
        onFailure: (problem) => Effect.sync(() => refuse(socket, problem)),
        onSuccess: (attend) => Effect.flatMap(opened(server, request, socket, head), (ws) => attended(ws, attend)),
      }),
    )
    socket.once("close", () => attending.interruptUnsafe())
  }

  return { isOurs: (request) => request.method === "GET" && match(streams, request.url) !== undefined && isWebSocket(request), upgrade }
})

const isWebSocket = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket"
const oneOf = (header: string | Array<string> | undefined) => (Array.isArray(header) ? header.join(",") : header)

const match = (streams: ReadonlyArray<Stream>, url: string | undefined) => {
  const { pathname, searchParams } = new URL(url ?? "/", "http://here")
  for (const stream of streams) {
    const parts = stream.path.exec(pathname)
    if (parts !== null) return { stream, parts: parts.slice(1).map(decoded), query: searchParams }
  }
  return undefined
}

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return ""
  }
}

/** Never, when the request is no proper handshake: then `ws` has answered it, and the connection is closed. */
const opened = (server: NodeWS.WebSocketServer, request: IncomingMessage, socket: Duplex, head: Buffer) =>
  Effect.callback<WebSocket>((resume) => server.handleUpgrade(request, socket, head, (ws) => resume(Effect.succeed(ws))))

const attended = (ws: WebSocket, attend: Attendance): Effect.Effect<void> => {
  // protocol errors of the other end: the connection closes by itself
  ws.on("error", () => {})
  return attend(ws).pipe(
    Effect.map(({ code, reason }) => ws.close(code, reason)),
    // the node stops, or the other end has gone
    Effect.onInterrupt(() => Effect.sync(() => (ws.readyState === ws.OPEN ? ws.close(1001, "going away") : ws.terminate()))),
    Effect.catchCause((cause) =>
      Effect.andThen(
        Effect.logError("a WebSocket met a defect", cause),
        Effect.sync(() => ws.close(1011)),
      ),
    ),
  )
}

const notFound: Problem = { error: "not_found", message: "there is nothing at this path" }
const foreignPage: Problem = { error: "forbidden", message: "pages of this origin may not call this registry" }
const noPlace: Problem = { error: "unavailable", message: "there are too many connections already; try again later" }

const refuse = (socket: Duplex, problem: Problem): void => {
  socket.end(plainAnswer(problem))
}

/** A whole HTTP answer, for where there is no response object. */
export const plainAnswer = (problem: Problem): string => {
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${statusOf[problem.error]} ${problem.error}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ]
  return `${head.join("\r\n")}\r\n\r\n${body}`
}
