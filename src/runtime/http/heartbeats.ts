/**
 * Heartbeats over WebSockets (reference 2.1): one connection for each entity, or one for all entities of a backend.
 *
 * A client sends `{"timestamp", "signature"}`, on the shared connection `{"entity_id", "timestamp", "signature"}`. What does not
 * count (a wrong signature, an old or repeated timestamp) is ignored and the connection kept, as deployed; on the shared one
 * the client is told. What is no JSON, or a member of a wrong type, ends the connection.
 */
import { Clock, Effect, Option } from "effect"
import { Socket } from "effect/socket"
import type { Json, JsonObject } from "../../protocol/identity/canonical-json.ts"
import { readJson } from "../../protocol/identity/json-text.ts"
import {
  beatGraceMs,
  beatsPerSecond,
  firstBeatPatienceMs,
  sharedBeatsPerSecond,
  socketsMax,
  socketsPerAddressMax,
  streamBacklogBytesMax,
} from "../../protocol/limits.ts"
import * as Allowance from "../../protocol/gossip/allowance.ts"
import type { Node } from "../node-service.ts"
import { placesFor } from "./places.ts"
import { type Refusal, told } from "./problems.ts"
import type { HttpSettings } from "./settings.ts"
import type { Farewell, Stream, WebSocket } from "./upgrades.ts"

type Service = Node["Service"]

export const heartbeatStreams = (node: Service, settings: HttpSettings): ReadonlyArray<Stream> => {
  const places = placesFor(socketsMax, socketsPerAddressMax)
  return [
    {
      path: /^\/v1\/entities\/([^/]+)\/ws$/,
      places,
      admit: ([id = ""]) =>
        Effect.flatMap(told(node.entity(id)), ({ tier }) =>
          tier === "local"
            ? Effect.succeed((socket: WebSocket) => attend(node, socket, settings, id))
            : Effect.fail<Refusal>({ error: "not_found", message: "no such entity is registered here" }),
        ),
    },
    {
      path: /^\/v1\/heartbeat$/,
      places,
      admit: () => Effect.succeed((socket: WebSocket) => attend(node, socket, settings)),
    },
  ]
}

/** `ours`: the entity whose connection it is; absent on the shared one. */
const attend = (node: Service, ws: WebSocket, { heartbeatSilenceMs }: HttpSettings, ours?: string): Effect.Effect<Farewell> =>
  Effect.gen(function* () {
    const socket = yield* Socket.fromWebSocket(Effect.succeed(ws))
    const { pull } = yield* socket.reader
    let nowMs = yield* Clock.currentTimeMillis
    let deadlineMs = nowMs + firstBeatPatienceMs
    let allowance = Allowance.full(ours === undefined ? sharedBeatsPerSecond : beatsPerSecond, nowMs)

    for (;;) {
      const heard = yield* Effect.timeoutOption(pull, Math.max(0, deadlineMs - nowMs))
      if (Option.isNone(heard)) return silent
      for (const message of heard.value) {
        allowance = Allowance.spend(Allowance.refilled(allowance, yield* Clock.currentTimeMillis), 1)
        // nothing more is read meanwhile, and the other end feels it
        if (allowance.left < 0) yield* Effect.sleep((-allowance.left / allowance.perSecond) * 1_000)
        const said = readBeat(message, ours)
        if (said === "unreadable") return unreadable
        const refusal = said === undefined ? ignored : yield* whyNot(node, said)
        nowMs = yield* Clock.currentTimeMillis
        if (refusal === undefined) deadlineMs = nowMs + heartbeatSilenceMs + beatGraceMs
        else if (ours !== undefined && refusal.error === "not_found") return gone
        else if (ours === undefined && said !== undefined) tell(ws, said.id, refusal)
      }
    }
  }).pipe(
    Effect.scoped,
    // the other end has gone: nobody hears the farewell
    Effect.catchTag("SocketError", () => Effect.succeed(gone)),
  )

/** Why this beat did not count. */
const whyNot = (node: Service, { id, signature, timestamp }: Said): Effect.Effect<Refusal | undefined> =>
  Effect.match(told(node.beat(id, timestamp, signature)), {
    onFailure: (refusal) => refusal,
    onSuccess: ({ isCounted }) => (isCounted ? undefined : repeated),
  })

const silent: Farewell = { code: 1008, reason: "no beat for too long" }
const unreadable: Farewell = { code: 1007, reason: "not a beat" }
const gone: Farewell = { code: 1000, reason: "the entity is gone" }
const ignored: Refusal = { error: "invalid_request", message: "this is no beat" }
const repeated: Refusal = { error: "invalid_request", message: "this beat, or a later one, was counted before" }

/** Tells who speaks for many which beat did not count, unless it does not listen. */
const tell = (ws: WebSocket, entityId: string, { error, message }: Refusal): void => {
  if (ws.bufferedAmount <= streamBacklogBytesMax) ws.send(JSON.stringify({ type: "refused", entity_id: entityId, error, message }))
}

interface Said {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
}

/** `undefined`: nothing that could be meant as a beat; ignored. Members that nobody knows are, too. */
const readBeat = (message: Uint8Array | string, ours: string | undefined): Said | "unreadable" | undefined => {
  const read = readJson(typeof message === "string" ? message : Buffer.from(message).toString("utf8"))
  if (read === undefined || Array.isArray(read) || (read !== null && typeof read !== "object")) return "unreadable"
  const members = (read ?? {}) as JsonObject
  const [timestamp, signature, id] = [members["timestamp"], members["signature"], ours ?? members["entity_id"] ?? members["agent_id"]]
  if (![timestamp, signature, id].every(isTextOrAbsent)) return "unreadable"
  return typeof timestamp === "string" && typeof signature === "string" && typeof id === "string" ? { id, timestamp, signature } : undefined
}

const isTextOrAbsent = (value: Json | undefined): boolean => value === undefined || value === null || typeof value === "string"
