/** What a search asks for (reference 4.1), read as deployed clients send it: `null` is absent, what is unknown is ignored. */
import { Result } from "effect"
import type { Json, JsonObject } from "../../protocol/identity/canonical-json.ts"
import { readDeveloperId } from "../../protocol/identity/id.ts"
import { categoryCharactersMax, queryCharactersMax, tagCharactersMax, tagsMax, urlCharactersMax } from "../../protocol/limits.ts"
import { isObject, isPlainText } from "../../protocol/records/plain-json.ts"
import { invalid, type Refusal } from "../../protocol/records/refusal.ts"
import { tagsIn, textIn } from "../../protocol/records/request-fields.ts"
import { capabilityKinds, type CapabilityKind } from "../../protocol/search/entity.ts"
import type { SearchRequest } from "../node-service.ts"

export interface SearchAsked {
  readonly type: "asked"
  readonly request: SearchRequest
  /** With live cards of the first results. */
  readonly enrich: boolean
}

/**
 * A filter alone is a query (ruled); nothing at all is not. Inactive entities are left out unless `status` asks for them
 * (as deployed); `any` asks for all.
 */
export const readSearch = (body: Json): SearchAsked | Refusal =>
  Result.merge(
    Result.gen(function* () {
      if (!isObject(body)) return yield* invalid("the request must be a JSON object")
      const query = yield* wordsIn(body, "query", queryCharactersMax)
      const category = yield* wordsIn(body, "category", categoryCharactersMax)
      const tags = yield* tagsIn(body)
      const capabilities: Partial<Record<CapabilityKind, ReadonlyArray<string>>> = {}
      for (const kind of capabilityKinds) {
        const wanted = yield* textsIn(body, kind)
        if (wanted.length > 0) capabilities[kind] = wanted
      }
      const minTrust = yield* numberIn(body, "min_trust_score", 0, 1)
      const developer = yield* wordsIn(body, "developer_id", tagCharactersMax)
      const developerId = readDeveloperId(developer)
      if (developer !== "" && developerId === undefined) return yield* invalid("developer_id is not the id of a developer", "developer_id")
      const handle = yield* wordsIn(body, "developer_handle", tagCharactersMax)
      const fqan = yield* wordsIn(body, "fqan", urlCharactersMax)
      const type = yield* wordsIn(body, "entity_type", tagCharactersMax)
      const status = yield* wordsIn(body, "status", tagCharactersMax)
      const maxResults = yield* wholeIn(body, "max_results")
      const offset = yield* wholeIn(body, "offset")
      const { federated } = body
      const texts = [query, category, developer, handle, fqan, type, ...tags, ...Object.values(capabilities).flat()]
      if (texts.every((each) => each.trim() === "")) {
        return yield* invalid(
          "a query or a filter (category, tags, skills, protocols, languages, models, developer_id, developer_handle, fqan, entity_type) is required",
        )
      }
      const request: SearchRequest = {
        ...(query.trim() !== "" && { query }),
        ...(category !== "" && { category }),
        ...(tags.length > 0 && { tags }),
        ...capabilities,
        ...(minTrust !== undefined && { min_trust_score: minTrust }),
        ...(developerId !== undefined && { developer_id: developerId }),
        ...(handle !== "" && { developer_handle: handle }),
        ...(fqan.trim() !== "" && { fqan: fqan.trim() }),
        ...(type !== "" && { entity_type: type }),
        ...(status !== "any" && { status: status === "" ? "active" : status }),
        ...(maxResults !== undefined && { max_results: maxResults }),
        ...(offset !== undefined && { offset }),
        ...(typeof federated === "boolean" && { federated }),
      }
      return { type: "asked" as const, request, enrich: body["enrich"] === true }
    }),
  )

/** What cannot be written cannot be found: NUL and half surrogate pairs are refused like everywhere. */
const wordsIn = (body: JsonObject, field: string, charactersMax: number): Result.Result<string, Refusal> =>
  Result.flatMap(textIn(body, field, charactersMax), (text) =>
    isPlainText(text) ? Result.succeed(text) : invalid(`${field} has a character that is none`, field),
  )

const textsIn = (body: JsonObject, field: string): Result.Result<ReadonlyArray<string>, Refusal> => {
  const value = body[field] ?? []
  const isList = Array.isArray(value) && value.length <= tagsMax
  return isList && value.every((each) => typeof each === "string" && each.length <= tagCharactersMax && isPlainText(each))
    ? Result.succeed(value as ReadonlyArray<string>)
    : invalid(`${field} must be a list of at most ${tagsMax} texts of at most ${tagCharactersMax} characters`, field)
}

const numberIn = (body: JsonObject, field: string, least: number, most: number): Result.Result<number | undefined, Refusal> => {
  const value = body[field] ?? undefined
  if (value === undefined) return Result.succeed(undefined)
  return typeof value === "number" && value >= least && value <= most
    ? Result.succeed(value)
    : invalid(`${field} must be a number from ${least} to ${most}`, field)
}

const wholeIn = (body: JsonObject, field: string): Result.Result<number | undefined, Refusal> => {
  const value = body[field] ?? undefined
  if (value === undefined) return Result.succeed(undefined)
  return typeof value === "number" && Number.isSafeInteger(Math.trunc(value))
    ? Result.succeed(Math.trunc(value))
    : invalid(`${field} must be a number`, field)
}
