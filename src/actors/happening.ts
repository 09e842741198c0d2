/** What is worth telling people: log lines and the activity stream are made of these. Never an input to any actor. */
import type { AnnouncementType, VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import type { DeveloperId, EntityId, RegistryId } from "../protocol/identity/id.ts"
import type { BlockKind } from "../protocol/moderation/blocks.ts"
import type { EntityRecord } from "../protocol/records/entity.ts"

/** What an operator reads in the log. */
export type Noteworthy =
  | { readonly type: "peer.connected"; readonly registryId: RegistryId; readonly address: string; readonly direction: "in" | "out" }
  | { readonly type: "peer.disconnected"; readonly registryId: RegistryId; readonly reason: string }
  | { readonly type: "peer.refused"; readonly registryId?: RegistryId; readonly address: string; readonly reason: string }
  | {
      readonly type: "key.contradicted"
      readonly address: string
      readonly expected: string
      readonly met: string
      readonly because: "configured" | "pinned" | "published" | "dns"
      /** Whose proof or DNS record says so. */
      readonly domain?: string
    }
  | { readonly type: "block.set"; readonly kind: BlockKind; readonly subject: string; readonly reason: string }
  | { readonly type: "block.lifted"; readonly kind: BlockKind; readonly subject: string }
  | { readonly type: "node.phase"; readonly phase: string }

/** What happens all the time; only the activity stream and the simulator's checkers hear of it. */
export type Traffic =
  | {
      readonly type: "gossip.accepted"
      readonly kind: AnnouncementType
      readonly subject: string
      readonly origin: RegistryId
      readonly hopCount: number
      readonly announcement: VerifiedAnnouncement
    }
  /** Ours, on its way to the mesh. */
  | { readonly type: "announcement.said"; readonly announcement: VerifiedAnnouncement }
  | { readonly type: "entity.deregistered"; readonly record: EntityRecord }
  | { readonly type: "entity.beat"; readonly entityId: EntityId }
  | { readonly type: "name.resolved"; readonly fqan: string; readonly developerId: DeveloperId; readonly entityId: EntityId }
  /** A search went to a peer, or its answer came. What was searched for is nobody's business. */
  | { readonly type: "search.asked"; readonly peer: RegistryId }
  | { readonly type: "search.answered"; readonly peer: RegistryId; readonly results: number; readonly latencyMs: number }

export type Happening = Noteworthy | Traffic

export const isNoteworthy = (happening: Happening): happening is Noteworthy => noteworthy.has(happening.type)

const noteworthy: ReadonlySet<Happening["type"]> = new Set<Noteworthy["type"]>([
  "peer.connected",
  "peer.disconnected",
  "peer.refused",
  "key.contradicted",
  "block.set",
  "block.lifted",
  "node.phase",
])
