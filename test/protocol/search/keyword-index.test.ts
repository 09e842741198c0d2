import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type IndexedEntity, KeywordIndex, type KeywordQuery } from "../../../src/protocol/search/keyword-index.ts"
import { termsOf } from "../../../src/protocol/search/tokens.ts"

const entity = (id: string, fields: Partial<IndexedEntity> = {}): IndexedEntity => ({
  id,
  name: "",
  category: "",
  tags: [],
  summary: "",
  developerId: "dev",
  entityType: "agent",
  status: "active",
  ...fields,
})
const indexOf = (...entities: ReadonlyArray<IndexedEntity>): KeywordIndex => {
  const index = new KeywordIndex()
  for (const each of entities) index.put(each)
  return index
}
const search = (index: KeywordIndex, query: Partial<KeywordQuery>) => index.search({ offset: 0, maxResults: 20, ...query })
const idsOf = (index: KeywordIndex, query: Partial<KeywordQuery>) => search(index, query).hits.map((hit) => hit.id)

/** The formula of the reference, written out slowly: what the index must agree with. */
const bm25 = (entities: ReadonlyArray<IndexedEntity>, query: string): ReadonlyMap<string, number> => {
  const fieldsOf = (e: IndexedEntity) => [[e.name], e.tags, [e.category], [e.summary]].map((texts) => texts.flatMap(termsOf))
  const documents = entities.map((e) => ({ id: e.id, fields: fieldsOf(e) }))
  const boosts = [3, 2, 1.5, 1]
  const average = boosts.map((_, f) => documents.reduce((sum, d) => sum + d.fields[f]!.length, 0) / documents.length)
  const scores = new Map<string, number>()
  for (const term of termsOf(query)) {
    const df = documents.filter((d) => d.fields.some((terms) => terms.includes(term))).length
    const idf = Math.log((documents.length - df + 0.5) / (df + 0.5) + 1)
    for (const { id, fields } of documents) {
      boosts.forEach((boost, f) => {
        const tf = fields[f]!.filter((each) => each === term).length
        if (tf > 0)
          scores.set(id, (scores.get(id) ?? 0) + (boost * idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * fields[f]!.length) / average[f]!)))
      })
    }
  }
  return scores
}

const corpus = [
  entity("d1", {
    name: "CodeReviewer",
    summary: "Reviews Python code for security issues",
    category: "developer-tools",
    tags: ["python", "security", "code-review"],
    developerId: "ann",
  }),
  entity("d2", {
    name: "job-scraper-service",
    summary: "Scrapes job boards and translates listings",
    category: "data",
    tags: ["jobs", "translate"],
    entityType: "service",
  }),
  entity("d3", { name: "Weather Bot", summary: "Daily weather forecasts", category: "weather", tags: ["Forecast"], status: "inactive" }),
]

