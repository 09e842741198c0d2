/** What a search asks for (reference 4.1), read as deployed clients send it: `null` is absent, what is unknown is ignored. */
import { Result } from "effect"
import type { Json, JsonObject } from "../../protocol/identity/canonical-json.ts"
import { readDeveloperId, readEntityId } from "../../protocol/identity/id.ts"
import { categoryCharactersMax, queryCharactersMax, tagCharactersMax, urlCharactersMax } from "../../protocol/limits.ts"
import { isObject, isPlainText } from "../../protocol/records/plain-json.ts"
import { invalid, type Refusal } from "../../protocol/records/refusal.ts"
import { tagsIn, textIn } from "../../protocol/records/request-fields.ts"
import type { SearchRequest } from "../node-service.ts"

export interface SearchAsked {
  readonly type: "asked"
  readonly request: SearchRequest
  /** It asks for a handle or a name, and there is none: nothing can match. */
  readonly isVoid: boolean
}

/** A filter alone is a query (ruled); nothing at all is not. */
export const readSearch = (body: Json): SearchAsked | Refusal =>
  Result.merge(
    Result.gen(function* () {
      if (!isObject(body)) return yield* invalid("the request must be a JSON object")
      const query = yield* wordsIn(body, "query", queryCharactersMax)
      const category = yield* wordsIn(body, "category", categoryCharactersMax)
      const tags = yield* tagsIn(body)
      const developer = yield* wordsIn(body, "developer_id", tagCharactersMax)
      const developerId = readDeveloperId(developer)
      if (developer !== "" && developerId === undefined) return yield* invalid("developer_id is not the id of a developer", "developer_id")
      const handle = yield* wordsIn(body, "developer_handle", tagCharactersMax)
      const fqan = yield* wordsIn(body, "fqan", urlCharactersMax)
      const type = yield* wordsIn(body, "entity_type", tagCharactersMax)
      const status = yield* wordsIn(body, "status", tagCharactersMax)
      const maxResults = yield* numberIn(body, "max_results")
      const offset = yield* numberIn(body, "offset")
      const text = query === "" ? fqan : query
      if ([text, category, developer, handle, type, ...tags].every((each) => each.trim() === "")) {
        return yield* invalid("a query or a filter (category, tags, developer_id, developer_handle, fqan, entity_type) is required")
      }
      const request: SearchRequest = {
        ...(text.trim() !== "" && { query: text }),
        ...(category !== "" && { category }),
        ...(tags.length > 0 && { tags }),
        ...(developerId !== undefined && { developer_id: developerId }),
        ...(type !== "" && { entity_type: type }),
        ...(status !== "" && status !== "any" && { status }),
        ...(maxResults !== undefined && { max_results: maxResults }),
        ...(offset !== undefined && { offset }),
      }
      // An SDK looks an entity's name up by sending its id as `fqan`; any other name, and any handle, needs naming.
      const isVoid = (fqan !== "" && readEntityId(fqan) === undefined) || (handle !== "" && developerId === undefined)
      return { type: "asked" as const, request, isVoid }
    }),
  )

/** What cannot be written cannot be found: NUL and half surrogate pairs are refused like everywhere. */
const wordsIn = (body: JsonObject, field: string, charactersMax: number): Result.Result<string, Refusal> =>
  Result.flatMap(textIn(body, field, charactersMax), (text) =>
    isPlainText(text) ? Result.succeed(text) : invalid(`${field} has a character that is none`, field),
  )

const numberIn = (body: JsonObject, field: string): Result.Result<number | undefined, Refusal> => {
  const value = body[field] ?? undefined
  if (value === undefined) return Result.succeed(undefined)
  return typeof value === "number" && Number.isSafeInteger(Math.trunc(value))
    ? Result.succeed(Math.trunc(value))
    : invalid(`${field} must be a number`, field)
}
