/**
 * Rows of a deployed node's database (reference 5), and what of each proves itself.
 *
 * A deployed node keeps the last signature that a client sent with a record, and every update replaces or blanks it; so a
 * record proves itself when its signature still covers what it shows. Then it is an entity, a developer or a name like any of
 * ours. Else its registry's word is all there is: the record is said in the deployed dialect (`document.ts`), which claims no
 * more, until its owner signs it again. What a row says that its own key or id contradicts is nothing at all.
 */
import { Result } from "effect"
import type { BoundNameBody } from "../gossip/kinds/name.ts"
import type { Evidence } from "../gossip/kinds/kind.ts"
import type { Json, JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { readDeveloperId, readEntityId, type EntityId, type RegistryId } from "../identity/id.ts"
import { readKey, readSignature, type PublicKey, type Signature } from "../identity/key.ts"
import type { DeveloperRecord } from "../records/developer.ts"
import { readDeveloperRegistration } from "../records/developer-registration.ts"
import type { EntityRecord, EntityStatus } from "../records/entity.ts"
import { readBindingEvidence } from "../records/name-requests.ts"
import { type Handle, readEntityName, readHandle, readHost } from "../records/naming.ts"
import type { Refusal } from "../records/refusal.ts"
import { introducedBy, readRegistration } from "../records/registration.ts"
import { readMoment, type Seconds, secondsOf } from "../time.ts"

/** What a row comes to. `why` continues the sentence "… because". */
export type Judgement<A> =
  | { readonly type: "proven"; readonly value: A }
  | { readonly type: "unproven"; readonly value: A; readonly why: string }
  | { readonly type: "refused"; readonly why: string }

export interface RowContext {
  /** The registry whose rows they are. */
  readonly home: RegistryId
  readonly check: typeof verify
}

const refusal = (why: string) => ({ type: "refused", why }) as const

export const textOf = (row: JsonObject, column: string): string => (typeof row[column] === "string" ? row[column] : "")

/** A time column, in whatever form the database writes it. */
export const timeOf = (row: JsonObject, column: string): Seconds | undefined => {
  const moment = readMoment(textOf(row, column).replace(/([+-]\d\d)$/, "$1:00"))
  return moment === undefined ? undefined : secondsOf(moment)
}

// entities -----------------------------------------------------------------------------------------------------------

export interface EntityRow {
  readonly record: EntityRecord
  /** For who is not known by then. */
  readonly developer: DeveloperRecord
  readonly status: EntityStatus
  readonly lastHeartbeat: Seconds | undefined
}

export const readEntityRow = (row: JsonObject, context: RowContext): Judgement<EntityRow> => {
  const registeredAt = timeOf(row, "registered_at")
  const updatedAt = timeOf(row, "updated_at")
  const key = readKey(textOf(row, "public_key"))
  if (registeredAt === undefined || updatedAt === undefined) return refusal("its times are none")
  if (key === undefined) return refusal("its public key is none")
  const signature = readSignature(textOf(row, "signature"))
  const read = (check: typeof verify) => registrationIn(row, signature, { ...context, check }, registeredAt)
  const strict = read(context.check)
  // the developer's proof has to hold whatever became of the entity's signature
  const lenient = strict.type === "registered" ? strict : read((by, text, said) => by === key || context.check(by, text, said))
  if (lenient.type === "refused") return refusal(lenient.message)
  if (lenient.record.entity_id !== readEntityId(textOf(row, "entity_id"))) return refusal("its id is not that of its key")
  const ttl = Number.isSafeInteger(row["ttl"]) ? (row["ttl"] as number) : lenient.record.ttl
  const record = { ...lenient.record, registered_at: registeredAt, updated_at: Math.max(updatedAt, registeredAt), ttl }
  const about = {
    developer: introducedBy(record),
    status: textOf(row, "status") === "inactive" ? ("inactive" as const) : ("active" as const),
    lastHeartbeat: timeOf(row, "last_heartbeat"),
  }
  if (strict.type === "registered") return { type: "proven", value: { record, ...about } }
  const { signed: _, ...kept } = record
  // shown as it was kept, and nothing rests on it
  const value = { record: { ...kept, signature: textOf(row, "signature") as Signature }, ...about }
  const why =
    signature === undefined ? "an update blanked its signature" : "its signature does not cover what it shows: an update replaced it"
  return { type: "unproven", value, why }
}

/** The request that a row may have come of; who sent no type did not sign one. */
const registrationIn = (row: JsonObject, signature: Signature | undefined, { check, home }: RowContext, at: Seconds) => {
  const { category, developer_id, developer_proof, entity_type, entity_url, name, public_key, summary, tags } = row
  const optional = Object.fromEntries(
    ["service_endpoint", "openapi_url", "entity_pricing"].flatMap((member) => (isEmpty(row[member]) ? [] : [[member, row[member]!]])),
  )
  const body = {
    category,
    developer_id,
    developer_proof,
    entity_url,
    name,
    public_key,
    summary,
    tags: tags ?? [],
    ...optional,
    signature: signature ?? unsigned,
  } as JsonObject
  const typed = readRegistration({ ...body, entity_type: entity_type ?? "agent" }, { home, nowMs: at * 1_000, check })
  if (typed.type === "registered" || (entity_type ?? "agent") !== "agent") return typed
  const untyped = readRegistration(body, { home, nowMs: at * 1_000, check })
  return untyped.type === "registered" ? untyped : typed
}

const isEmpty = (value: Json | undefined): boolean => value === undefined || value === null || value === ""

/** Of the form of a signature, and nobody's. */
const unsigned = `ed25519:${Buffer.alloc(64).toString("base64")}`

// developers and handles ---------------------------------------------------------------------------------------------

export interface DeveloperRow {
  readonly record: DeveloperRecord
  /** No deployed node keeps the signature of a claim. */
  readonly handle: { readonly handle: Handle; readonly verifiedBy: string | undefined } | undefined
}

export const readDeveloperRow = (row: JsonObject, { check, home }: RowContext): Judgement<DeveloperRow> => {
  const registeredAt = timeOf(row, "registered_at")
  const updatedAt = timeOf(row, "updated_at")
  const key = readKey(textOf(row, "public_key"))
  const id = readDeveloperId(textOf(row, "developer_id"))
  if (registeredAt === undefined || updatedAt === undefined) return refusal("its times are none")
  if (key === undefined || id === undefined) return refusal("its id or its key is none")
  const [name, profileUrl, github] = [textOf(row, "name"), textOf(row, "profile_url"), textOf(row, "github")]
  const body = { name, profile_url: profileUrl, github, public_key: textOf(row, "public_key"), signature: textOf(row, "signature") }
  const read = readDeveloperRegistration(body, { home, nowMs: registeredAt * 1_000, check })
  const times = { registered_at: registeredAt, updated_at: Math.max(updatedAt, registeredAt) }
  const handle = readHandle(textOf(row, "dev_handle"))
  const verifiedBy = row["dev_handle_verified"] === true ? textOf(row, "verification_method") : undefined
  const held = handle === undefined ? undefined : { handle, verifiedBy }
  if (read.type === "registered")
    return read.record.developer_id === id
      ? { type: "proven", value: { record: { ...read.record, ...times }, handle: held } }
      : refusal("its id is not that of its key")
  const record = { developer_id: id, name, public_key: key, profile_url: profileUrl, github, home_registry: home, ...times }
  const why = body.signature === "" ? "it never signed its profile, or an update blanked its signature" : whyNot(read)
  return { type: "unproven", value: { record, handle: held }, why }
}

const whyNot = ({ code, message }: Refusal): string =>
  code === "unauthorized" ? "its signature does not cover what it shows: an update replaced it" : message

// names --------------------------------------------------------------------------------------------------------------

export interface NameRow extends Omit<BoundNameBody, "kind" | "action" | "version" | "evidence" | "publicKey"> {
  readonly at: Seconds
  readonly evidence?: Evidence
}

/** A name as it is bound now; `developer` holds its handle. */
export const readNameRow = (
  row: JsonObject,
  { key, record }: { readonly key: PublicKey; readonly record: Pick<DeveloperRecord, "developer_id"> },
  { check, home }: RowContext,
): Judgement<NameRow> => {
  const host = readHost(textOf(row, "registry_host"))
  const handle = readHandle(textOf(row, "developer_handle"))
  const name = readEntityName(textOf(row, "entity_name"))
  const entityId: EntityId | undefined = readEntityId(textOf(row, "entity_id"))
  const at = timeOf(row, "updated_at") ?? timeOf(row, "registered_at")
  if (host === undefined || handle === undefined || name === undefined) return refusal("it is no name here")
  if (entityId === undefined || at === undefined) return refusal("what it means, or since when, is none")
  const tags = Array.isArray(row["capability_tags"]) ? row["capability_tags"].filter((tag): tag is string => typeof tag === "string") : []
  const bound = { host, handle, name, developerId: record.developer_id, entityId, label: textOf(row, "current_version"), tags }
  const request = { entity_id: textOf(row, "entity_id"), signature: textOf(row, "signature") }
  const evidence = readBindingEvidence(request, { ...bound, action: "bind", version: 1, publicKey: key }, home, check)
  if (evidence.type === "evidence")
    return { type: "proven", value: { ...bound, at, evidence: { text: evidence.text, signature: evidence.signature } } }
  return { type: "unproven", value: { ...bound, at }, why: "its developer did not sign this binding: it is known here and told to nobody" }
}

// deletions ----------------------------------------------------------------------------------------------------------

/** Signed by the registry's own key, over the id. */
export const readTombstoneRow = (
  row: JsonObject,
  ownKey: PublicKey,
  check: typeof verify,
): Judgement<{ readonly entityId: EntityId; readonly at: Seconds }> =>
  Result.merge(
    Result.gen(function* () {
      const text = textOf(row, "entity_id")
      const entityId = readEntityId(text)
      const at = timeOf(row, "created_at")
      const signature = readSignature(textOf(row, "signature"))
      if (entityId === undefined || at === undefined) return yield* Result.fail(refusal("its id or its time is none"))
      if (signature === undefined || !check(ownKey, text, signature)) return yield* Result.fail(refusal("this registry did not sign it"))
      return { type: "proven" as const, value: { entityId, at } }
    }),
  )
