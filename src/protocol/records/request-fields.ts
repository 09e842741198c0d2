/**
 * Reading the members of a signed request one by one, so that a refusal can name the one at fault.
 *
 * As the deployed node reads JSON: `null` and absent are the same; a wrong type is refused. Limits count characters, which
 * are code points (reference 10.2 no. 45: the deployed node counts bytes, and so refuses half of the world's names).
 */
import { Result } from "effect"
import { canonical, type Json, type JsonObject } from "../identity/canonical-json.ts"
import { type DeveloperProof, isIndex } from "../identity/derivation.ts"
import { type DeveloperId, isIdOf, readDeveloperId } from "../identity/id.ts"
import { type PublicKey, readKey, readSignature, type Signature } from "../identity/key.ts"
import { detailsCharactersMax, tagCharactersMax, tagsMax, urlCharactersMax } from "../limits.ts"
import { isObject } from "./plain-json.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"

type Read<A> = Result.Result<A, Refusal>

/** A text of at most so many characters; `""` when absent. */
export const textIn = (body: JsonObject, field: string, charactersMax: number): Read<string> => {
  const value = body[field] ?? ""
  if (typeof value !== "string") return invalid(`${field} must be a text`, field)
  return isLonger(value, charactersMax) ? invalid(`${field} must be ${charactersMax} characters or less`, field) : Result.succeed(value)
}

/** The same, but something must be there to read. */
export const someTextIn = (body: JsonObject, field: string, charactersMax: number): Read<string> =>
  Result.flatMap(textIn(body, field, charactersMax), (text) =>
    text.trim() === "" ? invalid(`${field} is required`, field) : Result.succeed(text),
  )

const isLonger = (text: string, charactersMax: number): boolean => {
  if (text.length <= charactersMax) return false
  if (text.length > 2 * charactersMax) return true
  let characters = 0
  for (const _ of text) characters++
  return characters > charactersMax
}

/** An http or https URL, kept as it was written; `""` when absent. */
export const webUrlIn = (body: JsonObject, field: string): Read<string> =>
  Result.flatMap(textIn(body, field, urlCharactersMax), (text) =>
    text === "" || isWebUrl(text) ? Result.succeed(text) : invalid(`${field} must be an http or https URL`, field),
  )

/** A link that people wrote for people: anything but a URL of another scheme (`javascript:`, `file:`). */
export const linkIn = (body: JsonObject, field: string): Read<string> =>
  Result.flatMap(textIn(body, field, urlCharactersMax), (text) =>
    !URL.canParse(text) || isWebUrl(text) ? Result.succeed(text) : invalid(`${field} must be an http or https URL`, field),
  )

const isWebUrl = (text: string): boolean => {
  // The URL parser drops white space and control characters; what is kept must be what was parsed.
  const url = /[\s\u0000-\u001f\u007f]/u.test(text) ? null : URL.parse(text)
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.hostname !== ""
}

/** The tags; `[]` when absent. */
export const tagsIn = (body: JsonObject): Read<ReadonlyArray<string>> => {
  const value = body["tags"] ?? []
  if (!isTexts(value)) return invalid("tags must be a list of texts", "tags")
  if (value.length > tagsMax) return invalid(`at most ${tagsMax} tags`, "tags")
  if (value.some((tag) => isLonger(tag, tagCharactersMax))) return invalid(`a tag must be ${tagCharactersMax} characters or less`, "tags")
  return Result.succeed(value)
}

const isTexts = (value: Json): value is ReadonlyArray<string> => Array.isArray(value) && value.every((member) => typeof member === "string")

/** A small object that is kept as it is; `undefined` when absent. */
export const detailsIn = (body: JsonObject, field: string): Read<JsonObject | undefined> => {
  const value = body[field] ?? undefined
  if (value === undefined) return Result.succeed(undefined)
  if (!isObject(value)) return invalid(`${field} must be an object`, field)
  return canonical(value).length > detailsCharactersMax
    ? invalid(`${field} must be ${detailsCharactersMax} characters or less`, field)
    : Result.succeed(value)
}

