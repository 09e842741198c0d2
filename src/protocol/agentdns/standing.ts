/**
 * What of others' words a deployed node may be told. It verifies no authority: a registration by another registry overwrites what
 * it shows, and so does a name. So it is told only what we would show: else we would carry a theft farther than it gets by itself.
 */
import { type Announcement, developerOf } from "../gossip/announcement.ts"
import type { RegistryId } from "../identity/id.ts"
import * as Slots from "../records/slots.ts"
import { isBareDocument } from "./document.ts"

/** Has it a form that deployed nodes read? */
export const hasForm = ({ document }: Pick<Announcement, "document">): boolean => isBareDocument(document) || "agentdns" in document

/** The subject whose claims decide about it; `undefined` where its registry speaks of its own alone. */
export const claimBehind = ({ body, subject }: Announcement): string | undefined => {
  switch (body.kind) {
    case "entity":
    case "bare-entity":
    case "developer":
      return subject
    case "status":
      return body.entityId
    case "tombstone":
    case "developer-tombstone": // a deployed node takes these from the registry alone that it knows the record of
    case "handle":
    case "name":
    case "proof":
    case "attestation":
      return undefined
  }
}

/** Is another registry's claim shown? `claims` is ranked. */
export const isOvershadowed = (announcement: Announcement, claims: ReadonlyArray<Announcement>): boolean => {
  const shown = Slots.shown(claims, developerOf, announcement.body.kind !== "developer")
  return shown !== undefined && shown.origin !== announcement.origin
}

/** Is a name under this host another registry's, as the proofs of hosts say? */
export const isUnderAnothersHost = ({ origin }: Pick<Announcement, "origin">, provenAt: ReadonlyArray<RegistryId>): boolean =>
  provenAt.length > 0 && !provenAt.includes(origin)
