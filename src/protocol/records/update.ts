/**
 * Changing an entity's record: PUT /v1/entities/{id} (reference 1.4; ruled: the record carries each signed body).
 *
 * The Authorization header signs the body as it came, by the entity's key or its developer's. What the change sets must hold
 * up anywhere (`evidenceHolds`), so a developer cannot set what only the entity may sign.
 */
import { Result } from "effect"
import { isObject, isPlainJson } from "./plain-json.ts"
import type { JsonObject } from "../identity/canonical-json.ts"
import { readSignature } from "../identity/key.ts"
import type { verify } from "../identity/ed25519.ts"
import { readJson } from "../identity/json-text.ts"
import { signedTextCharactersMax } from "../limits.ts"
import type { Seconds } from "../time.ts"
import { type Authorization, readAuthorization } from "./authorization.ts"
import { lastSetters } from "./changes.ts"
import type { EntityRecord, SignedChange } from "./entity.ts"
import { heldSince, judgeStamp } from "./ratchet.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import { wholeRequestTexts } from "./signed-text.ts"
import { changedFields, evidenceHolds, fieldsOf, registrationTextOf } from "./registration.ts"

export interface Updated {
  readonly type: "updated"
  readonly record: EntityRecord
}

/** `text` is the request's body, `at` what the record will say of this. Order as deployed: first whose signature it is, then what it says. */
export const readUpdate = (
  text: string,
  authorization: string | undefined,
  record: EntityRecord,
  { at, nowMs }: { readonly at: Seconds; readonly nowMs: number },
  check: typeof verify,
): Updated | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const signed = yield* signedBy(text, yield* readAuthorization(authorization), record, check)
      if (text.length > signedTextCharactersMax) return yield* invalid("the request is too long")
      const body = readJson(text)
      if (!isObject(body) || !isPlainJson(body)) return yield* invalid("the request must be a JSON object, plain and not nested too deep")
      yield* judgeStamp(body, heldSince(record), record.home_registry, nowMs)
      const change = signed.by === "developer" ? (entitySigned(body, record, check) ?? signed) : signed
      const fields = yield* changedFields(body, record)
      const changes = lastSetters([...record.changes, change], fieldsOf)
      const changed: EntityRecord = { ...record, ...fields, updated_at: at, changes }
      const registration = registrationTextOf(record)
      // What the fields gave back until now must be kept, once they do not.
      const updated =
        record.signed === undefined && registrationTextOf(changed) !== registration ? { ...changed, signed: registration } : changed
      if (evidenceHolds(updated, check)) return { type: "updated" as const, record: updated }
      return yield* change.by === "developer"
        ? unauthorized("the entity's own key signed what this changes: it alone can change it")
        : invalid("this is not about this entity, or names another home")
    }),
  )

/**
 * The SDKs put a signature into the body too, over its other members (reference 1.4). Where that is the entity's own, a developer
 * who sends it changes what the entity itself says.
 */
const entitySigned = (body: JsonObject, record: EntityRecord, check: typeof verify): SignedChange | undefined => {
  const signature = typeof body["signature"] === "string" ? readSignature(body["signature"]) : undefined
  if (signature === undefined) return undefined
  const text = wholeRequestTexts(body).find((said) => check(record.public_key, said, signature))
  return text === undefined ? undefined : { by: "entity", text, signature }
}

/** As with deletions, a plain `Bearer` may be the developer's. */
const signedBy = (
  text: string,
  { scheme, signature }: Authorization,
  record: EntityRecord,
  check: typeof verify,
): Result.Result<SignedChange, Refusal> => {
  if (scheme === "bearer" && check(record.public_key, text, signature)) return Result.succeed({ by: "entity", text, signature })
  return check(record.developer_proof.developer_public_key, text, signature)
    ? Result.succeed({ by: "developer", text, signature })
    : unauthorized("the signature is not the owner's over this request")
}
