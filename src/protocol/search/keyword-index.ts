/**
 * The keyword index: BM25 over four fields, in memory (registry page, "Per-field BM25 boosts"; reference 4.3).
 *
 *     score(d) = Σ over query terms t, fields f:  boost(f) · idf(t) · tf·2.2 / (tf + 1.2·(0.25 + 0.75·len(f,d)/avglen(f)))
 *     idf(t)   = ln((N − df + 0.5)/(df + 0.5) + 1)          N and df count documents, whatever the field
 *
 * A mutable class, but without time, chance or I/O: what it answers depends on what is in it and on nothing else, not even
 * on the order in which that came. Equal scores are ordered by id, so pages are disjoint and two nodes agree.
 */
import { readEntityId } from "../identity/id.ts"
import { queryTermsMax } from "../limits.ts"
import { Postings } from "./postings.ts"
import { termsOf } from "./tokens.ts"

/** What is indexed of an entity. */
export interface IndexedEntity {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly tags: ReadonlyArray<string>
  readonly summary: string
  readonly developerId: string
  readonly entityType: string
  readonly status: string
}

/** Absent members do not filter; a filter alone is a query. `tags`: any of them, whatever their case. */
export interface KeywordQuery {
  readonly text?: string
  readonly category?: string
  readonly tags?: ReadonlyArray<string>
  readonly developerId?: string
  readonly entityType?: string
  readonly status?: string
  readonly offset: number
  readonly maxResults: number
}

export interface KeywordHit {
  readonly id: string
  /** BM25; 0 where only filters were asked for. */
  readonly score: number
  /** The score as a share of the best one: 0 … 1. */
  readonly textRelevance: number
}

export interface KeywordAnswer {
  readonly hits: ReadonlyArray<KeywordHit>
  /** All that match, not only this page. */
  readonly totalFound: number
}

const k1 = 1.2
const b = 0.75
const boosts = [3, 2, 1.5, 1] as const // name, tags, category, summary
const fields = boosts.length
/** A term counts at most so often in a field: its count has a byte. */
const countMax = 255

export class KeywordIndex {
  readonly #terms = new Map<string, Postings>()
  /** Exact values to filter by: `category:…`, `tag:…` and so on. */
  readonly #facets = new Map<string, Postings>()
  readonly #slots = new Map<string, number>()
  readonly #freeSlots: Array<number> = []
  /** Per slot. */
  readonly #ids: Array<string> = []
  readonly #listsOf: Array<ReadonlyArray<Postings>> = []
  #lengths = new Uint16Array(fields * 64)
  readonly #lengthSums = [0, 0, 0, 0]
  /** 1 for those that come after all others, whatever their score. */
  #last = new Uint8Array(64)
  /** Scratch of a search; all zero between searches. */
  #scores = new Float64Array(64)
  #passed = new Uint8Array(64)

  get size(): number {
    return this.#slots.size
  }

  /** Adds an entity, or replaces what was there under its id. */
  put(entity: IndexedEntity): void {
    this.remove(entity.id)
    const slot = this.#freeSlots.pop() ?? this.#ids.length
    this.#makeRoomFor(slot)
    this.#slots.set(entity.id, slot)
    this.#ids[slot] = entity.id
    this.#last[slot] = 0
    this.#listsOf[slot] = [...this.#addTerms(slot, entity), ...this.#addFacets(slot, entity)]
  }

  /** Ranks an entity after all others, or like the others again. */
  rankLast(id: string, isLast: boolean): void {
    const slot = this.#slots.get(id)
    if (slot !== undefined) this.#last[slot] = Number(isLast)
  }

