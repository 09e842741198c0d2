/**
 * Whether a peer's key is the one that its domain speaks for (registry page, "Registry identity proof"; identity page, "TLS
 * from Ed25519"; ruled).
 *
 * Two voices are heard. The proof at `https://DOMAIN/.well-known/zynd-registry.json` counts when its own key signed it for this
 * very domain, it has not run out, and it names the TLS certificate behind which it was met: a copy behind another certificate
 * says nothing, for or against. The TXT record at `_zynd.DOMAIN` counts when it is one (`v=zynd1 id=… key=…`); of several, one
 * that agrees is enough. A voice that names another key refutes the peer; silence does not.
 */
import { readProof, proofHoldsOf } from "../gossip/kinds/proof.ts"
import type { VerifiedLayer } from "../gossip/kinds/attestation.ts"
import type { verify } from "../identity/ed25519.ts"
import { isIdOf, readRegistryId, type RegistryId } from "../identity/id.ts"
import { readJson } from "../identity/json-text.ts"
import { type PublicKey, readKey } from "../identity/key.ts"
import { attestersForMeshVerified, registryTxtRecordsMax } from "../limits.ts"
import { isObject } from "../records/plain-json.ts"

export interface Inspected {
  readonly registryId: RegistryId
  /** The key it proved in the handshake. */
  readonly publicKey: PublicKey
  /** The operator gave this key for it: nobody else's word counts against it. */
  readonly isConfigured: boolean
  /** The domain that its own proof names, as gossip brought it. */
  readonly claims: string | undefined
}

/** What was found at a domain. */
export interface Evidence {
  readonly domain: string
  /** The document that is served there, and the certificate that it was met behind. */
  readonly document?: string
  readonly fingerprint?: string
  /** The TXT records at `_zynd.DOMAIN`. */
  readonly records: ReadonlyArray<string>
}

export interface Contradiction {
  readonly because: "published" | "dns"
  readonly domain: string
  readonly expected: PublicKey
}

export interface IdentityVerdict {
  readonly layers: ReadonlyArray<VerifiedLayer>
  readonly contradiction?: Contradiction
}

/** Domains to look at: the one it was dialled at, and the one it claims. Addresses are none. */
export const domainsOf = (dialled: string | undefined, claims: string | undefined): ReadonlyArray<string> => [
  ...new Set([dialled, claims].filter((host) => host !== undefined && isDomain(host)).map((host) => host!.toLowerCase())),
]

const isDomain = (host: string): boolean => /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i.test(host)

export const proofPath = "/.well-known/zynd-registry.json"
export const proofUrl = (domain: string): string => `https://${domain}${proofPath}`
export const recordName = (domain: string): string => `_zynd.${domain}`

/** What all evidence together comes to. */
export const judge = (peer: Inspected, found: ReadonlyArray<Evidence>, nowMs: number, check: typeof verify): IdentityVerdict => {
  const layers = new Set<VerifiedLayer>()
  let contradiction: Contradiction | undefined
  for (const { document, domain, fingerprint, records } of found) {
    const named = namedIn(records)
    const isInDns = named.some(({ key }) => key === peer.publicKey)
    const published = publishedAt(domain, document, fingerprint, nowMs, check)
    if (isInDns && domain === peer.claims) layers.add("dns")
    if (published === peer.publicKey && domain === peer.claims) layers.add("proof").add("tls")
    // a name may stand for several registries: then its DNS names each of them
    if (named.length > 0 && !isInDns) contradiction ??= { because: "dns", domain, expected: named[0]!.key }
    if (published !== undefined && published !== peer.publicKey && !isInDns)
      contradiction ??= { because: "published", domain, expected: published }
  }
  return contradiction === undefined || peer.isConfigured ? { layers: [...layers] } : { layers: [], contradiction }
}

/** Whose key the domain's proof names, if it is one. */
const publishedAt = (
  domain: string,
  text: string | undefined,
  met: string | undefined,
  nowMs: number,
  check: typeof verify,
): PublicKey | undefined => {
  const document = text === undefined ? undefined : readJson(text)
  const proof = isObject(document) ? readProof(document) : undefined
  if (proof === undefined || proof.domain !== domain || proof.fingerprint !== met || proof.expiresAt * 1_000 <= nowMs) return undefined
  return isIdOf(proof.registryId, proof.publicKey) && proofHoldsOf(proof, check) ? proof.publicKey : undefined
}

/** Registries that TXT records name: `v=zynd1 id=<registry id> key=ed25519:<base64>`, in any order (reference 6). */
const namedIn = (records: ReadonlyArray<string>): ReadonlyArray<{ readonly key: PublicKey }> =>
  records.slice(0, registryTxtRecordsMax).flatMap((record) => {
    const said = new Map(
      record
        .trim()
        .split(/\s+/)
        .map((pair) => [pair.split("=", 1)[0], pair.slice(pair.indexOf("=") + 1)]),
    )
    if (said.get("v") !== "zynd1") return []
    const key = readKey(said.get("key") ?? "")
    const id = readRegistryId(said.get("id") ?? "")
    return key === undefined || id === undefined || !isIdOf(id, key) ? [] : [{ key }]
  })

/** How well a registry's identity is known, worst first. */
export type IdentityTier = "self-announced" | "domain-verified" | "dns-published" | "mesh-verified"

/** `attesters`: distinct others whose keys we have pinned and who verified its proof themselves. */
export const tierOf = (layers: ReadonlyArray<VerifiedLayer>, attesters: number): IdentityTier => {
  if (attesters >= attestersForMeshVerified) return "mesh-verified"
  if (!layers.includes("proof")) return "self-announced"
  return layers.includes("dns") ? "dns-published" : "domain-verified"
}
