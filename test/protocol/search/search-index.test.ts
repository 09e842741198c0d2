import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { corpusOf, trustOf } from "../../../bench/search/corpus.ts"
import type { IndexedEntity } from "../../../src/protocol/search/entity.ts"
import { hashVector } from "../../../src/protocol/search/hash-embedder.ts"
import { type Ranking, rankingDefault } from "../../../src/protocol/search/ranking.ts"
import { type IndexQuery, type IndexSettings, SearchIndex } from "../../../src/protocol/search/search-index.ts"
import { readSynonyms } from "../../../src/protocol/search/synonyms.ts"
import { naiveSearch } from "../../support/naive-search.ts"
import { searchVectors } from "../../support/search-vectors.ts"

const nowMs = 1_780_000_000_000
const entity = (id: string, fields: Partial<IndexedEntity> = {}): IndexedEntity => ({
  id,
  name: "",
  category: "",
  tags: [],
  summary: "",
  developerId: "dev",
  entityType: "agent",
  status: "active",
  home: "home",
  updatedAt: nowMs / 1_000,
  capabilities: {},
  ...fields,
})
const indexOf = (entities: ReadonlyArray<IndexedEntity>, settings: Partial<IndexSettings> = {}): SearchIndex => {
  const index = new SearchIndex(settings)
  for (const each of entities) index.put(each)
  return index
}
const search = (index: SearchIndex, query: Partial<IndexQuery>) => index.search({ offset: 0, maxResults: 20, nowMs, ...query })
const idsOf = (index: SearchIndex, query: Partial<IndexQuery>) => search(index, query).hits.map(({ id }) => id)

const corpus = [
  entity("d1", {
    name: "CodeReviewer",
    summary: "Reviews Python code for security issues",
    category: "developer-tools",
    tags: ["python", "security", "code-review"],
    developerId: "ann",
    home: "trusted",
  }),
  entity("d2", {
    name: "job-scraper-service",
    summary: "Scrapes job boards and translates listings",
    category: "data",
    tags: ["jobs", "translate"],
    entityType: "service",
    capabilities: { skills: ["Scraping"], protocols: ["a2a"], languages: ["en", "de"], models: [] },
  }),
  entity("d3", { name: "Weather Bot", summary: "Daily weather forecasts", category: "weather", tags: ["Forecast"], status: "inactive" }),
]
const judgement = { trustOf: (home: string) => (home === "trusted" ? 0.9 : 0.2), isSilent: () => false }

