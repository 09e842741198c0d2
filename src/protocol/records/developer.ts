/** A developer's record (storage page, table `developers`). Field names are the wire's, ids and times the inner ones. */
import type { DeveloperId, RegistryId } from "../identity/id.ts"
import type { PublicKey, Signature } from "../identity/key.ts"
import type { Seconds } from "../time.ts"

export interface DeveloperRecord {
  readonly developer_id: DeveloperId
  readonly name: string
  readonly public_key: PublicKey
  readonly profile_url: string
  readonly github: string
  readonly home_registry: RegistryId
  readonly registered_at: Seconds
  readonly updated_at: Seconds
  /** Over the canonical `{github, name, profile_url, public_key}`; absent when the row was created by a registration of an entity. */
  readonly signature?: Signature
  /** The text that was signed, where the fields above do not give it back. */
  readonly signed?: string
  /** Later changes, oldest first: each field is as the last signed text that names it says. */
  readonly changes?: ReadonlyArray<ProfileChange>
}

/** The signed body of a developer's update. */
export interface ProfileChange {
  readonly text: string
  readonly signature: Signature
}

/** A handle as its registry says it is held (storage page, `developers`). */
export interface HeldHandle {
  readonly handle: string
  readonly verification?: { readonly method: "dns" | "github"; readonly proof: string }
}

export interface DeveloperEntry {
  readonly record: DeveloperRecord
  readonly tier: "local" | "gossip" | "dht"
  /** The handle that it holds at the registry where it is registered. */
  readonly handle?: HeldHandle
}
