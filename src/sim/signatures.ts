/**
 * Ed25519 of the simulated: their keys, signatures and verdicts. node:crypto reckons, or a faster engine that the program's
 * entry brings (`cli/fast-signatures.ts`). Every engine comes to the same, byte by byte, so that no run can tell.
 */
import { type DerivationDomain, deriveSeed } from "../protocol/identity/derivation.ts"
import { type SecretKey, secretKeyOf as secretKeyByNode, sign as signByNode, verify as verifyByNode } from "../protocol/identity/ed25519.ts"

/** Who reckons. */
export interface SignatureEngine {
  readonly secretKeyOf: typeof secretKeyByNode
  readonly sign: typeof signByNode
  readonly verify: typeof verifyByNode
}

let engine: SignatureEngine = { secretKeyOf: secretKeyByNode, sign: signByNode, verify: verifyByNode }

/** From here on this engine reckons, for all worlds of this process. */
export const reckonWith = (faster: SignatureEngine): void => {
  engine = faster
}

export const secretKeyOf: SignatureEngine["secretKeyOf"] = (seed) => engine.secretKeyOf(seed)
export const sign: SignatureEngine["sign"] = (secret, message) => engine.sign(secret, message)
export const verify: SignatureEngine["verify"] = (key, message, signature) => engine.verify(key, message, signature)

export const deriveKey = (developerSeed: Uint8Array, index: number, domain: DerivationDomain): SecretKey =>
  secretKeyOf(deriveSeed(developerSeed, index, domain))
