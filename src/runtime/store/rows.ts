/**
 * Records as rows of the storage page's tables, and back. Rows travel to PostgreSQL as JSON (`json_populate_recordset`),
 * so that a batch of any size is one statement with one text; they come back as the driver decodes them.
 */
import type { Announcement } from "../../protocol/gossip/announcement.ts"
import { read } from "../../protocol/gossip/announcement.ts"
import { isPrivate } from "../../protocol/gossip/kinds/name.ts"
import type { StatusBody } from "../../protocol/gossip/kinds/status.ts"
import type { DeveloperProof } from "../../protocol/identity/derivation.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { DeveloperId, EntityId, RegistryId } from "../../protocol/identity/id.ts"
import type { PublicKey, Signature } from "../../protocol/identity/key.ts"
import type { Contact } from "../../protocol/dht/contact.ts"
import type { DhtKey } from "../../protocol/dht/key.ts"
import type { PeerPin } from "../../protocol/mesh/pin.ts"
import type { Block } from "../../protocol/moderation/blocks.ts"
import type { DeveloperEntry, DeveloperRecord, HeldHandle, ProfileChange } from "../../protocol/records/developer.ts"
import type { BareRecord, EntityEntry, EntityRecord, EntityStatus, EntityType, SignedChange } from "../../protocol/records/entity.ts"
import { markOf } from "../../protocol/records/replay.ts"
import { type Slot, tombstoneLifeOf } from "../../protocol/records/slots.ts"
import { type Seconds, writeTime } from "../../protocol/time.ts"
import type { LocalEntity } from "./shown.ts"

// times and numbers --------------------------------------------------------------------------------------------------

/** A time as PostgreSQL reads it: its year before 1 is 1 BC, ours is 0. */
export const pgTime = (at: Seconds): string => {
  const text = writeTime(at)
  return text.startsWith("0000") ? `0001${text.slice(4)} BC` : text
}

export const secondsOfDate = (date: Date): Seconds => Math.round(date.getTime() / 1_000)

/** BIGINT comes as a bigint; every one of ours is below 2⁵³. */
type Int8 = bigint | number

// entities -----------------------------------------------------------------------------------------------------------

/** Columns that `agents` and `gossip_entries` have in common and that hold the record. */
export const entityColumns = [
  "agent_id",
  "entity_type",
  "name",
  "owner",
  "agent_url",
  "category",
  "tags",
  "summary",
  "public_key",
  "home_registry",
  "registered_at",
  "updated_at",
  "ttl",
  "signature",
  "status",
  "last_heartbeat",
  "developer_id",
  "entity_index",
  "developer_proof",
  "codebase_hash",
  "service_endpoint",
  "openapi_url",
  "entity_pricing",
  "capability_summary",
  "signed",
  "changes",
] as const

/** A row of the view `shown_entities`. */
export interface EntityRow extends RecordRow {
  readonly tier: "local" | "gossip"
  readonly contested: boolean
  readonly received_at: Date | null
}

/** A row of `agents`. */
export interface RecordRow {
  readonly agent_id: EntityId
  readonly entity_type: EntityType
  readonly name: string
  readonly agent_url: string
  readonly category: string
  readonly tags: ReadonlyArray<string>
  readonly summary: string
  readonly public_key: PublicKey
  readonly home_registry: RegistryId
  readonly registered_at: Date
  readonly updated_at: Date
  readonly ttl: Int8
  readonly signature: Signature
  readonly status: EntityStatus
  readonly last_heartbeat: Date | null
  readonly developer_id: DeveloperId
  readonly developer_proof: DeveloperProof
  readonly codebase_hash: string | null
  readonly service_endpoint: string | null
  readonly openapi_url: string | null
  readonly entity_pricing: JsonObject | null
  readonly capability_summary: JsonObject | null
  readonly signed: string | null
  readonly changes: ReadonlyArray<SignedChange>
}

const recordColumns = (record: EntityRecord | BareRecord): JsonObject => ({
  agent_id: record.entity_id,
  entity_type: record.entity_type,
  name: record.name,
  // The page keeps an owner beside the developer; they are one (as deployed).
  owner: record.developer_id,
  agent_url: record.entity_url,
  category: record.category,
  tags: record.tags,
  summary: record.summary,
  public_key: record.public_key,
  home_registry: record.home_registry,
  registered_at: pgTime(record.registered_at),
  updated_at: pgTime(record.updated_at),
  ttl: record.ttl,
  signature: record.signature,
  developer_id: record.developer_id,
  entity_index: record.developer_proof?.entity_index ?? 0,
  developer_proof: { ...record.developer_proof },
  codebase_hash: record.codebase_hash,
  service_endpoint: record.service_endpoint,
  openapi_url: record.openapi_url,
  entity_pricing: record.entity_pricing,
  capability_summary: record.capability_summary,
  signed: record.signed,
  changes: record.changes.map((change) => ({ ...change })),
})

