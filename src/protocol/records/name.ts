/** Handles and names as a store keeps them (storage page, `zns_names`, `zns_versions`, `gossip_zns_names`). */
import type { DeveloperId, EntityId, RegistryId } from "../identity/id.ts"
import type { PublicKey, Signature } from "../identity/key.ts"
import type { Seconds } from "../time.ts"
import type { HeldHandle } from "./developer.ts"

/** That a developer holds a handle at a registry. */
export interface HandleEntry extends HeldHandle {
  readonly registry: RegistryId
  readonly developerId: DeveloperId
  readonly publicKey: PublicKey
  readonly since: Seconds
  /** `local`: claimed here. */
  readonly tier: "local" | "gossip"
}

/** What a name means now, as one registry says it. */
export interface NameEntry {
  readonly host: string
  readonly registry: RegistryId
  readonly handle: string
  readonly name: string
  readonly entityId: EntityId
  readonly developerId: DeveloperId
  readonly version: number
  /** What the developer calls this version; `""` where it does not. */
  readonly label: string
  readonly tags: ReadonlyArray<string>
  /** When it came to mean this. */
  readonly boundAt: Seconds
  readonly buildHash?: string
  /** The developer's; absent where a registration named the entity. */
  readonly signature?: Signature
  readonly tier: "local" | "gossip" | "dht"
}

/** One of the things a name has meant. */
export interface NameVersion {
  readonly version: number
  readonly label: string
  readonly entityId: EntityId
  readonly tags: ReadonlyArray<string>
  readonly boundAt: Seconds
  readonly buildHash?: string
  readonly signature?: Signature
  readonly by: DeveloperId
}

/** What a name means now, as one of its versions. */
export const versionOf = ({ boundAt, buildHash, developerId, entityId, label, signature, tags, version }: NameEntry): NameVersion => ({
  version,
  label,
  entityId,
  tags,
  boundAt,
  ...(buildHash !== undefined && { buildHash }),
  ...(signature !== undefined && { signature }),
  by: developerId,
})

/** Absent members do not filter. */
export interface NameFilter {
  readonly registry?: RegistryId
  readonly handle?: string
  readonly name?: string
  readonly entityId?: EntityId
  /** Any of these. */
  readonly entityIds?: ReadonlyArray<EntityId>
}
