/** The payloads that the deployed node sends and reads, field by field in its order. */
import { announcement } from "./announcement.ts"
import { anything, bytes, bytes32, field, flag, listOf, omitted, pointerTo, real, struct, text, type ValueOf, whole } from "./go-json.ts"

export const envelope = struct({ type: field(text), payload: field(anything) })
export type Envelope = ValueOf<typeof envelope>

export const hello = struct({
  registry_id: field(text),
  name: field(text),
  public_key: field(text),
  agent_count: field(whole),
  version: field(text),
  listen_port: field(whole),
  registry_host: omitted(text),
})
export type DeployedHello = ValueOf<typeof hello>

export const heartbeat = struct({
  registry_id: field(text),
  agent_count: field(whole),
  bloom_filter: omitted(bytes),
  bloom_size: omitted(whole),
  bloom_hashes: omitted(whole),
  peer_addrs: omitted(listOf(text)),
})

export const gossip = struct({ announcement: field(pointerTo(announcement)) })

export const searchRequest = struct({
  query: omitted(text),
  category: omitted(text),
  tags: omitted(listOf(text)),
  entity_type: omitted(text),
  max_results: omitted(whole),
  federated: field(flag),
  enrich: field(flag),
})
export type DeployedQuery = ValueOf<typeof searchRequest>

export const search = struct({
  request_id: field(text),
  request: field(pointerTo(searchRequest)),
  origin_id: field(text),
  ttl: field(whole),
})

export const searchResult = struct({
  entity_id: field(text),
  name: field(text),
  summary: field(text),
  category: field(text),
  tags: field(listOf(text)),
  home_registry: field(text),
  status: omitted(text),
  score: field(real),
})
export type DeployedResult = ValueOf<typeof searchResult>

const stats = struct({
  local_results: field(whole),
  gossip_results: field(whole),
  federated_results: field(whole),
  peers_queried: field(whole),
  latency_ms: field(whole),
})

export const searchAck = struct({
  request_id: field(text),
  results: field(listOf(searchResult)),
  stats: omitted(pointerTo(stats)),
})

export const dhtRecord = struct({
  entity_id: field(text),
  name: field(text),
  category: field(text),
  tags: omitted(listOf(text)),
  summary: omitted(text),
  entity_url: field(text),
  public_key: field(text),
  home_registry: field(text),
  developer_id: omitted(text),
  status: omitted(text),
  last_heartbeat: omitted(text),
  stored_at: field(text),
})
export type DeployedDhtRecord = ValueOf<typeof dhtRecord>

const contact = struct({ id: field(bytes32), address: field(text), last_seen: field(whole) })
export type DeployedContact = ValueOf<typeof contact>

export const dht = struct({
  type: field(text),
  sender_id: field(bytes32),
  request_id: omitted(text),
  sender_addr: omitted(text),
  key: field(bytes32),
  record: omitted(pointerTo(dhtRecord)),
  target: field(bytes32),
  nodes: omitted(listOf(contact)),
  value: omitted(pointerTo(dhtRecord)),
  ok: omitted(flag),
  timestamp: field(text),
})
export type DeployedDht = ValueOf<typeof dht>
