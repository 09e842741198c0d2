/**
 * `tombstone`: an entity or a developer is gone (registry page: "suppresses re-propagation of its record").
 *
 * The owner's signature ends what is registered, whoever claims it. A registry may also say by its own word alone that it
 * does not hold a record any more: that ends its own claim and hides nobody else's (ruled: a home that is offered a record
 * of its own which it does not hold announces the tombstone again).
 */
import { Schema } from "effect"
import type { JsonObject } from "../../identity/canonical-json.ts"
import type { DeveloperProof } from "../../identity/derivation.ts"
import {
  type DeveloperId,
  DeveloperIdText,
  type EntityId,
  EntityIdText,
  idOf,
  isIdOf,
  onWire,
  readDeveloperId,
  readEntityId,
} from "../../identity/id.ts"
import { type PublicKey, readKey, readSignature, type Signature } from "../../identity/key.ts"
import { deletionProofHolds } from "../../records/deletion.ts"
import type { DeveloperRecord } from "../../records/developer.ts"
import { developerTextHolds, registrationTextOf } from "../../records/developer-registration.ts"
import type { EntityRecord } from "../../records/entity.ts"
import { DeveloperProofDocument, readProofDocument } from "../../records/proof-document.ts"
import { type HomeProof, homeProofHolds, homeProofOf } from "../../records/registration.ts"
import { deletionTextCharactersMax } from "../../limits.ts"
import { readTime, type Seconds, writeTime } from "../../time.ts"
import { type Evidence, EvidenceDocument, type Kind, type Malformed, malformed, readerOf, readEvidence, type Statement } from "./kind.ts"

/** The entity's own key, or its developer's, signed the entity id (reference 1.4, DELETE). */
export interface DeletionProof {
  readonly by: "entity" | "developer"
  /** The text that was signed: the id in the spelling that the client used, or that with a time (`records/ratchet.ts`). */
  readonly text: string
  readonly signature: Signature
  readonly publicKey: PublicKey
  readonly developerProof: DeveloperProof
}

export interface EntityTombstone {
  readonly kind: "tombstone"
  readonly entityId: EntityId
  /** `""` where it was said in the deployed dialect, which shows none; here and below. */
  readonly publicKey: PublicKey | ""
  /** Absent: the registry's own word. */
  readonly proof?: DeletionProof
  /** The entity signed that this registry was its home. */
  readonly homeProof?: HomeProof
  readonly registeredAt: Seconds
  readonly reason: string
}

export interface DeveloperTombstone {
  readonly kind: "developer-tombstone"
  readonly developerId: DeveloperId
  readonly publicKey: PublicKey | ""
  /** The developer's signature over its id. Absent: the registry's own word. */
  readonly proof?: Evidence
  /** A profile that the developer signed: what makes the tombstone weigh what its record did. */
  readonly profile?: Evidence
  readonly registeredAt: Seconds
  readonly reason: string
}

export type TombstoneBody = EntityTombstone | DeveloperTombstone

const common = {
  registered_at: Schema.String,
  reason: Schema.String.check(Schema.isMaxLength(64)),
  public_key: Schema.String,
}
const ofEntity = readerOf(
  Schema.Struct({
    ...common,
    entity_id: EntityIdText,
    developer_proof: Schema.optionalKey(DeveloperProofDocument),
    evidence: Schema.optionalKey(
      Schema.Struct({
        by: Schema.Literals(["entity", "developer"]),
        text: Schema.String.check(Schema.isMaxLength(deletionTextCharactersMax)),
        signature: Schema.String,
      }),
    ),
    home_proof: Schema.optionalKey(EvidenceDocument),
  }),
)
const ofDeveloper = readerOf(
  Schema.Struct({
    ...common,
    developer_id: DeveloperIdText,
    evidence: Schema.optionalKey(EvidenceDocument),
    profile: Schema.optionalKey(EvidenceDocument),
  }),
)

export const tombstone: Kind<TombstoneBody> = {
  read: (document) => ("developer_id" in document ? readOfDeveloper(document) : readOfEntity(document)),
  contentOf: (body) => ["deregister", body.kind === "tombstone" ? body.entityId : body.developerId],
  isEntitled: (body, { origin }, check) => {
    const { publicKey } = body
    // a registry's own word, in the deployed dialect
    if (publicKey === "") return body.proof === undefined && (body.kind === "tombstone" ? body.homeProof : body.profile) === undefined
    if (body.kind === "tombstone")
      return (
        (body.proof === undefined || deletionProofHolds(body.proof, body.entityId, origin, check)) &&
        (body.homeProof === undefined || homeProofHolds(body.homeProof, publicKey, origin, check))
      )
    return (
      (body.proof === undefined ||
        (readDeveloperId(body.proof.text) === body.developerId && check(publicKey, body.proof.text, body.proof.signature))) &&
      (body.profile === undefined || developerTextHolds(body.profile, publicKey, check))
    )
  },
}

