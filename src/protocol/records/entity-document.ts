/** An entity's record as it travels inside an announcement: wire spelling of ids and times, absent fields left out. */
import { Schema } from "effect"
import type { JsonObject } from "../identity/canonical-json.ts"
import { isIdOf, onWire, readDeveloperId, readEntityId, type RegistryId } from "../identity/id.ts"
import { readKey, readSignature } from "../identity/key.ts"
import {
  categoryCharactersMax,
  nameCharactersMax,
  signedTextCharactersMax,
  summaryCharactersMax,
  tagCharactersMax,
  tagsMax,
  urlCharactersMax,
} from "../limits.ts"
import { readTime, writeTime } from "../time.ts"
import type { EntityRecord, SignedChange } from "./entity.ts"
import { DeveloperProofDocument, readProofDocument } from "./proof-document.ts"

/** Characters are code points; JavaScript counts those beyond U+FFFF twice, hence the factor. The exact count is the registration's. */
const text = (charactersMax: number) => Schema.String.check(Schema.isMaxLength(2 * charactersMax))
const Object_ = Schema.Record(Schema.String, Schema.Json)

export const EntityDocument = Schema.Struct({
  entity_id: Schema.String,
  name: text(nameCharactersMax),
  category: text(categoryCharactersMax),
  tags: Schema.Array(text(tagCharactersMax)).check(Schema.isMaxLength(tagsMax)),
  summary: text(summaryCharactersMax),
  entity_url: text(urlCharactersMax),
  public_key: Schema.String,
  developer_id: Schema.String,
  developer_proof: DeveloperProofDocument,
  service_endpoint: Schema.optionalKey(text(urlCharactersMax)),
  openapi_url: Schema.optionalKey(text(urlCharactersMax)),
  entity_pricing: Schema.optionalKey(Object_),
  capability_summary: Schema.optionalKey(Object_),
  codebase_hash: Schema.optionalKey(text(128)),
  registered_at: Schema.String,
  updated_at: Schema.String,
  ttl: Schema.Int,
  signature: Schema.String,
  signed: Schema.optionalKey(text(signedTextCharactersMax)),
  changes: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({ by: Schema.Literals(["entity", "developer"]), text: text(signedTextCharactersMax), signature: Schema.String }),
    ).check(Schema.isMaxLength(16)),
  ),
})

/** In canonical order, so that what is signed of it is written at once. */
export const writeEntityDocument = (record: EntityRecord): JsonObject => ({
  ...(record.capability_summary !== undefined && { capability_summary: record.capability_summary }),
  category: record.category,
  ...(record.changes.length > 0 && { changes: record.changes.map((change) => ({ ...change })) }),
  ...(record.codebase_hash !== undefined && { codebase_hash: record.codebase_hash }),
  developer_id: onWire(record.developer_id),
  developer_proof: {
    developer_public_key: record.developer_proof.developer_public_key,
    developer_signature: record.developer_proof.developer_signature,
    entity_index: record.developer_proof.entity_index,
  },
  entity_id: onWire(record.entity_id),
  ...(record.entity_pricing !== undefined && { entity_pricing: record.entity_pricing }),
  entity_url: record.entity_url,
  name: record.name,
  ...(record.openapi_url !== undefined && { openapi_url: record.openapi_url }),
  public_key: record.public_key,
  registered_at: writeTime(record.registered_at),
  ...(record.service_endpoint !== undefined && { service_endpoint: record.service_endpoint }),
  signature: record.signature,
  ...(record.signed !== undefined && { signed: record.signed }),
  summary: record.summary,
  tags: record.tags,
  ttl: record.ttl,
  updated_at: writeTime(record.updated_at),
})

/** `undefined` when an id, key, time or signature in it is none, or the id is not the key's. */
export const readEntityDocument = (said: typeof EntityDocument.Type, home: RegistryId): EntityRecord | undefined => {
  const entityId = readEntityId(said.entity_id)
  const developerId = readDeveloperId(said.developer_id)
  const publicKey = readKey(said.public_key)
  const signature = readSignature(said.signature)
  const proof = readProofDocument(said.developer_proof)
  const registeredAt = readTime(said.registered_at)
  const updatedAt = readTime(said.updated_at)
  const changes = readChanges(said.changes ?? [])
  if (
    entityId === undefined ||
    developerId === undefined ||
    publicKey === undefined ||
    signature === undefined ||
    proof === undefined ||
    registeredAt === undefined ||
    updatedAt === undefined ||
    changes === undefined
  )
    return undefined
  if (!isIdOf(entityId, publicKey) || !isIdOf(developerId, proof.developer_public_key) || updatedAt < registeredAt) return undefined
  return {
    entity_id: entityId,
    entity_type: entityId.startsWith("zns:svc:") ? "service" : "agent",
    name: said.name,
    category: said.category,
    tags: said.tags,
    summary: said.summary,
    entity_url: said.entity_url,
    public_key: publicKey,
    developer_id: developerId,
    developer_proof: proof,
    ...(said.service_endpoint !== undefined && { service_endpoint: said.service_endpoint }),
    ...(said.openapi_url !== undefined && { openapi_url: said.openapi_url }),
    ...(said.entity_pricing !== undefined && { entity_pricing: said.entity_pricing }),
    ...(said.capability_summary !== undefined && { capability_summary: said.capability_summary }),
    ...(said.codebase_hash !== undefined && { codebase_hash: said.codebase_hash }),
    home_registry: home,
    registered_at: registeredAt,
    updated_at: updatedAt,
    ttl: said.ttl,
    signature,
    ...(said.signed !== undefined && { signed: said.signed }),
    changes,
  }
}

const readChanges = (
  said: ReadonlyArray<{ readonly by: "entity" | "developer"; readonly text: string; readonly signature: string }>,
): ReadonlyArray<SignedChange> | undefined => {
  const changes = said.map(({ by, text, signature }) => ({ by, text, signature: readSignature(signature) }))
  return changes.every((change): change is SignedChange => change.signature !== undefined) ? changes : undefined
}
