/**
 * Who may say what: the way from a document to a `VerifiedAnnouncement` (mesh page, "Signature verification"; ruled: only
 * the party entitled may say a thing).
 *
 * A registry speaks for itself, and for what its own clients signed: the origin's signature covers the announcement, and
 * the entity's own signature (and its developer's) travels in the announcement and is checked too (`kinds/`). So no key can
 * announce, change, name or end what belongs to another.
 */
import type { JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { readSignature } from "../identity/key.ts"
import { clockSkewMaxMs } from "../limits.ts"
import type { Seconds } from "../time.ts"
import { type Announcement, read, signedText, type VerifiedAnnouncement } from "./announcement.ts"
import { kindOf } from "./kinds/kinds.ts"

export type Belief =
  | { readonly type: "verified"; readonly announcement: VerifiedAnnouncement }
  | { readonly type: "drop"; readonly reason: "malformed" | "id-mismatch" | "ahead-of-clock" | "signature" | "authority" }

const drop = (reason: Extract<Belief, { readonly type: "drop" }>["reason"]): Belief => ({ type: "drop", reason })

/** `claimedId` is what the sender called it; `undefined` where nobody claimed anything (a store's own). */
export const believe = (document: JsonObject, claimedId: string | undefined, nowMs: number, check: typeof verify): Belief => {
  const announcement = read(document)
  if (announcement.type === "malformed") return drop("malformed")
  if (claimedId !== undefined && announcement.contentId !== claimedId) return drop("id-mismatch")
  if (isAhead(announcement, nowMs)) return drop("ahead-of-clock")
  const signature = readSignature(document["signature"] as string)!
  if (!check(announcement.originKey, signedText(document), signature)) return drop("signature")
  return isEntitled(announcement, check) ? { type: "verified", announcement: announcement as VerifiedAnnouncement } : drop("authority")
}

/** Does it come from a future that no honest clock shows? */
export const isAhead = ({ at }: { readonly at: Seconds }, nowMs: number): boolean => at * 1_000 > nowMs + clockSkewMaxMs

const isEntitled = ({ at, body, origin, originKey, type }: Announcement, check: typeof verify): boolean =>
  kindOf(type).isEntitled(body, { at, origin, originKey }, check)
