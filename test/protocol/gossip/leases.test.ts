/** Leases: who is alive follows from what was said and the clock, and from nothing else. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Leases from "../../../src/protocol/gossip/leases.ts"
import * as SlotSet from "../../../src/protocol/gossip/slot-set.ts"
import { attestationSubject } from "../../../src/protocol/gossip/kinds/attestation.ts"
import { leaseMs } from "../../../src/protocol/limits.ts"
import { registryOf } from "../../support/builders.ts"

const ids = [1, 2, 3].map((seed) => registryOf(seed).registryId)
const word = (origin: (typeof ids)[number], at: number, about?: (typeof ids)[number]) => ({
  origin,
  at,
  subject: about === undefined ? "a" : attestationSubject(origin, about),
})
const some = fc.constantFrom(...ids)
const words = fc.array(
  fc.tuple(some, fc.integer({ min: 1, max: 400_000 }), fc.option(some, { nil: undefined })).map((said) => word(...said)),
)

describe("leases", () => {
  it("the order in which words are heard does not matter", () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 0, max: 500_000_000 }), (said, nowMs) => {
        const [forth, back] = [Leases.empty(), Leases.empty()]
        for (const one of said) Leases.hear(forth, ids[0]!, one)
        for (const one of said.toReversed()) Leases.hear(back, ids[0]!, one)
        Leases.review(forth, ids[0]!, nowMs)
        Leases.review(back, ids[0]!, nowMs)
        expect([...forth.stale].sort()).toEqual([...back.stale].sort())
      }),
    )
  })

  it("runs out a day after the last word, never for oneself, and comes back with the next", () => {
    const leases = Leases.empty()
    const [self, other] = [ids[0]!, ids[1]!]
    Leases.hear(leases, self, word(self, 1_000))
    Leases.hear(leases, self, word(other, 1_000))
    expect(Leases.review(leases, self, 1_000_000 + leaseMs - 1)).toEqual([])
    expect(Leases.review(leases, self, 1_000_000 + leaseMs)).toEqual([{ origin: other, isStale: true }])
    Leases.hear(leases, self, word(other, 1_000 + leaseMs / 1_000))
    expect(Leases.review(leases, self, 1_000_000 + leaseMs)).toEqual([{ origin: other, isStale: false }])
  })

  it("is renewed by whoever is connected with a node that says none, and nobody renews ours", () => {
    const leases = Leases.empty()
    const [self, deployed, neighbour] = [ids[0]!, ids[1]!, ids[2]!]
    Leases.hear(leases, self, word(deployed, 1_000))
    const later = 1_000 + leaseMs / 1_000
    expect(Leases.review(leases, self, later * 1_000)).toEqual([{ origin: deployed, isStale: true }])
    expect(Leases.hear(leases, self, word(neighbour, later, deployed))).toEqual([neighbour, deployed])
    expect(Leases.review(leases, self, later * 1_000)).toEqual([{ origin: deployed, isStale: false }])
    Leases.hear(leases, self, word(neighbour, later, self))
    expect(leases.lastWord.has(self)).toBe(false)
  })
})

const slots = fc.array(
  fc.record({ subject: fc.constantFrom("a", "b", "c", "d"), origin: fc.constantFrom(...ids), id: fc.stringMatching(/^[0-9a-f]{32}$/) }),
  { maxLength: 30 },
)

describe("the set of what is held", () => {
  it("depends on the last word of each slot alone, whatever was set aside in between", () => {
    fc.assert(
      fc.property(slots, fc.array(fc.tuple(fc.nat(30), fc.constantFrom(...ids), fc.boolean())), (said, asides) => {
        const moved = SlotSet.empty()
        said.forEach((slot, i) => {
          for (const [when, origin, isAside] of asides) if (when === i) SlotSet.setAside(moved, origin, isAside)
          SlotSet.put(moved, slot)
        })
        for (const origin of ids) SlotSet.setAside(moved, origin, false)

        const last = new Map(said.map((slot) => [`${slot.subject} ${slot.origin}`, slot]))
        const plain = SlotSet.empty()
        for (const slot of last.values()) SlotSet.put(plain, slot)
        expect(SlotSet.idsOf(moved, 0, 0)).toEqual(SlotSet.idsOf(plain, 0, 0))
        expect(SlotSet.digestOf(moved, 0, 0, "salt")).toEqual(SlotSet.digestOf(plain, 0, 0, "salt"))
        expect(moved.size).toBe(new Set([...last.values()].map(({ id }) => id)).size)
      }),
    )
  })

  it("has no slot left when all are removed", () => {
    fc.assert(
      fc.property(slots, (said) => {
        const set = SlotSet.empty()
        for (const slot of said) SlotSet.put(set, slot)
        for (const { subject, origin } of said) SlotSet.remove(set, subject, origin)
        expect([set.size, set.held.size, set.buckets.size]).toEqual([0, 0, 0])
      }),
    )
  })
})
