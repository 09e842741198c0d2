/** A small map is a map: whatever is done to it, it answers as `Map` does. */
import fc from "fast-check"
import { expect, it } from "vitest"
import { SmallMap } from "../../src/protocol/small-map.ts"

const deed = fc.record({ isDeletion: fc.boolean(), key: fc.constantFrom("a", "b", "c"), value: fc.nat(9) })

it("answers as a map does", () => {
  fc.assert(
    fc.property(fc.array(deed), (deeds) => {
      const small = new SmallMap<number>()
      const map = new Map<string, number>()
      for (const { isDeletion, key, value } of deeds) {
        if (isDeletion) {
          small.delete(key)
          map.delete(key)
        } else {
          small.set(key, value)
          map.set(key, value)
        }
        expect([small.size, small.get(key), small.has(key)]).toEqual([map.size, map.get(key), map.has(key)])
        expect([[...small.keys()], [...small.values()]]).toEqual([[...map.keys()], [...map.values()]])
      }
    }),
  )
})
