/** Requests about names, as the developer who holds the handle signs them (reference 1.7; naming page). */
import { Result } from "effect"
import type { Evidence } from "../gossip/kinds/kind.ts"
import { bindingHolds, type BoundNameBody } from "../gossip/kinds/name.ts"
import { canonical, type Json, type JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { type EntityId, readEntityId, type RegistryId } from "../identity/id.ts"
import { versionLabelCharactersMax } from "../limits.ts"
import { plainObject } from "./handle-requests.ts"
import { type EntityName, readEntityName } from "./naming.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import { signatureIn, someTextIn, tagsIn, textIn } from "./request-fields.ts"
import { spellings } from "./signed-text.ts"

/** What a name shall mean. */
export interface Binding {
  readonly type: "binding"
  readonly entityId: EntityId
  readonly label: string
  readonly tags: ReadonlyArray<string>
}

/** Reads the entity, label and tags of a request to bind or to rebind; `agent_id` is the naming page's name for it. */
export const readBinding = (body: Json): Binding | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const request = yield* plainObject(body)
      const field = (request["entity_id"] ?? "") === "" && "agent_id" in request ? "agent_id" : "entity_id"
      const entityId = readEntityId(yield* someTextIn(request, field, 64))
      if (entityId === undefined) return yield* invalid(`${field} is not the id of an entity`, field)
      return {
        type: "binding" as const,
        entityId,
        label: yield* textIn(request, "version", versionLabelCharactersMax),
        tags: yield* tagsInNames(request),
      }
    }),
  )

const tagsInNames = (request: JsonObject): Result.Result<ReadonlyArray<string>, Refusal> =>
  Result.mapError(tagsIn({ tags: request["capability_tags"] }), (refusal) => ({ ...refusal, field: "capability_tags" }))

/** The name that a request is about; `agent_name` is the naming page's. */
export const readNameIn = (body: Json): { readonly type: "name"; readonly name: EntityName; readonly handle: string } | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const request = yield* plainObject(body)
      const field = (request["entity_name"] ?? "") === "" && "agent_name" in request ? "agent_name" : "entity_name"
      const name = readEntityName(yield* someTextIn(request, field, 128))
      if (name === undefined) return yield* invalid("a name has 1 to 64 of a-z, 0-9 and -, and neither begins nor ends with -", field)
      return { type: "name" as const, name, handle: yield* someTextIn(request, "developer_handle", 64) }
    }),
  )

/** The developer's signature over a binding: its text, in the form that the client signed. */
export const readBindingEvidence = (
  body: Json,
  bound: Omit<BoundNameBody, "kind" | "evidence">,
  home: RegistryId,
  check: typeof verify,
): ({ readonly type: "evidence" } & Evidence) | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const request = yield* plainObject(body)
      const signature = yield* signatureIn(request, "signature")
      const text = textsOf(request, bound).find((signed) =>
        bindingHolds({ ...bound, kind: "name", evidence: { text: signed, signature } }, home, check),
      )
      if (text === undefined) return yield* unauthorized("the signature is not the handle's developer's over this binding", "signature")
      return { type: "evidence" as const, text, signature }
    }),
  )

/** No tags are null or an empty list, whichever the client signed; a rebind names its version, a bind may. */
const textsOf = (request: JsonObject, bound: Omit<BoundNameBody, "kind" | "evidence">): ReadonlyArray<string> => {
  const fields: JsonObject = {
    developer_handle: bound.handle,
    entity_id: request["entity_id"] ?? request["agent_id"] ?? bound.entityId,
    entity_name: bound.name,
    version: bound.label,
  }
  const tagForms = bound.tags.length === 0 ? [null, []] : [bound.tags]
  const numbers = bound.action === "bind" ? [{}, { current_version: bound.version }] : [{ current_version: bound.version }]
  const named = (name: string) => ((request[name] ?? null) === null ? {} : { [name]: request[name] })
  const besides: ReadonlyArray<JsonObject> = [{}, { ...named("registry_host"), ...named("home_registry") }]
  const texts = tagForms.flatMap((capability_tags) =>
    numbers.flatMap((number) => besides.flatMap((beside) => spellings(canonical({ ...fields, ...number, ...beside, capability_tags })))),
  )
  return [...new Set(texts)]
}
