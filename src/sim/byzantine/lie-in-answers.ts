/**
 * Answers queries with what is not true: its own records and others' under names that would match better, words that nobody
 * signed, what was not asked for, and nothing that counts. Whatever comes of it, no result may say what its owner did not.
 */
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { Message, QueryId } from "../../protocol/wire/message.ts"
import type { SeededRandom } from "../dice.ts"
import type { Hand } from "./hand.ts"
import type { LiarKind } from "./liar.ts"

export const lieInAnswers: LiarKind = {
  name: "answers",
  lie: "answers queries with forged, changed and unasked records",
  begin: (_, { hand, random }) => {
    let asked = ""
    const endHearing = hand.overhear((message) => {
      if (message.type === "QUERY") asked = message.question.query ?? ""
    })
    const endBending = hand.bend((message) => (message.type === "QUERY_ACK" ? lied(message, asked, hand, random) : message))
    return () => {
      endHearing()
      endBending()
    }
  },
}

type Ack = Extract<Message, { readonly type: "QUERY_ACK" }>

const lied = (message: Ack, asked: string, hand: Hand, random: SeededRandom): Message => {
  const known = [...message.documents, ...hand.heard.slice(-20)]
  return random.pick<() => Ack>([
    () => ({ ...message, documents: known.map((document) => renamed(document, asked)).slice(0, 20) }),
    () => ({ ...message, documents: known.map((document) => ({ ...document, timestamp: "2020-01-01T00:00:00Z" })).slice(0, 20) }),
    () => ({ ...message, documents: [{ type: "agent_announce" }, { type: "peer_attestation", subject_id: asked }, {}] }),
    () => ({ ...message, total: 1_000_000_000, documents: [] }),
    () => ({ ...message, id: message.id.replaceAll("0", "1") as QueryId }),
    () => ({ ...message, documents: [...known, ...known].slice(0, 40) }),
  ])()
}

/** As if it were what is looked for; its owner never signed that. */
const renamed = (document: JsonObject, asked: string): JsonObject => ({
  ...document,
  record: { ...(document["record"] as JsonObject | undefined), name: asked, summary: `${asked} ${asked}`, tags: asked.split(" ") },
})
