/** Search over what this node holds: the index follows the store, the store answers with the records. */
import { Clock, Effect, type Scope } from "effect"
import { readEntityId, type EntityId, type RegistryId } from "../protocol/identity/id.ts"
import { neighboursMin, searchResultsMax } from "../protocol/limits.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import { capabilityKinds, embeddedText, type Filters, indexedEntity } from "../protocol/search/entity.ts"
import { trustOfOwn, trustUnknown } from "../protocol/search/ranking.ts"
import { type IndexQuery, SearchIndex } from "../protocol/search/search-index.ts"
import type { SearchAnswer, SearchHit, SearchRequest, SearchStats } from "./node-service.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"
import { floorOf, type SearchSettings } from "./search-settings.ts"
import { makeVectors, type VectorCounts } from "./vectors.ts"
import { steps } from "./steps.ts"

export interface Searcher {
  readonly search: (request: SearchRequest) => Effect.Effect<SearchAnswer, StoreFailed>
  /** What is shown of an entity now; nothing when it is deleted. */
  readonly follow: (subject: string, entry: EntityEntry | undefined) => void
  /** Entities registered here, by type. */
  readonly localCounts: () => { readonly agents: number; readonly services: number }
  readonly vectorCounts: () => VectorCounts
  /**
   * Those of these entities that match, best first: what we found and what others did, by the same measure. How rare a word is
   * they tell together with all that we hold; `documents` is how many there are in all, as far as one knows.
   */
  readonly rankTogether: (
    request: SearchRequest,
    ours: ReadonlyArray<EntityEntry>,
    others: ReadonlyArray<EntityEntry>,
    documents: number,
  ) => Effect.Effect<ReadonlyArray<SearchHit>, StoreFailed>
}

export interface SearcherParts {
  /** One that does not index finds nothing, and still counts. */
  readonly indexes: boolean
  readonly settings: SearchSettings
  readonly store: RecordStore["Service"]
  /** Several as they are shown, unknown ones left out: the store's, or what is remembered of it. */
  readonly entities: RecordStore["Service"]["entities"]
  readonly own: RegistryId
  /** Entities of these registries come last. */
  readonly stale: () => ReadonlySet<RegistryId>
  /** Trust in registries, 0 … 1; asked again when `trustVersion` is another. */
  readonly trustOf?: (registry: string) => number
  readonly trustVersion?: () => unknown
}