/** The price list (reference 1.2, EntityPricing): what it says of the known members must be of their types. */
export const pricingIn = (body: JsonObject): Read<JsonObject | undefined> =>
  Result.flatMap(detailsIn(body, "entity_pricing"), (pricing) => {
    if (pricing === undefined) return Result.succeed(undefined)
    const { model = null, base_price_usd = null, currency = null, payment_methods = null, rates = null } = pricing
    const isSound =
      (model === null || typeof model === "string") &&
      (base_price_usd === null || typeof base_price_usd === "number") &&
      (currency === null || typeof currency === "string") &&
      (payment_methods === null || isTexts(payment_methods)) &&
      (rates === null || (isObject(rates) && Object.values(rates).every((rate) => typeof rate === "number")))
    return isSound ? Result.succeed(pricing) : invalid("entity_pricing has a member of a wrong type", "entity_pricing")
  })

/** A public key, with or without its prefix. */
export const keyIn = (body: JsonObject, field: string): Read<PublicKey> => {
  const value = body[field] ?? ""
  if (value === "") return invalid(`${field} is required`, field)
  const key = typeof value === "string" ? readKey(value) : undefined
  return key === undefined ? invalid(`${field} must be an Ed25519 public key in base64`, field) : Result.succeed(key)
}

/** A signature that is there but is none is a signature that does not hold (as deployed). */
export const signatureIn = (body: JsonObject, field: string): Read<Signature> => {
  const value = body[field] ?? ""
  if (value === "") return invalid(`${field} is required`, field)
  if (typeof value !== "string") return invalid(`${field} must be a text`, field)
  const signature = readSignature(value)
  return signature === undefined ? unauthorized(`${field} is not an Ed25519 signature`, field) : Result.succeed(signature)
}

export interface DeveloperClaim {
  readonly developerId: DeveloperId
  readonly proof: DeveloperProof
}

/** The developer and the proof, in the SDKs' names or those of the identity page. Does not check the proof's signature. */
export const developerIn = (body: JsonObject, entityKey: PublicKey): Read<DeveloperClaim> =>
  Result.gen(function* () {
    const id = body["developer_id"] ?? ""
    const proof = body["developer_proof"] ?? undefined
    if (id === "" || proof === undefined)
      return yield* invalid("developer_id and developer_proof are required", id === "" ? "developer_id" : "developer_proof")
    const developerId = typeof id === "string" ? readDeveloperId(id) : undefined
    if (developerId === undefined) return yield* invalid("developer_id is not the id of a developer", "developer_id")
    if (!isObject(proof)) return yield* invalid("developer_proof must be an object", "developer_proof")
    const read = yield* proofIn(proof, entityKey)
    if (!isIdOf(developerId, read.developer_public_key))
      return yield* invalid("developer_id is not the id of developer_proof.developer_public_key", "developer_id")
    return { developerId, proof: read }
  })

const proofIn = (proof: JsonObject, entityKey: PublicKey): Read<DeveloperProof> =>
  Result.gen(function* () {
    const key = yield* inProof(keyIn(proof, "developer_public_key"))
    const index = proof["entity_index"] ?? proof["index"] ?? proof["agent_index"] ?? -1
    if (typeof index !== "number" || !isIndex(index))
      return yield* invalid("developer_proof must have an index from 0 to 4294967295", "developer_proof")
    const provenKey = proof["agent_public_key"] ?? proof["entity_public_key"] ?? undefined
    if (provenKey !== undefined && (typeof provenKey !== "string" || readKey(provenKey) !== entityKey)) {
      return yield* invalid("developer_proof is about another key", "developer_proof")
    }
    const name = (proof["developer_signature"] ?? undefined) === undefined ? "signature" : "developer_signature"
    const signature = yield* inProof(signatureIn(proof, name))
    return { developer_public_key: key, entity_index: index, developer_signature: signature }
  })

/** What is wrong inside the proof is the proof's fault. */
const inProof = <A>(read: Read<A>): Read<A> =>
  Result.mapError(read, (refusal) => ({ ...refusal, message: `developer_proof: ${refusal.message}`, field: "developer_proof" }))
