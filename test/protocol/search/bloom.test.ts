/** Bloom filters: the deployed node's very bits, nothing forgotten, and errors as rare as they are meant to be. */
import { readFileSync } from "node:fs"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { filterBitsMax, filterErrorRate } from "../../../src/protocol/limits.ts"
import * as Bloom from "../../../src/protocol/search/bloom.ts"

/** A heartbeat of the deployed node, and what was in its filter. */
const recorded = JSON.parse(readFileSync(new URL("../../vectors/bloom.json", import.meta.url), "utf8")) as {
  readonly items: ReadonlyArray<string>
  readonly size: number
  readonly hashes: number
  readonly bits: string
}

const filled = (items: ReadonlyArray<string>, sizedFor = items.length): Bloom.Bloom => {
  const bloom = Bloom.emptyFor(sizedFor)
  for (const item of items) Bloom.add(bloom, item)
  return bloom
}

describe("a Bloom filter", () => {
  it("has the deployed node's size and bits", () => {
    const bloom = filled(recorded.items, 200)
    expect([bloom.size, bloom.hashes]).toEqual([recorded.size, recorded.hashes])
    expect(Buffer.from(bloom.bits).toString("base64")).toBe(recorded.bits)
  })

  it("forgets nothing, and says which bits an item brought", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "grapheme" }), { maxLength: 60 }), (items) => {
        const bloom = Bloom.emptyFor(items.length)
        const brought = items.flatMap((item) => Bloom.add(bloom, item))
        expect(items.every((item) => Bloom.has(bloom, item))).toBe(true)
        expect(new Set(brought).size).toBe(brought.length)
        expect(items.flatMap((item) => Bloom.add(bloom, item))).toEqual([])
      }),
    )
  })

  it("errs as rarely as it says", () => {
    const bloom = filled(Array.from({ length: 2_000 }, (_, i) => `there-${i}`))
    const wrong = Array.from({ length: 20_000 }, (_, i) => Bloom.has(bloom, `not-${i}`)).filter((has) => has).length
    expect(wrong / 20_000).toBeLessThan(2 * filterErrorRate)
    expect(Bloom.errorRate(bloom)).toBeCloseTo(wrong / 20_000, 2)
    expect(Bloom.errorRate({ ...bloom, bits: bloom.bits.map(() => 0xff) })).toBe(1)
  })

  it("stays below a frame, whatever is in it", () => {
    expect(Bloom.emptyFor(50_000_000)).toMatchObject({ size: filterBitsMax, hashes: 1 })
  })
})
