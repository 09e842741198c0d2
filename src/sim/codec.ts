/**
 * The remembering codec ("fast"): the real bytes, but what was written once is not written again, and what bytes mean is
 * read once in the whole world. What the most frequent messages mean is known when they are written: what was said (a
 * property in `test/protocol/wire`). Bytes that anybody made or changed are read like any others.
 */
import type { Gossip, Message } from "../protocol/wire/message.ts"
import { wireCodec } from "../runtime/codec.ts"
import type { Codec, Spoken } from "../runtime/ports.ts"

/** A frame whose meaning is known. It stands on the frame itself: there are too many of them for a map by identity. */
type Frame = Uint8Array & { [meaning]?: Spoken }
const meaning = Symbol("meaning")

/** One for the whole world. */
export const makeRememberingCodec = (): Codec["Service"] => {
  /** Frames of an announcement, by hop count. */
  const written = new WeakMap<object, Array<Uint8Array | undefined>>()

  const writeGossip = (message: Gossip): Uint8Array => {
    const document = message.document()
    if (document === undefined) return wireCodec.write(message)
    const byHops = written.get(document) ?? []
    written.set(document, byHops)
    return (byHops[message.hopCount] ??= wireCodec.write(message))
  }

  return {
    write: (message) => {
      if (message.type === "GOSSIP") return writeGossip(message)
      const frame: Frame = wireCodec.write(message)
      if (isReadAsSaid(message)) frame[meaning] = { messages: [message] }
      return frame
    },
    reader: () => {
      let real: ((chunk: Uint8Array) => Spoken) | undefined
      return (chunk: Frame) => {
        if (real !== undefined) return real(chunk)
        const known = chunk[meaning]
        if (known !== undefined) return known
        const reader = wireCodec.reader()
        const spoken = reader(chunk)
        // a piece that is not whole frames: from here on this stream is read for real
        if (isWhole(chunk)) chunk[meaning] = spoken
        else real = reader
        return spoken
      }
    },
    deployed: wireCodec.deployed,
  }
}

/** That its sender speaks both dialects is said in the deployed one alone. */
const isReadAsSaid = (message: Message): boolean => {
  switch (message.type) {
    case "BEACON":
    case "DHT":
    case "GRAFT":
    case "IHAVE":
    case "PRUNE":
      return true
    case "RECONCILE":
      return message.step === "compare" || message.step === "same"
    case "HELLO":
      return message.isBilingual === undefined
    case "HEARTBEAT":
      return message.filter === undefined
    case "ANSWER":
    case "ASK":
    case "GOSSIP":
    case "QUERY":
    case "QUERY_ACK":
      return false
  }
}

/** Does the chunk end where a frame ends? */
const isWhole = (chunk: Uint8Array): boolean => {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  let at = 0
  while (at + 4 <= chunk.length) at += 4 + view.getUint32(at)
  return at === chunk.length
}
