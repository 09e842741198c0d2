/**
 * Frames made wrong: bytes flipped, cut, doubled; lengths that lie; and JSON that is JSON but not what was meant. What comes
 * out may still be a valid frame: then it means something, and must not harm either.
 */
import { frameBytesMax, jsonDepthMax } from "../../protocol/limits.ts"
import type { SeededRandom } from "../dice.ts"

const headBytes = 4

/** One frame, mutilated in one to three ways. */
export const mutilated = (random: SeededRandom, frame: Uint8Array): Uint8Array => {
  let bytes = frame
  for (let times = 1 + random.below(3); times > 0; times--) bytes = random.pick(ways)(random, bytes)
  return bytes
}

/** The same bytes as a stream may deliver them: in pieces of any size. */
export const inPieces = (random: SeededRandom, bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const pieces: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const length = random.isTrue(0.3) ? 1 + random.below(5) : 1 + random.below(bytes.length)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

type Way = (random: SeededRandom, frame: Uint8Array) => Uint8Array

const flip: Way = (random, frame) => {
  const changed = Buffer.from(frame)
  for (let times = 1 + random.below(8); times > 0 && changed.length > 0; times--) {
    const at = random.below(changed.length)
    changed[at] = changed[at]! ^ (1 << random.below(8))
  }
  return changed
}

const cut: Way = (random, frame) => frame.subarray(0, random.below(frame.length + 1))
const double: Way = (random, frame) => {
  const at = random.below(frame.length + 1)
  return Buffer.concat([frame.subarray(0, at), frame.subarray(random.below(at + 1), at), frame.subarray(at)])
}
const noise: Way = (random, frame) => {
  const at = random.below(frame.length + 1)
  const bytes = random.bytes(1 + random.below(40))
  return Buffer.concat([frame.subarray(0, at), bytes, frame.subarray(at)])
}
const wrongLength: Way = (random, frame) => {
  if (frame.length < headBytes) return frame
  const changed = Buffer.from(frame)
  changed.writeUInt32BE(
    random.pick([0, 1, 2, frame.length, frame.length - headBytes - 1, frameBytesMax, frameBytesMax + 1, 0xffffffff]) >>> 0,
  )
  return changed
}

/** Well-framed JSON with one value replaced, taken away, or added. */
const otherJson: Way = (random, frame) => {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(frame).toString("utf8", headBytes))
  } catch {
    return flip(random, frame)
  }
  return framed(JSON.stringify(changed(random, value)) ?? "null")
}

const ways: ReadonlyArray<Way> = [flip, cut, double, noise, wrongLength, otherJson, otherJson, otherJson]

const changed = (random: SeededRandom, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || random.isTrue(0.15)) return random.pick(oddities)(random)
  const keys = Object.keys(value)
  if (Array.isArray(value)) {
    if (keys.length === 0 || random.isTrue(0.2)) return [...(value as ReadonlyArray<unknown>), random.pick(oddities)(random)]
    const at = random.below(keys.length)
    return (value as ReadonlyArray<unknown>).map((one, i) => (i === at ? changed(random, one) : one))
  }
  const key =
    keys.length === 0 || random.isTrue(0.1) ? random.pick(["__proto__", "constructor", "type", "", "a".repeat(300)]) : random.pick(keys)
  if (random.isTrue(0.2)) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  return Object.fromEntries([
    ...Object.entries(value).filter(([name]) => name !== key),
    [key, changed(random, (value as Record<string, unknown>)[key])],
  ])
}

const oddities: ReadonlyArray<(random: SeededRandom) => unknown> = [
  () => null,
  () => true,
  () => [],
  () => ({}),
  () => "",
  () => "\u0000\ud800",
  () => -1,
  () => 0.5,
  () => 2 ** 53,
  () => 1e308,
  () => "x".repeat(5_000),
  () => "ed25519:AAAA",
  () => "zns:registry:00000000000000000000000000000000",
  () => "9999-12-31T23:59:59Z",
  () => nested(jsonDepthMax + 5),
  () => Array.from({ length: 2_000 }, () => 0),
  (random) => random.below(2 ** 31),
]

const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)])

const framed = (text: string): Buffer => {
  const body = Buffer.from(text, "utf8")
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}
