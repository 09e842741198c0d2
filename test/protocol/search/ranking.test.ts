import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Candidate, freshnessOf, rank, type Ranking, rankingDefault, type Weights } from "../../../src/protocol/search/ranking.ts"
import { searchVectors } from "../../support/search-vectors.ts"

const parts = (text: number, semantic = 0, trust = 0.5, freshness = 1, availability = 1) => ({
  text,
  semantic,
  trust,
  freshness,
  availability,
})
const rrf: Ranking = { method: "rrf" }

describe("the deployed numbers", () => {
  it.each(searchVectors.weighted)("ranks $query", ({ ranked }) => {
    const given = ranked.map(({ id, text, semantic, trust, freshness, availability }) => ({
      id,
      parts: parts(7 * text, semantic, trust, freshness, availability),
    }))
    const order = rank(given.toReversed())
    expect(order.map(({ id }) => id)).toEqual(ranked.map(({ id }) => id))
    order.forEach(({ score, breakdown }, i) => {
      expect(score).toBeCloseTo(ranked[i]!.score, 5)
      expect(breakdown.text_relevance).toBeCloseTo(ranked[i]!.text, 5)
    })
  })

  it.each(searchVectors.freshness)("freshness after $days days", ({ days, value }) => {
    const now = 1_767_225_600
    expect(freshnessOf(now - days * 86_400, now * 1_000)).toBeCloseTo(value, 5)
  })

  it("the first in all three lists of a fusion", () => {
    expect(rank([{ id: "a", parts: parts(1, 1, 1) }], rrf)[0]!.score).toBeCloseTo(searchVectors.rrf_example.value, 5)
  })
})

it("freshness keeps still within an hour, and what is from the future is fresh", () => {
  const at = 1_780_000_000
  const hour = Math.floor(at / 3_600) * 3_600_000
  expect(freshnessOf(at - 86_400, hour)).toBe(freshnessOf(at - 86_400, hour + 3_599_999))
  expect(freshnessOf(at - 86_400, hour)).toBeGreaterThan(freshnessOf(at - 86_400, hour + 3_600_000))
  expect(freshnessOf(at + 86_400_000, hour)).toBe(1)
})

it("equals share a rank in a fusion", () => {
  const [a, b, c] = rank(
    [
      { id: "c", parts: parts(1, 0, 0) },
      { id: "b", parts: parts(2, 0, 0) },
      { id: "a", parts: parts(2, 0, 0) },
    ],
    rrf,
  )
  expect([a!.id, b!.id, c!.id]).toEqual(["a", "b", "c"])
  expect(a!.score).toBe(b!.score)
  expect(c!.score).toBeCloseTo(1 / 63 + 2 / 61, 12)
})

const share = fc.double({ min: 0, max: 1, noNaN: true })
const few = fc.constantFrom(0, 0.25, 1)
const candidates = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 0, max: 50 }).map(String),
    parts: fc.record({ text: fc.constantFrom(0, 3, 12), semantic: few, trust: few, freshness: few, availability: few }),
    isLast: fc.boolean(),
  }),
  { selector: ({ id }) => id, maxLength: 20 },
)

it("the order is total: however candidates come in, they come out the same, the silent last", () => {
  fc.assert(
    fc.property(candidates, fc.constantFrom(rankingDefault, rrf), (all: ReadonlyArray<Candidate>, ranking) => {
      const order = rank(all, ranking)
      expect(rank(all.toReversed(), ranking)).toEqual(order)
      order.slice(1).forEach((each, i) => {
        const before = order[i]!
        const comes = [Number(before.isLast), -before.score, before.id] as const
        const follows = [Number(each.isLast), -each.score, each.id] as const
        const at = comes.findIndex((one, n) => one !== follows[n])
        expect(comes[at]! < follows[at]!).toBe(true)
      })
    }),
  )
})

it("a score is the sum of its parts by their weights", () => {
  const weights = fc.record({ text: share, semantic: share, trust: share, freshness: share, availability: share })
  fc.assert(
    fc.property(weights, candidates, (of: Weights, all) => {
      for (const { breakdown, score } of rank(all, { method: "weighted", weights: of })) {
        const { availability, freshness, semantic_similarity: semantic, text_relevance: text, trust_score: trust } = breakdown
        expect(text).toBeLessThanOrEqual(1)
        expect(score).toBeCloseTo(
          of.text * text + of.semantic * semantic + of.trust * trust + of.freshness * freshness + of.availability * availability,
          12,
        )
      }
    }),
  )
})
