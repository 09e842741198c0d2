/** The web hook lets developers in; the operator names peers, and says what is blocked. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { createCipheriv, hash } from "node:crypto"
import type { Json, JsonObject } from "../../protocol/identity/canonical-json.ts"
import { readKey } from "../../protocol/identity/key.ts"
import { nameCharactersMax, stateCharactersMax, stateCharactersMin } from "../../protocol/limits.ts"
import { readAddress } from "../../protocol/mesh/address.ts"
import { type Block, blockReasonCharactersMax } from "../../protocol/moderation/blocks.ts"
import { isObject, isPlainText } from "../../protocol/records/plain-json.ts"
import { writeTime } from "../../protocol/time.ts"
import { Node, Refused } from "../node-service.ts"
import { Api } from "./api.ts"
import { hasSecret, unauthorized } from "./onboarding.ts"
import { told } from "./problems.ts"
import { jsonOf } from "./request-body.ts"
import type { HttpSettings } from "./settings.ts"

export const layer = (settings: HttpSettings) =>
  HttpApiBuilder.group(
    Api,
    "admin",
    Effect.fnUntraced(function* (handlers) {
      const node = yield* Node
      const operatorOnly = Effect.fnUntraced(function* (authorization: string | undefined) {
        if (settings.adminToken === undefined) return yield* told(forbidden("this node has no operator's token: it obeys nobody"))
        if (!hasSecret(authorization, settings.adminToken)) return yield* unauthorized("this is not the operator's token")
      })
      return handlers
        .handleRaw("approveDeveloper", ({ headers, request }) =>
          Effect.gen(function* () {
            const { onboarding } = settings
            if (onboarding.mode === "open") return yield* told(unavailable("onboarding mode is 'open', expected 'restricted'"))
            if (onboarding.webhookSecret === undefined) return yield* told(unavailable("webhook_secret is not configured"))
            if (!hasSecret(headers.authorization, onboarding.webhookSecret)) return yield* unauthorized("this is not the web hook's secret")
            const body = yield* told(objectIn(yield* jsonOf(request)))
            const name = yield* told(textIn(body, "name", 1, nameCharactersMax))
            const state = yield* told(textIn(body, "state", stateCharactersMin, stateCharactersMax))
            const { developerId, publicKey, secret } = yield* told(node.admitDeveloper(name, state))
            // One state has one nonce at each registry, and one text under it: nothing is ever hidden twice in two ways.
            const nonce = hash("sha256", `${state} ${publicKey}`, "buffer").subarray(0, 12)
            return { developer_id: developerId, public_key: publicKey, private_key_enc: sealed(secret, state, nonce) }
          }),
        )
        .handleRaw("addPeer", ({ headers, request }) =>
          Effect.gen(function* () {
            yield* operatorOnly(headers.authorization)
            const body = yield* told(objectIn(yield* jsonOf(request)))
            const [where = "", keyText] = (yield* told(textIn(body, "address", 1, 512))).split("#")
            const address = readAddress(where)
            const key = keyText === undefined ? undefined : readKey(keyText)
            if (address === undefined || address.port === 0 || (keyText !== undefined && key === undefined))
              return yield* told(invalid("address", "address must be host:port, or host:port#ed25519:KEY"))
            yield* node.namePeer(address, key)
            return { message: "peer added" }
          }),
        )
        .handleRaw("blocks", ({ headers }) =>
          Effect.gen(function* () {
            yield* operatorOnly(headers.authorization)
            const blocks = yield* told(node.blocks)
            return { blocks: blocks.map(blockDocument), count: blocks.length }
          }),
        )
        .handleRaw("block", ({ headers, request }) =>
          Effect.gen(function* () {
            yield* operatorOnly(headers.authorization)
            const body = yield* told(objectIn(yield* jsonOf(request)))
            const subject = yield* told(textIn(body, "subject", 1, 512))
            const { entities, ...block } = yield* told(
              node.block(subject, yield* told(textIn(body, "reason", 1, blockReasonCharactersMax))),
            )
            return { ...blockDocument(block), entities }
          }),
        )
        .handleRaw("unblock", ({ headers, params }) =>
          Effect.gen(function* () {
            yield* operatorOnly(headers.authorization)
            return blockDocument(yield* told(node.unblock(params.subject)))
          }),
        )
    }),
  )

const blockDocument = ({ kind, reason, since, subject }: Block) => ({ kind, subject, reason, since: writeTime(since) })

/** As the deployed command lines open it: the nonce, the key's base64 as AES-256-GCM hides it, the tag. */
export const sealed = (secret: Uint8Array, state: string, nonce: Uint8Array): string => {
  const cipher = createCipheriv("aes-256-gcm", hash("sha256", state, "buffer"), nonce)
  const hidden = cipher.update(Buffer.from(secret).toString("base64"))
  return Buffer.concat([nonce, hidden, cipher.final(), cipher.getAuthTag()]).toString("base64")
}

const refused = (code: Refused["code"], message: string, field?: string) =>
  Effect.fail(new Refused({ code, message, ...(field !== undefined && { field }) }))
const unavailable = (message: string) => refused("unavailable", message)
const forbidden = (message: string) => refused("forbidden", message)
const invalid = (field: string, message: string) => refused("invalid_request", message, field)

const objectIn = (body: Json): Effect.Effect<JsonObject, Refused> =>
  isObject(body) ? Effect.succeed(body) : refused("invalid_request", "the request must be a JSON object")

const textIn = (body: JsonObject, field: string, least: number, most: number): Effect.Effect<string, Refused> => {
  const text = body[field]
  return typeof text === "string" && isPlainText(text) && text.trim().length >= least && text.length <= most
    ? Effect.succeed(text)
    : invalid(field, `${field} must be a text of ${least} to ${most} characters`)
}
