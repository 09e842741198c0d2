/**
 * The WebSockets, declared for `/openapi.json` (reference 2; registry page, "Heartbeat (WSS)", "Live activity stream (WSS)").
 *
 * A request that asks for the upgrade goes another way (`upgrades.ts`); everybody else is told what they missed (`streams.ts`).
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { activityTypes } from "../activity.ts"
import { InvalidRequest } from "./problems.ts"

const described = (description: string) => Schema.String.annotate({ description })
const optional = Schema.optionalKey

export const streams = HttpApiGroup.make("streams").add(
  HttpApiEndpoint.get("entityHeartbeat", "/v1/entities/:id/ws", {
    params: { id: described("an entity that is registered here; send {timestamp, signature}: its key over the timestamp, every 30 s") },
    error: InvalidRequest,
  }),
  HttpApiEndpoint.get("sharedHeartbeat", "/v1/heartbeat", { error: InvalidRequest }),
  HttpApiEndpoint.get("activity", "/v1/ws/activity", {
    query: {
      types: optional(described(`events wanted, by commas: ${activityTypes.join(", ")}`)),
      since: optional(described("id of the last event that was received: what came after it is sent first")),
      last: optional(described("without since: how many of the latest events are sent first")),
    },
    error: InvalidRequest,
  }),
)
