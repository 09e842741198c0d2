/**
 * Which record wins: merging commutes, associates and is idempotent, so that all nodes that heard the same show the same.
 *
 * Domains are small on purpose: equal times, several slots of one registry and more registries than are kept are frequent.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DeveloperId, RegistryId } from "../../../src/protocol/identity/id.ts"
import { claimsPerEntityMax, tombstoneLifeMs } from "../../../src/protocol/limits.ts"
import * as Slots from "../../../src/protocol/records/slots.ts"

/** A developer of its own or, for a tombstone, nobody: the entity's own key asked. */
interface Slot extends Slots.Slot {
  readonly developer?: DeveloperId
}
const shown = (slots: ReadonlyArray<Slot>) => Slots.shown(slots, (slot) => slot.developer)
const developers = ["zns:dev:0", "zns:dev:1"] as ReadonlyArray<string> as ReadonlyArray<DeveloperId>

const originsCount = claimsPerEntityMax + 3
const origin = fc.nat(originsCount - 1).map((n) => `zns:registry:${n}` as RegistryId)
const slot = (times: number): fc.Arbitrary<Slot> =>
  fc
    .record({
      origin,
      at: fc.nat(times),
      isTombstone: fc.boolean(),
      registeredAt: fc.nat(times),
      homeIsSigned: fc.boolean(),
      tie: fc.nat(1),
    })
    // As in the network, where the id is a digest of the content: equal ids, equal slots.
    .map(({ tie, ...said }) => ({ ...said, id: `${JSON.stringify(said)} ${tie}` }))
/** What was heard of one entity, in order: mostly plain claims, so that the signed ones do not decide everything. */
const history = fc.oneof(
  fc.array(slot(3), { maxLength: 14 }),
  fc.array(
    slot(9).map((one) => ({ ...one, homeIsSigned: false })),
    { maxLength: 14 },
  ),
)
const shuffled = history.chain((heard) => fc.tuple(fc.constant(heard), fc.shuffledSubarray(heard, { minLength: heard.length })))

const mergeAll = (heard: ReadonlyArray<Slot>, held: ReadonlyArray<Slot> = [], self?: RegistryId): ReadonlyArray<Slot> =>
  heard.reduce((slots, one) => Slots.merge(slots, one, self).slots, held)

const asksFor = (tombstone: Slot, record: Slot): boolean => tombstone.developer === undefined || tombstone.developer === record.developer

const runs = { numRuns: 3_000 }

describe("merge", () => {
  it("commutes: the order of arrival does not matter", () => {
    fc.assert(
      fc.property(shuffled, ([heard, other]) => {
        expect(mergeAll(other)).toEqual(mergeAll(heard))
      }),
      runs,
    )
  })

  it("associates: two nodes that heard different things agree when they have exchanged what they hold", () => {
    fc.assert(
      fc.property(history, history, history, (a, b, c) => {
        const left = mergeAll(mergeAll(c), mergeAll(mergeAll(b), mergeAll(a)))
        const right = mergeAll(mergeAll(mergeAll(c), mergeAll(b)), mergeAll(a))
        expect(right).toEqual(left)
        expect(left).toEqual(mergeAll([...a, ...b, ...c]))
      }),
      runs,
    )
  })

  it("is idempotent, and says so: what was heard before changes nothing", () => {
    fc.assert(
      fc.property(history, (heard) => {
        const held = mergeAll(heard)
        for (const one of heard) expect(Slots.merge(held, one)).toEqual({ slots: held, changed: false })
      }),
      runs,
    )
  })

  it("says that something changed exactly when it did", () => {
    fc.assert(
      fc.property(history, slot(3), (heard, one) => {
        const held = mergeAll(heard)
        const { slots, changed } = Slots.merge(held, one)
        expect(changed).toBe(JSON.stringify(slots) !== JSON.stringify(held))
      }),
      runs,
    )
  })

  it("keeps one slot of a registry, the strongest claims first, and no more than the limit", () => {
    fc.assert(
      fc.property(history, (heard) => {
        const held = mergeAll(heard)
        expect(held.length).toBe(Math.min(claimsPerEntityMax, new Set(heard.map((one) => one.origin)).size))
        expect(new Set(held.map((one) => one.origin)).size).toBe(held.length)
        expect([...held].sort(Slots.compareClaims)).toEqual(held)
        for (const one of heard) {
          if (!held.some((kept) => kept.origin === one.origin)) expect(Slots.compareClaims(held.at(-1)!, one)).toBeLessThan(0)
        }
      }),
      runs,
    )
  })

  it("takes the later word of one registry about one claim", () => {
    fc.assert(
      fc.property(slot(3), fc.nat(5), fc.boolean(), (one, later, isTombstone) => {
        const next: Slot = { ...one, at: one.at + 1 + later, isTombstone, id: "next" }
        expect(mergeAll([one, next])).toEqual([next])
        expect(mergeAll([next, one])).toEqual([next])
      }),
    )
  })

  it("never lets go of a claim whose home is signed for one whose home is not", () => {
    fc.assert(
      fc.property(history, (heard) => {
        const signed = new Set(heard.filter((one) => one.homeIsSigned).map((one) => one.origin))
        const kept = mergeAll(heard).filter((one) => one.homeIsSigned)
        expect(kept.length).toBe(Math.min(signed.size, claimsPerEntityMax))
      }),
      runs,
    )
  })

  it("keeps what a home said itself beside better claims, and does not count it then", () => {
    const self = "zns:registry:9" as RegistryId
    fc.assert(
      fc.property(history, slot(3), (heard, one) => {
        const own: Slot = { ...one, origin: self }
        const held = mergeAll(heard, [own], self)
        expect(held).toContain(own)
        expect(Slots.counted(held)).toEqual(mergeAll([own, ...heard]))
      }),
      runs,
    )
  })
})

