/**
 * Announcements: signed statements of a registry that gossip spreads (mesh page, "Gossip protocol"; registry page,
 * "Announcement types"). What can be said is in `kinds/`, one file a kind.
 *
 * An announcement travels as the JSON document that its origin signed, unchanged: canonical JSON without `signature`; the
 * hop count stays outside, because it changes on the way (ruled). Trust grows with the type:
 *
 *     document (JSON) ──read──► Announcement ──verify──► VerifiedAnnouncement
 *        shape, ids agree          origin's signature, and the party entitled said so (authority.ts)
 */
import { canonical, canonicalWithout, inOrder, type Json, type JsonObject } from "../identity/canonical-json.ts"
import { sha256 } from "../identity/digest.ts"
import { type DeveloperId, type EntityId, fromHash, hexOf, isIdOf, onWire, readRegistryId, type RegistryId } from "../identity/id.ts"
import { type PublicKey, readKey, readSignature, type Signature } from "../identity/key.ts"
import { type BareDocument, isBareDocument, readBareDocument } from "../agentdns/document.ts"
import { formOf } from "../agentdns/form.ts"
import { signedText as signedGoText } from "../agentdns/go-announcement.ts"
import { meaningOf } from "../agentdns/meaning.ts"
import type { DeveloperRecord } from "../records/developer.ts"
import type { BareRecord, EntityRecord } from "../records/entity.ts"
import { isPlainJson } from "../records/plain-json.ts"
import type { Slot } from "../records/slots.ts"
import { readTime, type Seconds, writeTime } from "../time.ts"
import { attestationDocument, type Observation } from "./kinds/attestation.ts"
import { type DeveloperAction, developerDocument, type Introduction } from "./kinds/developer.ts"
import { type EntityAction, entityDocument } from "./kinds/entity.ts"
import { type HandleBody, handleDocument } from "./kinds/handle.ts"
import { type Evidence, type Head, isMalformed, type Malformed, malformed } from "./kinds/kind.ts"
import { type AnnouncementType, type Body, isType, kindOf } from "./kinds/kinds.ts"
import { isPrivate, type NameBody, nameDocument } from "./kinds/name.ts"
import { makeProof, type ProofFacts, proofDocument } from "./kinds/proof.ts"
import { type SaidStatus, statusDocument } from "./kinds/status.ts"
import { type DeletionProof, developerBehind, developerTombstoneDocument, entityTombstoneDocument } from "./kinds/tombstone.ts"

export type { AnnouncementType, Body } from "./kinds/kinds.ts"
export type { EntityAction } from "./kinds/entity.ts"
export type { Evidence, Malformed } from "./kinds/kind.ts"
export type { DeletionProof } from "./kinds/tombstone.ts"
export { typeOf } from "./kinds/entity.ts"

/**
 * What gossip is deduplicated by: 32 hex digits, the start of a SHA-256 over what both dialects can carry of it, so that one
 * announcement in two forms is one (ruled).
 */
export type ContentId = string & { readonly ContentId: unique symbol }

/**
 * What stores keep it by, the last word in its order, and what nodes compare: 32 hex digits, the start of a SHA-256 over its
 * content id and its signature. So two documents that say the same, in two forms or by a liar, are told apart, and all
 * nodes end with the same one.
 */
export type AnnouncementId = string & { readonly AnnouncementId: unique symbol }

/** Read, not yet believed. Also a slot: what one registry last said about one subject. */
export interface Announcement extends Slot {
  readonly id: AnnouncementId
  readonly contentId: ContentId
  readonly document: JsonObject
  readonly type: AnnouncementType
  readonly subject: string
  readonly origin: RegistryId
  readonly originKey: PublicKey
  readonly body: Body
}

/** Its origin signed it, and was entitled to. Comes out of `authority.ts` and of our own signing only. */
export type VerifiedAnnouncement = Announcement & { readonly verified: unique symbol }

/** An announcement as it travels: how many nodes have forwarded it. */
export interface Envelope {
  readonly announcement: VerifiedAnnouncement
  readonly hopCount: number
}

/** Reads a document that came from a peer or from the store. Believes nothing of it. */
export const read = (document: JsonObject): Announcement | Malformed => {
  if (!isPlainJson(document)) return malformed("nested too deep, or not plain")
  if (isBareDocument(document)) return readBare(document)
  const type = document["type"]
  if (!isType(type)) return malformed("not an announcement")
  const read = readHead(document)
  if (isMalformed(read)) return read
  const { signature, ...head } = read
  const kind = kindOf(type)
  const statement = kind.read(document, head)
  if (isMalformed(statement)) return statement
  const contentId = idOf(type, ...kind.contentOf(statement.body), head.at, head.originKey) as ContentId
  return { document, type, ...head, ...statement, contentId, id: idOf(contentId, signature) as AnnouncementId }
}

