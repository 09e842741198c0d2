/**
 * Signatures on which libraries disagree: points of small order, encodings that are not canonical, S beyond the group order, keys
 * of mixed order. And the strict rule once more, on another implementation's points, as the oracle for what is right.
 */
import * as ed from "@noble/ed25519"
import { sha512 } from "../../src/protocol/identity/digest.ts"
import { secretKeyOf, sign } from "../../src/protocol/identity/ed25519.ts"
import { rawKey, rawSignature } from "../../src/protocol/identity/key.ts"

const { n: groupOrder, p: prime } = ed.Point.CURVE()

const littleEndian = (value: bigint, length = 32): Buffer => Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex").reverse()
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`)
const times = (point: ed.Point, factor: bigint): ed.Point => point.multiply(((factor % groupOrder) + groupOrder) % groupOrder, false)
const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint => number(sha512(Buffer.concat([r, a, message]))) % groupOrder

/** S < L; A and R decode canonically and are not of small order; S·B = R + h·A without cofactor. */
export const oracle = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (key.length !== 32 || signature.length !== 64) return false
  const s = number(signature.subarray(32))
  if (s >= groupOrder) return false
  try {
    const a = ed.Point.fromBytes(key, false)
    const r = ed.Point.fromBytes(signature.subarray(0, 32), false)
    if (a.isSmallOrder() || r.isSmallOrder()) return false
    return times(ed.Point.BASE, s).equals(r.add(times(a, challenge(signature.subarray(0, 32), key, message))))
  } catch {
    return false
  }
}

export interface Case {
  readonly why: string
  readonly key: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** The eight points of small order: multiples of one of order eight. */
const generator = ed.Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
const torsion = Array.from({ length: 7 }).reduce<ReadonlyArray<ed.Point>>((all) => [...all, all.at(-1)!.add(generator)], [ed.Point.ZERO])

/** Each y below 2²⁵⁵ − p has a second encoding y + p; and x = 0 has one with the sign bit set. */
const overflowing = Array.from({ length: 19 }, (_, y) => littleEndian(prime + BigInt(y)))
const withSign = (encoding: Uint8Array): Buffer => {
  const signed = Buffer.from(encoding)
  signed[31]! |= 0x80
  return signed
}
const oddEncodings = [...overflowing, ...overflowing.map(withSign), withSign(littleEndian(1n)), withSign(littleEndian(prime - 1n))]
const smallEncodings = torsion.map((point) => Buffer.from(point.toBytes()))

export const signers = [1, 2, 3].map((fill) => {
  const seed = Buffer.alloc(32, fill)
  const digest = Buffer.from(sha512(seed).subarray(0, 32))
  digest[0]! &= 248
  digest[31] = (digest[31]! & 127) | 64
  return { secret: secretKeyOf(seed), scalar: number(digest) % groupOrder }
})
const messages = ["", "one", "agent_announce"].map((text) => Buffer.from(text))

/** A signature with chosen parts: R as encoded, S = r + h·a. */
const crafted = (why: string, key: Uint8Array, message: Uint8Array, r: Uint8Array, rScalar: bigint, scalar: bigint): Case => {
  const s = (rScalar + challenge(r, key, message) * scalar) % groupOrder
  return { why, key, message, signature: Buffer.concat([r, littleEndian(s)]) }
}

export const cases = (): Array<Case> => {
  const all: Array<Case> = []
  const nonce = 0x1234_5678_9abc_def0n
  const honestR = Buffer.from(times(ed.Point.BASE, nonce).toBytes())
  for (const { secret, scalar } of signers) {
    const key = rawKey(secret.publicKey)
    for (const message of messages) {
      const signature = rawSignature(sign(secret, message))
      all.push({ why: "honest", key, message, signature })
      all.push(crafted("honest, own nonce", key, message, honestR, nonce, scalar))
      const s = number(signature.subarray(32))
      for (let k = 1n; s + k * groupOrder < 2n ** 256n; k++) {
        all.push({
          why: `S + ${k}L`,
          key,
          message,
          signature: Buffer.concat([signature.subarray(0, 32), littleEndian(s + k * groupOrder)]),
        })
      }
      for (const length of [0, 31, 32, 63, 65])
        all.push({ why: `${length} bytes of signature`, key, message, signature: Buffer.alloc(length, signature) })
      all.push({ why: "31 bytes of key", key: key.subarray(0, 31), message, signature })
      all.push({ why: "33 bytes of key", key: Buffer.concat([key, Buffer.of(0)]), message, signature })
      all.push({ why: "another message", key, message: Buffer.concat([message, Buffer.of(0)]), signature })
      all.push({
        why: "-A",
        key: withSign(key).equals(key) ? Buffer.from(key).fill(key[31]! & 0x7f, 31) : withSign(key),
        message,
        signature,
      })
      for (const r of [...smallEncodings, ...oddEncodings]) all.push(crafted("odd R, honest A", key, message, r, 0n, scalar))
      for (const point of torsion) {
        const mixedKey = Buffer.from(ed.Point.fromBytes(key).add(point).toBytes())
        const mixedR = Buffer.from(times(ed.Point.BASE, nonce).add(point).toBytes())
        all.push(crafted("A of mixed order", mixedKey, message, honestR, nonce, scalar))
        all.push(crafted("R of mixed order", key, message, mixedR, nonce, scalar))
        for (const other of torsion) {
          const otherKey = Buffer.from(ed.Point.fromBytes(key).add(other).toBytes())
          all.push(crafted("A and R of mixed order", otherKey, message, mixedR, nonce, scalar))
        }
      }
    }
    const [message] = messages
    const signature = rawSignature(sign(secret, message!))
    for (let bit = 0; bit < 512; bit += 7)
      all.push({ why: `bit ${bit} of the signature`, key, message: message!, signature: flipped(signature, bit) })
    for (let bit = 0; bit < 256; bit += 7) all.push({ why: `bit ${bit} of the key`, key: flipped(key, bit), message: message!, signature })
  }
  for (const key of [...smallEncodings, ...oddEncodings]) {
    for (const r of [...smallEncodings, honestR]) {
      all.push({ why: "odd A, S = 0", key, message: messages[1]!, signature: Buffer.concat([r, Buffer.alloc(32)]) })
      all.push(crafted("odd A, honest S", key, messages[1]!, r, nonce, 0n))
    }
  }
  all.push({ why: "nothing but zeros", key: Buffer.alloc(32), message: messages[0]!, signature: Buffer.alloc(64) })
  return all
}

const flipped = (bytes: Uint8Array, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}
