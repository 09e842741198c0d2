/** Builders of what travels between nodes: greetings, heartbeats, gossip, members of a roster. All of it follows from small numbers. */
import type { Envelope, VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import type { Address } from "../../src/protocol/mesh/address.ts"
import type { Member } from "../../src/protocol/mesh/roster.ts"
import type { Gossip, Heartbeat, Hello, Query, QueryAck, QueryId } from "../../src/protocol/wire/message.ts"
import { announced, entityOf, noon, registryOf } from "./builders.ts"

export const noonMs = noon * 1_000

/** The address of the registry of this seed. */
export const addressOf = (seed: number): Address => ({ host: `n${seed}.example`, port: 4001 })

export const helloOf = (seed: number, over: Partial<Hello> = {}): Hello => ({
  type: "HELLO",
  nodeId: registryOf(seed).registryId,
  publicKey: registryOf(seed).publicKey,
  version: "1.0.0",
  capabilities: [],
  network: "public",
  role: "full",
  listenPort: 4001,
  agentCount: 3,
  ...over,
})

export const heartbeatOf = (seed: number, over: Partial<Heartbeat> = {}): Heartbeat => ({
  type: "HEARTBEAT",
  registryId: registryOf(seed).registryId,
  at: noon,
  peers: [],
  agentCount: 2,
  serviceCount: 1,
  wantsAnswer: false,
  ...over,
})

/** What the registry of this seed announces of one of its entities. */
export const announcementOf = (seed: number, index = 0): VerifiedAnnouncement => {
  const name = `${seed}/${index}`
  const known = announcements.get(name) ?? announced(registryOf(seed), entityOf(seed, index))
  announcements.set(name, known)
  return known
}
const announcements = new Map<string, VerifiedAnnouncement>()

export const envelopeOf = (announcement: VerifiedAnnouncement, hopCount = 0): Envelope => ({ announcement, hopCount })

export const gossipOf = ({ contentId, document }: VerifiedAnnouncement, hopCount = 0): Gossip => ({
  type: "GOSSIP",
  id: contentId,
  hopCount,
  document: () => document,
})

export const memberOf = (seed: number, link: number, over: Partial<Member> = {}): Member => ({
  peer: `peer/in/${link}`,
  link,
  registryId: registryOf(seed).registryId,
  publicKey: registryOf(seed).publicKey,
  direction: "in",
  role: "full",
  address: addressOf(seed),
  agentCount: 0,
  connectedAtMs: noonMs,
  ...over,
})

export const queryIdOf = (seed: number): QueryId => seed.toString(16).padStart(32, "0") as QueryId

export const queryOf = (seed: number, over: Partial<Query> = {}): Query => ({
  type: "QUERY",
  id: queryIdOf(seed),
  hops: 0,
  withinMs: 1_500,
  most: 10,
  question: { query: "weather" },
  ...over,
})

export const queryAckOf = (seed: number, documents: QueryAck["documents"] = []): QueryAck => ({
  type: "QUERY_ACK",
  id: queryIdOf(seed),
  total: documents.length,
  documents,
})
