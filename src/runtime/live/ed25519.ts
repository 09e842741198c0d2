/**
 * The strict Ed25519 verdict (`protocol/identity/ed25519.ts`), reckoned by the fastest engine that this machine has: libsodium
 * (the optional package sodium-native, built for Linux with glibc, macOS and Windows) takes half of what node:crypto takes.
 *
 * Where libsodium cannot be loaded, or judges a sample otherwise than the rule demands, it is node:crypto.
 */
import { createRequire } from "node:module"
import { type Equation, verify as verifyByNode, verifyBy } from "../../protocol/identity/ed25519.ts"
import { writeKey, writeSignature } from "../../protocol/identity/key.ts"

/** As much of sodium-native as is used here. */
interface Sodium {
  readonly crypto_sign_verify_detached: (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean
}

/** By libsodium; `undefined` where there is none that can be relied on. Loaded when first asked for: it takes some 40 ms. */
export const verifyBySodium = (): typeof verifyByNode | undefined => {
  try {
    const sodium = createRequire(import.meta.url)("sodium-native") as Sodium
    return reliable((key, message, signature) => sodium.crypto_sign_verify_detached(signature, message, key))
  } catch {
    // Nobody built it for this machine, or npm left it out.
    return undefined
  }
}

/** The verifier over this equation, if it judges as the rule demands. */
export const reliable = (holds: Equation): typeof verifyByNode | undefined => {
  const verify = verifyBy(holds)
  const judges = (key: string, message: Uint8Array, signature: string) =>
    verify(writeKey(Buffer.from(key, "hex")), message, writeSignature(Buffer.from(signature, "hex")))
  const { cofactored, key, message, signature } = sample
  const isReliable = judges(key, message, signature) && !judges(key, Buffer.from("s"), signature) && !judges(key, message, cofactored)
  return isReliable ? verify : undefined
}

/** RFC 8032, 7.1, test 3; and a signature by the same key that only an equation with cofactor accepts: R has a part of order eight. */
const sample = {
  key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  message: Buffer.from("af82", "hex"),
  signature:
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  cofactored:
    "14f8395eccb0e169d9d48b9ee8e0656a58d8aa21b020716e87f13c86185f472e2747f3a8b5595cd4c7b67a717ab98048802c1327562eb7133cd01a7eb1305003",
}

let verifyHere: typeof verifyByNode | undefined

export const verify: typeof verifyByNode = (key, message, signature) =>
  (verifyHere ??= verifyBySodium() ?? verifyByNode)(key, message, signature)
