/** Handles here: claiming, verifying and giving them up (naming page; reference 1.6, 6). */
import { Effect, Result } from "effect"
import { announceHandle } from "../../protocol/gossip/announcement.ts"
import { handleSubject, type HeldHandleBody } from "../../protocol/gossip/kinds/handle.ts"
import type { DeveloperId } from "../../protocol/identity/id.ts"
import { readOwner } from "../../protocol/records/authorization.ts"
import { readClaim, readVerificationRequest } from "../../protocol/records/handle-requests.ts"
import { readHandle, releaseText } from "../../protocol/records/naming.ts"
import * as Slots from "../../protocol/records/slots.ts"
import type { Node, Refused } from "../node-service.ts"
import type { OwnWord, StoreFailed } from "../ports.ts"
import { admitted, conflict, type Desk, type NextWord, notFound, refused, refusedAs } from "./desk.ts"
import { endingNames } from "./names.ts"
import { steps } from "../steps.ts"

export const handlesOn = (desk: Desk): Pick<Node["Service"], "claimHandle" | "verifyHandle" | "releaseHandle"> => {
  const { check, mayWrite, nextWord, nowMs, origin, say, store } = desk

  return {
    claimHandle: steps(function* (body) {
      yield* mayWrite
      const claim = readClaim(body, origin.registryId, check)
      if (claim.type === "refused") return yield* refusedAs(claim)
      yield* admitted(desk, claim.developerId)
      const word = yield* nextWord(handleSubject(origin.registryId, claim.handle), claim.developerId)
      const why = whyTaken(word, claim.developerId, yield* nowMs)
      if (why !== undefined) return yield* conflict(why)
      const others = yield* store.handlesOf(claim.developerId)
      if (others.some((other) => other.tier === "local" && other.handle !== claim.handle))
        return yield* conflict("this developer holds a handle already")
      const { developerId, evidence, handle, publicKey } = claim
      const announcement = announceHandle(
        origin,
        { action: "claim", handle, developerId, publicKey, evidence },
        word.at,
        yield* nameOf(desk, developerId),
      )
      yield* say({ announcement, follows: word.follows })
      return { registry: origin.registryId, handle, developerId, publicKey, since: word.at, tier: "local" as const }
    }),

    verifyHandle: steps(function* (handle, body, isProven) {
      yield* mayWrite
      const { held: kept } = yield* heldHandle(desk, handle)
      if (kept.evidence === undefined)
        return yield* conflict("this handle came from another node without its claim: claim it again, then verify it")
      const held = { ...kept, evidence: kept.evidence }
      const word = yield* nextWord(handleSubject(origin.registryId, handle), held.developerId)
      const request = readVerificationRequest(body, held, origin.registryId, check)
      if (request.type === "refused") return yield* refusedAs(request)
      const { type: _, ...verification } = request
      const { method, proof } = verification
      const signatures = [held.evidence.signature, verification.evidence.signature]
      if (!(yield* isProven({ handle, method, proof, developerId: held.developerId, publicKey: held.publicKey, signatures })))
        return yield* refused("invalid_request", `${method} does not show that ${proof} is this developer's`, "proof")
      const { developerId, evidence, publicKey } = held
      yield* say({
        announcement: announceHandle(
          origin,
          { action: "verify", handle: held.handle, developerId, publicKey, evidence, verification },
          word.at,
          yield* nameOf(desk, developerId),
        ),
        follows: word.follows,
      })
      return {
        registry: origin.registryId,
        handle,
        developerId,
        publicKey,
        since: word.at,
        verification: { method, proof },
        tier: "local" as const,
      }
    }),

    releaseHandle: steps(function* (handle, authorization) {
      yield* mayWrite
      const { held } = yield* heldHandle(desk, handle)
      const text = releaseText(handle)
      const signature = readOwner(authorization, text, held.publicKey, check)
      if (Result.isFailure(signature)) return yield* refusedAs(signature.failure)
      yield* say(...(yield* ending(desk, held, { text, signature: signature.success }, "released")))
    }),
  }
}

/** What a deployed node must be told with it; nobody else needs it. */
const nameOf = Effect.fnUntraced(function* ({ origin, store }: Desk, developer: DeveloperId) {
  return origin.signsDeployed === true ? ((yield* store.developer(developer))?.record.name ?? "") : ""
})

/** Why this developer cannot have this handle; `undefined` when it can. */
const whyTaken = ({ last }: NextWord, developer: DeveloperId, nowMs: number): string | undefined => {
  if (last?.body.kind !== "handle") return undefined
  // its holder signs for what a deployed node left to us
  const isUnsigned = last.body.isBare === true && last.body.developerId === developer
  if (last.body.action !== "release") return isUnsigned ? undefined : "this handle is taken on this registry"
  // What a deleted developer held is not inherited while its tombstone lives: others would take the new holder for the old one.
  const isMourned = last.body.reason === ownerGone && last.body.developerId !== developer && !Slots.isExpired(last, nowMs)
  return isMourned ? "the developer who held this handle left: it becomes free later" : undefined
}

export const ownerGone = "developer-deregistered"

/** A handle that is held here now, and where our next word about it stands. */
export const heldHandle = Effect.fnUntraced(function* (
  { nextWord, origin }: Desk,
  handle: string,
): Effect.fn.Return<{ readonly held: HeldHandleBody; readonly word: NextWord }, Refused | StoreFailed> {
  if (readHandle(handle) === undefined) return yield* notFound("no such handle is held here")
  const word = yield* nextWord(handleSubject(origin.registryId, handle))
  const body = word.last?.body
  return body?.kind !== "handle" || body.action === "release" ? yield* notFound("no such handle is held here") : { held: body, word }
})

/** All handles that a developer holds here end with it, and the names under them. */
export const endingHandles = Effect.fnUntraced(function* (desk: Desk, developer: DeveloperId) {
  const words: Array<OwnWord> = []
  for (const { handle, tier } of yield* desk.store.handlesOf(developer)) {
    if (tier !== "local") continue
    const { held } = yield* heldHandle(desk, handle)
    words.push(...(yield* ending(desk, held, undefined, ownerGone)))
  }
  return words
})

/** Names first: none is without its handle for a moment. */
const ending = Effect.fnUntraced(function* (desk: Desk, held: HeldHandleBody, evidence: HeldHandleBody["evidence"], reason: string) {
  const { origin } = desk
  const { developerId, handle, publicKey } = held
  const { at, follows } = yield* desk.nextWord(handleSubject(origin.registryId, handle), developerId)
  const released = { action: "release", handle, developerId, publicKey, reason, ...(evidence !== undefined && { evidence }) } as const
  const names = yield* endingNames(desk, { handle, registry: origin.registryId }, "handle-released")
  return [...names, { announcement: announceHandle(origin, released, at, yield* nameOf(desk, developerId)), follows }]
})
