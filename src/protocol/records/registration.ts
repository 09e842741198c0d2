/**
 * Registering an entity: what a request must be, and what other nodes may demand to see of it (reference 1.0, 1.4; ruled).
 *
 * The entity's key signs either the seven fields that the deployed SDKs sign or, better, every field of the request. The
 * record keeps what is needed to check that anywhere: its own fields where they give the signed text back, else the text
 * itself. So no node has to believe a registry: `evidenceHolds` believes only keys.
 */
import { Result } from "effect"
import { canonical, type Json, type JsonObject } from "../identity/canonical-json.ts"
import { proofHolds } from "../identity/derivation.ts"
import type { verify } from "../identity/ed25519.ts"
import { idOf, isIdOf, type RegistryId } from "../identity/id.ts"
import { readJson } from "../identity/json-text.ts"
import type { PublicKey, Signature } from "../identity/key.ts"
import { categoryCharactersMax, nameCharactersMax, recordTtlSeconds, summaryCharactersMax } from "../limits.ts"
import { secondsOf } from "../time.ts"
import type { DeveloperRecord } from "./developer.ts"
import type { EntityRecord, SignedChange } from "./entity.ts"
import { isObject, isPlainJson } from "./plain-json.ts"
import { entityIdOf, type Extras, extrasIn, homeIn, type Profile, profileIn } from "./profile.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import {
  type DeveloperClaim,
  detailsIn,
  developerIn,
  keyIn,
  linkIn,
  pricingIn,
  signatureIn,
  someTextIn,
  tagsIn,
  textIn,
  webUrlIn,
} from "./request-fields.ts"
import { isCanonical, spellings, wholeRequestTexts } from "./signed-text.ts"

export interface RegistrationContext {
  /** The registry that is asked. */
  readonly home: RegistryId
  readonly nowMs: number
  readonly check: typeof verify
}

export interface Registered {
  readonly type: "registered"
  readonly record: EntityRecord
  /** The row for a developer who is not known yet (ruled: in open mode the proof introduces its developer). It has no name. */
  readonly implicitDeveloper: DeveloperRecord
}

/** POST /v1/entities. What is wrong with the request's form comes before what is wrong with its signatures. */
export const readRegistration = (body: Json, context: RegistrationContext): Registered | Refusal =>
  Result.merge(
    Result.gen(function* () {
      if (!isObject(body)) return yield* invalid("the request must be a JSON object")
      if (!isPlainJson(body))
        return yield* invalid("the request has a text with NUL or half a surrogate pair, nests too deep, or has a number out of range")
      const profile = yield* profileIn(body)
      const extras = yield* extrasIn(body, profile.type)
      const signature = yield* signatureIn(body, "signature")
      const developer = yield* developerIn(body, profile.publicKey)
      const home = yield* homeIn(body)
      if (home !== undefined && home !== context.home) return yield* invalid("home_registry names another registry", "home_registry")

      const signed = signedTextsOf(body, profile).find((text) => context.check(profile.publicKey, text, signature))
      if (signed === undefined) return yield* unauthorized("the signature is not the entity's over this request", "signature")
      if (!proofHolds(developer.proof, profile.publicKey, context.check)) {
        return yield* unauthorized("developer_proof is not the developer's signature over this key and index", "developer_proof")
      }
      return registered(profile, extras, developer, signature, signed, context)
    }),
  )

const registered = (
  profile: Profile,
  extras: Extras,
  developer: DeveloperClaim,
  signature: Signature,
  signed: string,
  { home, nowMs }: RegistrationContext,
): Registered => {
  const now = secondsOf(nowMs)
  const record: EntityRecord = {
    entity_id: entityIdOf(profile),
    entity_type: profile.type,
    name: profile.name,
    category: profile.category,
    tags: profile.tags,
    summary: profile.summary,
    entity_url: profile.url,
    public_key: profile.publicKey,
    developer_id: developer.developerId,
    developer_proof: developer.proof,
    ...extras,
    home_registry: home,
    registered_at: now,
    updated_at: now,
    ttl: recordTtlSeconds,
    signature,
    changes: [],
  }
  return {
    type: "registered",
    record: registrationTextOf(record) === signed ? record : { ...record, signed },
    implicitDeveloper: introducedBy(record),
  }
}

/** The row for a developer whom an entity's proof introduces: nobody has said its name yet. */
export const introducedBy = ({ developer_id, developer_proof, home_registry, registered_at }: EntityRecord): DeveloperRecord => ({
  developer_id,
  name: "",
  public_key: developer_proof.developer_public_key,
  profile_url: "",
  github: "",
  home_registry,
  registered_at,
  updated_at: registered_at,
})

// what is signed -----------------------------------------------------------------------------------------------------

/** The SDKs' text of a record: what its entity signed when the record does not say otherwise. */
export const registrationTextOf = (record: EntityRecord): string => canonical(sevenFieldsOf(record))

const sevenFieldsOf = (record: EntityRecord): JsonObject => ({
  category: record.category,
  entity_type: record.entity_type,
  entity_url: record.entity_url,
  name: record.name,
  public_key: record.public_key,
  summary: record.summary,
  tags: record.tags,
})

