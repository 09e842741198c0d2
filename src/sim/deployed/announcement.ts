/**
 * What the deployed node gossips: one struct for every kind, and the bytes that its origin signed.
 *
 * The origin signs the whole struct with an empty signature and with the hop count as it stands, which is 0 with it. Who
 * forwards counts the hop and leaves the signature: that is why among deployed nodes nothing goes farther than one of them.
 */
import { verifyRaw } from "../../protocol/identity/ed25519.ts"
import { field, flag, listOf, mapOf, omitted, pointerTo, real, struct, text, uint32, type ValueOf, whole } from "./go-json.ts"

const texts = listOf(text)

const capabilities = struct({
  skills: omitted(texts),
  protocols: omitted(texts),
  languages: omitted(texts),
  models: omitted(texts),
  input_types: omitted(texts),
  output_types: omitted(texts),
})

const pricing = struct({
  model: field(text),
  base_price_usd: field(real),
  currency: field(text),
  payment_methods: field(texts),
  rates: omitted(mapOf(real)),
})

const developerProof = struct({ developer_public_key: field(text), entity_index: field(uint32), developer_signature: field(text) })

export const announcement = struct({
  type: field(text),
  entity_id: omitted(text),
  name: field(text),
  category: omitted(text),
  tags: omitted(texts),
  summary: omitted(text),
  capability_summary: omitted(pointerTo(capabilities)),
  home_registry: field(text),
  entity_url: omitted(text),
  action: field(text),
  status: omitted(text),
  entity_type: omitted(text),
  service_endpoint: omitted(text),
  openapi_url: omitted(text),
  entity_pricing: omitted(pointerTo(pricing)),
  timestamp: field(text),
  origin_public_key: field(text),
  signature: field(text),
  hop_count: field(whole),
  max_hops: field(whole),
  developer_id: omitted(text),
  developer_public_key: omitted(text),
  developer_proof: omitted(pointerTo(developerProof)),
  profile_url: omitted(text),
  github: omitted(text),
  public_key: omitted(text),
  dev_handle: omitted(text),
  dev_handle_verified: omitted(flag),
  verification_method: omitted(text),
  fqan: omitted(text),
  agent_name_zns: omitted(text),
  registry_host: omitted(text),
  version: omitted(text),
  capability_tags: omitted(texts),
  domain: omitted(text),
  ed25519_public_key: omitted(text),
  tls_spki_fingerprint: omitted(text),
  verification_tier: omitted(text),
  attester_id: omitted(text),
  subject_id: omitted(text),
  verified_layers: omitted(texts),
})

export type DeployedAnnouncement = ValueOf<typeof announcement>

/** Hops that a deployed node gives its own announcements. */
export const maxHops = 10

export const signedText = (said: DeployedAnnouncement): string => announcement.write({ ...said, signature: "" })

/** An announcement by this key. */
export const announce = (
  origin: { readonly publicKey: string; readonly sign: (message: string) => string },
  said: Partial<DeployedAnnouncement>,
): DeployedAnnouncement => {
  const unsigned = { ...announcement.zero, max_hops: maxHops, ...said, origin_public_key: origin.publicKey }
  return { ...unsigned, signature: origin.sign(signedText(unsigned)) }
}

/** Does the origin's signature hold over the bytes with the hop count as it stands? */
export const isSigned = (said: DeployedAnnouncement, check: typeof verifyRaw = verifyRaw): boolean => {
  if (!said.signature.startsWith(keyPrefix)) return false
  const key = said.origin_public_key.startsWith(keyPrefix) ? said.origin_public_key.slice(keyPrefix.length) : said.origin_public_key
  const [rawKey, signature] = [Buffer.from(key, "base64"), Buffer.from(said.signature.slice(keyPrefix.length), "base64")]
  return check(rawKey, Buffer.from(signedText(said)), signature)
}

const keyPrefix = "ed25519:"

/** What a deployed node takes for the same announcement: neither type nor action count. */
export const dedupKeyOf = (said: DeployedAnnouncement): string => `${subjectOf(said)}:${said.timestamp}`

const subjectOf = (said: DeployedAnnouncement): string => {
  switch (said.type) {
    case "developer_announce":
    case "dev_handle":
      return said.developer_id
    case "name_binding":
      return said.fqan
    case "registry_proof":
      return said.domain
    case "peer_attestation":
      return `${said.attester_id}:${said.subject_id}`
    default:
      return said.entity_id
  }
}
