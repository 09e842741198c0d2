/** The real codec: frames of the mesh page around the messages of its dialect, or of the deployed one. */
import { Layer } from "effect"
import { readGo, writeGo } from "../protocol/agentdns/announcement.ts"
import { type GossipForm, makeDialogue } from "../protocol/wire/agentdns-dialogue.ts"
import { encodeFrame, FrameDecoder } from "../protocol/wire/frame.ts"
import { read, write } from "../protocol/wire/spec-codec.ts"
import { Codec, type Spoken } from "./ports.ts"

export const wireCodec: Codec["Service"] = {
  write: (message) => encodeFrame(write(message)),
  reader: () => {
    const decoder = new FrameDecoder()
    return (chunk): Spoken => {
      const { payloads, fault } = decoder.push(chunk)
      const messages = payloads.map(read)
      return fault === undefined ? { messages } : { messages, fault }
    }
  },
  deployed: ({ localHost }) => {
    const dialogue = makeDialogue({ localHost, gossip })
    const decoder = new FrameDecoder()
    return {
      write: dialogue.write,
      read: (chunk, nowMs) => {
        const { fault, payloads } = decoder.push(chunk)
        const heard = payloads.map((payload) => dialogue.read(payload, nowMs))
        const replies = heard.flatMap(({ reply }) => reply ?? [])
        return {
          messages: heard.flatMap(({ messages }) => messages),
          isHeard: payloads.length > 0,
          ...(fault !== undefined && { fault }),
          ...(replies.length > 0 && { reply: Buffer.concat(replies) }),
        }
      },
    }
  },
}

const gossip: GossipForm = { read: readGo, write: writeGo }

export const layer = Layer.succeed(Codec, wireCodec)
