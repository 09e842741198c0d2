/**
 * HD derivation of entity keys from a developer's key, and the proof of it (identity page, "Developer → Agent derivation").
 *
 *     seed(i) = SHA-512(developer seed ‖ domain ‖ uint32_be(i)), first 32 bytes
 *     proof   = the developer's signature over entity public key ‖ uint32_be(i)
 *
 * The page's domain is `agdns:agent:`, the SDKs' `zns:agent:`; the proof is the same for both (ruled).
 */
import { derivationIndexMax } from "../limits.ts"
import { type SecretKey, secretKeyOf, sign, verify } from "./ed25519.ts"
import { type PublicKey, rawKey, type Signature } from "./key.ts"
import { sha512 } from "./digest.ts"

export type DerivationDomain = "agdns:agent:" | "zns:agent:"

/** A developer's statement that an entity's key is its own, as it travels (the SDKs' spelling). */
export interface DeveloperProof {
  readonly developer_public_key: PublicKey
  readonly entity_index: number
  readonly developer_signature: Signature
}

/** The seed of the entity key with this index. `developerSeed`: 32 bytes. */
export const deriveSeed = (developerSeed: Uint8Array, index: number, domain: DerivationDomain): Uint8Array =>
  sha512(Buffer.concat([developerSeed, Buffer.from(domain), indexBytes(index)])).subarray(0, 32)

export const deriveKey = (developerSeed: Uint8Array, index: number, domain: DerivationDomain): SecretKey =>
  secretKeyOf(deriveSeed(developerSeed, index, domain))

export const prove = (developer: SecretKey, entityKey: PublicKey, index: number, signBy: typeof sign = sign): DeveloperProof => ({
  developer_public_key: developer.publicKey,
  entity_index: index,
  developer_signature: signBy(developer, provenBytes(entityKey, index)),
})

/** What a proof signs. */
export const provenBytes = (entityKey: PublicKey, index: number): Uint8Array => Buffer.concat([rawKey(entityKey), indexBytes(index)])

/** Did this developer sign that this key is its own? (Nobody but the developer can check that it was *derived*.) */
export const proofHolds = (proof: DeveloperProof, entityKey: PublicKey, check: typeof verify = verify): boolean =>
  isIndex(proof.entity_index) && check(proof.developer_public_key, provenBytes(entityKey, proof.entity_index), proof.developer_signature)

export const isIndex = (index: number): boolean => Number.isInteger(index) && index >= 0 && index <= derivationIndexMax

const indexBytes = (index: number): Uint8Array => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(index)
  return bytes
}
