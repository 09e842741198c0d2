/** Requests about names, as the developer who holds the handle signs them (reference 1.7; naming page). */
import { Result } from "effect"
import type { Evidence } from "../gossip/kinds/kind.ts"
import { bindingHolds, type BoundNameBody } from "../gossip/kinds/name.ts"
import { canonical, type Json, type JsonObject } from "../identity/canonical-json.ts"
import type { verify } from "../identity/ed25519.ts"
import { type EntityId, readEntityId, type RegistryId } from "../identity/id.ts"
import { buildHashCharactersMax, versionLabelCharactersMax } from "../limits.ts"
import { plainObject } from "./handle-requests.ts"
import { type EntityName, readEntityName } from "./naming.ts"
import { isObject } from "./plain-json.ts"
import { invalid, type Refusal, unauthorized } from "./refusal.ts"
import { signatureIn, someTextIn, tagsIn, textIn } from "./request-fields.ts"
import { spellings } from "./signed-text.ts"

/** What a name shall mean. */
export interface Binding {
  readonly type: "binding"
  readonly entityId: EntityId
  readonly label: string
  readonly tags: ReadonlyArray<string>
  readonly buildHash?: string
}

/**
 * Reads the entity, label, tags and build of a request to bind or to rebind; `agent_id` is the naming page's name for the
 * entity, and who names none means the one that is `bound`.
 */
export const readBinding = (body: Json, bound?: EntityId): Binding | Refusal =>
  Result.merge(
    Result.gen(function* () {
      const request = yield* plainObject(body)
      const field = (request["entity_id"] ?? "") === "" && "agent_id" in request ? "agent_id" : "entity_id"
      const said = yield* textIn(request, field, 64)
      if (said === "" && bound === undefined) return yield* invalid(`${field} is required`, field)
      const entityId = said === "" ? bound : readEntityId(said)
      if (entityId === undefined) return yield* invalid(`${field} is not the id of an entity`, field)
      const buildHash = yield* textIn(request, "build_hash", buildHashCharactersMax)
      return {
        type: "binding" as const,
        entityId,
        label: yield* textIn(request, "version", versionLabelCharactersMax),
        tags: yield* tagsInNames(request),
        ...(buildHash !== "" && { buildHash }),
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

/** The name that a registration asks for beside what it signs, and what it calls its version; `undefined` where it asks for none, or for one that is none. */
export const nameWishedIn = (body: Json): { readonly name: EntityName; readonly label: string } | undefined => {
  if (!isObject(body)) return undefined
  const said = body["entity_name"] ?? body["agent_name"]
  const name = typeof said === "string" ? readEntityName(said) : undefined
  const label = Result.getOrElse(textIn(body, "version", versionLabelCharactersMax), () => "")
  return name === undefined ? undefined : { name, label }
}

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
  const build = bound.buildHash === undefined ? {} : { build_hash: bound.buildHash }
  const besides: ReadonlyArray<JsonObject> = [build, { ...build, ...named("registry_host"), ...named("home_registry") }]
  const texts = tagForms.flatMap((capability_tags) =>
    numbers.flatMap((number) => besides.flatMap((beside) => spellings(canonical({ ...fields, ...number, ...beside, capability_tags })))),
  )
  return [...new Set(texts)]
}