/** Is empty, and follows; `index-fill.ts` brings it what the store holds. Lives until the scope closes. */
export const makeSearcher = Effect.fnUntraced(function* ({
  entities,
  indexes,
  own,
  settings,
  stale,
  store,
  trustOf = (registry) => (registry === own ? trustOfOwn : trustUnknown),
  trustVersion = () => 0,
}: SearcherParts): Effect.fn.Return<Searcher, StoreFailed, Scope.Scope> {
  const { embedder, minScore, ranking, resultsDefault, say, synonyms, vectorIndex } = settings
  const floor = floorOf(settings)
  const makeIndex = () =>
    new SearchIndex({
      judgement: { trustOf, isSilent: (registry) => judged.stale.has(registry as RegistryId) },
      ranking,
      synonyms,
      minScore,
      vectors: embedder?.dimensions ?? "words",
      ...(floor !== undefined && { floor }),
    })
  let judged: { readonly stale: ReadonlySet<RegistryId>; readonly version: unknown } = { stale: new Set(), version: trustVersion() }
  // who does not index needs none, and an index of nothing is heavy, too
  let made: SearchIndex | undefined
  const index = () => (made ??= makeIndex())
  const sizeNow = () => made?.size ?? 0
  const vectors =
    embedder === undefined || !indexes
      ? undefined
      : yield* makeVectors(
          embedder,
          (id, vector) => {
            if (vectorIndex === undefined) index().setVector(id, vector)
            else vectorIndex.put(id, vector)
          },
          say,
        )
  const local = new Map<string, "agent" | "service">()
  const counts = { agents: 0, services: 0 }

  const recount = (subject: string, now: EntityEntry | undefined) => {
    const before = local.get(subject)
    const after = now?.tier === "local" ? now.record.entity_type : undefined
    if (before === after) return
    if (before !== undefined) counts[plural[before]]--
    if (after !== undefined) counts[plural[after]]++
    if (after === undefined) local.delete(subject)
    else local.set(subject, after)
  }

  const follow: Searcher["follow"] = (subject, entry) => {
    recount(subject, entry)
    if (!indexes) return
    vectors?.forget(subject)
    vectorIndex?.remove(subject)
    if (entry === undefined) {
      made?.remove(subject)
      return
    }
    const entity = indexedEntity(entry)
    index().put(entity)
    vectors?.want(subject, embeddedText(entity))
  }

  /** Brings the ranking up to who is alive and who is trusted now. */
  const judge = () => {
    const now = { stale: stale(), version: trustVersion() }
    if (now.stale === judged.stale && now.version === judged.version) return
    judged = now
    made?.judge({ trustOf, isSilent: (registry) => now.stale.has(registry as RegistryId) })
  }

  /** A name, or an entity's id in place of one (as SDKs send it). */
  const entityNamed = steps(function* (fqan: string) {
    const id = readEntityId(fqan)
    if (id !== undefined) return id
    const [host, handle, name, ...more] = fqan.split("/")
    if (handle === undefined || name === undefined || more.length > 0) return undefined
    return (yield* store.names({ handle, name })).find((entry) => entry.host === host)?.entityId
  })

  const filtersOf = steps(function* (request: SearchRequest): Effect.fn.Return<Filters, StoreFailed> {
    const { developer_handle: handle, developer_id: developer } = request
    const holders =
      handle === undefined || developer !== undefined ? undefined : (yield* store.handles(handle)).map(({ developerId }) => developerId)
    return { ...filtersIn(request), ...(holders !== undefined && { developers: holders }) }
  })

  /** What the likeness to a text is worked out from, beside the words. */
  const likenessTo = steps(function* (text: string, wanted: number): Effect.fn.Return<Pick<IndexQuery, "vector" | "nearest">> {
    if (vectors === undefined || text.trim() === "" || readEntityId(text.trim()) !== undefined) return {}
    const [vector] = yield* vectors.of([text])
    if (vector === undefined) return {}
    return vectorIndex === undefined ? { vector } : { nearest: vectorIndex.nearest(vector, Math.max(neighboursMin, wanted)) }
  })

  return {
    follow,
    localCounts: () => ({ ...counts }),
    vectorCounts: () => vectors?.counts() ?? { waiting: 0, degraded: 0 },
    search: steps(function* (request) {
      const offset = Math.max(0, request.offset ?? 0)
      const maxResults =
        request.max_results === undefined || request.max_results <= 0 ? resultsDefault : Math.min(searchResultsMax, request.max_results)
      const named = request.fqan === undefined ? undefined : yield* entityNamed(request.fqan)
      if (request.fqan !== undefined && named === undefined) return { hits: [], totalFound: 0, offset, hasMore: false, stats: noStats }
      const text = named ?? request.query
      const likeness = text === undefined ? {} : yield* likenessTo(text, offset + maxResults)
      const filters = yield* filtersOf(request)
      judge()
      const found = index().search({
        ...filters,
        ...likeness,
        ...(text !== undefined && { text }),
        nowMs: yield* Clock.currentTimeMillis,
        offset,
        maxResults,
      })
      const shown = yield* entities(found.hits.map(({ id }) => id as EntityId))
      const entries = new Map(shown.map((entry) => [entry.record.entity_id as string, entry]))
      const hits = found.hits.flatMap(({ breakdown, id, parts, score }): ReadonlyArray<SearchHit> => {
        const entry = entries.get(id)
        return entry === undefined ? [] : [{ entry: marked(entry, judged.stale), score, breakdown, parts }]
      })
      const atHome = hits.filter(({ entry }) => entry.tier === "local").length
      const stats = { ...noStats, local: atHome, gossip: hits.length - atHome }
      return { hits, totalFound: found.totalFound, offset, hasMore: offset + found.hits.length < found.totalFound, stats }
    }),
    rankTogether: steps(function* (request, ours, others, documents) {
      judge()
      const text = request.query ?? ""
      const candidates = makeIndex()
      for (const entry of ours) candidates.put(indexedEntity(entry))
      const counted = new Map([...candidates.parse(text).terms.keys()].map((term) => [term, candidates.documentsWith(term)]))
      for (const entry of others) candidates.put(indexedEntity(entry))
      const entries = new Map([...others, ...ours].map((entry) => [entry.record.entity_id as string, entry]))
      const texts = [...entries.values()].map((entry) => embeddedText(indexedEntity(entry)))
      const [vector, ...theirs] = vectors === undefined || text === "" ? [] : yield* vectors.of([text, ...texts])
      for (const [i, id] of [...entries.keys()].entries()) if (theirs[i] !== undefined) candidates.setVector(id, theirs[i])
      const { hits } = candidates.search({
        ...(yield* filtersOf(request)),
        ...(vector !== undefined && { vector }),
        text,
        nowMs: yield* Clock.currentTimeMillis,
        offset: 0,
        maxResults: entries.size,
        elsewhere: {
          documents: Math.max(0, Math.max(documents, sizeNow()) - candidates.size),
          documentsWith: (term) => Math.max(0, (made?.documentsWith(term) ?? 0) - (counted.get(term) ?? 0)),
        },
      })
      return hits.map(({ breakdown, id, parts, score }) => ({ entry: marked(entries.get(id)!, judged.stale), score, breakdown, parts }))
    }),
  }
})

/** The filters of a request; handles have to be looked up. */
export const filtersIn = (request: SearchRequest): Filters => {
  const { category, developer_id: developer, entity_type: entityType, min_trust_score: minTrust, status, tags } = request
  return {
    ...(category !== undefined && { category }),
    ...(tags !== undefined && { tags }),
    ...(developer !== undefined && { developers: [developer] }),
    ...(entityType !== undefined && { entityType }),
    ...(status !== undefined && { status }),
    ...(minTrust !== undefined && { minTrust }),
    ...Object.fromEntries(capabilityKinds.flatMap((kind) => (request[kind] === undefined ? [] : [[kind, request[kind]]]))),
  }
}

/** Nobody was asked. */
export const noStats: SearchStats = { local: 0, gossip: 0, federated: 0, peersAsked: 0, peersAnswered: 0, latencyMs: 0 }

/** The entry, and whether its home is alive. */
export const marked = (entry: EntityEntry, stale: ReadonlySet<RegistryId>): EntityEntry =>
  stale.has(entry.record.home_registry) ? { ...entry, isStale: true } : entry

const plural = { agent: "agents", service: "services" } as const