/** Every text that this request's signature may be over. The SDKs' form is tried first: it is what comes most. */
const signedTextsOf = (body: JsonObject, profile: Profile): ReadonlyArray<string> => {
  const type = body["entity_type"] ?? ""
  const fields = {
    category: profile.category,
    ...(type !== "" && { entity_type: type }),
    entity_url: profile.url,
    name: profile.name,
    public_key: body["public_key"]!, // as it was spelled
    summary: profile.summary,
  }
  const tagSpellings = profile.tags.length === 0 ? [[], null] : [profile.tags]
  return [...tagSpellings.flatMap((tags) => spellings(canonical({ ...fields, tags }))), ...wholeRequestTexts(body)]
}

// what a receiver may believe ----------------------------------------------------------------------------------------

/** What signed texts say about a record: canonical values by field, comparable as strings. */
type Facts = Readonly<Record<string, string>>

/**
 * Is every field of this record that a key signed still as that key signed it, and does the developer's proof hold?
 *
 * The registration proves what it covers; each later change overrides what it sets. A change by the developer counts for
 * fields that the entity left unsigned, and for the others only when the entity's signature itself names that developer:
 * anybody can *claim* to be the developer of somebody else's key, by signing it. Only the entity moves its home.
 */
export const evidenceHolds = (record: EntityRecord, check: typeof verify): boolean => {
  const { developer_proof: proof, public_key: key } = record
  if (record.entity_id !== idOf(record.entity_type, key) || !isIdOf(record.developer_id, proof.developer_public_key)) return false
  const { signed } = record
  const registration = signed === undefined ? sevenFacts(record) : registrationFacts(signed)
  if (registration === undefined) return false
  if (!check(key, signed ?? registrationTextOf(record), record.signature) || !proofHolds(proof, key, check)) return false

  const isDeveloperSigned = "developer_proof" in registration
  let facts = registration
  let entitySigned = registration
  for (const change of record.changes) {
    const said = changeFacts(change)
    if (said === undefined) return false
    if (change.by === "entity") entitySigned = { ...entitySigned, ...said }
    else if ("home_registry" in said || (!isDeveloperSigned && Object.keys(said).some((field) => field in entitySigned))) return false
    if (!check(change.by === "entity" ? key : proof.developer_public_key, change.text, change.signature)) return false
    facts = { ...facts, ...said }
  }
  const own = ownFields(record)
  return Object.entries(facts).every(([field, value]) => fact(own[field]) === value)
}

/** A text in which an entity's own key names its home: what a tombstone shows, so that it weighs what its record did. */
export interface HomeProof {
  readonly text: string
  readonly signature: Signature
}

/** The last signed text of a record that names its home. Meant for records whose evidence holds. */
export const homeProofOf = (record: EntityRecord): HomeProof | undefined => {
  const change = record.changes.findLast((change) => change.by === "entity" && "home_registry" in (changeFacts(change) ?? {}))
  if (change !== undefined) return { text: change.text, signature: change.signature }
  // the SDKs' seven fields name no home
  const text = record.signed
  return text !== undefined && "home_registry" in (registrationFacts(text) ?? {}) ? { text, signature: record.signature } : undefined
}

/** Did the entity's own key sign that this registry is its home? Meant for records whose evidence holds. */
export const isHomeSigned = (record: EntityRecord): boolean => homeProofOf(record) !== undefined

/** Does this text name this home, and did this key sign it? */
export const homeProofHolds = (proof: HomeProof, key: PublicKey, home: RegistryId, check: typeof verify): boolean => {
  const said = parsed(proof.text)
  return said !== undefined && Result.getOrUndefined(homeIn(said)) === home && check(key, proof.text, proof.signature)
}

/**
 * The facts of a registration's signed text; `undefined` when it is none.
 *
 * A text with a developer's proof is a whole request: what it leaves out is *absent*, and that is a fact too, so nobody can
 * add an endpoint to it. A text without is the SDKs' seven fields, and says nothing about the others.
 */
const registrationFacts = (text: string): Facts | undefined => {
  if (text !== lastRead.text) lastRead = { text, facts: readRegistrationFacts(text) }
  return lastRead.facts
}

/** The text that was read last: an announcement's is asked for when it is read, and again when it is verified. */
let lastRead: { readonly text: string | undefined; readonly facts: Facts | undefined } = { text: undefined, facts: undefined }

const readRegistrationFacts = (text: string): Facts | undefined => {
  const said = parsed(text)
  return said !== undefined && isCanonical(text, said) ? factsOf(said) : undefined
}

const factsOf = (said: JsonObject): Facts | undefined => {
  const facts = Result.gen(function* () {
    const profile = yield* profileIn(said)
    if ((said["developer_proof"] ?? null) === null) return isSevenFields(said) ? profileFacts(profile) : undefined
    const extras = yield* extrasIn(said, profile.type)
    const developer = yield* developerIn(said, profile.publicKey)
    const home = yield* homeIn(said)
    return {
      ...profileFacts(profile),
      ...extraFacts(extras),
      developer_id: fact(developer.developerId),
      developer_proof: fact({ ...developer.proof }),
      ...(home !== undefined && { home_registry: fact(home) }),
    }
  })
  return Result.getOrUndefined(facts)
}

