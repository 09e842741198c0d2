/**
 * The deployed node's announcement: one struct for every kind, its members in the order in which Go writes them, and the
 * bytes that its origin signs.
 *
 * Signed is the whole struct with an empty signature and the hop count that the origin sent, which is 0. A Go node counts
 * the hop before it passes an announcement on and leaves the signature, so the next one refuses it; sent on with the hop
 * count that was signed it is taken at any distance. So here the hop count is no part of an announcement: it is read beside.
 */
import type { Json, JsonObject } from "../identity/canonical-json.ts"
import { readAnyJson } from "../identity/json-text.ts"
import type { Pricing } from "../records/pricing.ts"
import { type GoStruct, readStruct, shapeOf, writeStruct } from "./go-json.ts"

const derivationProof = shapeOf({ developer_public_key: "text", entity_index: "uint32", developer_signature: "text" })
const pricing = shapeOf({ model: "text", base_price_usd: "float", currency: "text", payment_methods: "texts", rates: ["rates", "o"] })
const capabilities = shapeOf({
  skills: ["texts", "o"],
  protocols: ["texts", "o"],
  languages: ["texts", "o"],
  models: ["texts", "o"],
  input_types: ["texts", "o"],
  output_types: ["texts", "o"],
})

const shape = shapeOf({
  type: "text",
  entity_id: ["text", "o"],
  name: "text",
  category: ["text", "o"],
  tags: ["texts", "o"],
  summary: ["text", "o"],
  capability_summary: [{ shape: capabilities }, "o"],
  home_registry: "text",
  entity_url: ["text", "o"],
  action: "text",
  status: ["text", "o"],
  entity_type: ["text", "o"],
  service_endpoint: ["text", "o"],
  openapi_url: ["text", "o"],
  entity_pricing: [{ shape: pricing }, "o"],
  timestamp: "text",
  origin_public_key: "text",
  signature: "text",
  hop_count: "int",
  max_hops: "int",
  developer_id: ["text", "o"],
  developer_public_key: ["text", "o"],
  developer_proof: [{ shape: derivationProof }, "o"],
  profile_url: ["text", "o"],
  github: ["text", "o"],
  public_key: ["text", "o"],
  dev_handle: ["text", "o"],
  dev_handle_verified: ["bool", "o"],
  verification_method: ["text", "o"],
  fqan: ["text", "o"],
  agent_name_zns: ["text", "o"],
  registry_host: ["text", "o"],
  version: ["text", "o"],
  capability_tags: ["texts", "o"],
  domain: ["text", "o"],
  ed25519_public_key: ["text", "o"],
  tls_spki_fingerprint: ["text", "o"],
  verification_tier: ["text", "o"],
  attester_id: ["text", "o"],
  subject_id: ["text", "o"],
  verified_layers: ["texts", "o"],
})

interface GoDerivationProof {
  readonly developer_public_key: string
  readonly entity_index: number
  readonly developer_signature: string
}

interface GoCapabilities {
  readonly skills?: ReadonlyArray<string>
  readonly protocols?: ReadonlyArray<string>
  readonly languages?: ReadonlyArray<string>
  readonly models?: ReadonlyArray<string>
  readonly input_types?: ReadonlyArray<string>
  readonly output_types?: ReadonlyArray<string>
}

/** As Go holds it after reading: texts and numbers are there, `""` and 0 where nothing was said. */
export interface GoAnnouncement {
  readonly type: string
  readonly entity_id: string
  readonly name: string
  readonly category: string
  readonly tags?: ReadonlyArray<string>
  readonly summary: string
  readonly capability_summary?: GoCapabilities
  readonly home_registry: string
  readonly entity_url: string
  readonly action: string
  readonly status: string
  readonly entity_type: string
  readonly service_endpoint: string
  readonly openapi_url: string
  readonly entity_pricing?: Pricing
  readonly timestamp: string
  readonly origin_public_key: string
  readonly signature: string
  readonly hop_count: number
  readonly max_hops: number
  readonly developer_id: string
  readonly developer_public_key: string
  readonly developer_proof?: GoDerivationProof
  readonly profile_url: string
  readonly github: string
  readonly public_key: string
  readonly dev_handle: string
  readonly dev_handle_verified: boolean
  readonly verification_method: string
  readonly fqan: string
  readonly agent_name_zns: string
  readonly registry_host: string
  readonly version: string
  readonly capability_tags?: ReadonlyArray<string>
  readonly domain: string
  readonly ed25519_public_key: string
  readonly tls_spki_fingerprint: string
  readonly verification_tier: string
  readonly attester_id: string
  readonly subject_id: string
  readonly verified_layers?: ReadonlyArray<string>
}

/** What Go makes of an object; `undefined` where it cannot read it. */
export const readAnnouncement = (said: JsonObject): GoAnnouncement | undefined =>
  readStruct(shape, said) as unknown as GoAnnouncement | undefined

/** The announcement as Go writes it into a frame. */
export const announcementText = (announcement: Partial<GoAnnouncement>): string => writeStruct(shape, announcement as unknown as GoStruct)

/** What its origin signed: no signature yet, and no hop made. */
export const signedText = (announcement: Partial<GoAnnouncement>): string =>
  announcementText({ ...announcement, signature: "", hop_count: 0 })

const unsigned = '"signature":""'

/**
 * A signed text with its signature: what is sent. A text inside it cannot look like the place: its quotation marks are
 * escaped, and of the struct's other members none has this name and is a text.
 */
export const withSignature = (signed: string, signature: string): string => signed.replace(unsigned, () => `"signature":"${signature}"`)

/** The announcement of a signed text; `undefined` where Go, who writes what it read, would not sign these very bytes. */
export const readSignedText = (text: string): GoAnnouncement | undefined => {
  const said: Json | undefined = readAnyJson(text)
  if (typeof said !== "object" || said === null || Array.isArray(said)) return undefined
  const announcement = readAnnouncement(said as JsonObject)
  return announcement !== undefined && signedText(announcement) === text ? announcement : undefined
}
