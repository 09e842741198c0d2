/**
 * The activity stream (reference 2.2): events as they happen, of the types that the reader wants, after those that it missed.
 *
 * Every frame but the first is an event with an id; who comes back with `?since=ID` gets what came after it, as far as it is
 * kept, and the first frame says whether it was (`resumed`). Who comes for the first time may ask for the `?last=N` events. A reader that is too slow, or does not answer pings, is cut off;
 * what it sends is not looked at.
 */
import { Clock, Effect } from "effect"
import { pingPeriodMs, recentEventsMax, streamBacklogBytesMax, streamsMax, streamsPerAddressMax } from "../../protocol/limits.ts"
import { writeMoment } from "../../protocol/time.ts"
import { type Activity, type ActivityEvent, activityTypes, type ActivityType } from "../activity.ts"
import { placesFor } from "./places.ts"
import type { InvalidRequest } from "./problems.ts"
import type { Farewell, Stream, WebSocket } from "./upgrades.ts"

export const activityStream = (activity: Activity["Service"], registryId: string): Stream => ({
  path: /^\/v1\/ws\/activity$/,
  places: placesFor(streamsMax, streamsPerAddressMax),
  admit: (_, query) => {
    const wanted = readTypes(query.getAll("types"))
    if (wanted === undefined) return Effect.fail(unknownType)
    const last = readCount(query.get("last"))
    if (last === undefined) return Effect.fail(unknownCount)
    const since = query.get("since") ?? undefined
    return Effect.succeed((socket) => attend(activity, registryId, socket, wanted, since ?? last))
  },
})

const unknownType: typeof InvalidRequest.Type = {
  error: "invalid_request",
  message: `types must be some of ${activityTypes.join(", ")}`,
  field: "types",
}

const unknownCount: typeof InvalidRequest.Type = {
  error: "invalid_request",
  message: `last must be a number of events, from 0 to ${recentEventsMax}`,
  field: "last",
}

const readCount = (said: string | null): number | undefined => {
  const count = /^\d{1,6}$/.test(said ?? "0") ? Number(said ?? "0") : Number.NaN
  return count <= recentEventsMax ? count : undefined
}

/** None named: all are wanted. */
const readTypes = (said: ReadonlyArray<string>): ReadonlySet<string> | undefined => {
  const named = said
    .flatMap((list) => list.split(","))
    .map((type) => type.trim())
    .filter((type) => type !== "")
  if (named.length === 0) return new Set(activityTypes)
  return named.every((type) => activityTypes.includes(type as ActivityType)) ? new Set(named) : undefined
}

const attend = (
  activity: Activity["Service"],
  registryId: string,
  ws: WebSocket,
  wanted: ReadonlySet<string>,
  /** The id after which it goes on, or how many events it wants of those that were before it came. */
  after: string | number,
): Effect.Effect<Farewell> =>
  Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const missed = typeof after === "string" ? activity.since(after) : activity.recent(after)
    const data = {
      registry_id: registryId,
      message: "streaming network activity",
      ...(typeof after === "string" && { resumed: missed !== undefined }),
    }
    ws.send(JSON.stringify({ id: activity.latest(), type: "connected", timestamp: writeMoment(nowMs), data }))
    const send = ({ text, type }: ActivityEvent) => {
      if (!wanted.has(type)) return
      if (ws.bufferedAmount > streamBacklogBytesMax) ws.terminate()
      else if (ws.readyState === ws.OPEN) ws.send(text)
    }
    missed?.forEach(send)
    let isAlive = true
    ws.on("pong", () => {
      isAlive = true
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => activity.listen(send)),
      ({ stop }) => Effect.sync(stop),
    )
    while (isAlive) {
      isAlive = false
      ws.ping()
      yield* Effect.sleep(pingPeriodMs)
    }
    ws.terminate()
    return { code: 1001, reason: "no answer" }
  }).pipe(Effect.scoped)
