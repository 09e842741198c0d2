/** What is worth telling people: log lines and the activity stream are made of these. Never an input to any actor. */
import type { AnnouncementType } from "../protocol/gossip/announcement.ts"
import type { RegistryId } from "../protocol/identity/id.ts"

export type Happening =
  | { readonly type: "peer.connected"; readonly registryId: RegistryId; readonly address: string; readonly direction: "in" | "out" }
  | { readonly type: "peer.disconnected"; readonly registryId: RegistryId; readonly reason: string }
  | { readonly type: "peer.refused"; readonly registryId?: RegistryId; readonly address: string; readonly reason: string }
  | {
      readonly type: "key.contradicted"
      readonly address: string
      readonly expected: string
      readonly met: string
      readonly because: "configured" | "pinned"
    }
  | {
      readonly type: "gossip.accepted"
      readonly kind: AnnouncementType
      readonly subject: string
      readonly origin: RegistryId
      readonly hopCount: number
    }
  | { readonly type: "node.phase"; readonly phase: string }
