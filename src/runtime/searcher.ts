/** Search over what this node holds: the index follows the store, the store answers with the records. */
import { Clock, Effect, type Scope, Stream } from "effect"
import { readEntityId, type EntityId, type RegistryId } from "../protocol/identity/id.ts"
import { neighboursMin, searchProgressEvery, searchResultsMax, shownEntriesMax } from "../protocol/limits.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import { capabilityKinds, embeddedText, type Filters, indexedEntity } from "../protocol/search/entity.ts"
import { type Parts, trustOfOwn, trustUnknown } from "../protocol/search/ranking.ts"
import { type IndexQuery, SearchIndex } from "../protocol/search/search-index.ts"
import type { SearchAnswer, SearchHit, SearchRequest } from "./node-service.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"
import { floorOf, type SearchSettings } from "./search-settings.ts"
import { makeVectors, type VectorCounts } from "./vectors.ts"

export interface Searcher {
  readonly search: (request: SearchRequest) => Effect.Effect<SearchAnswer, StoreFailed>
  /** The parts of entities that are not held here (a peer answered them), as if they were: to be ranked with our own hits. */
  readonly measure: (text: string, entries: ReadonlyArray<EntityEntry>) => Effect.Effect<ReadonlyArray<Parts>>
  /** What is shown of an entity now; nothing when it is deleted. */
  readonly follow: (subject: string, entry: EntityEntry | undefined) => void
  /** Entities registered here, by type. */
  readonly localCounts: () => { readonly agents: number; readonly services: number }
  readonly vectorCounts: () => VectorCounts
}

export interface SearcherParts {
  /** One that does not index finds nothing, and still counts. */
  readonly indexes: boolean
  readonly settings: SearchSettings
  readonly store: RecordStore["Service"]
  readonly own: RegistryId
  /** Entities of these registries come last. */
  readonly stale: () => ReadonlySet<RegistryId>
  /** Trust in registries, 0 … 1; asked again when `trustVersion` is another. */
  readonly trustOf?: (registry: string) => number
  readonly trustVersion?: () => unknown
}

