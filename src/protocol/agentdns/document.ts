/**
 * An announcement of the deployed dialect as it travels among ours: the very text that its origin signed, and the signature.
 *
 *     { "dialect": "agentdns", "signed": "{\"type\":\"agent_announce\",…}", "signature": "ed25519:…" }
 *
 * Text and not members: what is signed are bytes, and a text goes unchanged through every parser and store on the way. There is
 * nothing beside the three, so what has one id is one document.
 */
import type { JsonObject } from "../identity/canonical-json.ts"
import { isPlainName } from "../identity/json-text.ts"
import { isIdOf, readRegistryId } from "../identity/id.ts"
import { readKey, readSignature, type Signature } from "../identity/key.ts"
import { type Head, type Malformed, malformed } from "../gossip/kinds/kind.ts"
import { deployedTextCharactersMax } from "./limits.ts"
import { isPlainJson } from "../records/plain-json.ts"
import type { Pricing } from "../records/pricing.ts"
import { readTime } from "../time.ts"
import { type GoAnnouncement, readSignedText, signedText } from "./go-announcement.ts"

/** What of it every announcement has, and what it says. */
export interface ReadDocument extends Head {
  readonly signature: Signature
  readonly said: GoAnnouncement
}

export interface BareDocument extends JsonObject {
  readonly dialect: "agentdns"
  readonly signed: string
  readonly signature: string
}

export const isBareDocument = (document: JsonObject): document is BareDocument =>
  document["dialect"] === "agentdns" && typeof document["signed"] === "string" && typeof document["signature"] === "string"

export const bareDocument = (said: GoAnnouncement): BareDocument => ({
  dialect: "agentdns",
  signed: signedText(said),
  signature: said.signature,
})

/** Believes nothing of it; but its registry is who signed it, or nobody. */
export const readBareDocument = (document: BareDocument): ReadDocument | Malformed => {
  if (Object.keys(document).length > 3) return malformed("more than a text and its signature")
  if (document.signed.length > deployedTextCharactersMax) return malformed("too long")
  const text = readSignedText(document.signed)
  const said = text === undefined ? undefined : withPlainRates(text)
  if (said === undefined || !isPlainJson(said as unknown as JsonObject)) return malformed("not the text that a deployed node signs")
  const signature = readSignature(document.signature)
  const originKey = readKey(said.origin_public_key)
  const at = readTime(said.timestamp)
  const origin = readRegistryId(said.home_registry)
  if (signature === undefined || originKey === undefined || at === undefined) return malformed("key, time or signature")
  // a deployed node lets anybody speak in any registry's name
  if (origin === undefined || !isIdOf(origin, originKey)) return malformed("registry id and key disagree")
  return { signature, origin, originKey, at, said }
}

/** Prices by names that only an escape can spell are signed with the rest and travel on, and mean nothing (`identity/json-text.ts`). */
const withPlainRates = (said: GoAnnouncement): GoAnnouncement => {
  const { rates, ...pricing } = said.entity_pricing ?? {}
  if (rates === undefined) return said
  const plain = Object.entries(rates).filter(([name]) => name !== "__proto__" && isPlainName(name))
  if (plain.length === Object.keys(rates).length) return said
  return { ...said, entity_pricing: { ...(pricing as Pricing), ...(plain.length > 0 && { rates: Object.fromEntries(plain) }) } }
}
