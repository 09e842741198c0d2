/** Reconciliation finds exactly the difference of two sets, in one exchange while it fits, and believes no malformed list. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { sha256Hex } from "../../../src/protocol/identity/digest.ts"
import * as Reconcile from "../../../src/protocol/gossip/reconcile.ts"
import * as SlotSet from "../../../src/protocol/gossip/slot-set.ts"
import { registryOf } from "../../support/builders.ts"

const origin = registryOf(1).registryId
const setOf = (numbers: Iterable<number>) => {
  const set = SlotSet.empty()
  for (const number of numbers) SlotSet.put(set, { subject: `${number}`, origin, id: idOf(number) })
  return set
}
const idOf = (number: number) => sha256Hex(`${number}`).slice(0, 32)

/** One whole exchange; what each end learns that it lacks. */
const exchange = (asker: SlotSet.SlotSet, answerer: SlotSet.SlotSet, salt: string) => {
  if (Reconcile.digestOfAll(asker, salt) === Reconcile.digestOfAll(answerer, salt)) return { askerLacks: [], answererLacks: [] }
  const bits = Reconcile.bitsFor(answerer.size)
  const parts = Reconcile.differingParts(asker, bits, salt, Reconcile.split(answerer, bits, salt))!
  const difference = Reconcile.compare(answerer, bits, salt, Reconcile.list(asker, bits, salt, parts))!
  return { askerLacks: difference.theyLack, answererLacks: Reconcile.wanted(asker, bits, salt, parts, difference.weLack) }
}

const numbers = fc.uniqueArray(fc.nat(500), { maxLength: 200 })

describe("reconciliation", () => {
  it("finds the difference, both ways, and nothing else", () => {
    fc.assert(
      fc.property(numbers, numbers, fc.string({ maxLength: 8 }), (mine, theirs, salt) => {
        const found = exchange(setOf(mine), setOf(theirs), salt)
        expect([...found.askerLacks].sort()).toEqual(
          theirs
            .filter((n) => !mine.includes(n))
            .map(idOf)
            .sort(),
        )
        expect([...found.answererLacks].sort()).toEqual(
          mine
            .filter((n) => !theirs.includes(n))
            .map(idOf)
            .sort(),
        )
      }),
    )
  })

  it("takes no list that is none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: -1, max: 17 }), (bytes, bits) => {
        const set = setOf([1, 2, 3])
        const difference = Reconcile.compare(set, bits, "s", bytes)
        if (difference !== undefined) expect(difference.theyLack.every((id) => SlotSet.has(set, id))).toBe(true)
        const parts = Reconcile.differingParts(set, bits, "s", bytes)
        if (parts !== undefined) expect(parts.length).toBeLessThanOrEqual(1 << bits)
      }),
    )
  })

  it("a digest says nothing under another salt", () => {
    const set = setOf([1, 2, 3])
    expect(Reconcile.digestOfAll(set, "a")).not.toBe(Reconcile.digestOfAll(set, "b"))
  })
})