export interface StatusRow {
  readonly agent_id: EntityId
  readonly home_registry: RegistryId
  readonly status: EntityStatus
  readonly last_heartbeat: Date | null
}

export const readStatus = ({ agent_id, last_heartbeat, status }: StatusRow): StatusBody => ({
  kind: "status",
  entityId: agent_id,
  status,
  ...(last_heartbeat !== null && { lastHeartbeat: secondsOfDate(last_heartbeat) }),
})

/** A row of `agents`. */
export const agentRow = ({ lastHeartbeat, record, status }: LocalEntity): JsonObject => ({
  ...recordColumns(record),
  status,
  last_heartbeat: lastHeartbeat === undefined ? undefined : pgTime(lastHeartbeat),
  unsigned_digest: markOf(record),
})

/** A row of `gossip_entries`: what the mesh says, by which registry. */
export const gossipRow = (entry: EntityEntry, originKey: PublicKey): JsonObject => ({
  ...recordColumns(entry.record),
  status: entry.status,
  received_at: pgTime(entry.receivedAt ?? 0),
  tombstoned: false,
  origin_public_key: originKey,
})

const readRecord = (row: RecordRow): EntityRecord => ({
  entity_id: row.agent_id,
  entity_type: row.entity_type,
  name: row.name,
  category: row.category,
  tags: row.tags,
  summary: row.summary,
  entity_url: row.agent_url,
  public_key: row.public_key,
  developer_id: row.developer_id,
  developer_proof: row.developer_proof,
  ...(row.service_endpoint !== null && { service_endpoint: row.service_endpoint }),
  ...(row.openapi_url !== null && { openapi_url: row.openapi_url }),
  ...(row.entity_pricing !== null && { entity_pricing: row.entity_pricing }),
  ...(row.capability_summary !== null && { capability_summary: row.capability_summary }),
  ...(row.codebase_hash !== null && { codebase_hash: row.codebase_hash }),
  home_registry: row.home_registry,
  registered_at: secondsOfDate(row.registered_at),
  updated_at: secondsOfDate(row.updated_at),
  ttl: Number(row.ttl),
  signature: row.signature,
  ...(row.signed !== null && { signed: row.signed }),
  changes: row.changes,
})

const readHeartbeat = (row: RecordRow) => (row.last_heartbeat === null ? {} : { lastHeartbeat: secondsOfDate(row.last_heartbeat) })

export const readLocal = (row: RecordRow): LocalEntity => ({ record: readRecord(row), status: row.status, ...readHeartbeat(row) })

export const readEntry = (row: EntityRow): EntityEntry => {
  const facts = {
    status: row.status,
    contested: row.contested,
    ...readHeartbeat(row),
    ...(row.received_at !== null && { receivedAt: secondsOfDate(row.received_at) }),
  }
  return row.tier === "local"
    ? { tier: "local", record: readRecord(row), ...facts }
    : { tier: "gossip", record: (row.public_key as string) === "" ? readBare(row) : readRecord(row), ...facts }
}

/** What only its registry says: no key, no signature, and a proof where it shows one. */
const readBare = (row: RecordRow): BareRecord => {
  const { developer_proof, signed: _, ...said } = readRecord(row)
  const hasProof = Object.keys(developer_proof).length > 0
  return { ...said, public_key: "", signature: "", ...(hasProof && { developer_proof }) }
}

// announcements ------------------------------------------------------------------------------------------------------

/** A row of `announcements`. The document is text: JSONB would neither keep its numbers as they were signed nor give back NUL. */
export interface SlotRow {
  readonly subject: string
  readonly origin: RegistryId
  readonly at: Int8
  readonly id: string
  readonly is_tombstone: boolean
  readonly own_word: boolean
  readonly precedence: number
  readonly registered_at: Int8
  readonly home_signed: boolean
  readonly received_at: Int8
  readonly document: string
}

/** A slot as the SQL store merges it: its document is read only when it comes to be shown. */
export interface HeldSlot extends Slot {
  readonly receivedAt: Seconds
  readonly announcement: () => Announcement
}

export const slotRow = (slot: HeldSlot): JsonObject => {
  const announcement = slot.announcement()
  return {
    subject: announcement.subject,
    origin: slot.origin,
    at: slot.at,
    id: slot.id,
    kind: announcement.type,
    is_tombstone: slot.isTombstone,
    own_word: slot.isOwnWord ?? false,
    precedence: slot.precedence ?? 0,
    registered_at: slot.registeredAt,
    home_signed: slot.homeIsSigned,
    received_at: slot.receivedAt,
    document: JSON.stringify(announcement.document),
    is_private: isPrivate(announcement.body),
  }
}

