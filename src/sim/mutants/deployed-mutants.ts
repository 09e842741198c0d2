/** Bugs in dealing with deployed nodes: in what they are sent, and when. */
import type { Message } from "../../protocol/wire/message.ts"
import type { Conversation } from "../../runtime/ports.ts"
import { mixed } from "../scenarios/mixed.ts"
import { casting, coding, idle, mutantsOf, type Plant, type Trial } from "./mutant.ts"

/** Three of ten are deployed nodes; one restarts, one comes late. */
const amongDeployed: Trial = { scenario: mixed, over: { nodes: 9, records: 12, untilMs: 200_000 } }

/** Other bytes to deployed nodes than ours. */
const telling = (change: (bytes: Uint8Array, message: Message) => Uint8Array): Plant =>
  coding((codec) => ({
    deployed: (ends): Conversation => {
      const honest = codec.deployed(ends)
      return { ...honest, write: (message, nowMs) => change(honest.write(message, nowMs), message) }
    },
  }))

const replaced = (bytes: Uint8Array, from: string, to: string): Uint8Array =>
  Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(from, to), "latin1")

/** The last frame of several that are written at once: its length stands in its first four bytes. */
const lastFrame = (bytes: Uint8Array): Uint8Array => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (let next = at; next < bytes.length; next += 4 + view.readUInt32BE(next)) at = next
  return bytes.subarray(at)
}

export const deployedMutants = mutantsOf({
  "a hop is counted before an announcement goes to a deployed node": [
    amongDeployed,
    telling((bytes) => replaced(bytes, '"hop_count":0', '"hop_count":1')),
  ],
  "questions of deployed nodes are answered without the ping that makes room": [
    amongDeployed,
    telling((bytes, message) => (message.type === "QUERY_ACK" ? lastFrame(bytes) : bytes)),
  ],
  "deployed nodes that come late are told nothing": [amongDeployed, casting(() => ({ herald: idle }))],
  "a deployed node is told nothing of what others of its kind said": [
    amongDeployed,
    telling((bytes, message) => (message.type === "GOSSIP" && message.document()?.["dialect"] === "agentdns" ? new Uint8Array(0) : bytes)),
  ],
})