/** Those of the text that is not kept, because its record says the same. */
const sevenFacts = (record: EntityRecord): Facts | undefined => {
  const said = sevenFieldsOf(record)
  return isPlainJson(said) ? factsOf(said) : undefined
}

/** Exactly the members that the SDKs sign: an update's body may look alike, but names no key. */
const isSevenFields = (said: JsonObject): boolean =>
  ["category", "entity_url", "name", "public_key", "summary", "tags"].every((field) => field in said) &&
  Object.keys(said).length === 6 + Number("entity_type" in said)

/** What an update may set, each with its reading (reference 1.4, PUT; the SDKs also send the endpoint and the OpenAPI URL). */
const changeable: Readonly<Record<string, (said: JsonObject) => Result.Result<Json | undefined, Refusal>>> = {
  name: (said) => someTextIn(said, "name", nameCharactersMax),
  category: (said) => someTextIn(said, "category", categoryCharactersMax),
  tags: tagsIn,
  summary: (said) => textIn(said, "summary", summaryCharactersMax),
  entity_url: (said) => webUrlIn(said, "entity_url"),
  service_endpoint: (said) => webUrlIn(said, "service_endpoint"),
  openapi_url: (said) => linkIn(said, "openapi_url"),
  entity_pricing: pricingIn,
  capability_summary: (said) => detailsIn(said, "capability_summary"),
  codebase_hash: (said) => textIn(said, "codebase_hash", 128),
  ttl: (said) => (Number.isSafeInteger(said["ttl"]) ? Result.succeed(said["ttl"]) : invalid("ttl must be a number of seconds", "ttl")),
  home_registry: homeIn,
  // Sets nothing, but must agree: a text about another key, like a developer's own registration, is no change of this entity.
  public_key: (said) => keyIn(said, "public_key"),
}

/** A member that is there and not null sets its field; the rest of an update says nothing. */
const changeFacts = ({ text }: SignedChange): Facts | undefined => {
  const said = parsed(text)
  if (said === undefined) return undefined
  const facts: Record<string, string> = {}
  for (const [field, read] of Object.entries(changeable)) {
    if ((said[field] ?? null) === null) continue
    const value = read(said)
    if (Result.isFailure(value)) return undefined
    facts[field] = fact(value.success)
  }
  return facts
}

/** Names of the fields that a change sets. */
export const fieldsOf = (change: SignedChange): ReadonlyArray<string> =>
  Object.keys(changeFacts(change) ?? {}).filter((field) => field !== "public_key")

/** What an update's body makes of a record. A member that is empty takes an optional field away. */
export const changedFields = (said: JsonObject, record: EntityRecord): Result.Result<Partial<EntityRecord>, Refusal> =>
  Result.gen(function* () {
    const fields: Record<string, Json | undefined> = {}
    for (const [field, read] of Object.entries(changeable)) {
      if ((said[field] ?? null) === null) continue
      const value = yield* read(said)
      if (field === "public_key") {
        if (value !== record.public_key) return yield* invalid("public_key is another entity's", "public_key")
      } else if (field === "home_registry" && value !== record.home_registry) {
        return yield* invalid("home_registry names another registry", "home_registry")
      } else if (field === "entity_url" && value === "") {
        return yield* invalid("entity_url cannot be empty", "entity_url")
      } else fields[field] = value
    }
    return fields
  })

const parsed = (text: string): JsonObject | undefined => {
  const said = readJson(text)
  return isObject(said) && isPlainJson(said) ? said : undefined
}

/** What facts are about, as it is in a record now. */
const ownFields = (record: EntityRecord): JsonObject => ({
  ...sevenFieldsOf(record),
  service_endpoint: record.service_endpoint,
  openapi_url: record.openapi_url,
  entity_pricing: record.entity_pricing,
  capability_summary: record.capability_summary,
  developer_id: record.developer_id,
  developer_proof: { ...record.developer_proof },
  home_registry: record.home_registry,
  codebase_hash: record.codebase_hash,
  ttl: record.ttl,
})

const profileFacts = (profile: Profile): Facts => ({
  entity_type: fact(profile.type),
  name: fact(profile.name),
  category: fact(profile.category),
  tags: fact(profile.tags),
  summary: fact(profile.summary),
  entity_url: fact(profile.url),
  public_key: fact(profile.publicKey),
})

const extraFacts = (extras: Extras): Facts => ({
  service_endpoint: fact(extras.service_endpoint),
  openapi_url: fact(extras.openapi_url),
  entity_pricing: fact(extras.entity_pricing),
  capability_summary: fact(extras.capability_summary),
})

/** Absent and empty are one (as deployed: an empty member is left out). */
const fact = (value: Json | undefined): string => canonical(value ?? "")
