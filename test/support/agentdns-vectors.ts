/** Frames recorded from a running deployed node, and what they were answered with. */
import { readFileSync } from "node:fs"

export interface AgentdnsVector {
  readonly name: string
  readonly kind: "hello" | "gossip" | "search" | "search_ack" | "dht" | "heartbeat" | "bloom" | "tokens"
  readonly direction?: "go->peer" | "peer->go"
  readonly accepted?: boolean
  readonly frame: string
  readonly parsed?: Readonly<Record<string, unknown>>
  readonly answer_frame?: string
  readonly reply_frame?: string | null
  readonly [fact: string]: unknown
}

export const agentdnsVectors = (
  JSON.parse(readFileSync(new URL("../vectors/agentdns-golden.json", import.meta.url), "utf8")) as {
    readonly vectors: ReadonlyArray<AgentdnsVector>
  }
).vectors

export interface GossipVector extends AgentdnsVector {
  readonly kind: "gossip"
  /** What its origin signed, as text, with the hop count as it stands. */
  readonly signed: string
  /** Of what was sent to the node: whether the signature holds with no hop made, and what the node sent on. */
  readonly valid_with_hop_0?: boolean
  readonly forwarded_frame?: string
}

export const gossipVectors = agentdnsVectors.filter((vector): vector is GossipVector => vector.kind === "gossip")
/** When they had just been recorded. */
export const recordedMs = Date.parse("2026-11-21T13:00:00Z")
