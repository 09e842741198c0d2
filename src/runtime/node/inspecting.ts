/**
 * Gathers what the domains of a peer say of its key, for `protocol/mesh/identity-check.ts` to judge. A domain that does not
 * answer says nothing.
 */
import { Clock, Effect } from "effect"
import { proofSubject } from "../../protocol/gossip/kinds/proof.ts"
import type { RegistryId } from "../../protocol/identity/id.ts"
import { inspectionPatienceMs, proofBytesMax } from "../../protocol/limits.ts"
import { domainsOf, type Evidence, judge, proofUrl, recordName } from "../../protocol/mesh/identity-check.ts"
import type { Inspect } from "../interpreter.ts"
import type { RecordStore, Verifier } from "../ports.ts"
import type { Dns, Web } from "../web.ts"
import { steps } from "../steps.ts"

export const inspecting = (store: RecordStore["Service"], web: Web, dns: Dns, { verify }: Verifier["Service"]): Inspect => {
  /** The domain that a registry's own proof names. */
  const claimOf = (id: RegistryId): Effect.Effect<string | undefined> =>
    Effect.match(store.slots(proofSubject(id)), {
      onFailure: () => undefined,
      onSuccess: (slots) =>
        slots.map(({ body }) => (body.kind === "proof" ? body.proof.domain : undefined)).find((domain) => domain !== undefined),
    })

  const evidenceAt = steps(function* (domain: string): Effect.fn.Return<Evidence> {
    const [records, served] = yield* Effect.all(
      [
        Effect.orElseSucceed(Effect.timeout(dns.txt(recordName(domain)), inspectionPatienceMs), () => []),
        Effect.option(web.get({ url: proofUrl(domain), bytesMax: proofBytesMax, patienceMs: inspectionPatienceMs })),
      ],
      { concurrency: "unbounded" },
    )
    const answer = served._tag === "Some" && served.value.type === "document" ? served.value : undefined
    return {
      domain,
      records,
      ...(answer !== undefined && { document: answer.text }),
      ...(answer?.fingerprint !== undefined && { fingerprint: answer.fingerprint }),
    }
  })

  return steps(function* ({ dialled, isConfigured, publicKey, registryId }) {
    const claims = yield* claimOf(registryId)
    const found = yield* Effect.forEach(domainsOf(dialled, claims), evidenceAt, { concurrency: "unbounded" })
    return judge({ registryId, publicKey, isConfigured, claims }, found, yield* Clock.currentTimeMillis, verify)
  })
}