describe("an answer", () => {
  const index = indexOf(...corpus)

  it("finds by stem, in any field, best first", () => {
    expect(idsOf(index, { text: "scraping jobs" })).toEqual(["d2"])
    expect(idsOf(index, { text: "python security review code weather" })).toEqual(["d1", "d3"])
    expect(idsOf(index, { text: "nothing like it" })).toEqual([])
    expect(idsOf(index, { text: "the of and" })).toEqual([])
  })

  it("relates scores to the best", () => {
    const { hits } = search(index, { text: "python security review code weather" })
    expect(hits[0]!.textRelevance).toBe(1)
    expect(hits[1]!.textRelevance).toBeCloseTo(hits[1]!.score / hits[0]!.score, 12)
  })

  it("weighs a match in a name above one in a summary", () => {
    const two = indexOf(entity("a", { name: "x", summary: "poems" }), entity("b", { name: "poems", summary: "x" }))
    expect(idsOf(two, { text: "poem" })).toEqual(["b", "a"])
  })

  it("filters, with a text and without", () => {
    expect(idsOf(index, { category: "weather" })).toEqual(["d3"])
    expect(idsOf(index, { category: "Weather" })).toEqual([])
    expect(idsOf(index, { tags: ["FORECAST", "python"] })).toEqual(["d1", "d3"])
    expect(idsOf(index, { developerId: "ann" })).toEqual(["d1"])
    expect(idsOf(index, { entityType: "service" })).toEqual(["d2"])
    expect(idsOf(index, { status: "active", tags: ["forecast", "jobs"] })).toEqual(["d2"])
    expect(idsOf(index, { text: "weather python", status: "inactive" })).toEqual(["d3"])
    expect(search(index, { text: "weather", status: "inactive" }).hits[0]!.textRelevance).toBe(1)
    expect(idsOf(index, { text: " " })).toEqual(["d1", "d2", "d3"])
    expect(idsOf(index, { text: "__proto__ constructor", tags: ["constructor"] })).toEqual([])
  })

  it("knows an id in either spelling", () => {
    const id = `zns:${"0a".repeat(16)}`
    const own = indexOf(...corpus, entity(id, { name: "weather" }))
    expect(idsOf(own, { text: id })).toEqual([id])
    expect(idsOf(own, { text: `ag${id.replace("zns", "dns")}` })).toEqual([id])
    expect(search(own, { text: id, entityType: "service" })).toEqual({ hits: [], totalFound: 0 })
    expect(idsOf(own, { text: `zns:${"0b".repeat(16)}` })).toEqual([])
  })
})

const word = fc.constantFrom("weather", "poem", "python", "code", "code-review", "legal", "größe", "tax", "the")
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
    status: fc.constant("active"),
  }),
  { selector: (each) => each.id, maxLength: 40 },
)

describe("properties", () => {
  it("scores are the formula's", () => {
    fc.assert(
      fc.property(entities, textOf(4), (all, text) => {
        const expected = bm25(all, text)
        const { hits, totalFound } = search(indexOf(...all), { text: text === "" ? "poem" : text, maxResults: 100 })
        const wanted = text === "" ? bm25(all, "poem") : expected
        expect(totalFound).toBe(wanted.size)
        for (const hit of hits) expect(hit.score).toBeCloseTo(wanted.get(hit.id)!, 9)
        expect(hits.every((hit, i) => i === 0 || hits[i - 1]!.score >= hit.score)).toBe(true)
      }),
    )
  })

  it("neither the order of additions nor what was there before matters", () => {
    fc.assert(
      fc.property(entities, entities, textOf(3), fc.boolean(), (all, others, text, isReversed) => {
        const fresh = indexOf(...all)
        const lived = indexOf(...others, ...(isReversed ? all.toReversed() : all))
        for (const { id } of others) if (!all.some((each) => each.id === id)) expect(lived.remove(id)).toBe(true)
        expect(lived.size).toBe(fresh.size)
        for (const query of [{ text }, { text, tags: ["poem"] }, { developerId: "ann", entityType: "agent" }]) {
          expect(search(lived, query)).toEqual(search(fresh, query))
        }
      }),
    )
  })

  it("pages are disjoint, complete and in one order", () => {
    fc.assert(
      fc.property(entities, textOf(2), fc.integer({ min: 1, max: 7 }), (all, text, maxResults) => {
        const index = indexOf(...all)
        const whole = search(index, { text, maxResults: 10_000 })
        const pages = Array.from({ length: Math.ceil(whole.totalFound / maxResults) + 1 }, (_, i) =>
          search(index, { text, maxResults, offset: i * maxResults }),
        )
        expect(pages.flatMap((page) => page.hits)).toEqual(whole.hits)
        expect(pages.every((page) => page.totalFound === whole.totalFound)).toBe(true)
      }),
    )
  })

  it("removes once", () => {
    const index = indexOf(entity("a", { name: "poem" }))
    expect([index.remove("a"), index.remove("a"), index.size]).toEqual([true, false, 0])
    expect(search(index, { text: "poem" })).toEqual({ hits: [], totalFound: 0 })
  })
})
