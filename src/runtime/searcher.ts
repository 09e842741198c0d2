/** Search over what this node holds: the keyword index follows the store, the store answers with the records. */
import { Effect, Stream } from "effect"
import type { EntityId, RegistryId } from "../protocol/identity/id.ts"
import { searchResultsDefault, searchResultsMax } from "../protocol/limits.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import { type IndexedEntity, KeywordIndex } from "../protocol/search/keyword-index.ts"
import type { SearchAnswer, SearchHit, SearchRequest } from "./node-service.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"

export interface Searcher {
  readonly search: (request: SearchRequest) => Effect.Effect<SearchAnswer, StoreFailed>
  /** What is shown of an entity now; nothing when it is deleted. */
  readonly follow: (subject: string, entry: EntityEntry | undefined) => void
  /** Entities registered here, by type. */
  readonly localCounts: () => { readonly agents: number; readonly services: number }
}

/**
 * Reads the whole store once, then follows. One that does not index finds nothing, and still counts. Entities of `stale`
 * registries come last.
 */
export const makeSearcher = Effect.fnUntraced(function* (
  indexes: boolean,
  store: RecordStore["Service"],
  stale: () => ReadonlySet<RegistryId>,
): Effect.fn.Return<Searcher, StoreFailed> {
  const index = new KeywordIndex()
  const homes = new Map<RegistryId, Set<string>>()
  let ranked: ReadonlySet<RegistryId> = new Set()
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
    if (entry === undefined) {
      index.remove(subject)
      return
    }
    index.put(indexed(entry))
    const home = entry.record.home_registry
    index.rankLast(subject, ranked.has(home))
    homes.set(home, (homes.get(home) ?? new Set()).add(subject))
  }

  /** Brings the ranking up to who is alive now. An entity that moved may be listed under two homes; the shown one counts. */
  const rank = () => {
    const now = new Set(stale())
    for (const home of [...now, ...ranked]) {
      if (now.has(home) !== ranked.has(home)) for (const subject of homes.get(home) ?? []) index.rankLast(subject, now.has(home))
    }
    ranked = now
  }

  yield* Stream.runForEach(store.everyEntity, (entry) => Effect.sync(() => follow(entry.record.entity_id, entry)))

  return {
    follow,
    localCounts: () => ({ ...counts }),
    search: Effect.fnUntraced(function* (request) {
      const offset = Math.max(0, request.offset ?? 0)
      const maxResults =
        request.max_results === undefined || request.max_results <= 0
          ? searchResultsDefault
          : Math.min(searchResultsMax, request.max_results)
      rank()
      const found = index.search({
        offset,
        maxResults,
        ...(request.query !== undefined && { text: request.query }),
        ...(request.category !== undefined && { category: request.category }),
        ...(request.tags !== undefined && { tags: request.tags }),
        ...(request.developer_id !== undefined && { developerId: request.developer_id }),
        ...(request.entity_type !== undefined && { entityType: request.entity_type }),
        ...(request.status !== undefined && { status: request.status }),
      })
      const entries = new Map(
        (yield* store.entities(found.hits.map(({ id }) => id as EntityId))).map((entry) => [entry.record.entity_id as string, entry]),
      )
      const hits = found.hits.flatMap(({ id, textRelevance }): ReadonlyArray<SearchHit> => {
        const entry = entries.get(id)
        return entry === undefined ? [] : [{ entry: marked(entry, stale()), score: textRelevance, textRelevance }]
      })
      return { hits, totalFound: found.totalFound, offset, hasMore: offset + found.hits.length < found.totalFound }
    }),
  }
})

/** The entry, and whether its home is alive. */
export const marked = (entry: EntityEntry, stale: ReadonlySet<RegistryId>): EntityEntry =>
  stale.has(entry.record.home_registry) ? { ...entry, isStale: true } : entry

const plural = { agent: "agents", service: "services" } as const

const indexed = ({ record, status }: EntityEntry): IndexedEntity => ({
  id: record.entity_id,
  name: record.name,
  category: record.category,
  tags: record.tags,
  summary: record.summary,
  developerId: record.developer_id,
  entityType: record.entity_type,
  status,
})
