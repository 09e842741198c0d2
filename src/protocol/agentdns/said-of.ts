/**
 * Whom a deployed node takes an announcement to be about, and when: of two about one id with one timestamp it loses the second,
 * whatever they say. An id is that of the entity or developer, a name, a domain, or attester and subject.
 *
 * Of ours the timestamps differ, for we say what we say a second later where need be.
 */
import type { Announcement } from "../gossip/announcement.ts"
import { fqanOf } from "../records/naming.ts"
import type { Seconds } from "../time.ts"
import { deployedMomentsMax } from "./limits.ts"

/** The id by which a deployed node knows it again, together with the timestamp. */
export const aboutOf = ({ body, origin }: Pick<Announcement, "body" | "origin">): string => {
  switch (body.kind) {
    case "entity":
    case "bare-entity":
      return body.record.entity_id
    case "tombstone":
    case "status":
      return body.entityId
    case "developer":
      return body.record.developer_id
    case "developer-tombstone":
    case "handle":
      return body.developerId
    case "name":
      return fqanOf(body.host, body.handle, body.name)
    case "proof":
      return body.proof.domain ?? ""
    case "attestation":
      return `${origin}:${body.subject}`
  }
}

/** Whom a subject of ours is about; the subject itself where that is nobody else's. A handle's developer it does not tell. */
export const aboutIn = (subject: string): string => (subject.startsWith("status:") ? subject.slice(subject.indexOf("/") + 1) : subject)

/** The last second of ours about each; beyond the bound the oldest is forgotten, long after its second has passed. */
export type Moments = Map<string, Seconds>
export const moments = (): Moments => new Map()

/** The first second from `at` on in which nothing was said about it; it is taken now. */
export const take = (taken: Moments, about: string, at: Seconds): Seconds => {
  const free = Math.max(at, (taken.get(about) ?? -1) + 1)
  taken.delete(about)
  taken.set(about, free)
  if (taken.size > deployedMomentsMax) taken.delete(taken.keys().next().value!)
  return free
}