/** One that its origin said in the deployed dialect. */
const readBare = (document: BareDocument): Announcement | Malformed => {
  const read = readBareDocument(document)
  if (isMalformed(read)) return read
  const { said, signature, ...head } = read
  const meaning = meaningOf(said, head)
  if (isMalformed(meaning)) return meaning
  const contentId = idOf(meaning.type, ...kindOf(meaning.type).contentOf(meaning.body), head.at, head.originKey) as ContentId
  return { document, ...head, ...meaning, contentId, id: idOf(contentId, signature) as AnnouncementId }
}

const readHead = (document: JsonObject): (Head & { readonly signature: Signature }) | Malformed => {
  const { origin_public_key, registry_id, signature, timestamp } = document
  if (!isText(registry_id) || !isText(origin_public_key) || !isText(timestamp) || !isText(signature))
    return malformed("not an announcement")
  const origin = readRegistryId(registry_id)
  if (origin === undefined) return malformed("not an announcement")
  const originKey = readKey(origin_public_key)
  const at = readTime(timestamp)
  const signed = readSignature(signature)
  if (originKey === undefined || at === undefined || signed === undefined) return malformed("key, time or signature")
  return isIdOf(origin, originKey) ? { origin, originKey, at, signature: signed } : malformed("registry id and key disagree")
}

const isText = (value: unknown): value is string => typeof value === "string"

const idOf = (...content: ReadonlyArray<Json>): string => hexOf(fromHash("agent", sha256(canonical(content))))

/**
 * Whose developer's word it is (`records/slots.ts`): a record's developer; of a tombstone that the owner's own key asked
 * for, nobody's.
 */
export const developerOf = ({ body }: Announcement): DeveloperId | undefined => {
  switch (body.kind) {
    case "entity":
    case "developer":
      return body.record.developer_id
    case "bare-entity":
      return body.record.developer_id === "" ? undefined : body.record.developer_id
    case "tombstone":
    case "developer-tombstone":
      return developerBehind(body)
    case "status":
    case "handle":
    case "name":
    case "proof":
    case "attestation":
      return undefined
  }
}

/** The entity that an announcement is about, where what is shown of it may change. */
export const entityOf = ({ body }: Announcement): EntityId | undefined => {
  if (body.kind === "entity" || body.kind === "bare-entity") return body.record.entity_id
  return body.kind === "tombstone" || body.kind === "status" ? body.entityId : undefined
}

/** What an announcement says that an entity is, proven or not. */
export const recordIn = ({ body }: Announcement): EntityRecord | BareRecord | undefined =>
  body.kind === "entity" || body.kind === "bare-entity" ? body.record : undefined

// making our own -----------------------------------------------------------------------------------------------------

/** The key that speaks for a registry. */
export interface Origin {
  readonly registryId: RegistryId
  readonly publicKey: PublicKey
  readonly sign: (message: string) => Signature
  /** Whether what it says is signed for deployed nodes, too. */
  readonly signsDeployed?: boolean
}

/**
 * Our signature over the deployed form of an announcement of ours (`protocol/agentdns/form.ts`), so that any node of ours can
 * hand it to a deployed one. It is among the members that we sign: nobody can take it away, add or change it without making
 * another document of it, one that does not verify. So all who hold the announcement hold the same, under one id.
 */
export interface SecondForm extends JsonObject {
  readonly signature: Signature
  /** Of the developer whom it is about, where that form names it and ours does not. */
  readonly name?: string
}

/** What lacks only a signature: the origin's over `text`. */
export interface Draft<A> {
  readonly text: string
  readonly signedWith: (signature: Signature) => A
}

/** Announces a record of ours. `at` is later than anything we said about it before, here and below. */
export const announceEntity = (origin: Origin, action: EntityAction, record: EntityRecord, at: Seconds): VerifiedAnnouncement =>
  signed(origin, at, entityDocument(action, record))

/** The same, to be signed by whoever has the time; the second form before it, where there shall be one. */
export const draftEntity = (
  origin: Omit<Origin, "sign">,
  action: EntityAction,
  record: EntityRecord,
  at: Seconds,
  second?: SecondForm,
): Draft<VerifiedAnnouncement> => drafted(unsignedOf(origin, at, entityDocument(action, record)), second)

/** `undefined` where nobody shall have it. */
export const draftSecondForm = (
  origin: Omit<Origin, "sign">,
  action: EntityAction,
  record: EntityRecord,
  at: Seconds,
): Draft<SecondForm> | undefined => {
  const text = deployedText(origin, at, unsignedOf(origin, at, entityDocument(action, record)), "")
  return text === undefined ? undefined : { text, signedWith: (signature) => ({ signature }) }
}

/** Announces that a record of ours is gone, as its owner asked; without a proof, by our own word. */
export const announceTombstone = (
  origin: Origin,
  record: EntityRecord,
  proof: Pick<DeletionProof, "by" | "text" | "signature"> | undefined,
  reason: string,
  at: Seconds,
): VerifiedAnnouncement => signed(origin, at, entityTombstoneDocument(record, proof, reason))

/** The same of a developer; the proof is its signature over its id. */
export const announceDeveloperTombstone = (
  origin: Origin,
  record: DeveloperRecord,
  proof: Evidence | undefined,
  reason: string,
  at: Seconds,
): VerifiedAnnouncement => signed(origin, at, developerTombstoneDocument(record, proof, reason))