describe("what is found", () => {
  const index = indexOf(corpus, { judgement })

  it("by stem, in any field, and by no stop word", () => {
    expect(idsOf(index, { text: "scraping jobs" })).toEqual(["d2"])
    expect(idsOf(index, { text: "python security review code weather" })).toEqual(["d1", "d3"])
    expect(idsOf(index, { text: "nothing like it" })).toEqual([])
    expect(idsOf(index, { text: "the of and" })).toEqual([])
  })

  it("by synonyms, which count less than the word", () => {
    expect(idsOf(index, { text: "software" })).toEqual([])
    expect(idsOf(index, { text: "javascript code" })).toEqual(["d1"])
    const two = indexOf([entity("a", { name: "openai" }), entity("b", { name: "gpt" })])
    expect(idsOf(two, { text: "gpt" })).toEqual(["b", "a"])
    expect(idsOf(two, { text: "openai" })).toEqual(["a"])
    const own = indexOf(corpus, { synonyms: readSynonyms("climate, weather").synonyms })
    expect(idsOf(own, { text: "climate" })).toEqual(["d3"])
  })

  it("by filters, with a text and without", () => {
    expect(idsOf(index, { category: "weather" })).toEqual(["d3"])
    expect(idsOf(index, { category: "Weather" })).toEqual([])
    expect(idsOf(index, { tags: ["FORECAST", "python"] })).toEqual(["d1", "d3"])
    expect(idsOf(index, { developers: ["ann", "eve"] })).toEqual(["d1"])
    expect(idsOf(index, { entityType: "service" })).toEqual(["d2"])
    expect(idsOf(index, { entityType: "robot" })).toEqual([])
    expect(idsOf(index, { status: "active", tags: ["forecast", "jobs"] })).toEqual(["d2"])
    expect(idsOf(index, { text: "weather python", status: "inactive" })).toEqual(["d3"])
    expect(search(index, { text: "weather", status: "inactive" }).hits[0]!.breakdown.text_relevance).toBe(1)
    expect(idsOf(index, { minTrust: 0.5 })).toEqual(["d1"])
    expect(idsOf(index, { text: "__proto__ constructor", tags: ["constructor"] })).toEqual([])
  })

  it("by capabilities; a skill among the tags as well", () => {
    expect(idsOf(index, { skills: ["scraping"] })).toEqual(["d2"])
    expect(idsOf(index, { skills: ["security", "scraping"] }).toSorted()).toEqual(["d1", "d2"])
    expect(idsOf(index, { protocols: ["A2A"], languages: ["de"] })).toEqual(["d2"])
    expect(idsOf(index, { protocols: ["a2a"], languages: ["fr"] })).toEqual([])
    expect(idsOf(index, { models: ["gpt"] })).toEqual([])
    expect(idsOf(index, { models: [] })).toHaveLength(3)
  })

  it("by id, in either spelling", () => {
    const id = `zns:${"0a".repeat(16)}`
    const own = indexOf([...corpus, entity(id, { name: "weather" })])
    expect(idsOf(own, { text: id })).toEqual([id])
    expect(idsOf(own, { text: ` ag${id.replace("zns", "dns")}` })).toEqual([id])
    expect(search(own, { text: id, entityType: "service" })).toEqual({ hits: [], totalFound: 0 })
    expect(search(own, { text: id, offset: 1 })).toEqual({ hits: [], totalFound: 1 })
    expect(idsOf(own, { text: `zns:${"0b".repeat(16)}` })).toEqual([])
  })

  it("by a phrase, which counts five", () => {
    const two = indexOf([entity("a", { summary: "weather of the day" }), entity("b", { summary: "the day-old weather" })])
    const scoreOf = (id: string, text: string) => search(two, { text }).hits.find((hit) => hit.id === id)!.parts.text
    for (const id of ["a", "b"])
      expect(scoreOf(id, `day "Weather of the DAY"`) - scoreOf(id, "day weather of the day")).toBeCloseTo(id === "a" ? 5 : 0, 9)
    expect(scoreOf("b", '"day old"') - scoreOf("b", "day old")).toBeCloseTo(5, 9)
    expect(scoreOf("a", '"day old') - scoreOf("a", "day old")).toBeCloseTo(0, 9)
    expect(idsOf(two, { text: '"of the"' })).toEqual([])
  })
})

describe("likeness", () => {
  it.each(searchVectors.semantic)("is the deployed one for $query", ({ cosine, query }) => {
    const given = searchVectors.corpus.map((each) => entity(each.id, each))
    const index = indexOf(given, { floor: 1e-6 })
    const found = search(index, { text: query }).hits.filter(({ parts }) => parts.semantic > 1e-6)
    expect(Object.fromEntries(found.map(({ id, parts }) => [id, Math.round(parts.semantic * 1e5) / 1e5]))).toEqual(
      Object.fromEntries(Object.entries(cosine).map(([id, value]) => [id, Math.round(value * 1e5) / 1e5])),
    )
  })

  it("of a model finds what has none of the words, from the floor on", () => {
    const index = indexOf([entity("car", { name: "car" }), entity("auto", { name: "automobile" }), entity("bird", { name: "bird" })], {
      vectors: 2,
      floor: 0.7,
    })
    index.setVector("car", Float32Array.of(1, 0))
    index.setVector("auto", Float32Array.of(0.8, 0.6))
    index.setVector("bird", Float32Array.of(0, 1))
    expect(index.setVector("gone", Float32Array.of(0, 1))).toBe(false)
    const { hits, totalFound } = search(index, { text: "car", vector: Float32Array.of(1, 0) })
    expect([hits.map(({ id }) => id), totalFound]).toEqual([["car", "auto"], 2])
    expect(hits[1]!.parts.semantic).toBeCloseTo(0.8, 6)
    // Without a vector for the query: keywords only.
    expect(idsOf(index, { text: "car" })).toEqual(["car"])
    // The new text has no vector yet.
    index.put(entity("auto", { name: "automobile" }))
    expect(idsOf(index, { text: "car", vector: Float32Array.of(1, 0) })).toEqual(["car"])
    expect(
      idsOf(index, {
        text: "car",
        nearest: new Map([
          ["bird", 0.9],
          ["gone", 1],
        ]),
      }),
    ).toEqual(["car", "bird"])
  })
})