export const slotOf = (announcement: Announcement, receivedAt: Seconds): HeldSlot => ({
  origin: announcement.origin,
  at: announcement.at,
  id: announcement.id,
  isTombstone: announcement.isTombstone,
  registeredAt: announcement.registeredAt,
  homeIsSigned: announcement.homeIsSigned,
  ...(announcement.isOwnWord === true && { isOwnWord: true }),
  ...(announcement.precedence !== undefined && { precedence: announcement.precedence }),
  receivedAt,
  announcement: () => announcement,
})

export const readSlot = (row: SlotRow): HeldSlot => ({
  origin: row.origin,
  at: Number(row.at),
  id: row.id,
  isTombstone: row.is_tombstone,
  registeredAt: Number(row.registered_at),
  homeIsSigned: row.home_signed,
  ...(row.own_word && { isOwnWord: true }),
  ...(row.precedence !== 0 && { precedence: row.precedence }),
  receivedAt: Number(row.received_at),
  announcement: () => readAnnouncement(row.document),
})

/** What was verified when it was written; a document that cannot be read any more is a defect of ours. */
export const readAnnouncement = (document: string): Announcement => {
  const announcement = read(JSON.parse(document) as JsonObject)
  if (announcement.type === "malformed") throw new Error(`the store holds an announcement that we cannot read: ${announcement.why}`)
  return announcement
}

/** A row of `tombstones`. */
export const tombstoneRow = (announcement: Announcement): JsonObject => ({
  agent_id: announcement.subject,
  home_registry: announcement.origin,
  reason: "reason" in announcement.body ? announcement.body.reason : "",
  created_at: pgTime(announcement.at),
  expires_at: pgTime(announcement.at + tombstoneLifeOf(announcement.subject) / 1_000),
  signature: announcement.document["signature"],
})

// developers and pins ------------------------------------------------------------------------------------------------

export interface DeveloperRow {
  readonly tier: "local" | "gossip"
  readonly developer_id: DeveloperId
  readonly name: string
  readonly public_key: PublicKey
  readonly profile_url: string
  readonly github: string
  readonly home_registry: RegistryId
  readonly registered_at: Date
  readonly updated_at: Date
  readonly signature: Signature | null
  readonly signed: string | null
  readonly changes: ReadonlyArray<ProfileChange>
  readonly handle: string | null
  readonly verification_method: "dns" | "github" | null
  readonly verification_proof: string | null
}

export const developerRow = (record: DeveloperRecord): JsonObject => ({
  developer_id: record.developer_id,
  name: record.name,
  public_key: record.public_key,
  profile_url: record.profile_url,
  github: record.github,
  home_registry: record.home_registry,
  registered_at: pgTime(record.registered_at),
  updated_at: pgTime(record.updated_at),
  signature: record.signature,
  signed: record.signed,
  changes: (record.changes ?? []).map((change) => ({ ...change })),
})

export const readDeveloper = (row: DeveloperRow): DeveloperEntry => ({
  tier: row.tier,
  record: {
    developer_id: row.developer_id,
    name: row.name,
    public_key: row.public_key,
    profile_url: row.profile_url,
    github: row.github,
    home_registry: row.home_registry,
    registered_at: secondsOfDate(row.registered_at),
    updated_at: secondsOfDate(row.updated_at),
    ...(row.signature !== null && { signature: row.signature }),
    ...(row.signed !== null && { signed: row.signed }),
    ...(row.changes.length > 0 && { changes: row.changes }),
  },
  ...(row.handle !== null && { handle: { handle: row.handle, ...readVerification(row) } }),
})

export const readVerification = (row: {
  readonly verification_method: "dns" | "github" | null
  readonly verification_proof: string | null
}): Pick<HeldHandle, "verification"> =>
  row.verification_method === null ? {} : { verification: { method: row.verification_method, proof: row.verification_proof ?? "" } }

export interface PinRow {
  readonly address: string
  readonly key: PublicKey
  readonly since: Int8
  readonly dialect: PeerPin["dialect"] | null
}

export interface BlockRow extends Omit<Block, "since"> {
  readonly since: Int8
}

export const readBlock = ({ kind, reason, since, subject }: BlockRow): Block => ({ kind, subject, reason, since: Number(since) })

export interface ContactRow {
  readonly id: DhtKey
  readonly host: string
  readonly port: number
}

export const readContact = ({ host, id, port }: ContactRow): Contact => ({ id, address: { host, port } })

export const readPin = ({ address, dialect, key, since }: PinRow): PeerPin => ({
  address,
  key,
  since: Number(since),
  ...(dialect === "agentdns" && { dialect }),
})
