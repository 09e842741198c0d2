/**
 * The search index: words, likeness, trust, freshness and availability of all entities that a node knows, in memory
 * (registry page, "Search & ranking"; reference 4).
 *
 * A mutable class, but without time, chance or I/O: what it answers depends on what is in it and on what is asked, and on
 * nothing else, not even on the order in which that came. Totals are true and pages are disjoint: the order is that of
 * `ranking.ts` over everything that is found, of which a search works out as much as the page needs.
 *
 *     found   = has one of the query's terms, or is alike enough (`floor`); and passes every filter
 *     ordered = by score, entities of silent registries last, equals by id
 */
import { Best } from "./best.ts"
import { Documents } from "./documents.ts"
import type { Filters, IndexedEntity } from "./entity.ts"
import { Facets } from "./facets.ts"
import { hashedLikeness, type Likeness, modelLikeness, namedLikeness, type Vectors } from "./likeness.ts"
import { type ParsedQuery, parseQuery } from "./query.ts"
import {
  availabilityOf,
  breakdownOf,
  freshnessOf,
  fusedScores,
  type Parts,
  type Ranking,
  rankingDefault,
  type ScoreBreakdown,
  trustUnknown,
  weigh,
  type Weights,
  weightsDefault,
} from "./ranking.ts"
import { type Judgement, Standing } from "./standing.ts"
import { type Synonyms, synonymsDefault } from "./synonyms.ts"
import { type Elsewhere, TextIndex } from "./text-index.ts"

export interface IndexSettings {
  readonly ranking: Ranking
  readonly synonyms: Synonyms
  /** `words`: hashed from them. A number: a model's, of so many dimensions. */
  readonly vectors: "words" | number
  /** Least similarity that finds a document by itself, above 0; absent: none does. */
  readonly floor?: number
  /** Least score of a result of a search by words, whatever it is that found it; 0: all are shown. */
  readonly minScore: number
  readonly judgement: Judgement
}

export const indexDefault: IndexSettings = {
  ranking: rankingDefault,
  synonyms: synonymsDefault,
  vectors: "words",
  minScore: 0,
  judgement: { trustOf: () => trustUnknown, isSilent: () => false },
}

export interface IndexQuery extends Filters {
  readonly text?: string
  /** The text's vector, where a model makes them: of length 1. */
  readonly vector?: Float32Array
  /** Or, where another index holds the vectors: the nearest entities, by id, and how near. */
  readonly nearest?: ReadonlyMap<string, number>
  readonly nowMs: number
  readonly offset: number
  readonly maxResults: number
  /** What else there is: the candidates of a federated search are few, and all of them have the words. */
  readonly elsewhere?: Elsewhere
}

export interface IndexHit {
  readonly id: string
  readonly parts: Parts
  readonly breakdown: ScoreBreakdown
  readonly score: number
  readonly isLast: boolean
}

export interface IndexAnswer {
  readonly hits: ReadonlyArray<IndexHit>
  /** All that match, not only this page. */
  readonly totalFound: number
}

/** Pages up to this are worth looking at the best texts first. */
const primedMax = 200
const none = () => 0
/** Of sums of a few numbers around 1. */
const rounding = 1e-12
const nothing: IndexAnswer = { hits: [], totalFound: 0 }

export class SearchIndex {
  readonly #settings: IndexSettings
  readonly #documents = new Documents()
  readonly #texts = new TextIndex()
  readonly #facets = new Facets()
  readonly #vectors: Vectors
  readonly #standing: Standing
  readonly #weights: Weights

  constructor(settings: Partial<IndexSettings> = {}) {
    this.#settings = { ...indexDefault, ...settings }
    const { judgement, ranking, vectors } = this.#settings
    this.#vectors = vectors === "words" ? hashedLikeness() : modelLikeness(vectors)
    this.#weights = ranking.method === "weighted" ? ranking.weights : weightsDefault
    this.#standing = new Standing(this.#documents, this.#weights, judgement)
  }

  get size(): number {
    return this.#documents.size
  }

  /** How many of its documents have this term. */
  documentsWith(term: string): number {
    return this.#texts.documentsWith(term)
  }

  /** Adds an entity, or replaces what was there under its id (its model's vector goes with that). */
  put(entity: IndexedEntity): void {
    this.remove(entity.id)
    const slot = this.#documents.add(entity)
    this.#texts.put(slot, entity, this.#vectors.features)
    this.#vectors.put(slot)
    this.#facets.put(slot, entity)
    this.#standing.changed(slot)
  }

