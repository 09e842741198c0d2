/**
 * Our records as REST writes them (reference 1.2, 1.8, 4.1): the deployed names, `zns:` ids, RFC 3339 times.
 *
 * Beyond the deployed shapes (ruled): `entity_url` is shown, so that SDKs see no difference at every start; `created_at`
 * repeats `registered_at` for the page's name of it; `home_registry_id`, `tier` and `contested` say what this node knows.
 */
import { Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import type { DeveloperEntry } from "../../protocol/records/developer.ts"
import type { NameEntry } from "../../protocol/records/name.ts"
import { fqanOf } from "../../protocol/records/naming.ts"
import type { EntityId } from "../../protocol/identity/id.ts"
import type { Card } from "../../protocol/records/card.ts"
import { secondsOf, writeTime } from "../../protocol/time.ts"
import { registriesShownMax } from "../node/peers.ts"
import type { EntityView, NodeStatus, PeerView, RegistryView, SearchAnswer, SearchHit } from "../node-service.ts"
import type { HttpSettings } from "./settings.ts"

/**
 * A document as the answer. Its type is its schema's already, so it is not encoded once more on the way out: that would cost
 * more than all the rest of a request. A test holds the answers against the schemas.
 */
export const answerOf = (document: object): HttpServerResponse.HttpServerResponse => HttpServerResponse.jsonUnsafe(document)

export const Details = Schema.Record(Schema.String, Schema.Json)
const optional = Schema.optionalKey
export const Time = Schema.String.annotate({ description: "RFC 3339, UTC, whole seconds" })
export const Tier = Schema.Literals(["local", "gossip", "dht", "hearsay"]).annotate({
  description: "registered here, learned from the mesh, looked up in the DHT, or told by a peer without any proof",
})
export const Status = Schema.Literals(["active", "inactive"])

export const DeveloperProof = Schema.Struct({
  developer_public_key: Schema.String,
  entity_index: Schema.Int,
  developer_signature: Schema.String,
})

export const Entity = Schema.Struct({
  entity_id: Schema.String,
  entity_type: Schema.Literals(["agent", "service"]),
  name: Schema.String,
  owner: Schema.String,
  entity_url: Schema.String,
  category: Schema.String,
  tags: Schema.Array(Schema.String),
  summary: Schema.String,
  public_key: Schema.String,
  home_registry: Schema.String.annotate({ description: "host of the home registry where it is known, else its id or nothing" }),
  home_registry_id: Schema.String,
  schema_version: Schema.String,
  registered_at: Time,
  created_at: Time,
  updated_at: Time,
  ttl: Schema.Int,
  signature: Schema.String,
  developer_id: Schema.String,
  entity_index: Schema.Int,
  developer_proof: DeveloperProof,
  status: Status,
  last_heartbeat: optional(Time),
  received_at: optional(Time),
  service_endpoint: optional(Schema.String),
  openapi_url: optional(Schema.String),
  entity_pricing: optional(Details),
  capability_summary: optional(Details),
  codebase_hash: optional(Schema.String),
  fqan: optional(Schema.String.annotate({ description: "host/handle/name, where it has a name" })),
  developer_handle: optional(Schema.String),
  tier: Tier,
  stale: optional(Schema.Boolean.annotate({ description: "its home registry said nothing for a day" })),
  contested: optional(Schema.Boolean.annotate({ description: "more than one registry claims to be its home" })),
})

export const entityDocument = ({ name, record, ...known }: EntityView, settings: HttpSettings): typeof Entity.Type => ({
  entity_id: record.entity_id,
  entity_type: record.entity_type,
  name: record.name,
  owner: record.developer_id,
  entity_url: record.entity_url,
  category: record.category,
  tags: record.tags,
  summary: record.summary,
  public_key: record.public_key,
  home_registry: homeOf({ record, tier: known.tier }, settings),
  home_registry_id: record.home_registry,
  schema_version: schemaVersion,
  registered_at: writeTime(record.registered_at),
  created_at: writeTime(record.registered_at),
  updated_at: writeTime(record.updated_at),
  ttl: record.ttl,
  signature: record.signature,
  developer_id: record.developer_id,
  entity_index: record.developer_proof?.entity_index ?? 0,
  developer_proof: record.developer_proof ?? noProof,
  status: known.status,
  ...(known.lastHeartbeat !== undefined && { last_heartbeat: writeTime(known.lastHeartbeat) }),
  ...(known.receivedAt !== undefined && { received_at: writeTime(known.receivedAt) }),
  ...(record.service_endpoint !== undefined && { service_endpoint: record.service_endpoint }),
  ...(record.openapi_url !== undefined && { openapi_url: record.openapi_url }),
  ...(record.entity_pricing !== undefined && { entity_pricing: record.entity_pricing as typeof Details.Type }),
  ...(record.capability_summary !== undefined && { capability_summary: record.capability_summary as typeof Details.Type }),
  ...(record.codebase_hash !== undefined && { codebase_hash: record.codebase_hash }),
  ...nameMembers({ name }),
  tier: known.tier,
  ...(known.contested && { contested: true }),
  ...(known.isStale === true && { stale: true }),
})

const schemaVersion = "1.0"
/** As a registry of the deployed dialect says it of an entity without a developer. */
const noProof = { developer_public_key: "", entity_index: 0, developer_signature: "" }

/** The handle only together with a name (as deployed). */
const nameMembers = ({ name }: { readonly name?: NameEntry | undefined }) =>
  name === undefined ? {} : { fqan: fqanOf(name.host, name.handle, name.name), developer_handle: name.handle }

/** Ours by the host that names are made of, the others' by id (as deployed). */
const homeOf = (
  { record, tier }: { readonly record: { readonly home_registry: string }; readonly tier: string },
  { registryHost }: HttpSettings,
): string => (tier === "local" ? (registryHost ?? "") : record.home_registry)

export const Developer = Schema.Struct({
  developer_id: Schema.String,
  name: Schema.String,
  public_key: Schema.String,
  home_registry: Schema.String,
  home_registry_id: Schema.String,
  schema_version: Schema.String,
  registered_at: Time,
  updated_at: Time,
  signature: Schema.String.annotate({ description: "empty where a registration of an entity introduced the developer" }),
  profile_url: optional(Schema.String),
  github: optional(Schema.String),
  dev_handle: optional(Schema.String),
  dev_handle_verified: optional(Schema.Boolean),
  verified: optional(Schema.Boolean.annotate({ description: "whether the handle is: the registry page's name for it" })),
  verification_method: optional(Schema.Literals(["dns", "github"])),
  verification_proof: optional(Schema.String),
  tier: Tier,
})

export const developerDocument = ({ handle, record, tier }: DeveloperEntry, settings: HttpSettings): typeof Developer.Type => ({
  developer_id: record.developer_id,
  name: record.name,
  public_key: record.public_key,
  home_registry: homeOf({ record, tier }, settings),
  home_registry_id: record.home_registry,
  schema_version: schemaVersion,
  registered_at: writeTime(record.registered_at),
  updated_at: writeTime(record.updated_at),
  signature: record.signature ?? "",
  ...(record.profile_url !== "" && { profile_url: record.profile_url }),
  ...(record.github !== "" && { github: record.github }),
  ...(handle !== undefined && {
    dev_handle: handle.handle,
    dev_handle_verified: handle.verification !== undefined,
    verified: handle.verification !== undefined,
    ...(handle.verification !== undefined && {
      verification_method: handle.verification.method,
      verification_proof: handle.verification.proof,
    }),
  }),
  tier,
})

export const CardSignature = Schema.Literals(["valid", "invalid", "unsigned"]).annotate({
  description: "whether the entity's key signed the card",
})

export const cardMembers = (card: Card | undefined) =>
  card === undefined ? {} : { card: card.document as typeof Details.Type, card_signature: card.signature }

const SearchResult = Schema.Struct({
  entity_id: Schema.String,
  entity_type: Schema.Literals(["agent", "service"]),
  name: Schema.String,
  summary: Schema.String,
  category: Schema.String,
  tags: Schema.Array(Schema.String),
  home_registry: Schema.String,
  entity_url: Schema.String,
  developer_id: Schema.String,
  status: Status,
  score: Schema.Finite.annotate({ description: "0 to 1" }),
  score_breakdown: Schema.Struct({
    text_relevance: Schema.Finite,
    semantic_similarity: Schema.Finite,
    trust_score: Schema.Finite,
    freshness: Schema.Finite,
    availability: Schema.Finite,
  }).annotate({ description: "what the score is made of, each 0 to 1" }),
  service_endpoint: optional(Schema.String),
  openapi_url: optional(Schema.String),
  entity_pricing: optional(Details),
  fqan: optional(Schema.String),
  developer_handle: optional(Schema.String),
  card: optional(Details.annotate({ description: "the live agent card, where enrich is asked for and it came in time" })),
  card_signature: optional(CardSignature),
  tier: Tier,
})

export const SearchResults = Schema.Struct({
  results: Schema.Array(SearchResult),
  total_found: Schema.Int.annotate({ description: "all that match, not only this page" }),
  offset: Schema.Int,
  has_more: Schema.Boolean,
  incomplete: optional(Schema.Boolean.annotate({ description: "true: this node started a moment ago and does not find everything yet" })),
  search_stats: Schema.Struct({
    local_results: Schema.Int.annotate({ description: "of this page, registered here" }),
    gossip_results: Schema.Int.annotate({ description: "of this page, learned from the mesh" }),
    federated_results: Schema.Int.annotate({ description: "found by peers and not held here" }),
    peers_queried: Schema.Int,
    peers_answered: Schema.Int,
    latency_ms: Schema.Int,
  }),
})

export const searchDocument = (
  answer: SearchAnswer,
  settings: HttpSettings,
  cards: ReadonlyMap<EntityId, Card>,
): typeof SearchResults.Type => ({
  results: answer.hits.map((hit) => resultDocument(hit, settings, cards.get(hit.entry.record.entity_id))),
  total_found: answer.totalFound,
  offset: answer.offset,
  has_more: answer.hasMore,
  ...(answer.isIncomplete === true && { incomplete: true }),
  search_stats: {
    local_results: answer.stats.local,
    gossip_results: answer.stats.gossip,
    federated_results: answer.stats.federated,
    peers_queried: answer.stats.peersAsked,
    peers_answered: answer.stats.peersAnswered,
    latency_ms: answer.stats.latencyMs,
  },
})

const resultDocument = (
  { breakdown, entry, score }: SearchHit,
  settings: HttpSettings,
  card: Card | undefined,
): typeof SearchResult.Type => {
  const { record, status, tier } = entry
  return {
    entity_id: record.entity_id,
    entity_type: record.entity_type,
    name: record.name,
    summary: record.summary,
    category: record.category,
    tags: record.tags,
    home_registry: homeOf(entry, settings),
    entity_url: record.entity_url,
    developer_id: record.developer_id,
    status,
    score,
    score_breakdown: breakdown,
    ...(record.service_endpoint !== undefined && { service_endpoint: record.service_endpoint }),
    ...(record.openapi_url !== undefined && { openapi_url: record.openapi_url }),
    ...(record.entity_pricing !== undefined && { entity_pricing: record.entity_pricing as typeof Details.Type }),
    ...nameMembers(entry),
    ...cardMembers(card),
    tier,
  }
}

export const Info = Schema.Struct({
  registry_id: Schema.String,
  public_key: Schema.String,
  name: Schema.String,
  version: Schema.String,
  registry_host: optional(Schema.String),
  developer_onboarding: Schema.Struct({ mode: Schema.Literals(["open", "restricted"]), auth_url: optional(Schema.String) }),
})

export const infoDocument = (
  node: { readonly registryId: string; readonly publicKey: string },
  settings: HttpSettings,
): typeof Info.Type => ({
  registry_id: node.registryId,
  public_key: node.publicKey,
  name: settings.name,
  version: settings.version,
  ...(settings.registryHost !== undefined && { registry_host: settings.registryHost }),
  developer_onboarding: {
    mode: settings.onboarding.mode,
    ...(settings.onboarding.mode === "restricted" &&
      settings.onboarding.authUrl !== undefined && { auth_url: settings.onboarding.authUrl }),
  },
})

const Counts = Schema.Record(Schema.String, Schema.Int)

export const NetworkStatus = Schema.Struct({
  registry_id: Schema.String,
  name: Schema.String,
  version: Schema.String,
  uptime: Schema.String.annotate({ description: "as in 1h2m3.4s" }),
  peer_count: Schema.Int,
  local_agents: Schema.Int,
  gossip_entries: Schema.Int,
  node_type: Schema.String,
  developers: Schema.Int,
  phase: Schema.String,
  refused: Counts.annotate({ description: "frames refused before their sender was a peer, by reason" }),
  dht: Schema.optionalKey(
    Schema.Struct({
      contacts: Schema.Int.annotate({ description: "nodes in the routing table" }),
      buckets: Counts.annotate({ description: "contacts of each bucket, by the bits that they share with this node's key" }),
      stored_values: Schema.Int.annotate({ description: "held for others" }),
      own_values: Schema.Int.annotate({ description: "published by this node" }),
      lookups: Counts.annotate({ description: "that ended, by what they came to; and the questions that they asked" }),
    }),
  ),
})

export const statusDocument = (status: NodeStatus, settings: HttpSettings): typeof NetworkStatus.Type => ({
  registry_id: status.registryId,
  name: settings.name,
  version: settings.version,
  uptime: writeUptime(status.uptimeMs),
  peer_count: status.peerCount,
  local_agents: status.localEntities,
  gossip_entries: status.gossipEntities,
  node_type: settings.role,
  developers: status.developers,
  phase: status.phase,
  refused: status.refused,
  ...(status.dht !== undefined && {
    dht: {
      contacts: status.dht.contacts,
      buckets: status.dht.buckets,
      stored_values: status.dht.storedValues,
      own_values: status.dht.ownValues,
      lookups: { ...status.dht.lookups },
    },
  }),
})

/** A duration as the deployed node writes it: `1h2m3.4s`, without the units that are zero in front. */
export const writeUptime = (uptimeMs: number): string => {
  const tenths = Math.floor(uptimeMs / 100)
  const [hours, minutes, seconds] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10]
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`
}

export const NetworkStats = Schema.Struct({
  estimated_registries: Schema.Int.annotate({ description: "this one, and those that it has heard of" }),
  estimated_agents: Schema.Int.annotate({ description: "entities that this node holds" }),
  gossip_messages_per_hour: Schema.Finite.annotate({ description: "announcements that its peers of now sent, since it started" }),
  searches_per_hour: Schema.Finite.annotate({ description: "since it started" }),
  mesh_connectivity: Schema.Finite.annotate({ description: "share of the registries it knows of to which it is connected" }),
})

export const statsDocument = (status: NodeStatus, peers: ReadonlyArray<PeerView>): typeof NetworkStats.Type => {
  const hours = Math.max(status.uptimeMs, 1_000) / 3_600_000
  const heard = peers.flatMap(({ verdicts }) => Object.values(verdicts)).reduce((sum, count) => sum + count, 0)
  const others = Math.max(status.knownRegistries, peers.length)
  return {
    estimated_registries: 1 + others,
    estimated_agents: status.localEntities + status.gossipEntities,
    gossip_messages_per_hour: Math.round(heard / hours),
    searches_per_hour: Math.round(status.searches / hours),
    mesh_connectivity: others === 0 ? 0 : Math.round((1_000 * peers.length) / others) / 1_000,
  }
}

const Peer = Schema.Struct({
  registry_id: Schema.String,
  public_key: Schema.String,
  address: Schema.String,
  direction: Schema.Literals(["in", "out"]).annotate({ description: "who called whom: out is by this node" }),
  role: Schema.Literals(["full", "light", "gateway", "bootnode"]).annotate({ description: "as it says" }),
  latency_ms: optional(Schema.Finite.annotate({ description: "of the last round trip to it and back; absent until one was measured" })),
  agent_count: Schema.Int,
  connected_at: Time,
  last_seen: Time,
  reputation: Schema.Finite.annotate({ description: "1 at the best; at 0 the peer is disconnected" }),
  trust_score: Schema.Finite.annotate({ description: "trust in it, 0 to 1, as this node reckons it" }),
  verification_tier: Schema.Literals(["self-announced", "domain-verified", "dns-published", "mesh-verified"]),
  verified_layers: Schema.Array(Schema.Literals(["proof", "dns", "tls"])).annotate({ description: "what this node verified itself" }),
  verdicts: Counts.annotate({ description: "how often each verdict was given on what it sent" }),
})

export const Peers = Schema.Struct({ peers: Schema.Array(Peer) })

export const peersDocument = (peers: ReadonlyArray<PeerView>): typeof Peers.Type => ({
  peers: peers.map((peer) => ({
    registry_id: peer.registryId,
    public_key: peer.publicKey,
    address: peer.address,
    direction: peer.direction,
    role: peer.role,
    ...(peer.roundTripMs !== undefined && { latency_ms: Math.round(peer.roundTripMs * 100) / 100 }),
    agent_count: peer.agentCount,
    connected_at: writeTime(secondsOf(peer.connectedAtMs)),
    last_seen: writeTime(secondsOf(peer.lastSeenMs)),
    reputation: Math.round(peer.reputation * 1_000) / 1_000,
    trust_score: Math.round(peer.trust * 1_000) / 1_000,
    verification_tier: peer.tier,
    verified_layers: peer.layers,
    verdicts: peer.verdicts,
  })),
})

export const Registries = Schema.Struct({
  registries: Schema.Array(
    Schema.Struct({
      registry_id: Schema.String,
      last_word: optional(Time.annotate({ description: "when it last said anything that reached this node; absent where it did not yet" })),
      is_peer: Schema.Boolean.annotate({ description: "connected to this node now" }),
      stale: Schema.Boolean.annotate({ description: "it said nothing for a day" }),
      trust_score: Schema.Finite.annotate({ description: "trust in it, 0 to 1, as this node reckons it" }),
    }),
  ).annotate({ description: `other registries that this node knows: its peers, then those heard last; at most ${registriesShownMax}` }),
})

export const registriesDocument = (registries: ReadonlyArray<RegistryView>): typeof Registries.Type => ({
  registries: registries.map(({ isPeer, isStale, lastWord, registryId, trust }) => ({
    registry_id: registryId,
    ...(lastWord !== undefined && { last_word: writeTime(lastWord) }),
    is_peer: isPeer,
    stale: isStale,
    trust_score: Math.round(trust * 1_000) / 1_000,
  })),
})