const readOfEntity = (document: JsonObject): Statement<TombstoneBody> | Malformed => {
  const said = ofEntity(document)
  if (said === undefined) return malformed("not an announcement")
  const entityId = readEntityId(said.entity_id)!
  const registeredAt = readTime(said.registered_at)
  const publicKey = readKey(said.public_key)
  const homeProof = said.home_proof === undefined ? undefined : readEvidence(said.home_proof)
  if (registeredAt === undefined || publicKey === undefined) return malformed("tombstone")
  if (said.home_proof !== undefined && homeProof === undefined) return malformed("tombstone")
  if (!isIdOf(entityId, publicKey)) return malformed("id and key disagree")
  const proof = said.evidence === undefined ? undefined : deletionProofIn(said.evidence, publicKey, said.developer_proof)
  if (said.evidence !== undefined && proof === undefined) return malformed("tombstone")
  return {
    subject: entityId,
    isTombstone: true,
    registeredAt,
    homeIsSigned: homeProof !== undefined,
    ...(proof === undefined && { isOwnWord: true }),
    body: {
      kind: "tombstone",
      entityId,
      publicKey,
      ...(proof !== undefined && { proof }),
      ...(homeProof !== undefined && { homeProof }),
      registeredAt,
      reason: said.reason,
    },
  }
}

const deletionProofIn = (
  said: { readonly by: "entity" | "developer"; readonly text: string; readonly signature: string },
  publicKey: PublicKey,
  proof: typeof DeveloperProofDocument.Type | undefined,
): DeletionProof | undefined => {
  const signature = readSignature(said.signature)
  const developerProof = proof === undefined ? undefined : readProofDocument(proof)
  return signature === undefined || developerProof === undefined
    ? undefined
    : { by: said.by, text: said.text, signature, publicKey, developerProof }
}

const readOfDeveloper = (document: JsonObject): Statement<TombstoneBody> | Malformed => {
  const said = ofDeveloper(document)
  if (said === undefined) return malformed("not an announcement")
  const developerId = readDeveloperId(said.developer_id)!
  const registeredAt = readTime(said.registered_at)
  const publicKey = readKey(said.public_key)
  const proof = said.evidence === undefined ? undefined : readEvidence(said.evidence)
  const profile = said.profile === undefined ? undefined : readEvidence(said.profile)
  if (registeredAt === undefined || publicKey === undefined) return malformed("tombstone")
  if ((said.evidence !== undefined && proof === undefined) || (said.profile !== undefined && profile === undefined))
    return malformed("tombstone")
  if (!isIdOf(developerId, publicKey)) return malformed("id and key disagree")
  return {
    subject: developerId,
    isTombstone: true,
    registeredAt,
    homeIsSigned: proof !== undefined || profile !== undefined,
    ...(proof === undefined && { isOwnWord: true }),
    body: {
      kind: "developer-tombstone",
      developerId,
      publicKey,
      ...(proof !== undefined && { proof }),
      ...(profile !== undefined && { profile }),
      registeredAt,
      reason: said.reason,
    },
  }
}

/** Whose developer's word a tombstone is: of one that the owner's own key asked for, nobody's. */
export const developerBehind = (body: TombstoneBody): DeveloperId | undefined =>
  body.kind === "tombstone" && body.proof?.by === "developer"
    ? idOf("developer", body.proof.developerProof.developer_public_key)
    : undefined

/** Without a proof: the registry's own word. */
export const entityTombstoneDocument = (
  record: EntityRecord,
  proof: Pick<DeletionProof, "by" | "text" | "signature"> | undefined,
  reason: string,
): JsonObject => {
  const homeProof = homeProofOf(record)
  return {
    type: "tombstone",
    entity_id: onWire(record.entity_id),
    registered_at: writeTime(record.registered_at),
    reason,
    public_key: record.public_key,
    ...(proof !== undefined && { developer_proof: { ...record.developer_proof }, evidence: { ...proof } }),
    ...(homeProof !== undefined && { home_proof: { ...homeProof } }),
  }
}

/** The same of a developer; its proof is its signature over its id. */
export const developerTombstoneDocument = (record: DeveloperRecord, proof: Evidence | undefined, reason: string): JsonObject => {
  const profile = registrationTextOf(record)
  return {
    type: "tombstone",
    developer_id: onWire(record.developer_id),
    registered_at: writeTime(record.registered_at),
    reason,
    public_key: record.public_key,
    ...(proof !== undefined && { evidence: { ...proof } }),
    ...(profile !== undefined && { profile: { ...profile } }),
  }
}
