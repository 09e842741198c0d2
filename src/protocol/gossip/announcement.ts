/**
 * Announcements: signed statements of a registry that gossip spreads (mesh page, "Gossip protocol"; registry page,
 * "Announcement types").
 *
 * An announcement travels as the JSON document that its origin signed, unchanged: canonical JSON without `signature`; the
 * hop count stays outside, because it changes on the way (ruled). Trust grows with the type:
 *
 *     document (JSON) ──read──► Announcement ──verify──► VerifiedAnnouncement
 *        shape, ids agree          origin's signature, and the party entitled said so (authority.ts)
 */
import { Result, Schema } from "effect"
import { canonical, canonicalWithout, type Json, type JsonObject } from "../identity/canonical-json.ts"
import { sha256 } from "../identity/digest.ts"
import {
  type DeveloperId,
  EntityIdText,
  type EntityId,
  fromHash,
  hexOf,
  idOf,
  isIdOf,
  onWire,
  readEntityId,
  readRegistryId,
  type RegistryId,
  RegistryIdText,
} from "../identity/id.ts"
import { type PublicKey, readKey, readSignature, type Signature } from "../identity/key.ts"
import type { DeveloperProof } from "../identity/derivation.ts"
import type { EntityRecord } from "../records/entity.ts"
import { EntityDocument, readEntityDocument, writeEntityDocument } from "../records/entity-document.ts"
import { isPlainJson } from "../records/plain-json.ts"
import { DeveloperProofDocument, readProofDocument } from "../records/proof-document.ts"
import { type HomeProof, homeProofOf, isHomeSigned } from "../records/registration.ts"
import type { Slot } from "../records/slots.ts"
import { signedTextCharactersMax } from "../limits.ts"
import { readTime, type Seconds, writeTime } from "../time.ts"

/** 32 hex digits: the start of a SHA-256 over what the announcement says, whatever form it was signed in (ruled). */
export type AnnouncementId = string & { readonly AnnouncementId: unique symbol }

/** What is said about an entity. */
export type Body =
  | { readonly kind: "entity"; readonly action: EntityAction; readonly record: EntityRecord }
  | {
      readonly kind: "tombstone"
      readonly entityId: EntityId
      readonly proof: DeletionProof
      /** The entity signed that this registry was its home. */
      readonly homeProof?: HomeProof
      readonly registeredAt: Seconds
      readonly reason: string
    }

export type EntityAction = "register" | "update"

/** The entity's own key, or its developer's, signed the entity id (reference 1.4, DELETE). */
export interface DeletionProof {
  readonly by: "entity" | "developer"
  /** The text that was signed: the id in the spelling that the client used. */
  readonly text: string
  readonly signature: Signature
  readonly publicKey: PublicKey
  readonly developerProof: DeveloperProof
}

/** Read, not yet believed. Also a slot: what one registry last said about one subject. */
export interface Announcement extends Slot {
  readonly id: AnnouncementId
  readonly document: JsonObject
  readonly type: AnnouncementType
  readonly subject: string
  readonly origin: RegistryId
  readonly originKey: PublicKey
  readonly body: Body
}

/** Its origin signed it, and was entitled to. Comes out of `authority.ts` and of our own signing only. */
export type VerifiedAnnouncement = Announcement & { readonly verified: unique symbol }

export type AnnouncementType = "agent_announce" | "service_announce" | "tombstone"

/** An announcement as it travels: how many nodes have forwarded it. */
export interface Envelope {
  readonly announcement: VerifiedAnnouncement
  readonly hopCount: number
}

// the documents ------------------------------------------------------------------------------------------------------