describe("registries' own words", () => {
  /** Some words of one registry are its own. */
  const word: fc.Arbitrary<Slot> = fc
    .tuple(slot(9), fc.boolean())
    .map(([one, isOwn]) => (one.isTombstone && isOwn ? { ...one, homeIsSigned: false, isOwnWord: true, id: `${one.id} own` } : one))
  const draws = fc.array(fc.tuple(word, fc.nat(1_000)), { maxLength: 30 })

  it("make room for claims that were forgotten: whoever heard what, in whatever order, has the same after exchanging it", () => {
    fc.assert(
      fc.property(draws, fc.nat(3), (drawn, bystanders) => {
        // every registry knows all that it said itself, in order; everybody else hears some of it, in some order
        const homes = [...new Set(drawn.map(([{ origin }]) => origin))]
        const nodes = [...homes, ...Array.from({ length: bystanders }, () => undefined)]
        const held = nodes.map((self, n) => {
          const own = drawn.flatMap(([one]) => (one.origin === self ? [one] : []))
          const heard = drawn
            .flatMap(([one, chance], i) =>
              one.origin !== self && ((chance >> (n % 8)) + i) % 3 > 0 ? [{ one, turn: (chance * (n + 3) + i * 7) % 31 }] : [],
            )
            .sort((a, b) => a.turn - b.turn)
            .map(({ one }) => one)
          return [...own, ...heard].reduce<ReadonlyArray<Slot>>((slots, one) => Slots.merge(slots, one, self).slots, [])
        })
        const hear = (node: number, one: Slot) => {
          held[node] = Slots.merge(held[node]!, one, nodes[node]).slots
        }
        const exchange = (from: number, to: number) => {
          for (const one of Slots.counted(held[from]!)) {
            hear(to, one)
            // who is offered an older word of its own says the later one again, to all
            const own = held[to]!.find(({ origin }) => origin === nodes[to])
            if (own?.origin === one.origin && own !== one) for (const node of held.keys()) hear(node, own)
          }
        }
        for (let round = 0; round < 4; round++)
          for (const from of held.keys()) for (const to of held.keys()) if (from !== to) exchange(from, to)
        expect(new Set(held.map((slots) => JSON.stringify(Slots.counted(slots)))).size).toBeLessThanOrEqual(1)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe("shown", () => {
  it("shows the strongest claim that no deletion ends, and nothing else", () => {
    fc.assert(
      fc.property(history, (heard) => {
        const held = mergeAll(heard)
        const visible = shown(held)
        const isEnded = (record: Slot, rank: number) =>
          held.some(
            (tombstone, better) =>
              tombstone.isTombstone &&
              asksFor(tombstone, record) &&
              (!record.homeIsSigned || (better < rank && tombstone.at >= record.registeredAt)),
          )
        for (const [rank, slot] of held.entries()) {
          if (slot === visible) {
            expect(slot.isTombstone || isEnded(slot, rank)).toBe(false)
            return
          }
          expect(slot.isTombstone || isEnded(slot, rank)).toBe(true)
        }
        expect(visible).toBeUndefined()
      }),
      runs,
    )
  })

  it("lets no stranger end an entity by saying to be its developer", () => {
    const record: Slot = {
      origin: "zns:registry:1" as RegistryId,
      at: 5,
      id: "a",
      isTombstone: false,
      registeredAt: 5,
      homeIsSigned: false,
      developer: developers[0]!,
    }
    const forged: Slot = {
      ...record,
      origin: "zns:registry:0" as RegistryId,
      at: 9,
      id: "b",
      isTombstone: true,
      registeredAt: 0,
      developer: developers[1]!,
    }
    expect(shown(mergeAll([record, forged]))).toBe(record)
    expect(shown(mergeAll([record, { ...forged, developer: developers[0]! }]))).toBeUndefined()
    const { developer: _, ...byEntity } = forged
    expect(shown(mergeAll([record, byEntity]))).toBeUndefined()
  })

  it("shows nothing that another registry claims while a deletion is remembered, whenever it says that it registered there", () => {
    fc.assert(
      fc.property(
        slot(3),
        fc.array(slot(9), { maxLength: 9 }),
        fc.uniqueArray(origin, { maxLength: claimsPerEntityMax - 1 }),
        (one, claims, claimers) => {
          const tombstone: Slot = { ...one, isTombstone: true }
          const others = claims
            .filter((claim) => claim.origin !== one.origin && claimers.includes(claim.origin))
            .map((claim) => ({ ...claim, homeIsSigned: false }))
          expect(shown(mergeAll([tombstone, ...others]))).toBeUndefined()
        },
      ),
      runs,
    )
  })

  it("shows at once what registered after the deletion at a home that the entity signed", () => {
    fc.assert(
      fc.property(slot(3), origin, (one, elsewhere) => {
        const tombstone: Slot = { ...one, isTombstone: true }
        const fresh: Slot = {
          ...one,
          origin: elsewhere,
          isTombstone: false,
          homeIsSigned: true,
          at: one.at + 2,
          registeredAt: one.at + 1,
          id: "fresh",
        }
        if (elsewhere === one.origin) return
        expect(shown(mergeAll([tombstone, fresh]))).toEqual(fresh)
        expect(shown(mergeAll([tombstone]))).toBeUndefined()
        // a developer's profile names no home, however well it is signed
        expect(Slots.shown(mergeAll([tombstone, fresh]), (claim) => claim.developer, false)).toBeUndefined()
      }),
    )
  })

  it("shows an entity again that its home registers again", () => {
    fc.assert(
      fc.property(history, slot(3), fc.nat(9), (heard, first, now) => {
        const deleted: Slot = { ...first, isTombstone: true, at: first.at + 1, id: "deleted" }
        const again: Slot = { ...first, ...Slots.nextWord(deleted, now), isTombstone: false, id: "again" }
        const held = mergeAll([...heard.filter((one) => one.origin !== first.origin), first, deleted])
        const after = Slots.merge(held, again)
        expect(after.changed).toBe(held.some((one) => one.origin === first.origin))
        const isDeletedElsewhere = !again.homeIsSigned && held.some(({ isTombstone, origin }) => isTombstone && origin !== first.origin)
        if (held[0]?.origin === first.origin && !isDeletedElsewhere) expect(shown(after.slots)).toBe(again)
      }),
      runs,
    )
  })

  it("is not contested by registries that only say it is gone", () => {
    const claim: Slot = { origin: "zns:registry:0" as RegistryId, at: 1, id: "a", isTombstone: false, registeredAt: 1, homeIsSigned: false }
    const other: Slot = { ...claim, origin: "zns:registry:1" as RegistryId, id: "b" }
    expect(Slots.isContested(mergeAll([claim]))).toBe(false)
    expect(Slots.isContested(mergeAll([claim, other]))).toBe(true)
    expect(Slots.isContested(mergeAll([claim, { ...other, isTombstone: true }]))).toBe(false)
  })
})

describe("isExpired", () => {
  it("forgets tombstones when their life is over, and records never", () => {
    const tombstone: Slot = {
      origin: "zns:registry:0" as RegistryId,
      at: 10,
      id: "a",
      isTombstone: true,
      registeredAt: 1,
      homeIsSigned: false,
    }
    expect(Slots.isExpired(tombstone, 10_000 + tombstoneLifeMs - 1)).toBe(false)
    expect(Slots.isExpired(tombstone, 10_000 + tombstoneLifeMs)).toBe(true)
    expect(Slots.isExpired({ ...tombstone, isTombstone: false }, Number.MAX_SAFE_INTEGER)).toBe(false)
  })
})
