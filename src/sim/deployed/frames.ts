/** Frames of the deployed node: a length of four bytes, then JSON; one that is empty or too long ends the connection. */
const headBytes = 4
export const deployedFrameBytesMax = 1_048_576

/** A whole frame of this JSON. Longer ones are never sent: the deployed node only logs them. */
export const frameOf = (type: string, payload: string): Uint8Array | undefined => {
  const body = Buffer.from(`{"type":${JSON.stringify(type)},"payload":${payload}}`)
  if (body.length > deployedFrameBytesMax) return undefined
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Cuts a stream into the bodies of its frames, whatever pieces it comes in. */
export class Frames {
  #pieces: Array<Uint8Array> = []
  #length = 0
  /** The stream has said something that is no frame: nothing comes of it any more. */
  isBroken = false

  push(chunk: Uint8Array): void {
    this.#pieces.push(chunk)
    this.#length += chunk.length
  }

  /** The next body that is there as a whole. */
  next(): Uint8Array | undefined {
    if (this.isBroken || this.#length < headBytes) return undefined
    const all = Buffer.concat(this.#pieces)
    this.#pieces = [all]
    const length = all.readUInt32BE(0)
    if (length === 0 || length > deployedFrameBytesMax) {
      this.isBroken = true
      return undefined
    }
    if (all.length < headBytes + length) return undefined
    this.#pieces = [all.subarray(headBytes + length)]
    this.#length = all.length - headBytes - length
    return all.subarray(headBytes, headBytes + length)
  }
}