/** Reads the whole store once, then follows; lives until the scope closes. */
export const makeSearcher = Effect.fnUntraced(function* ({
  indexes,
  own,
  settings,
  stale,
  store,
  trustOf = (registry) => (registry === own ? trustOfOwn : trustUnknown),
  trustVersion = () => 0,
}: SearcherParts): Effect.fn.Return<Searcher, StoreFailed, Scope.Scope> {
  const { embedder, ranking, resultsDefault, say, synonyms, vectorIndex } = settings
  const floor = floorOf(settings)
  const index = new SearchIndex({
    judgement: { trustOf, isSilent: () => false },
    ranking,
    synonyms,
    vectors: embedder?.dimensions ?? "words",
    ...(floor !== undefined && { floor }),
  })
  const vectors =
    embedder === undefined || !indexes
      ? undefined
      : yield* makeVectors(
          embedder,
          (id, vector) => {
            if (vectorIndex === undefined) index.setVector(id, vector)
            else vectorIndex.put(id, vector)
          },
          say,
        )
  let judged: { readonly stale: ReadonlySet<RegistryId>; readonly version: unknown } = { stale: new Set(), version: trustVersion() }
  const local = new Map<string, "agent" | "service">()
  const counts = { agents: 0, services: 0 }
  /** Entries that were shown, until they change: most searches show what others did. The oldest go first. */
  const shown = new Map<string, EntityEntry>()
  let changes = 0

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
    changes++
    shown.delete(subject)
    vectors?.forget(subject)
    vectorIndex?.remove(subject)
    if (entry === undefined) {
      index.remove(subject)
      return
    }
    const entity = indexedEntity(entry)
    index.put(entity)
    vectors?.want(subject, embeddedText(entity))
  }

  /** Brings the ranking up to who is alive and who is trusted now. */
  const judge = () => {
    const now = { stale: stale(), version: trustVersion() }
    if (now.stale === judged.stale && now.version === judged.version) return
    judged = now
    index.judge({ trustOf, isSilent: (registry) => now.stale.has(registry as RegistryId) })
  }

  yield* Stream.runForEach(store.everyEntity, (entry) =>
    Effect.sync(() => {
      follow(entry.record.entity_id, entry)
      if (indexes && index.size % searchProgressEvery === 0) say(`the search index has read ${index.size.toLocaleString("en")} entities`)
    }),
  )
  if (index.size > 0) say(`the search index holds ${index.size.toLocaleString("en")} entities`)

  /** A name, or an entity's id in place of one (as SDKs send it). */
  const entityNamed = Effect.fnUntraced(function* (fqan: string) {
    const id = readEntityId(fqan)
    if (id !== undefined) return id
    const [host, handle, name, ...more] = fqan.split("/")
    if (handle === undefined || name === undefined || more.length > 0) return undefined
    return (yield* store.names({ handle, name })).find((entry) => entry.host === host)?.entityId
  })

  const filtersOf = Effect.fnUntraced(function* (request: SearchRequest): Effect.fn.Return<Filters, StoreFailed> {
    const {
      category,
      developer_handle: handle,
      developer_id: developer,
      entity_type: entityType,
      min_trust_score: minTrust,
      status,
      tags,
    } = request
    const holders =
      handle === undefined || developer !== undefined ? undefined : (yield* store.handles(handle)).map(({ developerId }) => developerId)
    const developers = developer === undefined ? holders : [developer]
    return {
      ...(category !== undefined && { category }),
      ...(tags !== undefined && { tags }),
      ...(developers !== undefined && { developers }),
      ...(entityType !== undefined && { entityType }),
      ...(status !== undefined && { status }),
      ...(minTrust !== undefined && { minTrust }),
      ...Object.fromEntries(capabilityKinds.flatMap((kind) => (request[kind] === undefined ? [] : [[kind, request[kind]]]))),
    }
  })

  /** What the likeness to a text is worked out from, beside the words. */
  const likenessTo = Effect.fnUntraced(function* (text: string, wanted: number): Effect.fn.Return<Pick<IndexQuery, "vector" | "nearest">> {
    if (vectors === undefined || text.trim() === "" || readEntityId(text.trim()) !== undefined) return {}
    const [vector] = yield* vectors.of([text])
    if (vector === undefined) return {}
    return vectorIndex === undefined ? { vector } : { nearest: vectorIndex.nearest(vector, Math.max(neighboursMin, wanted)) }
  })

  const entriesOf = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const missing = ids.filter((id) => !shown.has(id))
    if (missing.length === 0) return shown
    const before = changes
    const read = yield* store.entities(missing as unknown as ReadonlyArray<EntityId>)
    const entries = new Map(ids.flatMap((id) => (shown.has(id) ? [[id, shown.get(id)!]] : [])))
    for (const entry of read) {
      entries.set(entry.record.entity_id, entry)
      // What changed while it was read may be the older one.
      if (changes === before) shown.set(entry.record.entity_id, entry)
    }
    for (const id of shown.keys()) {
      if (shown.size <= shownEntriesMax) break
      shown.delete(id)
    }
    return entries
  })

  return {
    follow,
    localCounts: () => ({ ...counts }),
    vectorCounts: () => vectors?.counts() ?? { waiting: 0, degraded: 0 },
    measure: Effect.fnUntraced(function* (text, entries) {
      const nowMs = yield* Clock.currentTimeMillis
      const entities = entries.map(indexedEntity)
      const [vector, ...others] = vectors === undefined ? [] : yield* vectors.of([text, ...entities.map(embeddedText)])
      const query = index.parse(text)
      return entities.map((entity, i) => {
        const other = others[i]
        const trust = trustOf(entity.home)
        return index.measure(query, entity, {
          nowMs,
          trust,
          ...(vector !== undefined && { vector }),
          ...(other !== undefined && { other }),
        })
      })
    }),
    search: Effect.fnUntraced(function* (request) {
      const offset = Math.max(0, request.offset ?? 0)
      const maxResults =
        request.max_results === undefined || request.max_results <= 0 ? resultsDefault : Math.min(searchResultsMax, request.max_results)
      const named = request.fqan === undefined ? undefined : yield* entityNamed(request.fqan)
      if (request.fqan !== undefined && named === undefined) return { hits: [], totalFound: 0, offset, hasMore: false }
      const text = named ?? request.query
      const likeness = text === undefined ? {} : yield* likenessTo(text, offset + maxResults)
      const filters = yield* filtersOf(request)
      judge()
      const found = index.search({
        ...filters,
        ...likeness,
        ...(text !== undefined && { text }),
        nowMs: yield* Clock.currentTimeMillis,
        offset,
        maxResults,
      })
      const entries = yield* entriesOf(found.hits.map(({ id }) => id))
      const hits = found.hits.flatMap(({ breakdown, id, parts, score }): ReadonlyArray<SearchHit> => {
        const entry = entries.get(id)
        return entry === undefined ? [] : [{ entry: marked(entry, judged.stale), score, breakdown, parts }]
      })
      return { hits, totalFound: found.totalFound, offset, hasMore: offset + found.hits.length < found.totalFound }
    }),
  }
})

/** The entry, and whether its home is alive. */
export const marked = (entry: EntityEntry, stale: ReadonlySet<RegistryId>): EntityEntry =>
  stale.has(entry.record.home_registry) ? { ...entry, isStale: true } : entry

const plural = { agent: "agents", service: "services" } as const
