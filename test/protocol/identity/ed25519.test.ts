/**
 * The signature rule equals itself, written a second time on @noble/ed25519's points, over the inputs on which libraries
 * disagree: points of small order, encodings that are not canonical, S beyond the group order, keys of mixed order.
 */
import * as ed from "@noble/ed25519"
import { describe, expect, it } from "vitest"
import { sha512 } from "../../../src/protocol/identity/digest.ts"
import { secretKeyOf, sign, verify, verifyRaw } from "../../../src/protocol/identity/ed25519.ts"
import { rawKey, rawSignature, writeKey, writeSignature } from "../../../src/protocol/identity/key.ts"

const { n: groupOrder, p: prime } = ed.Point.CURVE()

const littleEndian = (value: bigint, length = 32): Buffer => Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex").reverse()
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`)
const times = (point: ed.Point, factor: bigint): ed.Point => point.multiplyUnsafe(((factor % groupOrder) + groupOrder) % groupOrder)
const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint => number(sha512(Buffer.concat([r, a, message]))) % groupOrder

/** S < L; A and R decode canonically and are not of small order; S·B = R + h·A without cofactor. */
const oracle = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
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

interface Case {
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

const signers = [1, 2, 3].map((fill) => {
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

const cases = (): Array<Case> => {
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

describe("the strict rule", () => {
  it("gives the oracle's verdict on every tricky input", () => {
    const all = cases()
    expect(all.length).toBeGreaterThan(1_000)
    const differ = all.filter(({ key, message, signature }) => verifyRaw(key, message, signature) !== oracle(key, message, signature))
    expect(differ.map(({ why }) => why)).toEqual([])
  })

  it("knows both verdicts, and refuses what a lenient library accepts", () => {
    const verdicts = Map.groupBy(cases(), ({ key, message, signature }) => verifyRaw(key, message, signature))
    const accepted = new Set(verdicts.get(true)!.map(({ why }) => why))
    // Of mixed order, but without cofactor the equation holds: every node must accept these, as OpenSSL does.
    expect(accepted).toEqual(new Set(["honest", "honest, own nonce", "A of mixed order", "R of mixed order", "A and R of mixed order"]))
    ed.hashes.sha512 = (message) => Uint8Array.from(sha512(message))
    const doubtful = verdicts.get(false)!.filter(({ why }) => /^odd|mixed/.test(why))
    const lenient = doubtful.slice(0, 200).filter(({ key, message, signature }) => {
      try {
        return ed.verify(signature, message, key)
      } catch {
        return false
      }
    })
    expect(lenient.length).toBeGreaterThan(50)
  })

  it("is asked with texts, too", () => {
    const [{ secret }] = signers as [(typeof signers)[0]]
    const signature = sign(secret, "grüße")
    expect(verify(secret.publicKey, "grüße", signature)).toBe(true)
    expect(verify(secret.publicKey, Buffer.from("grüße"), signature)).toBe(true)
    expect(verify(secret.publicKey, "grusse", signature)).toBe(false)
    expect(verify(writeKey(Buffer.alloc(32, 0xff)), "x", writeSignature(Buffer.alloc(64)))).toBe(false)
  })
})

describe("RFC 8032, 7.1", () => {
  it.each([
    [
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
      "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
  ])("seed %s", (seed, key, message, signature) => {
    const secret = secretKeyOf(Buffer.from(seed, "hex"))
    expect(rawKey(secret.publicKey).toString("hex")).toBe(key)
    expect(rawSignature(sign(secret, Buffer.from(message, "hex"))).toString("hex")).toBe(signature)
    expect(verifyRaw(Buffer.from(key, "hex"), Buffer.from(message, "hex"), Buffer.from(signature, "hex"))).toBe(true)
  })
})
