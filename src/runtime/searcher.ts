/** Search over what this node holds: the index follows the store, the store answers with the records. */
import { Clock, Effect, Stream } from "effect"
import { readEntityId, type EntityId, type RegistryId } from "../protocol/identity/id.ts"
import { searchResultsDefault, searchResultsMax } from "../protocol/limits.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import { capabilityKinds, type Filters, indexedEntity } from "../protocol/search/entity.ts"
import { trustOfOwn, trustUnknown } from "../protocol/search/ranking.ts"
import { SearchIndex } from "../protocol/search/search-index.ts"
import type { SearchAnswer, SearchHit, SearchRequest } from "./node-service.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"

export interface Searcher {
  readonly search: (request: SearchRequest) => Effect.Effect<SearchAnswer, StoreFailed>
  /** What is shown of an entity now; nothing when it is deleted. */
  readonly follow: (subject: string, entry: EntityEntry | undefined) => void
  /** Entities registered here, by type. */
  readonly localCounts: () => { readonly agents: number; readonly services: number }
  /** The index itself, to measure what others answered (`SearchIndex.measure`). */
  readonly index: SearchIndex
}

export interface SearcherParts {
  /** One that does not index finds nothing, and still counts. */
  readonly indexes: boolean
  readonly store: RecordStore["Service"]
  readonly own: RegistryId
  /** Entities of these registries come last. */
  readonly stale: () => ReadonlySet<RegistryId>
  /** Trust in registries, 0 … 1; asked again when `trustVersion` is another. */
  readonly trustOf?: (registry: string) => number
  readonly trustVersion?: () => unknown
}

/** Reads the whole store once, then follows. */
export const makeSearcher = Effect.fnUntraced(function* ({
  indexes,
  own,
  stale,
  store,
  trustOf = (registry) => (registry === own ? trustOfOwn : trustUnknown),
  trustVersion = () => 0,
}: SearcherParts): Effect.fn.Return<Searcher, StoreFailed> {
  const index = new SearchIndex({ judgement: { trustOf, isSilent: () => false } })
  let judged: { readonly stale: ReadonlySet<RegistryId>; readonly version: unknown } = { stale: new Set(), version: trustVersion() }
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
    if (entry === undefined) index.remove(subject)
    else index.put(indexedEntity(entry))
  }

  /** Brings the ranking up to who is alive and who is trusted now. */
  const judge = () => {
    const now = { stale: stale(), version: trustVersion() }
    if (now.stale === judged.stale && now.version === judged.version) return
    judged = now
    index.judge({ trustOf, isSilent: (registry) => now.stale.has(registry as RegistryId) })
  }

  yield* Stream.runForEach(store.everyEntity, (entry) => Effect.sync(() => follow(entry.record.entity_id, entry)))

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

  return {
    follow,
    index,
    localCounts: () => ({ ...counts }),
    search: Effect.fnUntraced(function* (request) {
      const offset = Math.max(0, request.offset ?? 0)
      const maxResults =
        request.max_results === undefined || request.max_results <= 0
          ? searchResultsDefault
          : Math.min(searchResultsMax, request.max_results)
      judge()
      const named = request.fqan === undefined ? undefined : yield* entityNamed(request.fqan)
      if (request.fqan !== undefined && named === undefined) return { hits: [], totalFound: 0, offset, hasMore: false }
      const text = named ?? request.query
      const found = index.search({
        ...(yield* filtersOf(request)),
        ...(text !== undefined && { text }),
        nowMs: yield* Clock.currentTimeMillis,
        offset,
        maxResults,
      })
      const entries = new Map(
        (yield* store.entities(found.hits.map(({ id }) => id as EntityId))).map((entry) => [entry.record.entity_id as string, entry]),
      )
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
