/** Keys, ids, derivations, proofs and signatures as the deployed software makes them. */
import { readFileSync } from "node:fs"
import { join } from "node:path"

interface KeyVector {
  readonly seed_hex: string
  readonly public_key_hex: string
  readonly public_key: string
  readonly public_key_b64: string
  readonly spki_der_hex: string
  readonly agent_id: string
  readonly service_id: string
  readonly developer_id: string
  readonly registry_id: string
  readonly legacy: { readonly agent_id: string; readonly service_id: string; readonly developer_id: string; readonly registry_id: string }
}

interface ProofVector {
  readonly developer_public_key: string
  readonly entity_index: number
  readonly developer_signature: string
}

interface IdentityVectors {
  readonly keys: Readonly<Record<string, KeyVector>>
  /** Those in the page's own domain give seed and key only. */
  readonly derivations: ReadonlyArray<
    KeyVector & { readonly developer: string; readonly index: number; readonly domain: "zns:agent:" | "agdns:agent:" }
  >
  readonly proofs: ReadonlyArray<{
    readonly developer: string
    readonly index: number
    readonly message_hex: string
    readonly proof: ProofVector
    readonly agent_public_key: string
  }>
  readonly signing: ReadonlyArray<{
    readonly name: string
    readonly public_key: string
    readonly signed_text: string
    readonly signed_hex: string
    readonly signature: string
  }>
  readonly onboarding: Readonly<Record<"state" | "nonce_hex" | "plaintext" | "private_key_enc", string>>
  readonly rejects: ReadonlyArray<
    | { readonly why: string; readonly public_key: string; readonly message: string; readonly signature: string }
    | { readonly why: string; readonly proof: ProofVector; readonly agent_public_key: string }
  >
}

export const identityVectors = JSON.parse(
  readFileSync(join(import.meta.dirname, "../vectors/identity-vectors.json"), "utf8"),
) as IdentityVectors
