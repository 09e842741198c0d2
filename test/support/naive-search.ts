/**
 * Search written out slowly: every entity against every word, all ranked. What the index must agree with.
 */
import { capabilityKinds, embeddedText, type IndexedEntity } from "../../src/protocol/search/entity.ts"
import { FeatureCounter, fnv64a } from "../../src/protocol/search/hash-embedder.ts"
import { availabilityOf, freshnessOf, rank, type Ranking } from "../../src/protocol/search/ranking.ts"
import type { IndexQuery } from "../../src/protocol/search/search-index.ts"
import type { Judgement } from "../../src/protocol/search/standing.ts"
import { synonymsDefault } from "../../src/protocol/search/synonyms.ts"
import { isSaid, termOf, termsOf, wordsOf } from "../../src/protocol/search/tokens.ts"

const boosts = [3, 2, 1.5, 1]
const textsOf = (e: IndexedEntity) => [[e.name], e.tags, [e.category], [e.summary]]
/** A text's features, not yet of length 1: whole numbers, so that nothing is lost. */
const featuresOf = (text: string): ReadonlyArray<number> => {
  const features = new FeatureCounter()
  for (const word of wordsOf(text)) if (isSaid(word)) features.add(word, fnv64a(word))
  features.close()
  return [...features.halves]
}
const product = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
const cosine = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  Math.max(0, product(a, b) === 0 ? 0 : product(a, b) / Math.sqrt(product(a, a) * product(b, b)))

/** The formula of the reference. */
export const bm25 = (entities: ReadonlyArray<IndexedEntity>, query: string): ReadonlyMap<string, number> => {
  const documents = entities.map((e) => ({ e, fields: textsOf(e).map((texts) => texts.flatMap(termsOf)) }))
  const average = boosts.map((_, f) => documents.reduce((sum, d) => sum + d.fields[f]!.length, 0) / documents.length)
  const asked = [
    ...wordsOf(query).map((word) => [word, 1] as const),
    ...wordsOf(query).flatMap((word) => (synonymsDefault.get(word) ?? []).map((other) => [other, 0.5] as const)),
  ]
  const scores = new Map<string, number>()
  const add = (id: string, score: number) => scores.set(id, (scores.get(id) ?? 0) + score)
  for (const [word, times] of asked) {
    const term = termOf(word)
    if (term === undefined) continue
    const df = documents.filter((d) => d.fields.some((terms) => terms.includes(term))).length
    const idf = Math.log((documents.length - df + 0.5) / (df + 0.5) + 1)
    for (const { e, fields } of documents) {
      boosts.forEach((boost, f) => {
        const tf = fields[f]!.filter((each) => each === term).length
        const damped = tf + 1.2 * (0.25 + (0.75 * fields[f]!.length) / average[f]!)
        if (tf > 0) add(e.id, (times * boost * idf * tf * 2.2) / damped)
      })
    }
  }
  const flat = (text: string) =>
    ` ${wordsOf(text)
      .filter((word) => !/[-_]/.test(word))
      .join(" ")} `
  for (const [, phrase] of query.matchAll(/"([^"]*)"/g)) {
    if (!wordsOf(phrase!).some((word) => !/[-_]/.test(word) && termOf(word) !== undefined)) continue
    for (const { e } of documents) if (textsOf(e).some((texts) => texts.some((text) => flat(text).includes(flat(phrase!))))) add(e.id, 5)
  }
  return scores
}

export const naiveSearch = (
  entities: ReadonlyArray<IndexedEntity>,
  query: IndexQuery,
  ranking: Ranking,
  judgement: Judgement,
  floor = Number.POSITIVE_INFINITY,
  minScore = 0,
) => {
  const text = query.text ?? ""
  const scores = bm25(entities, text)
  const asked = featuresOf(text)
  const has = (kind: "tags" | (typeof capabilityKinds)[number], e: IndexedEntity): boolean => {
    const wanted = (query[kind] ?? []).map((each) => each.toLowerCase())
    const held = kind === "tags" ? e.tags : [...(e.capabilities[kind] ?? []), ...(kind === "skills" ? e.tags : [])]
    return wanted.length === 0 || held.some((each) => wanted.includes(each.toLowerCase()))
  }
  const candidates = entities
    .map((e) => ({
      id: e.id,
      e,
      isLast: judgement.isSilent(e.home),
      parts: {
        text: scores.get(e.id) ?? 0,
        semantic: text.trim() === "" ? 0 : cosine(asked, featuresOf(embeddedText(e))),
        trust: judgement.trustOf(e.home),
        freshness: freshnessOf(e.updatedAt, query.nowMs),
        availability: availabilityOf(e.status),
      },
    }))
    .filter(({ parts }) => text.trim() === "" || parts.text > 0 || (parts.semantic > 1e-6 && parts.semantic >= floor))
    .filter(
      ({ e }) =>
        (query.category === undefined || e.category === query.category) &&
        (query.developers === undefined || query.developers.includes(e.developerId)) &&
        (query.entityType === undefined || e.entityType === query.entityType) &&
        (query.status === undefined || e.status === query.status) &&
        judgement.trustOf(e.home) >= (query.minTrust ?? 0) &&
        (["tags", ...capabilityKinds] as const).every((kind) => has(kind, e)),
    )
  const ranked = rank(candidates, ranking).filter(({ score }) => text.trim() === "" || score >= minScore)
  return {
    totalFound: ranked.length,
    hits: ranked.slice(query.offset, query.offset + query.maxResults),
  }
}
