/**
 * The registry record of an entity (storage page, table `agents`; registry page, "Registry Record").
 *
 * Field names are the wire's. Ids are in their inner spelling and times are seconds: `entity-document.ts` writes and reads
 * the form that travels, REST writes its own.
 */
import type { DeveloperId, EntityId, RegistryId } from "../identity/id.ts"
import type { DeveloperProof } from "../identity/derivation.ts"
import type { PublicKey, Signature } from "../identity/key.ts"
import type { JsonObject } from "../identity/canonical-json.ts"
import type { Seconds } from "../time.ts"

export type EntityType = "agent" | "service"
export type EntityStatus = "active" | "inactive"

export interface EntityRecord {
  readonly entity_id: EntityId
  readonly entity_type: EntityType
  readonly name: string
  readonly category: string
  readonly tags: ReadonlyArray<string>
  readonly summary: string
  readonly entity_url: string
  readonly public_key: PublicKey
  readonly developer_id: DeveloperId
  readonly developer_proof: DeveloperProof
  readonly service_endpoint?: string
  readonly openapi_url?: string
  readonly entity_pricing?: JsonObject
  readonly capability_summary?: JsonObject
  readonly codebase_hash?: string
  /** The registry where it registered. */
  readonly home_registry: RegistryId
  readonly registered_at: Seconds
  readonly updated_at: Seconds
  /** Seconds; kept and shown, never a reason to drop (ruled). */
  readonly ttl: number
  /** The entity's signature over `signed` (or, where that is absent, over `registrationText`). */
  readonly signature: Signature
  /** The registration's signed text, when it cannot be rebuilt from the fields above. */
  readonly signed?: string
  /** Later changes, oldest first: each field is proven by the last signed text that set it (ruled). */
  readonly changes: ReadonlyArray<SignedChange>
}

/**
 * An entity as only a registry says it is: its announcement in the deployed dialect shows neither the entity's key nor its
 * signature, so nothing of it is proven but who said it. `""` where a text, a key or a signature was not shown.
 */
export interface BareRecord extends Omit<EntityRecord, "public_key" | "signature" | "signed" | "developer_id" | "developer_proof"> {
  readonly public_key: ""
  readonly signature: ""
  readonly signed?: undefined
  /** As the registry says; a proof that comes with it cannot be checked without the entity's key. */
  readonly developer_id: DeveloperId | ""
  readonly developer_proof?: DeveloperProof
}

export const isBare = (record: EntityRecord | BareRecord): record is BareRecord => record.public_key === ""

/** The signed body of an update, by the entity's own or its developer's key. */
export interface SignedChange {
  readonly by: "entity" | "developer"
  readonly text: string
  readonly signature: Signature
}

/** An entity as a store keeps it: the record, and what the node knows about it. */
export type EntityEntry = LocalEntry | HeardEntry

export interface LocalEntry extends EntryFacts {
  /** Registered here. */
  readonly tier: "local"
  readonly record: EntityRecord
}

export interface HeardEntry extends EntryFacts {
  /** `gossip`: learned from the mesh. `dht`: not held here, looked up. `hearsay`: not held here, told without any proof. */
  readonly tier: "gossip" | "dht" | "hearsay"
  readonly record: EntityRecord | BareRecord
}

interface EntryFacts {
  readonly status: EntityStatus
  readonly lastHeartbeat?: Seconds
  readonly receivedAt?: Seconds
  /** More than one registry claims to be its home. */
  readonly contested: boolean
  /** Its home said nothing for a day (`gossip/leases.ts`); set where an entity is shown, never stored. */
  readonly isStale?: boolean
}