  /** The model's vector of an entity, of length 1. False when the entity is not there (any more). */
  setVector(id: string, vector: Float32Array): boolean {
    const slot = this.#documents.slotOf(id)
    if (slot !== undefined) this.#vectors.setVector(slot, vector)
    return slot !== undefined
  }

  /** False when it was not there. */
  remove(id: string): boolean {
    const slot = this.#documents.slotOf(id)
    if (slot === undefined) return false
    this.#texts.remove(slot)
    this.#vectors.remove(slot)
    this.#facets.remove(slot)
    this.#documents.remove(slot)
    return true
  }

  /** What is thought of registries has changed. */
  judge(judgement: Judgement): void {
    this.#standing.judge(judgement)
  }

  parse(text: string): ParsedQuery {
    return parseQuery(text, this.#settings.synonyms)
  }

  search(query: IndexQuery): IndexAnswer {
    const parsed = this.parse(query.text ?? "")
    this.#standing.bringUpTo(query.nowMs)
    const passes = this.#facets.sieve(query, this.#documents, this.#standing.trust)
    if (parsed.id !== undefined) return this.#byId(parsed.id, passes, query)
    this.#texts.score(parsed, query.elsewhere)
    const likeness = parsed.text === "" ? undefined : this.#likenessTo(parsed, query)
    if (parsed.text === "") this.#findAll()
    else if (likeness !== undefined && this.#settings.floor !== undefined) this.#findAlike(likeness, this.#settings.floor)
    const { count: sifted, best } = this.#sift(passes)
    const isWeighted = this.#settings.ranking.method === "weighted"
    const scoreOf = isWeighted ? this.#weightedScore(best, likeness) : this.#fusedScore(sifted, likeness)
    const least = parsed.text === "" ? 0 : this.#settings.minScore
    const count = least > 0 ? this.#keep(sifted, (slot) => scoreOf(slot) >= least) : sifted
    const wanted = new Best(Math.min(count, query.offset + query.maxResults), (a, b) => this.#documents.ids[a]! < this.#documents.ids[b]!)
    if (isWeighted) this.#offerWeighted(count, best, likeness, wanted)
    else this.#offerFused(count, scoreOf, wanted)
    const hits = wanted.from(query.offset).map((slot): IndexHit => {
      const parts = this.#partsAt(slot, this.#texts.scores[slot]!, likeness?.of(slot) ?? 0)
      const breakdown = breakdownOf(parts, best)
      return { id: this.#documents.ids[slot]!, parts, breakdown, score: scoreOf(slot), isLast: this.#isLast(slot) }
    })
    this.#texts.clear()
    return { hits, totalFound: count }
  }

  /**
   * The parts of an entity that is not in the index: as if it were looked up in it, by the statistics of what is in it. A
   * federated search ranks them together with the parts of its own hits (`rank`). `vector` and `other`, the query's and the
   * entity's, matter where a model makes vectors.
   */
  measure(
    query: ParsedQuery,
    entity: IndexedEntity,
    {
      nowMs,
      other,
      trust,
      vector,
    }: { readonly nowMs: number; readonly trust: number; readonly vector?: Float32Array; readonly other?: Float32Array },
  ): Parts {
    return {
      text: this.#texts.measure(query, entity),
      semantic: this.#vectors.measure(query.text, vector, entity, other),
      trust,
      freshness: freshnessOf(entity.updatedAt, nowMs),
      availability: availabilityOf(entity.status),
    }
  }

  // what is found ----------------------------------------------------------------------------------------------------

  #likenessTo(parsed: ParsedQuery, { nearest, vector }: IndexQuery): Likeness | undefined {
    if (nearest === undefined) return this.#vectors.to(parsed.text, vector)
    const named = new Map<number, number>()
    for (const [id, similarity] of nearest) {
      const slot = this.#documents.slotOf(id)
      if (slot !== undefined) named.set(slot, Math.max(0, Math.min(1, similarity)))
    }
    return namedLikeness(named)
  }

  #findAll(): void {
    const texts = this.#texts
    for (let slot = 0; slot < this.#documents.end; slot++) if (this.#documents.kind[slot] !== 0) texts.found[texts.foundCount++] = slot
  }

  /** Beside what the words found. */
  #findAlike(likeness: Likeness, floor: number): void {
    const texts = this.#texts
    const all = new Float64Array(this.#documents.end)
    likeness.scan(all)
    for (let slot = 0; slot < all.length; slot++) {
      if (all[slot]! > 0 && all[slot]! >= floor && texts.scores[slot] === 0) texts.found[texts.foundCount++] = slot
    }
  }

  /** Keeps what passes the filters, in front of the found ones; how many, and the best text score among them. */
  #sift(passes: ((slot: number) => boolean) | undefined): { readonly count: number; readonly best: number } {
    const { found, foundCount, scores } = this.#texts
    const count = passes === undefined ? foundCount : this.#keep(foundCount, passes)
    let best = 0
    for (let i = 0; i < count; i++) if (scores[found[i]!]! > best) best = scores[found[i]!]!
    return { count, best }
  }

  /** Of the first `count` found ones those that are wanted, in front; how many. */
  #keep(count: number, isWanted: (slot: number) => boolean): number {
    const { found } = this.#texts
    let kept = 0
    for (let i = 0; i < count; i++) {
      const slot = found[i]!
      if (!isWanted(slot)) continue
      found[i] = found[kept]!
      found[kept++] = slot
    }
    return kept
  }

  #byId(id: string, passes: ((slot: number) => boolean) | undefined, { maxResults, offset }: IndexQuery): IndexAnswer {
    const slot = this.#documents.slotOf(id)
    if (slot === undefined || passes?.(slot) === false) return nothing
    if (offset > 0 || maxResults === 0) return { hits: [], totalFound: 1 }
    const parts = this.#partsAt(slot, 1, 1)
    return { hits: [{ id, parts, breakdown: breakdownOf(parts, 1), score: 1, isLast: this.#isLast(slot) }], totalFound: 1 }
  }

  // in which order ---------------------------------------------------------------------------------------------------

  /**
   * Likeness is worked out only where it could lift a document onto the page. How high that is, the documents with the best
   * texts tell beforehand: as many as the page needs are at least as good as the last of them.
   */
  #offerWeighted(count: number, best: number, likeness: Likeness | undefined, wanted: Best): void {
    const { found, scores } = this.#texts
    const { values } = this.#standing
    const { semantic, text } = this.#weights
    const { bound = none, of = none } = likeness ?? {}
    const keyOf = (slot: number): number => (best === 0 ? 0 : text * (scores[slot]! / best)) + semantic * of(slot) + values[slot]!
    if (count > wanted.size && wanted.size <= primedMax) wanted.threshold = this.#primed(count, keyOf, wanted.size)
    const perText = best === 0 ? 0 : text / best
    for (let i = 0; i < count; i++) {
      const slot = found[i]!
      const least = wanted.threshold - perText * scores[slot]! - values[slot]! - rounding
      if (least > semantic || (least > 0 && semantic * bound(slot) < least)) continue
      wanted.offer(slot, keyOf(slot))
    }
  }

  #weightedScore(best: number, likeness: Likeness | undefined) {
    const { scores } = this.#texts
    return (slot: number): number => weigh(breakdownOf(this.#partsAt(slot, scores[slot]!, likeness?.of(slot) ?? 0), best), this.#weights)
  }

  /** The least key among as many documents as are wanted, those with the best texts. */
  #primed(count: number, keyOf: (slot: number) => number, size: number): number {
    const { found, scores } = this.#texts
    const byText = new Best(size, (a, b) => a < b)
    for (let i = 0; i < count; i++) byText.offer(found[i]!, scores[found[i]!]!)
    return byText.from(0).reduce((least, slot) => Math.min(least, keyOf(slot)), Number.POSITIVE_INFINITY)
  }

  #offerFused(count: number, scoreOf: (slot: number) => number, wanted: Best): void {
    const { found } = this.#texts
    for (let i = 0; i < count; i++) wanted.offer(found[i]!, scoreOf(found[i]!) - Number(this.#isLast(found[i]!)))
  }

  #fusedScore(count: number, likeness: Likeness | undefined) {
    const { found, scores } = this.#texts
    const slots = Array.from(found.subarray(0, count))
    const fused = fusedScores([
      Float64Array.from(slots, (slot) => scores[slot]!),
      Float64Array.from(slots, (slot) => likeness?.of(slot) ?? 0),
      Float64Array.from(slots, (slot) => this.#standing.trust[this.#documents.home[slot]!]!),
    ])
    const bySlot = new Map(slots.map((slot, i) => [slot, fused[i]!]))
    return (slot: number): number => bySlot.get(slot)!
  }

  #isLast(slot: number): boolean {
    return this.#standing.isSilent[this.#documents.home[slot]!]!
  }

  #partsAt(slot: number, text: number, semantic: number): Parts {
    return {
      text,
      semantic,
      trust: this.#standing.trust[this.#documents.home[slot]!]!,
      freshness: this.#standing.freshnessAt(slot),
      availability: availabilityOf(this.#documents.statusAt(slot)),
    }
  }
}
