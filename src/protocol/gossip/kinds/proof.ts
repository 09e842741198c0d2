/**
 * `registry_proof`: a registry's identity proof, the document of `/.well-known/zynd-registry.json` (registry page), said
 * again every eight hours: so it also tells that the registry is alive (ruled: leases by registry).
 *
 * The proof is signed by itself, because it is also served by itself.
 */
import { Schema } from "effect"
import { canonicalWithout, type JsonObject } from "../../identity/canonical-json.ts"
import { sha256Hex } from "../../identity/digest.ts"
import { spkiOf } from "../../identity/ed25519.ts"
import { readRegistryId, type RegistryId } from "../../identity/id.ts"
import { type PublicKey, readKey, readSignature, type Signature } from "../../identity/key.ts"
import { readHost } from "../../records/naming.ts"
import { readTime, type Seconds, writeTime } from "../../time.ts"
import { type Kind, malformed, ownStatement, readerOf } from "./kind.ts"

export interface RegistryProof {
  readonly registryId: RegistryId
  readonly publicKey: PublicKey
  readonly domain?: string
  /** `sha256:` and hex, of the SubjectPublicKeyInfo of its mesh certificate. */
  readonly fingerprint: string
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
  /** `""`, and no document, where the registry said it in the deployed dialect: its announcement alone is signed. */
  readonly signature: Signature | ""
  /** The proof as it was signed. */
  readonly document: JsonObject
}

export interface ProofBody {
  readonly kind: "proof"
  readonly proof: RegistryProof
  readonly isBare?: true
}

const ProofDocument = Schema.Struct({
  type: Schema.Literal("registry-identity-proof"),
  version: Schema.Literal("1.0"),
  registry_id: Schema.String,
  ed25519_public_key: Schema.String,
  domain: Schema.optionalKey(Schema.String),
  tls_spki_fingerprint: Schema.String.check(Schema.isPattern(/^sha256:[0-9a-f]{64}$/)),
  issued_at: Schema.String,
  expires_at: Schema.String,
  signature: Schema.String,
})
const members = readerOf(Schema.Struct({ action: Schema.Literal("publish"), proof: Schema.Record(Schema.String, Schema.Json) }))
const proofMembers = readerOf(ProofDocument)

export const proofSubject = (registryId: RegistryId): string => `registry:${registryId}`

export const proof: Kind<ProofBody> = {
  read: (document, { at, origin, originKey }) => {
    const said = members(document)
    const read = said === undefined ? undefined : readProof(said.proof)
    if (read === undefined) return malformed("not an announcement")
    if (read.registryId !== origin || read.publicKey !== originKey) return malformed("a proof of another registry")
    if (read.issuedAt > at || read.expiresAt <= at) return malformed("a proof of another time")
    return ownStatement(proofSubject(origin), { kind: "proof", proof: read })
  },
  contentOf: ({ proof: { domain, fingerprint } }) => ["publish", domain ?? "", fingerprint],
  isEntitled: (body, _, check) => body.isBare === true || proofHoldsOf(body.proof, check),
}

/** Did the registry's key sign this proof of itself? */
export const proofHoldsOf = (
  { document, publicKey, signature }: RegistryProof,
  check: (key: PublicKey, text: string, signature: Signature) => boolean,
): boolean => signature !== "" && check(publicKey, canonicalWithout(document, "signature"), signature)

/** Reads a proof, also one that was fetched from a registry; `undefined` when it is none. Does not check the signature. */
export const readProof = (document: JsonObject): RegistryProof | undefined => {
  const said = proofMembers(document)
  if (said === undefined) return undefined
  const registryId = readRegistryId(said.registry_id)
  const publicKey = readKey(said.ed25519_public_key)
  const domain = said.domain === undefined ? undefined : readHost(said.domain)
  const issuedAt = readTime(said.issued_at)
  const expiresAt = readTime(said.expires_at)
  const signature = readSignature(said.signature)
  if (registryId === undefined || publicKey === undefined || signature === undefined) return undefined
  if (issuedAt === undefined || expiresAt === undefined || expiresAt <= issuedAt) return undefined
  if (said.domain !== undefined && domain === undefined) return undefined
  return {
    registryId,
    publicKey,
    ...(domain !== undefined && { domain }),
    fingerprint: said.tls_spki_fingerprint,
    issuedAt,
    expiresAt,
    signature,
    document,
  }
}

export interface ProofFacts {
  readonly domain?: string
  /** Of the certificate that clients meet; without one that of the mesh, which follows from the key. */
  readonly fingerprint?: string
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
}

/** A proof of ours. */
export const makeProof = (
  registry: { readonly registryId: RegistryId; readonly publicKey: PublicKey; readonly sign: (text: string) => Signature },
  { domain, expiresAt, fingerprint, issuedAt }: ProofFacts,
): JsonObject => {
  const unsigned: JsonObject = {
    type: "registry-identity-proof",
    version: "1.0",
    registry_id: registry.registryId,
    ed25519_public_key: registry.publicKey,
    ...(domain !== undefined && { domain }),
    tls_spki_fingerprint: fingerprint ?? fingerprintOf(registry.publicKey),
    issued_at: writeTime(issuedAt),
    expires_at: writeTime(expiresAt),
  }
  return { ...unsigned, signature: registry.sign(canonicalWithout(unsigned)) }
}

export const fingerprintOf = (key: PublicKey): string => `sha256:${sha256Hex(spkiOf(key))}`

export const proofDocument = (made: JsonObject): JsonObject => ({ type: "registry_proof", action: "publish", proof: made })
