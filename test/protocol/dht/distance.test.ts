/** Sorting by distance, by the first bits where they tell, by all of them where a crowd shares these. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { byDistance, compare } from "../../../src/protocol/dht/distance.ts"
import { contactAt, keyFrom, keyWith, seenAt } from "../../support/dht.ts"

const keys = fc.oneof(
  fc.nat(500).map((n) => keyFrom(`k${n}`)),
  fc.nat(500).map((n) => keyWith("00000000000000000000000000000000", `k${n}`)),
)

it("is the order of the whole distance", () => {
  fc.assert(
    fc.property(keys, fc.array(keys, { maxLength: 40 }), (target, ids) => {
      const sorted = [...ids].sort((a, b) => compare(target, a, b))
      expect(byDistance(target, ids.map(contactAt)).map(({ id }) => id)).toEqual(sorted)
      const seen = ids.map((id) => seenAt(id))
      expect(byDistance(target, seen).map(({ id }) => id)).toEqual(sorted)
    }),
  )
})
