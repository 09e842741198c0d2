/** What we say of ourselves and of other registries: our identity proof, and attestations (registry page). */
import { Effect } from "effect"
import { announceAttestation, announceProof } from "../../protocol/gossip/announcement.ts"
import { attestationSubject } from "../../protocol/gossip/kinds/attestation.ts"
import { fingerprintOf, proofSubject, type RegistryProof } from "../../protocol/gossip/kinds/proof.ts"
import { leaseRenewalMs, registryProofLifeMs } from "../../protocol/limits.ts"
import type { Node } from "../node-service.ts"
import type { OwnCertificate } from "../web.ts"
import { conflict, type Desk } from "./desk.ts"
import { steps } from "../steps.ts"

export const registryOn = (desk: Desk, certificate: OwnCertificate): Pick<Node["Service"], "proof" | "attest"> => {
  const { host, nextWord, nowMs, origin, say } = desk
  /** What we said last, so that who reads it often costs nothing, also where nothing is held (a gateway). */
  let said: { readonly proof: RegistryProof; readonly atMs: number } | undefined

  return {
    proof: Effect.gen(function* () {
      // who serves no HTTPS is met on the mesh, behind a certificate that is made from the registry's key
      const fingerprint = (yield* certificate.fingerprint) ?? fingerprintOf(origin.publicKey)
      const isTrue = (proof: RegistryProof) => proof.domain === host && proof.fingerprint === fingerprint
      if (said !== undefined && isTrue(said.proof) && said.atMs + leaseRenewalMs > (yield* nowMs)) return said.proof
      const word = yield* nextWord(proofSubject(origin.registryId))
      const body = word.last?.body
      const held = body?.kind === "proof" && body.isBare !== true && isTrue(body.proof) ? body.proof : undefined
      if (held !== undefined && word.last!.at * 1_000 + leaseRenewalMs > (yield* nowMs)) {
        said = { proof: held, atMs: word.last!.at * 1_000 }
        return held
      }
      // One proof serves many renewals: who keeps it need not fetch it every eight hours.
      const isLasting = held !== undefined && (held.expiresAt - word.at) * 1_000 > registryProofLifeMs / 2
      const { expiresAt, issuedAt } = isLasting ? held : { issuedAt: word.at, expiresAt: word.at + registryProofLifeMs / 1_000 }
      const facts = { ...(host !== undefined && { domain: host }), fingerprint, issuedAt, expiresAt }
      const announcement = announceProof(origin, facts, word.at)
      yield* say({ announcement, follows: word.follows })
      if (announcement.body.kind !== "proof") return yield* Effect.die(new Error("a proof that is none"))
      said = { proof: announcement.body.proof, atMs: word.at * 1_000 }
      return said.proof
    }),

    attest: steps(function* (observation) {
      if (observation.subject === origin.registryId) return yield* conflict("a registry does not attest of itself")
      const { at, follows } = yield* nextWord(attestationSubject(origin.registryId, observation.subject))
      yield* say({ announcement: announceAttestation(origin, observation, at), follows })
    }),
  }
}
