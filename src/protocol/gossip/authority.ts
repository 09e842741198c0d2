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
import { readSignature, type Signature } from "../identity/key.ts"
import { clockSkewMaxMs } from "../limits.ts"
import type { Seconds } from "../time.ts"
import { type Announcement, read, signedText, type VerifiedAnnouncement } from "./announcement.ts"
import { kindOf } from "./kinds/kinds.ts"

export type Belief =
  | { readonly type: "verified"; readonly announcement: VerifiedAnnouncement }
  | { readonly type: "drop"; readonly reason: "malformed" | "id-mismatch" | "ahead-of-clock" | "signature" | "authority" }

export type Drop = Extract<Belief, { readonly type: "drop" }>

export const drop = (reason: Drop["reason"]): Drop => ({ type: "drop", reason })

/** `claimedId` is what the sender called it; `undefined` where nobody claimed anything (a store's own). */
export const believe = (document: JsonObject, claimedId: string | undefined, nowMs: number, check: typeof verify): Belief => {
  const claim = weigh(document, claimedId, nowMs)
  if (claim.type === "drop") return claim
  if (!check(claim.announcement.originKey, claim.text, claim.signature)) return drop("signature")
  return isEntitled(claim.announcement, check) ? verified(claim.announcement) : drop("authority")
}

/** A document that may be believed when its signatures hold; first its origin's, over this text. */
export interface Claim {
  readonly type: "claim"
  readonly announcement: Announcement
  readonly text: string
  readonly signature: Signature
}

/** All that costs no signature. */
export const weigh = (document: JsonObject, claimedId: string | undefined, nowMs: number): Claim | Drop => {
  const announcement = read(document)
  if (announcement.type === "malformed") return drop("malformed")
  if (claimedId !== undefined && announcement.contentId !== claimedId) return drop("id-mismatch")
  if (isAhead(announcement, nowMs)) return drop("ahead-of-clock")
  return { type: "claim", announcement, text: signedText(document), signature: readSignature(document["signature"] as string)! }
}

/** To be said of what was checked as `believe` does, and of nothing else. */
export const verified = (announcement: Announcement): Belief => ({ type: "verified", announcement: announcement as VerifiedAnnouncement })

/** Does it come from a future that no honest clock shows? */
export const isAhead = ({ at }: { readonly at: Seconds }, nowMs: number): boolean => at * 1_000 > nowMs + clockSkewMaxMs

/** Was the party entitled to say it? `check` is asked of every signature that speaks for it; it only ever helps that one holds. */
export const isEntitled = ({ at, body, origin, originKey, type }: Announcement, check: typeof verify): boolean =>
  kindOf(type).isEntitled(body, { at, origin, originKey }, check)