export const announceStatus = (
  origin: Origin,
  entityId: EntityId,
  status: SaidStatus,
  lastHeartbeat: Seconds | undefined,
  at: Seconds,
): VerifiedAnnouncement => signed(origin, at, statusDocument(entityId, status, lastHeartbeat))

/** `introduction`: for a developer that signed nothing itself. */
export const announceDeveloper = (
  origin: Origin,
  action: DeveloperAction,
  record: DeveloperRecord,
  at: Seconds,
  introduction?: Introduction,
): VerifiedAnnouncement => signed(origin, at, developerDocument(action, record, introduction))

/** `name`: the developer's, which the deployed form must repeat (a deployed node would show it without). */
export const announceHandle = (origin: Origin, body: Unkinded<HandleBody>, at: Seconds, name: string = ""): VerifiedAnnouncement =>
  signed(origin, at, handleDocument({ ...body, kind: "handle" }), name)

export const announceName = (origin: Origin, body: Unkinded<NameBody>, at: Seconds): VerifiedAnnouncement =>
  signed(origin, at, nameDocument({ ...body, kind: "name" }))

/** A body without the word that its maker adds. */
type Unkinded<B> = B extends { readonly kind: string } ? Omit<B, "kind"> : never

/** Our identity proof, and that we are alive. */
export const announceProof = (origin: Origin, facts: ProofFacts, at: Seconds): VerifiedAnnouncement =>
  signed(origin, at, proofDocument(makeProof(origin, facts)))

export const announceAttestation = (origin: Origin, observation: Observation, at: Seconds): VerifiedAnnouncement =>
  signed(origin, at, attestationDocument(observation))

/**
 * By our own word: what we said here we do not hold any more. `undefined` where there is nothing to take back: a tombstone
 * ends by itself, and what we say of ourselves and of other registries is said anew.
 */
export const announceEnd = (origin: Origin, { body }: Announcement, reason: string, at: Seconds): VerifiedAnnouncement | undefined => {
  switch (body.kind) {
    case "entity":
      return announceTombstone(origin, body.record, undefined, reason, at)
    case "developer":
      return announceDeveloperTombstone(origin, body.record, undefined, reason, at)
    case "status":
      return body.status === "gone" ? undefined : announceStatus(origin, body.entityId, "gone", undefined, at)
    case "handle": {
      if (body.action === "release") return undefined
      const { developerId, handle, publicKey } = body
      return announceHandle(origin, { action: "release", handle, developerId, publicKey, reason }, at)
    }
    case "name": {
      if (body.action === "release") return undefined
      const { developerId, handle, host, name, publicKey, version } = body
      return announceName(origin, { action: "release", host, handle, name, developerId, publicKey, version, reason }, at)
    }
    case "bare-entity": // we say nothing so
    case "tombstone":
    case "developer-tombstone":
    case "proof":
    case "attestation":
      return undefined
  }
}

const signed = (origin: Origin, at: Seconds, said: JsonObject, name: string = ""): VerifiedAnnouncement => {
  const unsigned = unsignedOf(origin, at, said)
  const deployed = deployedText(origin, at, unsigned, name)
  const second = deployed === undefined ? undefined : { signature: origin.sign(deployed), ...(name !== "" && { name }) }
  const { signedWith, text } = drafted(unsigned, second)
  return signedWith(origin.sign(text))
}

const unsignedOf = (origin: Omit<Origin, "sign">, at: Seconds, said: JsonObject): JsonObject => ({
  ...said,
  registry_id: onWire(origin.registryId),
  origin_public_key: origin.publicKey,
  timestamp: writeTime(at),
})

/** What is signed for deployed nodes; `undefined` where nothing is, or they have no such form. */
const deployedText = (origin: Omit<Origin, "sign">, at: Seconds, unsigned: JsonObject, name: string): string | undefined => {
  if (origin.signsDeployed !== true) return undefined
  const head = { origin: origin.registryId, originKey: origin.publicKey, at }
  const meant = kindOf(unsigned["type"] as AnnouncementType).read(unsigned, head)
  const form = isMalformed(meant) || isPrivate(meant.body) ? undefined : formOf(meant.body, head, name)
  return form === undefined ? undefined : signedGoText(form)
}

const drafted = (unsigned: JsonObject, second: SecondForm | undefined): Draft<VerifiedAnnouncement> => {
  const whole = inOrder(second === undefined ? unsigned : { ...unsigned, agentdns: second })
  return {
    text: canonical(whole),
    signedWith: (signature) => {
      const announcement = read(inOrder({ ...whole, signature }))
      if (isMalformed(announcement)) throw new Error(`we made an announcement that we cannot read: ${announcement.why}`)
      return announcement as VerifiedAnnouncement
    },
  }
}

/** The bytes its origin signed, as text. */
export const signedText = (document: JsonObject): string =>
  isBareDocument(document) ? document.signed : canonicalWithout(document, "signature")
