/**
 * From what is known about each candidate to one order (registry page, "Ranking formula"; reference 4.5).
 *
 *     weighted:  0.30·text + 0.30·semantic + 0.20·trust + 0.10·freshness + 0.10·availability
 *     rrf:       Σ 1/(60 + rank) over the orders by text, by semantic and by trust (Cormack et al. 2009)
 *
 * The same for what a node holds and for what its peers answer: a federated search ranks both together, by parts that the
 * asking node worked out itself. Equal scores are ordered by id, so that pages are disjoint and nodes agree.
 */
import { freshnessPerDay, rrfConstant } from "../limits.ts"
import type { Seconds } from "../time.ts"

/** What speaks for one candidate. All but `text` are 0 … 1. */
export interface Parts {
  /** BM25 with the bonus of phrases, as it is: only the best of all candidates says what it is worth. */
  readonly text: number
  readonly semantic: number
  readonly trust: number
  readonly freshness: number
  readonly availability: number
}

/** As results show it: `text_relevance` is the share of the best text score among the candidates, 0 … 1. */
export interface ScoreBreakdown {
  readonly text_relevance: number
  readonly semantic_similarity: number
  readonly trust_score: number
  readonly freshness: number
  readonly availability: number
}

export interface Weights {
  readonly text: number
  readonly semantic: number
  readonly trust: number
  readonly freshness: number
  readonly availability: number
}

export type Ranking = { readonly method: "weighted"; readonly weights: Weights } | { readonly method: "rrf" }

export const weightsDefault: Weights = { text: 0.3, semantic: 0.3, trust: 0.2, freshness: 0.1, availability: 0.1 }
export const rankingDefault: Ranking = { method: "weighted", weights: weightsDefault }

export interface Candidate {
  readonly id: string
  readonly parts: Parts
  /** Comes after all others, whatever its score: its registry has gone silent. */
  readonly isLast?: boolean
}

export type Ranked<C extends Candidate> = C & { readonly score: number; readonly breakdown: ScoreBreakdown }

/** All candidates, best first. What is given beside `id`, `parts` and `isLast` comes out again. */
export const rank = <C extends Candidate>(candidates: ReadonlyArray<C>, ranking: Ranking = rankingDefault): ReadonlyArray<Ranked<C>> => {
  const best = candidates.reduce((most, { parts }) => Math.max(most, parts.text), 0)
  const broken = candidates.map((candidate) => ({ ...candidate, breakdown: breakdownOf(candidate.parts, best) }))
  const values = (of: (breakdown: ScoreBreakdown) => number) => Float64Array.from(broken, ({ breakdown }) => of(breakdown))
  const fused =
    ranking.method === "rrf"
      ? fusedScores([values((of) => of.text_relevance), values((of) => of.semantic_similarity), values((of) => of.trust_score)])
      : undefined
  return broken
    .map((each, i) => ({ ...each, score: fused?.[i] ?? (ranking.method === "weighted" ? weigh(each.breakdown, ranking.weights) : 0) }))
    .sort((a, b) => Number(a.isLast ?? false) - Number(b.isLast ?? false) || b.score - a.score || (a.id < b.id ? -1 : 1))
}

export const breakdownOf = (parts: Parts, bestText: number): ScoreBreakdown => ({
  text_relevance: bestText === 0 ? 0 : parts.text / bestText,
  semantic_similarity: parts.semantic,
  trust_score: parts.trust,
  freshness: parts.freshness,
  availability: parts.availability,
})

export const weigh = (of: ScoreBreakdown, by: Weights): number =>
  by.text * of.text_relevance +
  by.semantic * of.semantic_similarity +
  (by.trust * of.trust_score + by.freshness * of.freshness + by.availability * of.availability)

/** Equals share a rank, so that the order they came in says nothing. Freshness and availability have no say (reference 4.5). */
export const fusedScores = (parts: ReadonlyArray<Float64Array>): Float64Array => {
  const scores = new Float64Array(parts[0]?.length ?? 0)
  for (const values of parts) {
    const upwards = values.toSorted()
    for (let i = 0; i < values.length; i++) scores[i]! += 1 / (rrfConstant + 1 + greater(upwards, values[i]!))
  }
  return scores
}

/** How many are greater. */
const greater = (upwards: Float64Array, value: number): number => {
  let low = 0
  let high = upwards.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (upwards[middle]! <= value) low = middle + 1
    else high = middle
  }
  return upwards.length - low
}

// the parts that are not about the query ---------------------------------------------------------------------------------

const daySeconds = 86_400
const hourSeconds = 3_600
/** Ages are counted from here, so that they can be told in two halves; any moment would do. */
const epoch: Seconds = 1_767_225_600

/** exp(−0.023 · days): 1 now, a half after 30 days (reference 4.5). What says it is from the future is from now. */
export const freshnessOf = (updatedAt: Seconds, nowMs: number): number => Math.min(1, bloomOf(updatedAt) * witheringOf(nowMs))

/** The record's half of its freshness: it is the same at every moment, and worked out once. */
export const bloomOf = (updatedAt: Seconds): number => Math.exp((freshnessPerDay * (updatedAt - epoch)) / daySeconds)

/** The moment's half, by the hour: within an hour pages of one search do not change places because time passes. */
export const witheringOf = (nowMs: number): number =>
  Math.exp((-freshnessPerDay * (Math.floor(nowMs / 1_000 / hourSeconds) * hourSeconds - epoch)) / daySeconds)

/**
 * Whether it can be used now, as far as its record tells: a silent one cannot. (The deployed node takes off a tenth of what
 * it knows from gossip; where we heard of something says nothing about whether it is there.)
 */
export const availabilityOf = (status: string): number => (status === "active" ? 1 : 0)

/** Trust where nobody has worked it out: our own registry, any other (deployed: 0.5 and 0.3 for all). */
export const trustOfOwn = 1
export const trustUnknown = 0.5
