import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { componentOf, FeatureCounter, fnv64a, hashVector } from "../../../src/protocol/search/hash-embedder.ts"
import { hashedQuery, HashedVectors } from "../../../src/protocol/search/hashed-vectors.ts"
import { isSaid, wordsOf } from "../../../src/protocol/search/tokens.ts"
import { searchVectors } from "../../support/search-vectors.ts"

const hexOf = (text: string): string => {
  const { high, low } = fnv64a(text)
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("")
}
/** FNV-1a as its page says it. */
const slowly = (text: string): bigint =>
  new TextEncoder().encode(text).reduce((hash, byte) => ((hash ^ BigInt(byte)) * 0x100000001b3n) & (2n ** 64n - 1n), 0xcbf29ce484222325n)

describe("the deployed numbers", () => {
  it.each(searchVectors.fnv64a)("FNV-1a of $s", ({ hex, index_384: index, s, sign }) => {
    expect(hexOf(s)).toBe(hex)
    expect(componentOf(fnv64a(s))).toBe(index)
    expect((fnv64a(s).low & 1) === 1 ? 1 : -1).toBe(sign)
  })

  it.each(searchVectors.hash_embedder_384)("the vector of $text", ({ nonzero, text }) => {
    const found = Array.from(hashVector(text), (value, i) => [i, value] as const).filter(([, value]) => value !== 0)
    expect(found.map(([i]) => i)).toEqual(Object.keys(nonzero).map(Number))
    for (const [i, value] of found) expect(value).toBeCloseTo(nonzero[i]!, 5)
  })
})

it("a hash is FNV-1a, 64 bits, of UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(BigInt(`0x${hexOf(text)}`)).toBe(slowly(text))
      expect(componentOf(fnv64a(text))).toBe(Number(slowly(text) % 384n))
    }),
  )
})

it("words of any script have a vector, and what repeats itself without end is bounded", () => {
  expect(hashVector("翻译 Übersetzung").some((value) => value !== 0)).toBe(true)
  expect(hashVector("?! a b").every((value) => value === 0)).toBe(true)
  const long = hashVector(`${"spam ".repeat(1_000)} ham`)
  expect(Math.hypot(...long)).toBeCloseTo(1, 5)
  expect(long[componentOf(fnv64a("ham"))]).not.toBe(0)
})

it("a similarity, one by one and by a scan, is the product of the vectors", () => {
  const heard = (text: string): FeatureCounter => {
    const features = new FeatureCounter()
    for (const word of wordsOf(text)) if (isSaid(word)) features.add(word, fnv64a(word))
    return features
  }
  const text = fc.array(fc.constantFrom("ab", "cd", "ef", "gh", "ij", "kl"), { maxLength: 6 }).map((words) => words.join(" "))
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), text, fc.integer({ min: 0, max: 9_000 }), (texts, asked, from) => {
      const vectors = new HashedVectors()
      texts.forEach((each, i) => vectors.put(from + i, heard(each)))
      vectors.remove(from)
      const query = hashedQuery(heard(asked))
      const all = new Float64Array(from + texts.length)
      vectors.scan(query, all)
      texts.forEach((each, i) => {
        const product = hashVector(asked).reduce((sum, value, at) => sum + value * hashVector(each)[at]!, 0)
        expect(vectors.similarity(query, from + i)).toBeCloseTo(i === 0 ? 0 : Math.max(0, product), 6)
        expect(all[from + i]).toBe(vectors.similarity(query, from + i))
      })
    }),
    { numRuns: 40 },
  )
})
