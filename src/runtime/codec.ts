/** The real codec: frames of the mesh page around the messages of its dialect. */
import { Layer } from "effect"
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
}

export const layer = Layer.succeed(Codec, wireCodec)
