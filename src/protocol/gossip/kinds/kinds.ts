/** Every kind of announcement, by the `type` that its documents carry (registry page, "Announcement types"). */
import { attestation, type AttestationBody } from "./attestation.ts"
import { developer, type DeveloperBody } from "./developer.ts"
import { type BareEntityBody, entity, type EntityBody } from "./entity.ts"
import { handle, type HandleBody } from "./handle.ts"
import type { Kind } from "./kind.ts"
import { nameBinding, type NameBody } from "./name.ts"
import { proof, type ProofBody } from "./proof.ts"
import { status, type StatusBody } from "./status.ts"
import { tombstone, type TombstoneBody } from "./tombstone.ts"

export type Body =
  | EntityBody
  | BareEntityBody
  | TombstoneBody
  | StatusBody
  | DeveloperBody
  | HandleBody
  | NameBody
  | ProofBody
  | AttestationBody

const kinds = {
  agent_announce: entity,
  service_announce: entity,
  agent_status: status,
  developer_announce: developer,
  dev_handle: handle,
  name_binding: nameBinding,
  tombstone,
  registry_proof: proof,
  peer_attestation: attestation,
} as const

export type AnnouncementType = keyof typeof kinds

export const isType = (text: unknown): text is AnnouncementType => typeof text === "string" && Object.hasOwn(kinds, text)

/** A body goes back only to the kind that read it: both come from the announcement's `type`. */
export const kindOf = (type: AnnouncementType): Kind<Body> => kinds[type] as unknown as Kind<Body>
