/** A codec that tells what it reads, in either dialect, and does nothing else. */
import type { Message } from "../protocol/wire/message.ts"
import { isUnreadable } from "../protocol/wire/spec-codec.ts"
import type { Codec, Spoken } from "../runtime/ports.ts"

export const hearing = (codec: Codec["Service"], hear: (message: Message) => void): Codec["Service"] => {
  const told = <S extends Spoken>(spoken: S): S => {
    for (const message of spoken.messages) if (!isUnreadable(message)) hear(message)
    return spoken
  }
  return {
    write: codec.write,
    reader: () => {
      const read = codec.reader()
      return (chunk) => told(read(chunk))
    },
    deployed: (ends) => {
      const { read, write } = codec.deployed(ends)
      return { write, read: (chunk, nowMs) => told(read(chunk, nowMs)) }
    },
  }
}
