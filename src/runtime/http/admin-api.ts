/** What the operator and its web hook may do, declared (reference 9, 1.8). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { stateCharactersMax, stateCharactersMin } from "../../protocol/limits.ts"
import { bearer, created, described, Message, optional, signed } from "./declaring.ts"

export const admin = HttpApiGroup.make("admin").add(
  HttpApiEndpoint.post("approveDeveloper", "/v1/admin/developers/approve", {
    headers: bearer("the web hook's secret"),
    payload: Schema.Struct({
      name: Schema.String,
      state: described(
        Schema.String,
        `what the developer's command line made up, ${stateCharactersMin} to ${stateCharactersMax} characters; the same one again is the same developer`,
      ),
      callback_port: optional(Schema.Json),
      metadata: optional(Schema.Json),
    }),
    success: created(
      Schema.Struct({
        developer_id: Schema.String,
        public_key: Schema.String,
        private_key_enc: described(
          Schema.String,
          "base64 of nonce, AES-256-GCM under SHA-256 of the state, and tag: the key's 64 bytes in base64",
        ),
      }),
    ),
    error: signed,
  }),
  HttpApiEndpoint.post("addPeer", "/v1/network/peers", {
    headers: bearer("the operator's token"),
    payload: Schema.Struct({ address: described(Schema.String, "host:port, or host:port#ed25519:KEY") }),
    success: created(Message),
    error: signed,
  }),
)
