/**
 * Registering a developer: POST /v1/developers (reference 1.3).
 *
 * The developer's key signs `{github, name, profile_url, public_key}`, all four always there; a request signed as a whole is
 * accepted too where it says no more than these. So the record alone gives every text back that may have been signed.
 */
import { Result } from "effect"
import { canonical, type Json, type JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { idOf, type RegistryId } from "../identity/id.ts"
import { nameCharactersMax } from "../limits.ts"
import { secondsOf } from "../time.ts"
import type { DeveloperRecord } from "./developer.ts"
import { isObject, isPlainJson } from "./plain-json.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import { keyIn, linkIn, signatureIn, someTextIn, textIn } from "./request-fields.ts"
import { spellings } from "./signed-text.ts"

export interface DeveloperContext {
  readonly home: RegistryId
  readonly nowMs: number
  readonly check: typeof verify
}

export interface DeveloperRegistered {
  readonly type: "registered"
  readonly record: DeveloperRecord & Required<Pick<DeveloperRecord, "signature">>
}

export const readDeveloperRegistration = (body: Json, { home, nowMs, check }: DeveloperContext): DeveloperRegistered | Refusal =>
  Result.merge(
    Result.gen(function* () {
      if (!isObject(body)) return yield* invalid("the request must be a JSON object")
      if (!isPlainJson(body))
        return yield* invalid("the request has a text with NUL or half a surrogate pair, nests too deep, or has a number out of range")
      const name = yield* someTextIn(body, "name", nameCharactersMax)
      const key = yield* keyIn(body, "public_key")
      const profileUrl = yield* linkIn(body, "profile_url")
      const github = yield* textIn(body, "github", nameCharactersMax)
      const signature = yield* signatureIn(body, "signature")
      const now = secondsOf(nowMs)
      const record = {
        developer_id: idOf("developer", key),
        name,
        public_key: key,
        profile_url: profileUrl,
        github,
        home_registry: home,
        registered_at: now,
        updated_at: now,
        signature,
      }
      if (!developerEvidenceHolds(record, check))
        return yield* unauthorized("the signature is not the developer's over this request", "signature")
      return { type: "registered" as const, record }
    }),
  )

/** Did this developer sign this record's four fields, and is the id its own? False for one without a signature. */
export const developerEvidenceHolds = (record: DeveloperRecord, check: typeof verify): boolean => {
  const { signature } = record
  return (
    signature !== undefined &&
    record.developer_id === idOf("developer", record.public_key) &&
    signedTextsOf(record).some((text) => check(record.public_key, text, signature))
  )
}

/** With and without the key's prefix, with and without the empty members: each form that a client may have sent and signed. */
const signedTextsOf = ({ github, name, profile_url, public_key }: DeveloperRecord): ReadonlyArray<string> => {
  const texts = [public_key, public_key.slice("ed25519:".length)].flatMap((key) => {
    const all: JsonObject = { github, name, profile_url, public_key: key }
    const filled = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""))
    return [canonical(all), canonical(filled)]
  })
  return [...new Set(texts.flatMap(spellings))]
}
