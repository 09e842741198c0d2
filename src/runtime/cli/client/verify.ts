/**
 * `agentdns registry verify`: is the registry that one is about to use the one that its address promises (registry page,
 * "Registry identity proof")? What a node looks at in its peers is looked at here for a person: the proof that it serves, the
 * certificate it was met behind, what DNS says (`protocol/mesh/identity-check.ts`).
 */
import { Clock, Effect } from "effect"
import { proofHoldsOf, readProof, type RegistryProof } from "../../../protocol/gossip/kinds/proof.ts"
import { verify } from "../../../protocol/identity/ed25519.ts"
import { isIdOf } from "../../../protocol/identity/id.ts"
import { readJson } from "../../../protocol/identity/json-text.ts"
import { inspectionPatienceMs, proofBytesMax } from "../../../protocol/limits.ts"
import { domainsOf, type IdentityVerdict, judge, proofPath, recordName, tierOf } from "../../../protocol/mesh/identity-check.ts"
import { isObject } from "../../../protocol/records/plain-json.ts"
import { writeTime } from "../../../protocol/time.ts"
import { publicDns } from "../../live/public-dns.ts"
import { publicWeb, systemResolve } from "../../live/public-web.ts"
import type { Dns, Web } from "../../web.ts"
import { exitCode } from "../exit.ts"
import { type ClientCommand, facts } from "./client-command.ts"
import { asObject, textIn } from "./registry.ts"

/** What is looked at beside the registry itself. */
interface Outside {
  readonly web: Web
  readonly dns: Dns
}

/** Whoever runs this chose the address: it may be a private one. */
const world: Outside = { web: publicWeb({ isAllowed: () => true, resolve: systemResolve }), dns: publicDns() }

export const verifyRegistry = ({ dns, web }: Outside = world): ClientCommand => ({
  name: "registry verify",
  help: `Is the registry who its address promises? Fetches its identity proof and checks the signature, the certificate
behind which it was met and the TXT record at _zynd.DOMAIN. Ends with 1 when something contradicts.`,
  run: Effect.fnUntraced(function* (_, { registry }) {
    const nowMs = yield* Clock.currentTimeMillis
    const url = `${registry.url}${proofPath}`
    const served = yield* web
      .get({ url, bytesMax: proofBytesMax, patienceMs: inspectionPatienceMs })
      .pipe(Effect.mapError(() => ({ code: exitCode.unavailable, sentence: `no identity proof is served at ${url}` })))
    const { fingerprint, text = "" } = served.type === "document" ? served : {}
    const document = readJson(text)
    const proof = isObject(document) ? readProof(document) : undefined
    const said = textIn(asObject(yield* registry.call("GET", "/v1/info")), "registry_id")
    const flaw = flawOf(proof, said, nowMs)
    if (proof === undefined || flaw !== undefined)
      return yield* Effect.fail({ code: exitCode.refused, sentence: `${registry.url}: ${flaw}` })

    const host = new URL(registry.url).hostname
    const found = yield* Effect.forEach(domainsOf(host, proof.domain), (domain) =>
      Effect.map(
        Effect.orElseSucceed(dns.txt(recordName(domain)), () => []),
        (records) => ({
          domain,
          records,
          // what was served here speaks for this host only
          ...(domain === host && { document: text, ...(fingerprint !== undefined && { fingerprint }) }),
        }),
      ),
    )
    const { publicKey, registryId } = proof
    const verdict = judge({ registryId, publicKey, isConfigured: false, claims: proof.domain }, found, nowMs, verify)
    if (verdict.contradiction !== undefined) {
      const { because, domain, expected } = verdict.contradiction
      const where = because === "dns" ? `the DNS of ${domain}` : `the proof at ${domain}`
      return yield* Effect.fail({ code: exitCode.refused, sentence: `${registry.url} is not who it says: ${where} names ${expected}` })
    }
    const tier = tierOf(verdict.layers, 0)
    const json = {
      registry_id: registryId,
      public_key: publicKey,
      ...(proof.domain !== undefined && { domain: proof.domain }),
      expires_at: writeTime(proof.expiresAt),
      layers: verdict.layers,
      tier,
    }
    return {
      json,
      text: facts([
        ["registry", registryId],
        ["key", publicKey],
        ["domain", proof.domain ?? "none"],
        ["proof", `signed by that key, until ${json.expires_at}`],
        ["tier", `${tier}: ${meaning(verdict, proof)}`],
      ]),
    }
  }),
})

/** What is wrong with a proof by itself. */
const flawOf = (proof: RegistryProof | undefined, said: string, nowMs: number): string | undefined => {
  if (proof === undefined) return "what it serves is no identity proof"
  if (!isIdOf(proof.registryId, proof.publicKey) || !proofHoldsOf(proof, verify)) return "its identity proof is not signed by its key"
  if (proof.expiresAt * 1_000 <= nowMs) return `its identity proof ran out at ${writeTime(proof.expiresAt)}`
  return proof.registryId === said ? undefined : `its identity proof is another registry's (${proof.registryId})`
}

const meaning = ({ layers }: IdentityVerdict, { domain }: RegistryProof): string => {
  if (domain === undefined) return "it names no domain, so only its key speaks for it"
  if (!layers.includes("proof")) return `it was not met at ${domain} behind the certificate that it names`
  return layers.includes("dns") ? "its domain, its certificate and DNS agree" : "its domain and its certificate agree; DNS says nothing"
}
