/** The yardstick of search quality, on numbers that were worked out by hand, and our own collection by it. */
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parseCollection, qualityOf, readCollection } from "../../../bench/search/quality.ts"
import { SearchIndex } from "../../../src/protocol/search/search-index.ts"

const small = parseCollection(
  "<DOC><DOCNO> a </DOCNO><TITLE>One</TITLE><TEXT>first <b>text</b></TEXT><TEXT>more</TEXT></DOC>\n<doc><docno>b</docno></doc>",
  "<top>\n<num> Number: 7\n<title> Topic: words here\n<desc> Description: no\n</top><top><num>8</num><title>unjudged</title></top>",
  "7 0 a 2\n7 0 b 1\n7 0 c 0\n\n",
)

describe("a collection", () => {
  it("is read as TREC writes it", () => {
    expect(small.documents).toEqual([
      { id: "a", title: "One", text: "first text more" },
      { id: "b", title: "", text: "" },
    ])
    expect(small.topics).toEqual([
      { number: "7", text: "words here" },
      { number: "8", text: "unjudged" },
    ])
  })

  it("is measured by nDCG@10 and MAP", () => {
    expect(qualityOf(small, () => ["a", "b"])).toEqual({ ndcg10: 1, map: 1 })
    expect(qualityOf(small, () => [])).toEqual({ ndcg10: 0, map: 0 })
    // Gains 0, 1, 3 at places 1, 2, 3 against 3, 1; precisions 1/2 and 2/3.
    const { map, ndcg10 } = qualityOf(small, () => ["c", "b", "a"])
    expect(ndcg10).toBeCloseTo((1 / Math.log2(3) + 3 / 2) / (3 + 1 / Math.log2(3)), 12)
    expect(map).toBeCloseTo((1 / 2 + 2 / 3) / 2, 12)
  })
})

it("of our own collection we find the best first, nearly always", () => {
  const collection = readCollection(join(import.meta.dirname, "../../../bench/search/collection"))
  const index = new SearchIndex()
  for (const { id, text, title } of collection.documents) {
    index.put({
      id,
      name: title,
      summary: text,
      category: "",
      tags: [],
      developerId: "",
      entityType: "agent",
      status: "active",
      home: "",
      updatedAt: 0,
      capabilities: {},
    })
  }
  const { map, ndcg10 } = qualityOf(collection, (text) =>
    index.search({ text, nowMs: 0, offset: 0, maxResults: 100 }).hits.map(({ id }) => id),
  )
  expect(ndcg10).toBeGreaterThan(0.8)
  expect(map).toBeGreaterThan(0.65)
})
