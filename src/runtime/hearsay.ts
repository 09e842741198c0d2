/**
 * What peers tell and nobody signed: a deployed node answers searches and questions of the DHT so (`agentdns/quirks.ts`).
 *
 * It is shown, because its entities would be found nowhere else, and never as if it were proven: behind everything that
 * proved itself, with tier `hearsay`, no trust and nothing to connect to. It is not kept, not passed on, and tells nothing
 * of an entity that we know anything of, be it that it is deleted, nor of one that would be registered here.
 */
import { Effect } from "effect"
import type { Answered } from "../actors/fan-out.ts"
import { read as readId, type EntityId, type RegistryId } from "../protocol/identity/id.ts"
import { recordTtlSeconds } from "../protocol/limits.ts"
import type { BareRecord, EntityEntry } from "../protocol/records/entity.ts"
import type { Hearsay } from "../protocol/wire/message.ts"
import type { SearchHit, SearchRequest } from "./node-service.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"

/** What news are held against. */
export interface KnownHere {
  readonly self: RegistryId
  readonly store: Pick<RecordStore["Service"], "slots">
  /** False: the operator blocks it. */
  readonly mayBeShown: (record: EntityEntry["record"]) => boolean
}

/** What is new in it, each entity once, in the order told; nothing to a question that hearsay cannot answer. */
export const newsIn = Effect.fnUntraced(function* (
  known: KnownHere,
  request: SearchRequest,
  answers: ReadonlyArray<Answered>,
): Effect.fn.Return<ReadonlyArray<SearchHit>, StoreFailed> {
  if (wantsProof(request)) return []
  const told = new Map<EntityId, Hearsay>()
  for (const one of answers.flatMap(({ hearsay = [] }) => hearsay))
    if (!told.has(one.entityId) && matches(request, one)) told.set(one.entityId, one)
  const hits: Array<SearchHit> = []
  for (const one of told.values()) {
    const entry = yield* newsOf(known, one)
    if (entry !== undefined) hits.push({ entry, score: scoreOf(hits.length), breakdown: none, parts: noParts })
  }
  return hits
})

/** One entity as it is told, where that is new. */
export const newsOf = Effect.fnUntraced(function* (
  { mayBeShown, self, store }: KnownHere,
  told: Hearsay,
): Effect.fn.Return<EntityEntry | undefined, StoreFailed> {
  const record = recordOf(told)
  if (told.home === self || !mayBeShown(record) || (yield* store.slots(told.entityId)).length > 0) return undefined
  return { record, tier: "hearsay", status: told.status, contested: false }
})

/** Below whatever proved itself. */
const scoreOf = (rank: number): number => 0.05 / (1 + rank)

const none: SearchHit["breakdown"] = { text_relevance: 0, semantic_similarity: 0, trust_score: 0, freshness: 0, availability: 0 }

const noParts: SearchHit["parts"] = { text: 0, semantic: 0, trust: 0, freshness: 0, availability: 0 }

/** Names, trust and capabilities nobody tells that way. */
const wantsProof = ({ developer_handle, fqan, languages, min_trust_score = 0, models, protocols, skills }: SearchRequest): boolean =>
  developer_handle !== undefined ||
  fqan !== undefined ||
  min_trust_score > 0 ||
  [skills, protocols, languages, models].some((list) => list !== undefined && list.length > 0)

/** The filters hold of it as it is told: that node leaves some of them to whoever asks. */
const matches = ({ category, developer_id, entity_type, status, tags = [] }: SearchRequest, told: Hearsay): boolean =>
  (category === undefined || told.category === category) &&
  (developer_id === undefined || told.developerId === developer_id) &&
  (entity_type === undefined || typeOf(told) === entity_type) &&
  (status === undefined || told.status === status) &&
  (tags.length === 0 || tags.some((tag) => told.tags.some((other) => other.toLowerCase() === tag.toLowerCase())))

const typeOf = ({ entityId }: Hearsay): BareRecord["entity_type"] => (readId(entityId)?.kind === "service" ? "service" : "agent")

const recordOf = (told: Hearsay): BareRecord => ({
  entity_id: told.entityId,
  entity_type: typeOf(told),
  name: told.name,
  category: told.category,
  tags: told.tags,
  summary: told.summary,
  entity_url: "",
  public_key: "",
  developer_id: told.developerId ?? "",
  home_registry: told.home,
  registered_at: 0,
  updated_at: 0,
  ttl: recordTtlSeconds,
  signature: "",
  changes: [],
})
