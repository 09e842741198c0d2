/**
 * Ed25519 with one strict rule, so that no two nodes ever disagree on a signature (ruled).
 *
 * Libraries differ on small-order points, on encodings that are not canonical and on cofactors; OpenSSL changed between
 * versions. So the rule is ours: S < L; A and R are canonical and not of small order; then the equation without cofactor, as
 * node:crypto reckons it, or a faster engine that a node brings (`runtime/live/ed25519.ts`). Tests hold each of them against
 * the same rule on @noble/ed25519's points.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign as signWith, verify as verifyWith } from "node:crypto"
import { type PublicKey, rawKey, rawSignature, type Signature, writeKey, writeSignature } from "./key.ts"

/** A private key: never logged, never stored outside its file. */
export interface SecretKey {
  readonly publicKey: PublicKey
  readonly keyObject: KeyObject
}

const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex")
const spkiHead = Buffer.from("302a300506032b6570032100", "hex")

/** The key pair of a 32-byte seed (RFC 8032). */
export const secretKeyOf = (seed: Uint8Array): SecretKey => {
  const keyObject = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" })
  const spki = createPublicKey(keyObject).export({ format: "der", type: "spki" })
  return { keyObject, publicKey: writeKey(spki.subarray(spkiHead.length)) }
}

export const sign = (secret: SecretKey, message: Uint8Array | string): Signature =>
  writeSignature(signWith(null, bytesOf(message), secret.keyObject))

/**
 * What the strict rule leaves to be reckoned once it let key and signature pass as they are: S·B = R + h·A, without cofactor.
 * The key is 32 bytes and the signature 64.
 */
export type Equation = (key: Buffer, message: Uint8Array, signature: Buffer) => boolean

/** The verdict every node reaches on (key, message, signature). */
export const verify = (key: PublicKey, message: Uint8Array | string, signature: Signature): boolean => {
  const checked = rememberedKey(key)
  const raw = rawSignature(signature)
  return checked !== undefined && mayBeSignature(raw) && verifyWith(null, bytesOf(message), checked, raw)
}

/** The same verdict by another engine's reckoning. */
export const verifyBy =
  (holds: Equation): typeof verify =>
  (key, message, signature) => {
    const rawOfKey = rawKey(key)
    const raw = rawSignature(signature)
    return isCanonicalAndNotSmall(rawOfKey) && mayBeSignature(raw) && holds(rawOfKey, bytesOf(message), raw)
  }

const mayBeSignature = (raw: Uint8Array): boolean => isSBelowL(raw) && isCanonicalAndNotSmall(raw)

/** The same over raw bytes: lengths are checked here. */
export const verifyRaw = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  key.length === 32 && signature.length === 64 && verify(writeKey(key), message, writeSignature(signature))

/** SubjectPublicKeyInfo (DER) of a key: what TLS fingerprints are taken of. */
export const spkiOf = (key: PublicKey): Buffer => Buffer.concat([spkiHead, rawKey(key)])

const bytesOf = (message: Uint8Array | string): Uint8Array => (typeof message === "string" ? Buffer.from(message) : message)

/** Importing a key costs a third of a verification; the most recent ones are kept, the oldest forgotten. */
const rememberedKeys = new Map<PublicKey, KeyObject | undefined>()
const rememberedKeysMax = 4_096

const rememberedKey = (key: PublicKey): KeyObject | undefined => {
  if (rememberedKeys.has(key)) return rememberedKeys.get(key)
  if (rememberedKeys.size >= rememberedKeysMax) rememberedKeys.delete(rememberedKeys.keys().next().value!)
  const imported = importKey(rawKey(key))
  rememberedKeys.set(key, imported)
  return imported
}

const importKey = (raw: Buffer): KeyObject | undefined => {
  if (!isCanonicalAndNotSmall(raw)) return undefined
  try {
    return createPublicKey({ key: Buffer.concat([spkiHead, raw]), format: "der", type: "spki" })
  } catch {
    return undefined
  }
}

/** The y-coordinates of the eight points of small order, little-endian; the sign bit is not looked at. */
const smallOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => Buffer.from(hex, "hex"))

/** The first 32 bytes as a point: is y below p = 2²⁵⁵ − 19, and not one of small order? */
const isCanonicalAndNotSmall = (bytes: Uint8Array): boolean => {
  const top = bytes[31]! & 0x7f
  if (top === 0x7f && bytes[0]! >= 0xed && allOnes(bytes, 1, 31)) return false
  return !smallOrder.some((point) => top === point[31] && startsAlike(bytes, point, 31))
}

const allOnes = (bytes: Uint8Array, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) if (bytes[i] !== 0xff) return false
  return true
}

const startsAlike = (a: Uint8Array, b: Uint8Array, count: number): boolean => {
  for (let i = 0; i < count; i++) if (a[i] !== b[i]) return false
  return true
}

/** The group order L = 2²⁵² + 27742317777372353535851937790883648493, little-endian. */
const groupOrder = Buffer.from("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", "hex")

/** The last 32 bytes as a number: is it below L? */
const isSBelowL = (signature: Uint8Array): boolean => {
  for (let i = 31; i >= 0; i--) {
    const difference = signature[32 + i]! - groupOrder[i]!
    if (difference !== 0) return difference < 0
  }
  return false
}