const head = {
  registry_id: RegistryIdText,
  origin_public_key: Schema.String,
  timestamp: Schema.String,
  signature: Schema.String,
}
const EntityAnnouncement = Schema.Struct({
  ...head,
  type: Schema.Literals(["agent_announce", "service_announce"]),
  action: Schema.Literals(["register", "update"]),
  record: EntityDocument,
})
const TombstoneAnnouncement = Schema.Struct({
  ...head,
  type: Schema.Literal("tombstone"),
  entity_id: EntityIdText,
  registered_at: Schema.String,
  reason: Schema.String.check(Schema.isMaxLength(64)),
  public_key: Schema.String,
  developer_proof: DeveloperProofDocument,
  evidence: Schema.Struct({
    by: Schema.Literals(["entity", "developer"]),
    text: Schema.String.check(Schema.isMaxLength(64)),
    signature: Schema.String,
  }),
  home_proof: Schema.optionalKey(
    Schema.Struct({ text: Schema.String.check(Schema.isMaxLength(2 * signedTextCharactersMax)), signature: Schema.String }),
  ),
})
const decodeEntity = Schema.decodeUnknownResult(EntityAnnouncement)
const decodeTombstone = Schema.decodeUnknownResult(TombstoneAnnouncement)

export type Malformed = { readonly type: "malformed"; readonly why: string }
const malformed = (why: string): Malformed => ({ type: "malformed", why })
const isMalformed = (value: object): value is Malformed => "type" in value && value.type === "malformed"

/** Reads a document that came from a peer or from the store. Believes nothing of it. */
export const read = (document: JsonObject): Announcement | Malformed => {
  if (!isPlainJson(document)) return malformed("nested too deep, or not plain")
  return document["type"] === "tombstone" ? readTombstone(document) : readEntity(document)
}

const readEntity = (document: JsonObject): Announcement | Malformed => {
  const decoded = decodeEntity(document)
  if (Result.isFailure(decoded)) return malformed("not an announcement")
  const said = decoded.success
  const common = readHead(document, said)
  if (isMalformed(common)) return common
  const record = readEntityDocument(said.record, common.origin)
  if (record === undefined) return malformed("record")
  if (said.type !== typeOf(record)) return malformed("type and id disagree")
  if (record.updated_at > common.at) return malformed("record is later than its announcement")
  const body: Body = { kind: "entity", action: said.action, record }
  return finish({
    ...common,
    type: said.type,
    subject: record.entity_id,
    isTombstone: false,
    registeredAt: record.registered_at,
    homeIsSigned: isHomeSigned(record),
    body,
  })
}

const readTombstone = (document: JsonObject): Announcement | Malformed => {
  const decoded = decodeTombstone(document)
  if (Result.isFailure(decoded)) return malformed("not an announcement")
  const said = decoded.success
  const common = readHead(document, said)
  if (isMalformed(common)) return common
  const entityId = readEntityId(said.entity_id)!
  const registeredAt = readTime(said.registered_at)
  const publicKey = readKey(said.public_key)
  const signature = readSignature(said.evidence.signature)
  const developerProof = readProofDocument(said.developer_proof)
  const homeSignature = said.home_proof === undefined ? undefined : readSignature(said.home_proof.signature)
  if (registeredAt === undefined || publicKey === undefined || signature === undefined || developerProof === undefined)
    return malformed("tombstone")
  if (said.home_proof !== undefined && homeSignature === undefined) return malformed("tombstone")
  if (!isIdOf(entityId, publicKey)) return malformed("id and key disagree")
  const proof: DeletionProof = { by: said.evidence.by, text: said.evidence.text, signature, publicKey, developerProof }
  const homeProof = homeSignature === undefined ? undefined : { text: said.home_proof!.text, signature: homeSignature }
  const body: Body = {
    kind: "tombstone",
    entityId,
    proof,
    ...(homeProof !== undefined && { homeProof }),
    registeredAt,
    reason: said.reason,
  }
  return finish({
    ...common,
    type: "tombstone",
    subject: entityId,
    isTombstone: true,
    registeredAt,
    homeIsSigned: homeProof !== undefined,
    body,
  })
}

interface Head {
  readonly document: JsonObject
  readonly origin: RegistryId
  readonly originKey: PublicKey
  readonly at: Seconds
}

