/**
 * Agent Cards (registry page, "Agent Card"; A2A 0.3): where an entity serves its card, and what one is to us.
 *
 * A card is the entity's own, live word; it is passed on as it came. What is checked here is whose it is: the entity named in
 * it, and the signature (reference 1.4): Ed25519 over the ASCII of `protected`, a dot, and the canonical JSON of the card
 * without its signatures; the form of RFC 7515, where that JSON is base64url, is taken as well.
 */
import { canonicalWithout, type Json, type JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { isIdOf, readEntityId } from "../identity/id.ts"
import { readJson } from "../identity/json-text.ts"
import { readKey, writeSignature } from "../identity/key.ts"
import { cardSignaturesMax } from "../limits.ts"
import type { BareRecord, EntityRecord } from "./entity.ts"
import { isObject, isPlainJson } from "./plain-json.ts"

/** Whether the entity's own key signed its card. */
export type CardSignature = "valid" | "invalid" | "unsigned"

export interface Card {
  /** As it was served. */
  readonly text: string
  readonly document: JsonObject
  readonly signature: CardSignature
}

/** Where to look for the card, in this order; none when the entity's URL is none of the web's. */
export const cardUrls = ({ entity_url }: Pick<EntityRecord, "entity_url">): ReadonlyArray<string> => {
  const url = URL.parse(entity_url)
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return []
  if (url.pathname.endsWith(".json") || url.pathname.includes(".well-known")) return [url.href]
  const base = url.origin + url.pathname.replace(/\/+$/, "")
  return ["agent-card.json", "zynd-agent.json", "agent.json"].map((name) => `${base}/.well-known/${name}`)
}

/** `undefined` when it is no card, or says that it is another entity's. */
export const readCard = (text: string, record: EntityRecord | BareRecord, check: typeof verify): Card | undefined => {
  const document = readJson(text)
  if (!isObject(document) || !isPlainJson(document)) return undefined
  const said = isObject(document["x-zynd"]) ? document["x-zynd"] : document
  const id = said["entityId"] ?? said["entity_id"] ?? said["agent_id"]
  if (typeof id === "string" && readEntityId(id) !== record.entity_id) return undefined
  return { text, document, signature: signatureOf(text, document, record, check) }
}

const signatureOf = (text: string, document: JsonObject, record: EntityRecord | BareRecord, check: typeof verify): CardSignature => {
  const signatures = document["signatures"]
  if (!Array.isArray(signatures) || signatures.length === 0) return "unsigned"
  const payloads = payloadsOf(text, document)
  for (const said of signatures.slice(0, cardSignaturesMax) as ReadonlyArray<Json>) {
    if (!isObject(said)) continue
    const { header, protected: head, signature } = said
    const kid = isObject(header) ? header["kid"] : undefined
    if (typeof head !== "string" || typeof signature !== "string" || !isEdDsa(head)) continue
    const named = typeof kid === "string" ? readKey(kid) : undefined
    const key = record.public_key === "" ? named : record.public_key
    // of an entity whose key nobody told, the card may: its id is the key's
    if (key === undefined || !isIdOf(record.entity_id, key) || (typeof kid === "string" && named !== key)) continue
    const raw = Buffer.from(signature, "base64url")
    if (raw.length !== 64 || raw.toString("base64url") !== signature) continue
    if (payloads.some((payload) => check(key, `${head}.${payload}`, writeSignature(raw)))) return "valid"
  }
  return "invalid"
}

const isEdDsa = (head: string): boolean => {
  const read = readJson(Buffer.from(head, "base64url").toString("utf8"))
  return isObject(read) && read["alg"] === "EdDSA"
}

/** What may have been signed. Python writes `1.0` where JavaScript writes `1`, so numbers are also taken as they were spelled. */
const payloadsOf = (text: string, document: JsonObject): ReadonlyArray<string> => {
  const plain = canonicalOf(document)
  const spelled = canonicalOf(JSON.parse(text, keepSpelling) as JsonObject).replace(spelledNumber, "$1")
  return [plain, ...(spelled === plain ? [] : [spelled]), Buffer.from(plain).toString("base64url")]
}

const canonicalOf = (document: JsonObject): string => canonicalWithout(document, "signatures", "signature")

/** NUL is in no plain text, so nothing else looks like this. */
const keepSpelling = (_: string, value: unknown, { source }: { readonly source?: string } = {}): unknown =>
  typeof value === "number" && source !== undefined ? `\0${source}` : value
const spelledNumber = /"\\u0000([^"]*)"/g
