/**
 * QUERY, QUERY_ACK and the filter in a HEARTBEAT as the mesh page's dialect writes them: flat members, filters as
 * `base64:…`; beside what the page shows, ours say size, hashes and version (ruled). Read with bounds on all of it.
 */
import { Result, Schema } from "effect"
import type { JsonObject } from "../identity/canonical-json.ts"
import {
  answeredEntitiesMax,
  categoryCharactersMax,
  filterBitsMax,
  filterHashesMax,
  queryCharactersMax,
  queryHopsMax,
  queryPatienceMs,
  tagCharactersMax,
  tagsMax,
} from "../limits.ts"
import { questionOf } from "../search/question.ts"
import type { FilterNews } from "../search/home-filter.ts"
import type { Query, QueryAck, QueryId } from "./message.ts"

// queries ------------------------------------------------------------------------------------------------------------

export const queryText = ({ hops, id, most, question, withinMs }: Query): object => ({
  type: "QUERY",
  query_id: id,
  hops,
  within_ms: withinMs,
  max_results: most,
  ...question,
})

export const queryAckText = ({ documents, id, total }: QueryAck): object => ({
  type: "QUERY_ACK",
  query_id: id,
  total,
  announcements: documents,
})

const Id = Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/))
const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const text = (charactersMax: number) => Schema.optionalKey(Schema.String.check(Schema.isMaxLength(charactersMax)))
const list = Schema.optionalKey(Schema.Array(Schema.String.check(Schema.isMaxLength(tagCharactersMax))).check(Schema.isMaxLength(tagsMax)))

const decodeQuery = Schema.decodeUnknownResult(
  Schema.Struct({
    query_id: Id,
    hops: Schema.optionalKey(upTo(queryHopsMax)),
    within_ms: Schema.optionalKey(upTo(queryPatienceMs)),
    max_results: Schema.optionalKey(upTo(1_000_000)),
    query: text(queryCharactersMax),
    category: text(categoryCharactersMax),
    tags: list,
    skills: list,
    protocols: list,
    languages: list,
    models: list,
    developer_id: text(tagCharactersMax),
    entity_type: text(tagCharactersMax),
    status: text(tagCharactersMax),
  }),
)

export const readQuery = (value: object): Query | undefined => {
  const decoded = decodeQuery(value)
  if (Result.isFailure(decoded)) return undefined
  const { query_id, hops = 0, max_results = answeredEntitiesMax, within_ms = queryPatienceMs, ...said } = decoded.success
  return {
    type: "QUERY",
    id: query_id as QueryId,
    hops,
    withinMs: within_ms,
    most: Math.min(answeredEntitiesMax, max_results),
    question: questionOf(said),
  }
}

/** Of each entity a record, and where it is not active its status. */
export const answeredDocumentsMax = 2 * answeredEntitiesMax

const decodeQueryAck = Schema.decodeUnknownResult(
  Schema.Struct({
    query_id: Id,
    total: Schema.optionalKey(upTo(1_000_000_000)),
    announcements: Schema.Array(Schema.Unknown).check(Schema.isMaxLength(answeredDocumentsMax)),
  }),
)

export const readQueryAck = (value: object): QueryAck | undefined => {
  const decoded = decodeQueryAck(value)
  if (Result.isFailure(decoded)) return undefined
  const { announcements, query_id, total = announcements.length } = decoded.success
  return announcements.every((one) => typeof one === "object" && one !== null && !Array.isArray(one))
    ? { type: "QUERY_ACK", id: query_id as QueryId, total, documents: announcements as ReadonlyArray<JsonObject> }
    : undefined
}

// filters ------------------------------------------------------------------------------------------------------------

const marked = (bytes: Uint8Array): string => `base64:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`

export const filterText = (news: FilterNews | undefined, known: number | undefined): object => ({
  ...(news?.type === "whole" && {
    bloom_filter: marked(news.bloom.bits),
    bloom_size: news.bloom.size,
    bloom_hashes: news.bloom.hashes,
    bloom_version: news.version,
  }),
  ...(news?.type === "change" && { bloom_change: marked(packed(news.flipped)), bloom_base: news.base, bloom_version: news.version }),
  ...(known !== undefined && { bloom_known: known }),
})

const Version = upTo(Number.MAX_SAFE_INTEGER)

/** Members of a HEARTBEAT's shape. */
export const filterMembers = {
  bloom_filter: Schema.optionalKey(Schema.String),
  bloom_size: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: filterBitsMax }))),
  bloom_hashes: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: filterHashesMax }))),
  bloom_change: Schema.optionalKey(Schema.String),
  bloom_version: Schema.optionalKey(Version),
  bloom_base: Schema.optionalKey(Version),
  bloom_known: Schema.optionalKey(Version),
}

const Members = Schema.Struct(filterMembers)

/** What it says of its filter; nothing where it says too little to use it: the page's own example has neither size nor hashes. */
export const readFilter = (said: typeof Members.Type): FilterNews | undefined => {
  const { bloom_base, bloom_change, bloom_filter, bloom_hashes, bloom_size, bloom_version = 0 } = said
  if (bloom_filter !== undefined && bloom_size !== undefined && bloom_hashes !== undefined) {
    const bits = unmarked(bloom_filter)
    return bits.length === (bloom_size + 7) >> 3
      ? { type: "whole", version: bloom_version, bloom: { size: bloom_size, hashes: bloom_hashes, bits } }
      : undefined
  }
  if (bloom_change === undefined || bloom_base === undefined) return undefined
  const flipped = unpacked(unmarked(bloom_change))
  return flipped === undefined ? undefined : { type: "change", version: bloom_version, base: bloom_base, flipped }
}

const unmarked = (said: string): Uint8Array => new Uint8Array(Buffer.from(said.startsWith("base64:") ? said.slice(7) : said, "base64"))

/** Ascending positions as their distances, seven bits a byte, the eighth says that there is more. */
const packed = (positions: ReadonlyArray<number>): Uint8Array => {
  const bytes: Array<number> = []
  let before = 0
  for (const position of positions) {
    let distance = position - before
    before = position
    for (; distance > 0x7f; distance >>>= 7) bytes.push((distance & 0x7f) | 0x80)
    bytes.push(distance)
  }
  return Uint8Array.from(bytes)
}

/** `undefined` when it ends in the middle of a number, or one is larger than any filter. */
const unpacked = (bytes: Uint8Array): ReadonlyArray<number> | undefined => {
  const positions: Array<number> = []
  let [position, distance, shift] = [0, 0, 0]
  for (const byte of bytes) {
    distance += (byte & 0x7f) * 2 ** shift
    if (distance > filterBitsMax) return undefined
    shift += 7
    if (byte > 0x7f) continue
    position += distance
    positions.push(position)
    ;[distance, shift] = [0, 0]
  }
  return shift === 0 ? positions : undefined
}
