/** What the operator and its web hook may do, declared (reference 9, 1.8; blocks are our own). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { stateCharactersMax, stateCharactersMin } from "../../protocol/limits.ts"
import { bearer, created, described, Message, optional, signed } from "./declaring.ts"

const block = {
  kind: Schema.Literals(["entity", "developer", "peer", "host"]),
  subject: described(Schema.String, "an id, or a host with all below it"),
  reason: Schema.String,
  since: Schema.String,
}

const operator = bearer("the operator's token")

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
    headers: operator,
    payload: Schema.Struct({ address: described(Schema.String, "host:port, or host:port#ed25519:KEY") }),
    success: created(Message),
    error: signed,
  }),
  HttpApiEndpoint.get("blocks", "/v1/admin/blocks", {
    headers: operator,
    success: Schema.Struct({ blocks: Schema.Array(Schema.Struct(block)), count: Schema.Int }),
    error: signed,
  }),
  HttpApiEndpoint.post("block", "/v1/admin/blocks", {
    headers: operator,
    payload: Schema.Struct({
      subject: described(Schema.String, "an id, a registry's key, or a host"),
      reason: described(Schema.String, "for the operator; nobody else is told"),
    }),
    success: created(Schema.Struct({ ...block, entities: described(Schema.Int, "entities that are hidden now and were not before") })),
    error: signed,
  }),
  HttpApiEndpoint.delete("unblock", "/v1/admin/blocks/:subject", {
    headers: operator,
    params: { subject: described(Schema.String, "what was blocked, percent-encoded") },
    success: Schema.Struct(block),
    error: signed,
  }),
)
