/** How a node searches, as its operator wants it. */
import { queriedPeersMax, queryPatienceMs, searchResultsDefault, similarityFloorDefault } from "../protocol/limits.ts"
import { type Ranking, rankingDefault } from "../protocol/search/ranking.ts"
import { type Synonyms, synonymsDefault } from "../protocol/search/synonyms.ts"
import type { Embedder, VectorIndex } from "./embedder.ts"

export interface SearchSettings {
  readonly ranking: Ranking
  readonly synonyms: Synonyms
  /** A model; without one vectors are hashed from the words. */
  readonly embedder?: Embedder
  /** Where a model's vectors are looked up; without it all are read. */
  readonly vectorIndex?: VectorIndex
  /** Least similarity that finds an entity by itself; without it a model's do from 0.5 on, and hashed ones never. */
  readonly floor?: number
  /** Least score of a result of a search by words. */
  readonly minScore: number
  /** Results of a search that names no number. */
  readonly resultsDefault: number
  /** Peers that one federated search asks, and how long it waits for them. */
  readonly peersMax: number
  readonly patienceMs: number
  /** Hears how far the index is, and when a model stops answering. */
  readonly say: (sentence: string) => void
}

export const searchSettingsDefault: SearchSettings = {
  ranking: rankingDefault,
  synonyms: synonymsDefault,
  minScore: 0,
  resultsDefault: searchResultsDefault,
  peersMax: queriedPeersMax,
  patienceMs: queryPatienceMs,
  say: () => {},
}

export const floorOf = ({ embedder, floor }: SearchSettings): number | undefined =>
  floor ?? (embedder === undefined ? undefined : similarityFloorDefault)
