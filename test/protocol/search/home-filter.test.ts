/** The filter over what a node is home to: right after any history, and the same at whoever follows its changes. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { filterChangesMax } from "../../../src/protocol/limits.ts"
import * as Bloom from "../../../src/protocol/search/bloom.ts"
import * as HomeFilter from "../../../src/protocol/search/home-filter.ts"

const items = fc
  .dictionary(fc.constantFrom(..."a b c d e f g h i j k l m n o p".split(" ")), fc.constantFrom(0, 1, 3, 9), { maxKeys: 8 })
  .map((words) => new Map(Object.entries(words)))

/** What comes, goes, is told and is lost on the way. */
const step = fc.record({ what: fc.constantFrom("come", "come", "go", "tell", "tell", "lose"), items, which: fc.nat(50) })

describe("a home's filter", () => {
  it("is at whoever follows what it is here, once it is told, whatever was lost before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const filter = HomeFilter.begin()
        const living: Array<ReadonlyMap<string, number>> = []
        let held: HomeFilter.HeldFilter | undefined
        const tell = (isLost: boolean) => {
          HomeFilter.settle(filter)
          const news = HomeFilter.newsSince(filter, held?.version ?? 0)
          if (news !== undefined && !isLost) held = HomeFilter.heard(held, structuredClone(news))
        }
        for (const { items, what, which } of steps) {
          if (what === "come") {
            living.push(items)
            HomeFilter.add(filter, items)
          } else if (what === "go" && living.length > 0) HomeFilter.remove(filter, living.splice(which % living.length, 1)[0]!)
          else if (what !== "go") tell(what === "lose")
        }
        tell(false)
        expect(held!.bloom.bits).toEqual(filter.bloom.bits)
        for (const item of living.flatMap((one) => [...one.keys()])) expect(Bloom.has(held!.bloom, item)).toBe(true)
        expect([...filter.brought.keys()].toSorted()).toEqual([...new Set(living.flatMap((one) => [...one.keys()]))].toSorted())
      }),
    )
  })

  it("tells more of what is worth more", () => {
    const filter = HomeFilter.begin()
    HomeFilter.add(
      filter,
      new Map([
        ["rare", 1],
        ["often", 3],
      ]),
    )
    for (let i = 0; i < 9; i++) HomeFilter.add(filter, new Map([["often", 3]]))
    HomeFilter.settle(filter)
    const level = (item: string) => HomeFilter.levelIn(filter.bloom, item)
    expect([level("absent"), level("rare")]).toEqual([0, 1])
    expect(level("often")).toBeGreaterThan(level("rare"))
  })

  it("is told as a change where that is shorter, and whole to whoever is too far behind", () => {
    const filter = HomeFilter.begin()
    HomeFilter.add(filter, new Map(Array.from({ length: 60 }, (_, i) => [`word-${i}`, 0])))
    const first = HomeFilter.settle(filter)
    expect(HomeFilter.newsSince(filter, 0)).toMatchObject({ type: "whole", version: first })
    HomeFilter.add(filter, new Map([["one-more", 0]]))
    const second = HomeFilter.settle(filter)
    expect(HomeFilter.newsSince(filter, first)).toMatchObject({ type: "change", base: first, version: second })
    expect(HomeFilter.newsSince(filter, second)).toBeUndefined()
    for (let i = 0; i <= filterChangesMax; i++) {
      const word = new Map([[`passing-${i}`, 0]])
      HomeFilter.add(filter, word)
      HomeFilter.settle(filter)
      HomeFilter.remove(filter, word)
    }
    expect(HomeFilter.newsSince(filter, first)).toMatchObject({ type: "whole" })
  })

  it("is not changed by changes of what we do not hold, nor beyond its end", () => {
    const held = HomeFilter.heard(undefined, { type: "whole", version: 3, bloom: Bloom.emptyFor(10) })
    for (const [base, flipped] of [
      [2, [1]],
      [3, [1_000_000]],
    ] as const)
      expect(HomeFilter.heard(held, { type: "change", version: 4, base, flipped })).toBe(held)
    expect(HomeFilter.heard(undefined, { type: "change", version: 4, base: 3, flipped: [1] })).toBeUndefined()
  })
})
