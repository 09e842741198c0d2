/**
 * Who may end a registration: the entity's own key or its developer's, by signing the entity's id (reference 1.4, DELETE).
 *
 * The signature travels in the `Authorization` header, and on into the tombstone, so that every node can check that the
 * owner asked and not the registry alone.
 */
import { Result } from "effect"
import type { DeletionProof } from "../gossip/kinds/tombstone.ts"
import { proofHolds } from "../identity/derivation.ts"
import type { verify } from "../identity/ed25519.ts"
import { type EntityId, isIdOf, onWire, readEntityId, type RegistryId } from "../identity/id.ts"
import { readAuthorization } from "./authorization.ts"
import type { EntityRecord } from "./entity.ts"
import { type DeletionStamp, heldSince, isTimedDeletion, judgeStamp, membersOf, timedDeletionText } from "./ratchet.ts"
import type { Refusal } from "./refusal.ts"

export interface DeletionGranted {
  readonly type: "granted"
  readonly proof: Pick<DeletionProof, "by" | "text" | "signature">
}

/**
 * Reads `Bearer <signature>` or `Bearer-Dev <signature>`. The signed text is the id in either spelling or, where the query says
 * when it was signed and for whom, that too (`ratchet.ts`). A plain `Bearer` may be the developer's: a deployed command line
 * sends it so (reference 1.4, last hint).
 */
export const readDeletion = (
  authorization: string | undefined,
  record: EntityRecord,
  stamp: DeletionStamp,
  nowMs: number,
  check: typeof verify,
): DeletionGranted | Refusal => {
  const read = readAuthorization(authorization)
  if (Result.isFailure(read)) return read.failure
  const { scheme, signature } = read.success
  const timed = timedDeletionText(record.entity_id, stamp)
  const texts = timed === undefined ? [record.entity_id, onWire(record.entity_id)] : [timed]
  const signers: ReadonlyArray<DeletionProof["by"]> = scheme === "bearer" ? ["entity", "developer"] : ["developer"]
  for (const by of signers) {
    const key = by === "entity" ? record.public_key : record.developer_proof.developer_public_key
    const text = texts.find((said) => check(key, said, signature))
    if (text === undefined) continue
    const judged = judgeStamp(membersOf(text), heldSince(record), record.home_registry, nowMs)
    return Result.isFailure(judged) ? judged.failure : { type: "granted", proof: { by, text, signature } }
  }
  return refused("the signature is not the owner's over this entity id")
}

const refused = (message: string): Refusal => ({ type: "refused", code: "unauthorized", message })

/**
 * Did the entity's key, or a developer with a proof over that key, sign this entity's id?
 *
 * A proof only shows that the developer *claims* the key. Whether this developer is the one the deleted record names is for
 * the reader who has that record.
 */
export const deletionProofHolds = (proof: DeletionProof, entityId: EntityId, origin: RegistryId, check: typeof verify): boolean => {
  const isOfIt = readEntityId(proof.text) === entityId || isTimedDeletion(proof.text, entityId, origin)
  if (!isOfIt || !isIdOf(entityId, proof.publicKey)) return false
  return proof.by === "entity"
    ? check(proof.publicKey, proof.text, proof.signature)
    : proofHolds(proof.developerProof, proof.publicKey, check) &&
        check(proof.developerProof.developer_public_key, proof.text, proof.signature)
}
