/**
 * `developer_announce`: a developer registered, or changed its profile (as deployed; the pages only have the table).
 *
 * Either the developer's own key signed the profile, or the developer has none yet: then an entity's derivation proof shows
 * that there is such a developer, and that is all that is said.
 */
import { Schema } from "effect"
import type { JsonObject } from "../../identity/canonical-json.ts"
import { type DeveloperProof, proofHolds } from "../../identity/derivation.ts"
import { idOf, isIdOf, onWire, readDeveloperId, type RegistryId } from "../../identity/id.ts"
import { type PublicKey, readKey, readSignature } from "../../identity/key.ts"
import { nameCharactersMax, signedTextCharactersMax, urlCharactersMax } from "../../limits.ts"
import type { DeveloperRecord } from "../../records/developer.ts"
import { developerEvidenceHolds } from "../../records/developer-registration.ts"
import { DeveloperProofDocument, readProofDocument } from "../../records/proof-document.ts"
import { readTime, writeTime } from "../../time.ts"
import { EvidenceDocument, type Kind, malformed, readerOf, readEvidence } from "./kind.ts"

export type DeveloperAction = "register" | "update"

/** An entity of the developer's, and the developer's proof that it is. */
export interface Introduction {
  readonly entityKey: PublicKey
  readonly proof: DeveloperProof
}

export interface DeveloperBody {
  readonly kind: "developer"
  readonly action: DeveloperAction
  readonly record: DeveloperRecord
  /** Where the developer signed nothing itself. */
  readonly introduction?: Introduction
  /** As only its registry says: the deployed dialect shows no evidence. Here and in other kinds. */
  readonly isBare?: true
}

const text = (charactersMax: number) => Schema.String.check(Schema.isMaxLength(2 * charactersMax))

const DeveloperDocument = Schema.Struct({
  developer_id: Schema.String,
  name: text(nameCharactersMax),
  public_key: Schema.String,
  profile_url: text(urlCharactersMax),
  github: text(nameCharactersMax),
  registered_at: Schema.String,
  updated_at: Schema.String,
  signature: Schema.optionalKey(Schema.String),
  signed: Schema.optionalKey(text(signedTextCharactersMax)),
  changes: Schema.optionalKey(Schema.Array(EvidenceDocument).check(Schema.isMaxLength(3))),
})

const members = readerOf(
  Schema.Struct({
    action: Schema.Literals(["register", "update"]),
    developer: DeveloperDocument,
    introduced_by: Schema.optionalKey(Schema.Struct({ entity_public_key: Schema.String, developer_proof: DeveloperProofDocument })),
  }),
)

export const developer: Kind<DeveloperBody> = {
  read: (document, { at, origin }) => {
    const said = members(document)
    if (said === undefined) return malformed("not an announcement")
    const record = readRecord(said.developer, origin)
    if (record === undefined) return malformed("developer")
    if (record.updated_at > at) return malformed("record is later than its announcement")
    const introduction = said.introduced_by === undefined ? undefined : readIntroduction(said.introduced_by)
    if (said.introduced_by !== undefined && introduction === undefined) return malformed("introduction")
    return {
      subject: record.developer_id,
      isTombstone: false,
      registeredAt: record.registered_at,
      // Who signed a profile comes before who was only introduced.
      homeIsSigned: hasSigned(record),
      body: { kind: "developer", action: said.action, record, ...(introduction !== undefined && { introduction }) },
    }
  },
  contentOf: ({ action, record: r }) => [action, r.developer_id, r.name, r.public_key, r.profile_url, r.github],
  isEntitled: ({ introduction, isBare, record }, _, check) =>
    isBare === true
      ? true
      : hasSigned(record)
        ? developerEvidenceHolds(record, check)
        : record.name === "" &&
          record.profile_url === "" &&
          record.github === "" &&
          introduction !== undefined &&
          introduction.proof.developer_public_key === record.public_key &&
          proofHolds(introduction.proof, introduction.entityKey, check),
}

const hasSigned = ({ changes, signature }: DeveloperRecord): boolean => signature !== undefined || (changes?.length ?? 0) > 0

const readIntroduction = (said: {
  readonly entity_public_key: string
  readonly developer_proof: typeof DeveloperProofDocument.Type
}): Introduction | undefined => {
  const entityKey = readKey(said.entity_public_key)
  const proof = readProofDocument(said.developer_proof)
  return entityKey === undefined || proof === undefined ? undefined : { entityKey, proof }
}

/** `undefined` when an id, key, time or signature in it is none, or the id is not the key's. */
const readRecord = (said: typeof DeveloperDocument.Type, home: RegistryId): DeveloperRecord | undefined => {
  const developerId = readDeveloperId(said.developer_id)
  const publicKey = readKey(said.public_key)
  const registeredAt = readTime(said.registered_at)
  const updatedAt = readTime(said.updated_at)
  const signature = said.signature === undefined ? undefined : readSignature(said.signature)
  const changes = (said.changes ?? []).map(readEvidence).filter((change) => change !== undefined)
  if (developerId === undefined || publicKey === undefined || registeredAt === undefined || updatedAt === undefined) return undefined
  if ((said.signature !== undefined && signature === undefined) || changes.length !== (said.changes ?? []).length) return undefined
  if (!isIdOf(developerId, publicKey) || updatedAt < registeredAt) return undefined
  return {
    developer_id: idOf("developer", publicKey),
    name: said.name,
    public_key: publicKey,
    profile_url: said.profile_url,
    github: said.github,
    home_registry: home,
    registered_at: registeredAt,
    updated_at: updatedAt,
    ...(signature !== undefined && { signature }),
    ...(said.signed !== undefined && { signed: said.signed }),
    ...(changes.length > 0 && { changes }),
  }
}

export const developerDocument = (
  action: DeveloperAction,
  record: DeveloperRecord,
  introduction: Introduction | undefined,
): JsonObject => ({
  type: "developer_announce",
  action,
  developer: {
    developer_id: onWire(record.developer_id),
    name: record.name,
    public_key: record.public_key,
    profile_url: record.profile_url,
    github: record.github,
    registered_at: writeTime(record.registered_at),
    updated_at: writeTime(record.updated_at),
    ...(record.signature !== undefined && { signature: record.signature }),
    ...(record.signed !== undefined && { signed: record.signed }),
    ...(record.changes !== undefined && record.changes.length > 0 && { changes: record.changes.map((change) => ({ ...change })) }),
  },
  ...(introduction !== undefined && {
    introduced_by: { entity_public_key: introduction.entityKey, developer_proof: { ...introduction.proof } },
  }),
})
