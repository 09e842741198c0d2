/**
 * Registering a developer: POST /v1/developers (reference 1.3).
 *
 * The developer's key signs `{github, name, profile_url, public_key}`, all four always there; a request signed as a whole is
 * accepted too where it says no more than these. So the record alone gives every text back that may have been signed.
 */
import { Result } from "effect"
import { canonical, type Json, type JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { idOf, readDeveloperId, type RegistryId } from "../identity/id.ts"
import { readJson } from "../identity/json-text.ts"
import type { PublicKey } from "../identity/key.ts"
import { nameCharactersMax, signedTextCharactersMax } from "../limits.ts"
import { type Seconds, secondsOf } from "../time.ts"
import { readOwner } from "./authorization.ts"
import type { DeveloperRecord, ProfileChange } from "./developer.ts"
import { isObject, isPlainJson } from "./plain-json.ts"
import { lastSetters } from "./changes.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import { keyIn, linkIn, signatureIn, someTextIn, textIn } from "./request-fields.ts"
import { signedMembers, spellings } from "./signed-text.ts"

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
      const record: DeveloperRegistered["record"] = {
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
      const signed = signedTextsOf(record).find((text) => check(key, text, signature))
      if (signed === undefined) return yield* unauthorized("the signature is not the developer's over this request", "signature")
      // the usual form is rebuilt from the record; another one is kept
      return { type: "registered" as const, record: registrationTextOf(record)!.text === signed ? record : { ...record, signed } }
    }),
  )

// what a receiver may believe ----------------------------------------------------------------------------------------

/** What a developer says of itself. */
type Profile = Pick<DeveloperRecord, "name" | "profile_url" | "github">

/** Is every field as this developer signed it, and is the id its own? False for one that signed nothing. */
export const developerEvidenceHolds = (record: DeveloperRecord, check: typeof verify): boolean => {
  const { changes = [], public_key: key } = record
  if (record.developer_id !== idOf("developer", key) || (record.signature === undefined && changes.length === 0)) return false
  let profile = registeredProfile(record, check)
  if (profile === undefined) return false
  for (const change of changes) {
    const said = profileSaidBy(change.text, key)
    if (said === undefined || !check(key, change.text, change.signature)) return false
    profile = { ...profile, ...said }
  }
  return profile.name === record.name && profile.profile_url === record.profile_url && profile.github === record.github
}

/** What the registration said; nothing where an entity introduced the developer. */
const registeredProfile = (record: DeveloperRecord, check: typeof verify): Profile | undefined => {
  const { public_key: key, signature, signed } = record
  if (signature === undefined) return signed === undefined ? nameless : undefined
  if (signed === undefined) return signedTextsOf(record).some((text) => check(key, text, signature)) ? record : undefined
  const said = signedMembers(signed)
  const profile = said === undefined || keyOf(said) !== key ? undefined : profileIn(said)
  return profile === undefined || !check(key, signed, signature) ? undefined : { ...nameless, ...profile }
}

const nameless: Profile = { name: "", profile_url: "", github: "" }

const keyOf = (said: JsonObject): PublicKey | undefined => Result.getOrUndefined(keyIn(said, "public_key"))

/** The text of a developer's registration, or of its last change: what shows that a developer signed anything. */
export const registrationTextOf = (record: DeveloperRecord): ProfileChange | undefined => {
  const { changes = [], github, name, profile_url, public_key, signature } = record
  if (signature === undefined) return changes.at(-1)
  return { text: record.signed ?? canonical({ github, name, profile_url, public_key }), signature }
}

/** Did this key sign this text, and is it about the developer of this key? */
export const developerTextHolds = ({ signature, text }: ProfileChange, key: PublicKey, check: typeof verify): boolean =>
  profileSaidBy(text, key) !== undefined && check(key, text, signature)

/** With and without the key's prefix, with and without the empty members: each form that a client may have sent and signed. */
const signedTextsOf = ({ github, name, profile_url, public_key }: DeveloperRecord): ReadonlyArray<string> => {
  const texts = [public_key, public_key.slice("ed25519:".length)].flatMap((key) => {
    const all: JsonObject = { github, name, profile_url, public_key: key }
    const filled = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""))
    return [canonical(all), canonical(filled)]
  })
  return [...new Set(texts.flatMap(spellings))]
}

// changing it --------------------------------------------------------------------------------------------------------

export interface DeveloperUpdated {
  readonly type: "updated"
  readonly record: DeveloperRecord
}

/** PUT /v1/developers/{id}: the Authorization header signs the body as it came (reference 1.3). Absent and null members stay as they are. */
export const readDeveloperUpdate = (
  text: string,
  authorization: string | undefined,
  record: DeveloperRecord,
  at: Seconds,
  check: typeof verify,
): DeveloperUpdated | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const signature = yield* readOwner(authorization, text, record.public_key, check)
      if (text.length > signedTextCharactersMax) return yield* invalid("the request is too long")
      const body = readJson(text)
      if (!isObject(body) || !isPlainJson(body)) return yield* invalid("the request must be a JSON object, plain and not nested too deep")
      if ((body["name"] ?? null) !== null) yield* someTextIn(body, "name", nameCharactersMax)
      yield* linkIn(body, "profile_url")
      yield* textIn(body, "github", nameCharactersMax)
      const said = profileSaidBy(text, record.public_key)
      if (said === undefined) return yield* invalid("the request is not about this developer")
      const signed = record.signature === undefined ? {} : { signed: registrationTextOf(record)!.text }
      const changes = lastSetters([...(record.changes ?? []), { text, signature }], (change) =>
        Object.keys(profileSaidBy(change.text, record.public_key) ?? {}),
      )
      return { type: "updated" as const, record: { ...record, ...said, ...signed, updated_at: at, changes } }
    }),
  )

/** The fields that a text by this key sets; `undefined` when it is about somebody else, or about an entity. */
const profileSaidBy = (text: string, key: PublicKey): Partial<Profile> | undefined => {
  const said = readJson(text)
  if (!isObject(said) || !isPlainJson(said)) return undefined
  const has = (field: string) => (said[field] ?? null) !== null
  const isAboutMe = (!has("public_key") || keyOf(said) === key) && (!has("developer_id") || developerIdIn(said) === idOf("developer", key))
  return isAboutMe && !entityFields.some(has) ? profileIn(said) : undefined
}

const developerIdIn = ({ developer_id: id }: JsonObject) => (typeof id === "string" ? readDeveloperId(id) : undefined)

/** A developer may sign updates of its entities too, and such a body names no resource: these fields tell. */
const entityFields = ["entity_id", "category", "tags", "summary", "entity_url", "service_endpoint"]

const profileIn = (said: JsonObject): Partial<Profile> | undefined =>
  Result.getOrUndefined(
    Result.gen(function* () {
      const has = (field: string) => (said[field] ?? null) !== null
      return {
        ...(has("name") && { name: yield* someTextIn(said, "name", nameCharactersMax) }),
        ...(has("profile_url") && { profile_url: yield* linkIn(said, "profile_url") }),
        ...(has("github") && { github: yield* textIn(said, "github", nameCharactersMax) }),
      }
    }),
  )
