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