const readHead = (
  document: JsonObject,
  said: { readonly registry_id: string; readonly origin_public_key: string; readonly timestamp: string; readonly signature: string },
): Head | Malformed => {
  const origin = readRegistryId(said.registry_id)!
  const originKey = readKey(said.origin_public_key)
  const at = readTime(said.timestamp)
  if (originKey === undefined || at === undefined || readSignature(said.signature) === undefined) return malformed("key, time or signature")
  return isIdOf(origin, originKey) ? { document, origin, originKey, at } : malformed("registry id and key disagree")
}

const finish = (announcement: Omit<Announcement, "id">): Announcement => ({ ...announcement, id: idOfContent(announcement) })

/** The id: a digest over what both dialects can carry. */
const idOfContent = ({ type, body, at, originKey }: Omit<Announcement, "id">): AnnouncementId =>
  hexOf(fromHash("agent", sha256(canonical([type, ...contentOf(body), at, originKey])))) as AnnouncementId

const contentOf = (body: Body): ReadonlyArray<Json> => {
  if (body.kind === "tombstone") return ["deregister", body.entityId]
  const r = body.record
  return [
    body.action,
    r.entity_id,
    r.name,
    r.category,
    r.tags,
    r.summary,
    r.entity_url,
    r.service_endpoint ?? "",
    r.openapi_url ?? "",
    r.entity_pricing ?? null,
    r.developer_id,
    r.developer_proof.developer_public_key,
    r.developer_proof.entity_index,
  ]
}

/** Whose developer's word it is (`records/slots.ts`): of a tombstone that the entity's own key asked for, nobody's. */
export const developerOf = ({ body }: Announcement): DeveloperId | undefined => {
  if (body.kind === "entity") return body.record.developer_id
  return body.proof.by === "entity" ? undefined : idOf("developer", body.proof.developerProof.developer_public_key)
}

export const typeOf = (record: EntityRecord): "agent_announce" | "service_announce" =>
  record.entity_type === "service" ? "service_announce" : "agent_announce"

// making our own -----------------------------------------------------------------------------------------------------

/** The key that speaks for a registry. */
export interface Origin {
  readonly registryId: RegistryId
  readonly publicKey: PublicKey
  readonly sign: (message: string) => Signature
}

/** Announces a record of ours. `at` is later than anything we said about it before. */
export const announceEntity = (origin: Origin, action: EntityAction, record: EntityRecord, at: Seconds): VerifiedAnnouncement =>
  signed(origin, at, { type: typeOf(record), action, record: writeEntityDocument(record) })

/** Announces that a record of ours is gone, as its owner asked. */
export const announceTombstone = (
  origin: Origin,
  record: EntityRecord,
  proof: Pick<DeletionProof, "by" | "text" | "signature">,
  reason: string,
  at: Seconds,
): VerifiedAnnouncement => {
  const homeProof = homeProofOf(record)
  return signed(origin, at, {
    type: "tombstone",
    entity_id: onWire(record.entity_id),
    registered_at: writeTime(record.registered_at),
    reason,
    public_key: record.public_key,
    developer_proof: { ...record.developer_proof },
    evidence: { ...proof },
    ...(homeProof !== undefined && { home_proof: { ...homeProof } }),
  })
}

const signed = (origin: Origin, at: Seconds, said: JsonObject): VerifiedAnnouncement => {
  const unsigned: JsonObject = {
    ...said,
    registry_id: onWire(origin.registryId),
    origin_public_key: origin.publicKey,
    timestamp: writeTime(at),
  }
  const announcement = read({ ...unsigned, signature: origin.sign(canonical(unsigned)) })
  if (isMalformed(announcement)) throw new Error(`we made an announcement that we cannot read: ${announcement.why}`)
  return announcement as VerifiedAnnouncement
}

/** The bytes its origin signed, as text. */
export const signedText = (document: JsonObject): string => canonicalWithout(document, "signature")