// against the slow way ----------------------------------------------------------------------------------------------------

const word = fc.constantFrom("weather", "poem", "python", "code", "code-review", "legal", "größe", "tax", "the", "ai", "ml", "x_y")
const textOf = (maxLength: number) => fc.array(word, { maxLength }).map((words) => words.join(" "))
const entities = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 0, max: 40 }).map(String),
    name: textOf(3),
    category: word,
    tags: fc.array(word, { maxLength: 3 }),
    summary: textOf(6),
    developerId: fc.constantFrom("ann", "bob"),
    entityType: fc.constantFrom("agent", "service"),
    status: fc.constantFrom("active", "inactive"),
    home: fc.constantFrom("one", "two", "silent"),
    updatedAt: fc.integer({ min: 0, max: 40 }).map((days) => nowMs / 1_000 - days * 86_400),
    capabilities: fc.record({ skills: fc.array(word, { maxLength: 2 }) }),
  }),
  { selector: (each) => each.id, maxLength: 40 },
)
const asked = fc.oneof(
  textOf(4),
  fc.tuple(textOf(2), textOf(3)).map(([before, phrase]) => `${before} "${phrase}"`),
)
const query = fc
  .record(
    {
      text: asked,
      category: word,
      tags: fc.array(word, { maxLength: 2 }),
      skills: fc.array(word, { maxLength: 2 }),
      developers: fc.subarray(["ann", "bob", "eve"]),
      entityType: fc.constantFrom("agent", "service", "robot"),
      status: fc.constantFrom("active", "inactive"),
      minTrust: fc.constantFrom(0, 0.3, 1),
      offset: fc.constantFrom(0, 0, 1, 5),
      maxResults: fc.constantFrom(0, 1, 10, 2_000),
    },
    { requiredKeys: ["offset", "maxResults"] },
  )
  .map((fields) => ({ ...fields, nowMs }))
const trusts = { one: 0.7, two: 0.2, silent: 0.9 } as const
const judged = { trustOf: (home: string) => trusts[home as keyof typeof trusts], isSilent: (home: string) => home === "silent" }
const rankings = fc.constantFrom<Ranking>(
  rankingDefault,
  { method: "rrf" },
  {
    method: "weighted",
    weights: { text: 0.1, semantic: 0.9, trust: 0, freshness: 0.3, availability: 0 },
  },
)
/** Where scores lie: of the one ranking, and of the other. None is a score. */
const leastScore = fc.constantFrom(0, 0, 0.0401, 0.2718, 0.3141, 0.5772)
/** What a test compares: ids in order, and numbers to nine digits. */
const shown = ({ hits, totalFound }: ReturnType<typeof naiveSearch> | ReturnType<SearchIndex["search"]>) => ({
  totalFound,
  hits: hits.map(({ breakdown, id, score }) => [id, score.toFixed(6), ...Object.values(breakdown).map((each) => each.toFixed(6))]),
})

