/**
 * Ed25519 (`protocol/identity/ed25519.ts`: the same strict verdicts, the same signatures), reckoned by the fastest engine that
 * this machine has: libsodium (the optional package sodium-native, built for Linux with glibc, macOS and Windows) takes half of
 * what node:crypto takes.
 *
 * Where libsodium cannot be loaded, or comes to something else with a sample than the rule demands, it is node:crypto.
 */
import { createRequire } from "node:module"
import {
  type Equation,
  type SecretKey,
  sign as signByNode,
  secretKeyOf as secretKeyByNode,
  verify as verifyByNode,
  verifyBy,
} from "../../protocol/identity/ed25519.ts"
import { writeKey, writeSignature } from "../../protocol/identity/key.ts"

export interface Engine {
  readonly verify: typeof verifyByNode
  readonly sign: typeof signByNode
  readonly secretKeyOf: typeof secretKeyByNode
}

/** As much of sodium-native as is used here. */
interface Sodium {
  readonly crypto_sign_verify_detached: (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean
  readonly crypto_sign_detached: (signature: Uint8Array, message: Uint8Array, secret: Uint8Array) => void
  readonly crypto_sign_seed_keypair: (publicKey: Uint8Array, secret: Uint8Array, seed: Uint8Array) => void
  /** Memory that is neither swapped out nor next to anything else. */
  readonly sodium_malloc: (bytes: number) => Buffer
}

/**
 * By libsodium; `undefined` where there is none that can be relied on. Loaded when first asked for: it takes some 40 ms. Secrets
 * are kept in libsodium's own memory, or in what `memory` gives.
 */
export const sodiumEngine = (memory?: (bytes: number) => Buffer): Engine | undefined => {
  try {
    const sodium = createRequire(import.meta.url)("sodium-native") as Sodium
    return engineBy(sodium, memory ?? sodium.sodium_malloc)
  } catch {
    // Nobody built it for this machine, or npm left it out.
    return undefined
  }
}

const engineBy = (sodium: Sodium, memory: (bytes: number) => Buffer): Engine | undefined => {
  const secrets = new WeakMap<SecretKey, Buffer>()
  /** The seed and the public key, as libsodium has it. The key is reckoned: to sign with another one would tell the secret. */
  const pairOf = (seed: Uint8Array): readonly [secret: Buffer, publicKey: Buffer] => {
    const [secret, publicKey] = [memory(64), Buffer.allocUnsafe(32)]
    sodium.crypto_sign_seed_keypair(publicKey, secret, seed)
    return [secret, publicKey]
  }
  const secretOf = (secret: SecretKey): Buffer => {
    const known = secrets.get(secret)
    if (known !== undefined) return known
    const der = secret.keyObject.export({ format: "der", type: "pkcs8" })
    const [made] = pairOf(der.subarray(-32))
    der.fill(0)
    secrets.set(secret, made)
    return made
  }
  const secretKeyOf: Engine["secretKeyOf"] = (seed) => {
    const [made, publicKey] = pairOf(seed)
    const secret: SecretKey = {
      publicKey: writeKey(publicKey),
      // most of what node:crypto takes for a key, and wanted by TLS only
      get keyObject() {
        return secretKeyByNode(made.subarray(0, 32)).keyObject
      },
    }
    secrets.set(secret, made)
    return secret
  }
  const sign: Engine["sign"] = (secret, message) => {
    const signature = Buffer.allocUnsafe(64)
    sodium.crypto_sign_detached(signature, typeof message === "string" ? Buffer.from(message) : message, secretOf(secret))
    return writeSignature(signature)
  }
  const verify = reliable((key, message, signature) => sodium.crypto_sign_verify_detached(signature, message, key))
  const seed = Buffer.from(sample.seed, "hex")
  const signsAlike = [secretKeyByNode(seed), secretKeyOf(seed)].every(
    (secret) =>
      secret.publicKey === writeKey(Buffer.from(sample.key, "hex")) &&
      sign(secret, sample.message) === writeSignature(Buffer.from(sample.signature, "hex")),
  )
  return verify !== undefined && signsAlike ? { verify, sign, secretKeyOf } : undefined
}

/** The verifier over this equation, if it judges as the rule demands. */
export const reliable = (holds: Equation): typeof verifyByNode | undefined => {
  const verify = verifyBy(holds)
  const judges = (message: Uint8Array, signature: string) =>
    verify(writeKey(Buffer.from(sample.key, "hex")), message, writeSignature(Buffer.from(signature, "hex")))
  const { cofactored, message, signature } = sample
  return judges(message, signature) && !judges(Buffer.from("s"), signature) && !judges(message, cofactored) ? verify : undefined
}

/** RFC 8032, 7.1, test 3; and a signature by the same key that only an equation with cofactor accepts: R has a part of order eight. */
const sample = {
  seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
  key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  message: Buffer.from("af82", "hex"),
  signature:
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  cofactored:
    "14f8395eccb0e169d9d48b9ee8e0656a58d8aa21b020716e87f13c86185f472e2747f3a8b5595cd4c7b67a717ab98048802c1327562eb7133cd01a7eb1305003",
}

let found: Engine | undefined
const engine = (): Engine => (found ??= sodiumEngine() ?? { verify: verifyByNode, sign: signByNode, secretKeyOf: secretKeyByNode })

export const verify: Engine["verify"] = (key, message, signature) => engine().verify(key, message, signature)
export const sign: Engine["sign"] = (secret, message) => engine().sign(secret, message)
