/**
 * Frames: how messages are told apart on a stream (mesh page, "Wire protocol": 4-byte big-endian length, then the payload).
 *
 * The rule the decoder keeps: *what comes out depends on the bytes that went in, never on how they were cut into chunks.*
 * Payloads come out in order and whole; after a fault nothing more comes out, whatever follows.
 */
import { frameBytesMax } from "../limits.ts"

/** Bytes of the length in front of every payload. */
export const frameHeadBytes = 4

/** Why a stream cannot be read on. There is no way to find the next frame, so the connection has to end. */
export type FrameFault = "empty" | "oversized"

/** What one chunk brought. `payloads` were complete before the fault and are to be handled all the same. */
export interface Decoded {
  readonly payloads: ReadonlyArray<Uint8Array>
  /** Set from the chunk on that completed a length we do not accept; stays set. */
  readonly fault?: FrameFault
}

/** Head and payload in one piece. A payload that is empty or larger than `frameBytesMax` is our own mistake: it throws. */
export const encodeFrame = (payload: Uint8Array): Uint8Array => {
  const fault = faultOf(payload.length)
  if (fault !== undefined) throw new RangeError(`a frame of ${payload.length} bytes is ${fault}`)
  const frame = new Uint8Array(frameHeadBytes + payload.length)
  new DataView(frame.buffer).setUint32(0, payload.length)
  frame.set(payload, frameHeadBytes)
  return frame
}

/**
 * Reads the frames of one stream.
 *
 * A payload that lies whole in a chunk is a view of that chunk, uncopied; whoever reuses its chunks must read it first.
 * One that spans chunks is gathered in a buffer of its own, which grows with the bytes that came and not with the length
 * that was claimed: at most one payload is held, in at most twice the bytes received of it.
 */
export class FrameDecoder {
  #fault: FrameFault | undefined
  /** Length of the current payload, as far as its bytes are here; complete when `#headBytes` is 4. */
  #length = 0
  #headBytes = 0
  /** The current payload's bytes from earlier chunks: the first `#gatheredBytes` of `#gathered`. */
  #gathered: Uint8Array = nothing
  #gatheredBytes = 0

  /** Takes the next bytes of the stream and tells what they completed. */
  push(chunk: Uint8Array): Decoded {
    const payloads: Array<Uint8Array> = []
    let at = 0
    while (this.#fault === undefined && at < chunk.length) {
      if (this.#headBytes < frameHeadBytes) {
        this.#length = this.#length * 0x100 + chunk[at++]!
        if (++this.#headBytes === frameHeadBytes) this.#fault = faultOf(this.#length)
        continue
      }
      const missing = this.#length - this.#gatheredBytes
      const piece = chunk.subarray(at, at + missing)
      at += piece.length
      if (piece.length < missing) this.#gather(piece)
      else payloads.push(this.#complete(piece))
    }
    return this.#fault === undefined ? { payloads } : { payloads, fault: this.#fault }
  }

  /** Bytes of memory held for a payload that is not complete. */
  get heldBytes(): number {
    return this.#gathered.length
  }

  #gather(piece: Uint8Array): void {
    const bytes = this.#gatheredBytes + piece.length
    if (bytes > this.#gathered.length) {
      const larger = new Uint8Array(Math.min(this.#length, 2 * bytes))
      larger.set(this.#gathered.subarray(0, this.#gatheredBytes))
      this.#gathered = larger
    }
    this.#gathered.set(piece, this.#gatheredBytes)
    this.#gatheredBytes = bytes
  }

  /** The payload that ends with this piece; the decoder is at the start of the next frame afterwards. */
  #complete(last: Uint8Array): Uint8Array {
    let payload = last
    if (this.#gatheredBytes > 0) {
      this.#gather(last)
      payload = this.#gathered.subarray(0, this.#length)
    }
    this.#length = 0
    this.#headBytes = 0
    this.#gathered = nothing
    this.#gatheredBytes = 0
    return payload
  }
}

const nothing = new Uint8Array(0)

const faultOf = (length: number): FrameFault | undefined => (length === 0 ? "empty" : length > frameBytesMax ? "oversized" : undefined)
