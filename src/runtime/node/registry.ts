/** What we say of ourselves and of other registries: our identity proof, and attestations (registry page). */
import { Effect } from "effect"
import { announceAttestation, announceProof } from "../../protocol/gossip/announcement.ts"
import { attestationSubject } from "../../protocol/gossip/kinds/attestation.ts"
import { proofSubject } from "../../protocol/gossip/kinds/proof.ts"
import { leaseRenewalMs, registryProofLifeMs } from "../../protocol/limits.ts"
import type { Node } from "../node-service.ts"
import { conflict, type Desk } from "./desk.ts"

export const registryOn = (desk: Desk): Pick<Node["Service"], "proof" | "attest"> => {
  const { host, nextWord, nowMs, origin, say } = desk

  return {
    proof: Effect.gen(function* () {
      const word = yield* nextWord(proofSubject(origin.registryId))
      const body = word.last?.body
      const held = body?.kind === "proof" && body.proof.domain === host ? body.proof : undefined
      if (held !== undefined && word.last!.at * 1_000 + leaseRenewalMs > (yield* nowMs)) return held
      // One proof serves many renewals: who keeps it need not fetch it every eight hours.
      const isLasting = held !== undefined && (held.expiresAt - word.at) * 1_000 > registryProofLifeMs / 2
      const { expiresAt, issuedAt } = isLasting ? held : { issuedAt: word.at, expiresAt: word.at + registryProofLifeMs / 1_000 }
      const announcement = announceProof(origin, { ...(host !== undefined && { domain: host }), issuedAt, expiresAt }, word.at)
      yield* say({ announcement, follows: word.follows })
      return announcement.body.kind === "proof" ? announcement.body.proof : yield* Effect.die(new Error("a proof that is none"))
    }),

    attest: Effect.fnUntraced(function* (observation) {
      if (observation.subject === origin.registryId) return yield* conflict("a registry does not attest of itself")
      const { at, follows } = yield* nextWord(attestationSubject(origin.registryId, observation.subject))
      yield* say({ announcement: announceAttestation(origin, observation, at), follows })
    }),
  }
}
