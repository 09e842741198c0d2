/**
 * Messages: what one frame says, in our own words. A codec (`spec-codec.ts`; later the deployed dialect's) writes and reads
 * them; nothing above it knows which dialect is spoken.
 */
import type { AnnouncementId } from "../gossip/announcement.ts"
import type { JsonObject } from "../identity/canonical-json.ts"
import type { RegistryId } from "../identity/id.ts"
import type { PublicKey } from "../identity/key.ts"
import type { Address } from "../mesh/address.ts"
import type { Seconds } from "../time.ts"

/** The first message in each direction: the dialler speaks first, the listener answers with its own (mesh, "Joining the mesh"). */
export interface Hello {
  readonly type: "HELLO"
  readonly nodeId: RegistryId
  readonly publicKey: PublicKey
  readonly version: string
  readonly capabilities: ReadonlyArray<string>
  /** Two networks never mix. */
  readonly network: string
  readonly role: Role
  /** The port it listens on, 0 when it cannot be dialled. */
  readonly listenPort: number
  /** The host to dial, where it differs from the one it is seen at (NAT, Docker). */
  readonly advertisedHost?: string
  /** Entities it is home to. */
  readonly agentCount: number
}

export type Role = "full" | "light" | "gateway" | "bootnode"

/** Liveness, peers and counts (mesh, "Wire protocol"). `wantsAnswer` is a probe: the receiver answers with one of its own. */
export interface Heartbeat {
  readonly type: "HEARTBEAT"
  /** As it was said: an id, or a host (the page's example). The link knows better who speaks. */
  readonly registryId: string
  readonly at: Seconds
  readonly peers: ReadonlyArray<PeerHint>
  readonly agentCount: number
  readonly serviceCount: number
  readonly wantsAnswer: boolean
}

export interface PeerHint {
  readonly address: Address
  readonly reputation: number
}

/**
 * One announcement, as its origin signed it, and how many nodes have forwarded it. The id is the sender's claim.
 *
 * Most of these are duplicates, and an id is enough to know one; so the document is read when somebody wants it. It is
 * `undefined` when the frame turns out to be no such message after all.
 */
export interface Gossip {
  readonly type: "GOSSIP"
  readonly id: AnnouncementId
  readonly hopCount: number
  readonly document: () => JsonObject | undefined
}

export type Message = Hello | Heartbeat | Gossip
export type MessageType = Message["type"]