  /** False when it was not there. */
  remove(id: string): boolean {
    const slot = this.#slots.get(id)
    if (slot === undefined) return false
    for (const list of this.#listsOf[slot]!) {
      list.remove(slot)
      if (list.size > 0) continue
      if (this.#terms.get(list.term) === list) this.#terms.delete(list.term)
      else this.#facets.delete(list.term)
    }
    for (let field = 0; field < fields; field++) {
      this.#lengthSums[field]! -= this.#lengths[slot * fields + field]!
    }
    this.#slots.delete(id)
    this.#ids[slot] = ""
    this.#listsOf[slot] = []
    this.#freeSlots.push(slot)
    return true
  }

  search(query: KeywordQuery): KeywordAnswer {
    const text = query.text?.trim() ?? ""
    const filters = this.#filtersOf(query)
    const named = readEntityId(text)
    if (named !== undefined) return this.#answerById(named, filters, query)
    const isAllowed = this.#pass(filters)
    const matches = text === "" ? this.#allSlots() : this.#score(termsOf(text))
    const found = isAllowed === undefined ? matches : matches.filter(isAllowed)
    const best = found.reduce((max, slot) => Math.max(max, this.#scores[slot]!), 0)
    const hits = this.#page(found, query).map((slot) => {
      const score = this.#scores[slot]!
      return { id: this.#ids[slot]!, score, textRelevance: best === 0 ? 0 : score / best }
    })
    for (const slot of matches) this.#scores[slot] = 0
    if (isAllowed !== undefined) this.#passed.fill(0)
    return { hits, totalFound: found.length }
  }

  // adding -----------------------------------------------------------------------------------------------------------

  #addTerms(slot: number, entity: IndexedEntity): ReadonlyArray<Postings> {
    const counts = new Map<string, number>()
    const texts = [[entity.name], entity.tags, [entity.category], [entity.summary]]
    texts.forEach((ofField, field) => {
      const terms = ofField.flatMap(termsOf)
      this.#lengths[slot * fields + field] = terms.length
      this.#lengthSums[field]! += this.#lengths[slot * fields + field]!
      for (const term of terms) {
        const packed = counts.get(term) ?? 0
        if (((packed >>> (8 * field)) & 0xff) < countMax) counts.set(term, (packed + 2 ** (8 * field)) >>> 0)
      }
    })
    return Array.from(counts, ([term, packed]) => addTo(this.#terms, term, slot, packed))
  }

  #addFacets(slot: number, entity: IndexedEntity): ReadonlyArray<Postings> {
    const values = new Set([
      `category:${entity.category}`,
      `developer:${entity.developerId}`,
      `type:${entity.entityType}`,
      `status:${entity.status}`,
      ...entity.tags.map(tagFacet),
    ])
    return Array.from(values, (value) => addTo(this.#facets, value, slot, 0))
  }

  #makeRoomFor(slot: number): void {
    if (slot < this.#scores.length) return
    const capacity = 2 * this.#scores.length
    const lengths = new Uint16Array(fields * capacity)
    lengths.set(this.#lengths)
    this.#lengths = lengths
    const last = new Uint8Array(capacity)
    last.set(this.#last)
    this.#last = last
    this.#scores = new Float64Array(capacity)
    this.#passed = new Uint8Array(capacity)
  }

  // searching --------------------------------------------------------------------------------------------------------

  /** Each filter as the facets of which one must apply. */
  #filtersOf(query: KeywordQuery): ReadonlyArray<ReadonlyArray<string>> {
    const filters: Array<ReadonlyArray<string>> = []
    if (query.category !== undefined) filters.push([`category:${query.category}`])
    if (query.tags !== undefined && query.tags.length > 0) filters.push(query.tags.map(tagFacet))
    if (query.developerId !== undefined) filters.push([`developer:${query.developerId}`])
    if (query.entityType !== undefined) filters.push([`type:${query.entityType}`])
    if (query.status !== undefined) filters.push([`status:${query.status}`])
    return filters
  }

  /** Marks the slots that pass every filter; `undefined` when there is none. Filter n marks those that passed n − 1. */
  #pass(filters: ReadonlyArray<ReadonlyArray<string>>): ((slot: number) => boolean) | undefined {
    if (filters.length === 0) return undefined
    const passed = this.#passed
    filters.forEach((facets, passedBefore) => {
      for (const facet of facets) {
        const { pairs, size } = this.#facets.get(facet) ?? none
        for (let i = 0; i < 2 * size; i += 2) {
          const slot = pairs[i]!
          if (passed[slot] === passedBefore) passed[slot] = passedBefore + 1
        }
      }
    })
    return (slot) => passed[slot] === filters.length
  }

  /** Adds the terms' scores up; returns the slots where any of them stands. */
  #score(terms: ReadonlyArray<string>): Array<number> {
    const times = new Map<string, number>()
    for (const term of terms) {
      if (times.has(term) || times.size < queryTermsMax) times.set(term, (times.get(term) ?? 0) + 1)
    }
    const found: Array<number> = []
    const averages = this.#lengthSums.map((sum) => sum / this.size)
    for (const [term, repeated] of times) {
      const list = this.#terms.get(term)
      if (list !== undefined) this.#scoreTerm(list, repeated, averages, found)
    }
    return found
  }

  #scoreTerm({ pairs, size }: Postings, repeated: number, averages: ReadonlyArray<number>, found: Array<number>): void {
    const scores = this.#scores
    const lengths = this.#lengths
    const weight = repeated * Math.log((this.size - size + 0.5) / (size + 0.5) + 1) * (k1 + 1)
    for (let i = 0; i < 2 * size; i += 2) {
      const slot = pairs[i]!
      const counts = pairs[i + 1]!
      let score = 0
      for (let field = 0; field < fields; field++) {
        const tf = (counts >>> (8 * field)) & 0xff
        if (tf === 0) continue
        const length = lengths[slot * fields + field]!
        score += (boosts[field]! * tf) / (tf + k1 * (1 - b + (b * length) / averages[field]!))
      }
      if (scores[slot] === 0) found.push(slot)
      scores[slot]! += score * weight
    }
  }

  #allSlots(): Array<number> {
    return [...this.#slots.values()]
  }

  #answerById(id: string, filters: ReadonlyArray<ReadonlyArray<string>>, { offset }: KeywordQuery): KeywordAnswer {
    const slot = this.#slots.get(id)
    const terms = new Set(slot === undefined ? [] : this.#listsOf[slot]!.map((list) => list.term))
    if (slot === undefined || !filters.every((facets) => facets.some((facet) => terms.has(facet)))) return { hits: [], totalFound: 0 }
    return { hits: offset === 0 ? [{ id, score: 1, textRelevance: 1 }] : [], totalFound: 1 }
  }

  /** The page's slots, best first. Keeps only as many as the page needs, unless that is most of them. */
  #page(found: ReadonlyArray<number>, { offset, maxResults }: KeywordQuery): ReadonlyArray<number> {
    const wanted = offset + maxResults
    const compare = (x: number, y: number) =>
      this.#last[x]! - this.#last[y]! || this.#scores[y]! - this.#scores[x]! || (this.#ids[x]! < this.#ids[y]! ? -1 : 1)
    if (wanted > 1_000) return found.toSorted(compare).slice(offset, wanted)
    const best: Array<number> = []
    for (const slot of found) {
      if (best.length === wanted && compare(slot, best[wanted - 1]!) > 0) continue
      let at = best.length
      while (at > 0 && compare(slot, best[at - 1]!) < 0) at--
      best.splice(at, 0, slot)
      if (best.length > wanted) best.pop()
    }
    return best.slice(offset)
  }
}

const none = new Postings("")

const tagFacet = (tag: string): string => `tag:${tag.toLowerCase()}`

const addTo = (lists: Map<string, Postings>, term: string, slot: number, counts: number): Postings => {
  let list = lists.get(term)
  if (list === undefined) lists.set(term, (list = new Postings(term)))
  list.add(slot, counts)
  return list
}
