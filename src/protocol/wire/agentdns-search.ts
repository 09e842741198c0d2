/** Searches and their results as the deployed dialect carries them: a REST search body there, REST results back. */
import { type Announcement, developerOf, read, recordIn } from "../gossip/announcement.ts"
import type { JsonObject } from "../identity/canonical-json.ts"
import { readDeveloperId, readEntityId, readRegistryId } from "../identity/id.ts"
import {
  answeredEntitiesMax,
  categoryCharactersMax,
  nameCharactersMax,
  queryCharactersMax,
  queryWayMs,
  searchResultsDefault,
  summaryCharactersMax,
  tagCharactersMax,
  tagsMax,
} from "../limits.ts"
import { scoreOf } from "../agentdns/quirks.ts"
import { writeTime } from "../time.ts"
import * as Slots from "../records/slots.ts"
import { questionLists, questionOf, questionTexts } from "../search/question.ts"
import type { Hearsay, Query, QueryId } from "./message.ts"

/** Our question as the body of a search. */
export const requestOf = ({ most, question }: Query): JsonObject => ({
  ...(questionOf(question) as JsonObject),
  max_results: most,
  federated: true,
})

/**
 * Their search as a question of ours. What is too long is cut, for a question without an answer stops them. They want what we
 * hold and can be had at once: there is no time to ask others (`queryWayMs` is what an answer takes).
 */
export const queryOf = (id: QueryId, request: JsonObject): Query => {
  const question: Record<string, unknown> = {}
  for (const name of questionTexts) {
    const said = request[name]
    if (typeof said === "string" && said !== "") question[name] = said.slice(0, charactersMax[name])
  }
  for (const name of questionLists) {
    const said = textsIn(request[name])
    if (said.length > 0) question[name] = said
  }
  const said = request["max_results"]
  const most = typeof said === "number" && said >= 1 ? Math.min(answeredEntitiesMax, Math.floor(said)) : searchResultsDefault
  return { type: "QUERY", id, hops: 1, withinMs: queryWayMs, most, question }
}

const charactersMax = {
  query: queryCharactersMax,
  category: categoryCharactersMax,
  developer_id: tagCharactersMax,
  entity_type: tagCharactersMax,
  status: tagCharactersMax,
}

const textsIn = (said: unknown): ReadonlyArray<string> =>
  Array.isArray(said)
    ? said.flatMap((one: unknown) => (typeof one === "string" ? [one.slice(0, tagCharactersMax)] : [])).slice(0, tagsMax)
    : []

/** The entities that documents show, best first, as results. */
export const resultsOf = (documents: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => {
  const announcements = documents.map(read)
  const inactive = new Set(announcements.flatMap((one) => (isStatus(one) && one.body.status === "inactive" ? [one.body.entityId] : [])))
  const records = announcements.flatMap((one) => (one.type === "malformed" ? [] : (recordIn(one) ?? [])))
  return records.map((record, rank) => ({
    entity_id: record.entity_id,
    name: record.name,
    summary: record.summary,
    category: record.category,
    tags: record.tags,
    home_registry: record.home_registry,
    status: inactive.has(record.entity_id) ? "inactive" : "active",
    developer_id: record.developer_id,
    entity_type: record.entity_type,
    score: scoreOf(rank),
  }))
}

const isStatus = (one: ReturnType<typeof read>): one is Announcement & { readonly body: { readonly kind: "status" } } =>
  one.type !== "malformed" && one.body.kind === "status"

/** A result, or a value of the DHT, that tells enough to be shown; what is longer than a record may be is none. */
export const hearsayOf = (result: JsonObject): Hearsay | undefined => {
  const { category, developer_id, entity_id, home_registry, name, status, summary } = result
  const entityId = readEntityId(textOf(entity_id))
  const home = readRegistryId(textOf(home_registry))
  if (entityId === undefined || home === undefined) return undefined
  const said = { name: textOf(name), summary: textOf(summary), category: textOf(category) }
  if (said.name.length > nameCharactersMax || said.summary.length > summaryCharactersMax || said.category.length > categoryCharactersMax)
    return undefined
  const developerId = readDeveloperId(textOf(developer_id))
  return {
    entityId,
    ...said,
    tags: textsIn(result["tags"]),
    home,
    status: status === "inactive" ? "inactive" : "active",
    ...(developerId !== undefined && { developerId }),
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/** What is held of an entity, as a value of the deployed DHT; nothing where it is deleted or unknown. */
export const valueOf = (documents: ReadonlyArray<JsonObject>): JsonObject | undefined => {
  const slots = documents.map(read).filter((one) => one.type !== "malformed")
  const shown = Slots.shown<Announcement>(slots, developerOf)
  const record = shown === undefined ? undefined : recordIn(shown)
  if (record === undefined) return undefined
  return {
    entity_id: record.entity_id,
    name: record.name,
    category: record.category,
    ...(record.tags.length > 0 && { tags: record.tags }),
    ...(record.summary !== "" && { summary: record.summary }),
    entity_url: record.entity_url,
    public_key: record.public_key,
    home_registry: record.home_registry,
    developer_id: record.developer_id,
    stored_at: writeTime(record.updated_at),
  }
}
