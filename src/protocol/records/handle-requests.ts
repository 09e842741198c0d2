/** Requests about handles, as clients sign them (reference 1.6, 6; naming page, "Claiming a Developer Handle"). */
import { Result } from "effect"
import type { Evidence } from "../gossip/kinds/kind.ts"
import { claimHolds, verificationHolds, type Verification } from "../gossip/kinds/handle.ts"
import { canonical, type Json, type JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { type DeveloperId, isIdOf, readDeveloperId, type RegistryId } from "../identity/id.ts"
import type { PublicKey } from "../identity/key.ts"
import { type Handle, readHandle, whyNoHandle } from "./naming.ts"
import { isObject, isPlainJson } from "./plain-json.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import { keyIn, signatureIn, someTextIn, textIn } from "./request-fields.ts"
import { spellings } from "./signed-text.ts"

export interface HandleClaim {
  readonly type: "claim"
  readonly handle: Handle
  readonly developerId: DeveloperId
  readonly publicKey: PublicKey
  readonly evidence: Evidence
}

/** POST /v1/handles. The developer signs handle, id and key; a domain and a registry may be signed with them. */
export const readClaim = (body: Json, home: RegistryId, check: typeof verify): HandleClaim | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const request = yield* plainObject(body)
      const text = yield* someTextIn(request, "handle", 64)
      const why = whyNoHandle(text)
      if (why !== undefined) return yield* invalid(`invalid handle: ${why}`, "handle")
      const handle = readHandle(text)!
      const id = yield* someTextIn(request, "developer_id", 64)
      const developerId = readDeveloperId(id)
      if (developerId === undefined) return yield* invalid("developer_id is not the id of a developer", "developer_id")
      const publicKey = yield* keyIn(request, "public_key")
      if (!isIdOf(developerId, publicKey)) return yield* unauthorized("public_key is not this developer's", "public_key")
      const signature = yield* signatureIn(request, "signature")
      const text_ = textsOf(request, ["developer_id", "handle", "public_key"], ["domain", "home_registry"]).find((signed) =>
        claimHolds({ handle, developerId, publicKey, evidence: { text: signed, signature } }, home, check),
      )
      if (text_ === undefined) return yield* unauthorized("the signature is not the developer's over this claim", "signature")
      return { type: "claim" as const, handle, developerId, publicKey, evidence: { text: text_, signature } }
    }),
  )

/**
 * POST /v1/handles/{handle}/verify. The developer signs `{handle, method, proof}`; where the claim names the domain already,
 * that is enough.
 */
export const readVerificationRequest = (
  body: Json,
  claim: Omit<HandleClaim, "type">,
  home: RegistryId,
  check: typeof verify,
): ({ readonly type: "verification" } & Verification & Pick<HandleClaim, "evidence">) | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const request = yield* plainObject(body)
      const method = yield* textIn(request, "method", 16)
      if (method !== "dns" && method !== "github") return yield* invalid("method must be 'dns' or 'github'", "method")
      const proof = yield* someTextIn(request, "proof", 253)
      const byClaim = { method, proof, evidence: claim.evidence } as const
      if (verificationHolds(byClaim, claim, home, check)) return { type: "verification" as const, ...byClaim }
      const signature = yield* signatureIn(request, "signature")
      const signed = textsOf(
        { ...request, handle: claim.handle },
        ["handle", "method", "proof"],
        ["developer_id", "public_key", "home_registry"],
      ).find((text) => verificationHolds({ method, proof, evidence: { text, signature } }, claim, home, check))
      if (signed === undefined) return yield* unauthorized("the signature is not the developer's over this method and proof", "signature")
      return { type: "verification" as const, method, proof, evidence: { text: signed, signature } }
    }),
  )

/** The texts that a client may have signed: what must be there, with and without what it sent beside it. */
const textsOf = (request: JsonObject, members: ReadonlyArray<string>, optional: ReadonlyArray<string>): ReadonlyArray<string> => {
  const pick = (names: ReadonlyArray<string>) =>
    Object.fromEntries(names.flatMap((name) => (request[name] === undefined || request[name] === null ? [] : [[name, request[name]]])))
  return [...new Set([pick([...members, ...optional]), pick(members)].flatMap((said) => spellings(canonical(said))))]
}

export const plainObject = (body: Json): Result.Result<JsonObject, Refusal> =>
  isObject(body) && isPlainJson(body) ? Result.succeed(body) : invalid("the request must be a JSON object, plain and not nested too deep")
