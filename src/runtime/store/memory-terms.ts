/** By what slots are found in memory: what an index is in SQL. */
import type { Announcement } from "../../protocol/gossip/announcement.ts"

/** What a slot is looked for by, besides its subject. */
export const termsOf = ({ body }: Announcement): ReadonlyArray<string> => {
  switch (body.kind) {
    case "handle":
      return body.action === "release" ? [] : [`handle:${body.handle}`, `holder:${body.developerId}`]
    case "name":
      return body.action === "release" ? [] : [`under:${body.handle}`, `named:${body.entityId}`]
    case "attestation":
      return [`about:${body.subject}`]
    case "proof":
      return body.proof.domain === undefined ? [] : [`host:${body.proof.domain}`]
    case "entity":
    case "bare-entity":
    case "tombstone":
    case "status":
    case "developer":
    case "developer-tombstone":
      return []
  }
}
