/** Frames: what comes out depends on the bytes, never on how they were cut. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { frameBytesMax } from "../../../src/protocol/limits.ts"
import { type Decoded, encodeFrame, FrameDecoder } from "../../../src/protocol/wire/frame.ts"

const head = (length: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

const join = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat(parts))

/** The rule itself, over the whole stream at once: what any decoder must bring out of it. */
const expected = (stream: Uint8Array): { payloads: Array<string>; fault: string | undefined } => {
  const payloads: Array<string> = []
  let at = 0
  while (at + 4 <= stream.length) {
    const length = new DataView(stream.buffer, stream.byteOffset + at, 4).getUint32(0)
    if (length === 0) return { payloads, fault: "empty" }
    if (length > frameBytesMax) return { payloads, fault: "oversized" }
    if (at + 4 + length > stream.length) break
    payloads.push(hex(stream.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return { payloads, fault: undefined }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** Cuts at the given places; every chunk is memory of its own, so that a view into a neighbour would show. */
const cut = (stream: Uint8Array, cuts: ReadonlyArray<number>): Array<Uint8Array> => {
  const places = [0, ...cuts.map((place) => place % (stream.length + 1)).sort((a, b) => a - b), stream.length]
  return places.slice(1).map((end, i) => stream.slice(places[i], end))
}

const decodeAll = (chunks: ReadonlyArray<Uint8Array>): { payloads: Array<string>; fault: string | undefined } => {
  const decoder = new FrameDecoder()
  const all: Array<Decoded> = chunks.map((chunk) => decoder.push(chunk))
  return { payloads: all.flatMap((decoded) => decoded.payloads.map(hex)), fault: decoder.push(new Uint8Array(0)).fault }
}

const payload = fc.uint8Array({ minLength: 1, maxLength: 70 })
/** A stream of frames that ends anywhere: after a frame, within one, or in a length that is refused, with bytes behind it. */
const stream = fc
  .tuple(
    fc.array(payload, { maxLength: 8 }),
    fc.oneof(
      fc.constant(new Uint8Array(0)),
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom(0, frameBytesMax + 1, 0xffff_ffff)
        .chain((length) => fc.uint8Array({ maxLength: 20 }).map((rest) => join(head(length), rest))),
    ),
  )
  .map(([payloads, tail]) => join(...payloads.map(encodeFrame), tail))
const cuts = fc.array(fc.nat(), { maxLength: 40 })

describe("FrameDecoder", () => {
  it("brings out the same under any split of the stream", () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, places) => {
        expect(decodeAll(cut(bytes, places))).toEqual(expected(bytes))
      }),
      { numRuns: 1_000 },
    )
  })

  it("brings out the same when every byte comes alone", () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        expect(decodeAll([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected(bytes))
      }),
    )
  })

  it("tells a fault with the fourth byte of the length, in the chunk that brought it, and never decodes again", () => {
    fc.assert(
      fc.property(payload, fc.constantFrom(0, frameBytesMax + 1, 0x8000_0000, 0xffff_ffff), (good, length) => {
        const decoder = new FrameDecoder()
        const first = decoder.push(join(encodeFrame(good), head(length).subarray(0, 3)))
        expect(first).toEqual({ payloads: [good] })
        const fault = length === 0 ? "empty" : "oversized"
        expect(decoder.push(head(length).subarray(3))).toEqual({ payloads: [], fault })
        expect(decoder.push(encodeFrame(good))).toEqual({ payloads: [], fault })
        expect(decoder.heldBytes).toBe(0)
      }),
    )
  })

  it("hands over what was complete before the fault in the same chunk", () => {
    const good = Uint8Array.of(1, 2, 3)
    expect(new FrameDecoder().push(join(encodeFrame(good), head(0)))).toEqual({ payloads: [good], fault: "empty" })
  })

  it("takes the largest frame and refuses one byte more", () => {
    const largest = new Uint8Array(frameBytesMax).fill(7)
    const decoder = new FrameDecoder()
    const frame = encodeFrame(largest)
    expect(decoder.push(frame.subarray(0, 500_000)).payloads).toHaveLength(0)
    expect(decoder.push(frame.subarray(500_000)).payloads[0]?.length).toBe(frameBytesMax)
    expect(() => encodeFrame(new Uint8Array(frameBytesMax + 1))).toThrow(RangeError)
    expect(() => encodeFrame(new Uint8Array(0))).toThrow(RangeError)
  })

  it("holds memory for bytes that came, not for a length that was claimed", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 500 }), { maxLength: 30 }), (pieces) => {
        const decoder = new FrameDecoder()
        decoder.push(head(frameBytesMax))
        expect(decoder.heldBytes).toBe(0)
        let came = 0
        for (const piece of pieces) {
          decoder.push(piece)
          came += piece.length
          expect(decoder.heldBytes).toBeLessThanOrEqual(2 * came)
        }
      }),
    )
  })

  it("never holds more than one payload, and nothing between frames", () => {
    const decoder = new FrameDecoder()
    const frame = encodeFrame(new Uint8Array(frameBytesMax))
    for (let at = 0; at < frame.length; at += 16_384) {
      decoder.push(frame.subarray(at, at + 16_384))
      expect(decoder.heldBytes).toBeLessThanOrEqual(frameBytesMax)
    }
    expect(decoder.heldBytes).toBe(0)
  })

  it("copies nothing of frames that lie whole in one chunk", () => {
    const chunk = join(encodeFrame(Uint8Array.of(1)), encodeFrame(Uint8Array.of(2, 3)))
    const { payloads } = new FrameDecoder().push(chunk)
    expect(payloads.map(hex)).toEqual(["01", "0203"])
    for (const one of payloads) expect(one.buffer).toBe(chunk.buffer)
  })

  it("gives gathered payloads memory that later chunks leave alone", () => {
    const decoder = new FrameDecoder()
    const frame = encodeFrame(Uint8Array.of(9, 8, 7))
    const reused = new Uint8Array(5)
    reused.set(frame.subarray(0, 5))
    decoder.push(reused)
    reused.fill(0)
    const kept = decoder.push(frame.subarray(5)).payloads[0]!
    decoder.push(encodeFrame(Uint8Array.of(1, 1, 1)))
    expect(hex(kept)).toBe("090807")
  })
})