describe("properties", () => {
  it("what is found, its order and its numbers are those of the slow way", () => {
    fc.assert(
      fc.property(entities, query, rankings, fc.constantFrom(undefined, 1e-6, 0.3), leastScore, (all, asks, ranking, floor, minScore) => {
        const index = indexOf(all, { ranking, judgement: judged, minScore, ...(floor !== undefined && { floor }) })
        expect(shown(index.search(asks))).toEqual(shown(naiveSearch(all, asks, ranking, judged, floor, minScore)))
      }),
      { numRuns: 300 },
    )
  })

  it("the top ten of the records that are measured, too", () => {
    const { entities: records, queries } = corpusOf(600, 8)
    const all = [...records()]
    const judgement = { trustOf, isSilent: () => false }
    const index = indexOf(all, { judgement })
    for (const text of queries) {
      const asks = { text, offset: 0, maxResults: 10, nowMs }
      expect(shown(index.search(asks))).toEqual(shown(naiveSearch(all, asks, rankingDefault, judgement)))
    }
  })

  it("neither the order of additions nor what was there before matters", () => {
    fc.assert(
      fc.property(entities, entities, fc.array(query, { maxLength: 5 }), fc.boolean(), (all, others, queries, isReversed) => {
        const fresh = indexOf(all, { judgement: judged })
        const lived = indexOf([...others, ...(isReversed ? all.toReversed() : all)])
        lived.judge(judged)
        for (const { id } of others) if (!all.some((each) => each.id === id)) expect(lived.remove(id)).toBe(true)
        expect(lived.remove("never")).toBe(false)
        expect(lived.size).toBe(fresh.size)
        for (const each of queries) expect(lived.search(each)).toEqual(fresh.search(each))
      }),
    )
  })

  it("pages are disjoint, complete and in one order", () => {
    fc.assert(
      fc.property(entities, query, fc.integer({ min: 1, max: 7 }), (all, asks, maxResults) => {
        const index = indexOf(all, { judgement: judged })
        const whole = index.search({ ...asks, offset: 0, maxResults: 10_000 })
        const pages = Array.from({ length: Math.ceil(whole.totalFound / maxResults) }, (_, page) =>
          index.search({ ...asks, offset: page * maxResults, maxResults }),
        )
        expect(pages.flatMap(({ hits }) => hits)).toEqual(whole.hits)
        expect(whole.hits).toHaveLength(whole.totalFound)
      }),
    )
  })

  it("an entity that is not in the index is measured as if it were looked up in it", () => {
    fc.assert(
      fc.property(entities, asked, (all, text) => {
        const index = indexOf(all, { judgement: judged, floor: 1e-6 })
        for (const hit of search(index, { text, maxResults: 100 }).hits) {
          const one = all.find(({ id }) => id === hit.id)!
          const parts = index.measure(index.parse(text), one, { nowMs, trust: judged.trustOf(one.home) })
          expect(parts.text).toBeCloseTo(hit.parts.text, 9)
          expect(parts.semantic).toBeCloseTo(hit.parts.semantic, 6)
          expect({ ...parts, text: 0, semantic: 0 }).toEqual({ ...hit.parts, text: 0, semantic: 0 })
        }
      }),
    )
  })

  it("vectors of a model, in either way to hold them, rank alike", () => {
    fc.assert(
      fc.property(entities, asked, (all, text) => {
        const hashed = indexOf(all, { floor: 0.3 })
        const dense = indexOf(all, { vectors: 384, floor: 0.3 })
        for (const each of all) dense.setVector(each.id, hashVector([each.name, each.summary, ...each.tags].join(" ")))
        const scores = ({ hits }: ReturnType<SearchIndex["search"]>) => hits.map(({ score }) => score.toFixed(5))
        expect(scores(search(dense, { text, vector: hashVector(text) }))).toEqual(scores(search(hashed, { text })))
      }),
      { numRuns: 30 },
    )
  })
})
