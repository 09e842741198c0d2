/** Who asks for a WebSocket's path without asking for a WebSocket is told so (as deployed: 400). */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "./api.ts"
import type { InvalidRequest } from "./problems.ts"

const notUpgrading: typeof InvalidRequest.Type = {
  error: "invalid_request",
  message: "this is a WebSocket: the request must ask for the upgrade",
}

export const layer = HttpApiBuilder.group(Api, "streams", (handlers) =>
  handlers
    .handle("entityHeartbeat", () => Effect.fail(notUpgrading))
    .handle("sharedHeartbeat", () => Effect.fail(notUpgrading))
    .handle("activity", () => Effect.fail(notUpgrading)),
)
