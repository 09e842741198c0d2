/** A registry's word in the deployed dialect alone: what it takes over from a deployed node and nobody proves (`rows.ts`). */
import { type Origin, read, type VerifiedAnnouncement } from "../gossip/announcement.ts"
import type { Body } from "../gossip/kinds/kinds.ts"
import type { Seconds } from "../time.ts"
import { formOf } from "./form.ts"
import { signedText } from "./go-announcement.ts"

/** `undefined` where the deployed dialect has no form for it, or no deployed node would take it. `name`: a handle's developer's. */
export const announceBare = (origin: Origin, body: Body, at: Seconds, name = ""): VerifiedAnnouncement | undefined => {
  const form = formOf(body, { at, origin: origin.registryId, originKey: origin.publicKey }, name)
  if (form === undefined) return undefined
  const signed = signedText(form)
  const announcement = read({ dialect: "agentdns", signed, signature: origin.sign(signed) })
  return announcement.type === "malformed" ? undefined : (announcement as VerifiedAnnouncement)
}
