/** Table and buckets: properties over what may happen to them, against the rules said plainly. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { networkOf } from "../../../src/protocol/dht/contact.ts"
import { branching, compare, flipped, share, sharedBits } from "../../../src/protocol/dht/distance.ts"
import type { DhtKey } from "../../../src/protocol/dht/key.ts"
import * as Table from "../../../src/protocol/dht/routing-table.ts"
import {
  dhtContactsPerNetwork,
  dhtContactsPerNetworkAndBucket,
  dhtQuietMs,
  dhtRefreshMs,
  dhtReplacementsMax,
} from "../../../src/protocol/limits.ts"
import { keyFrom, keyWith, seenAt } from "../../support/dht.ts"

const self = keyFrom("self")
const k = 4
const keys = fc.nat(60).map((number) => keyFrom(`node ${number}`))
const networks = fc.constantFrom(undefined, undefined, "203.0.113.0/24", "198.51.100.0/24")
/** Seen, or silent; the time moves on. */
const happenings = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant("seen" as const), id: keys, network: networks }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("silent" as const), id: keys, network: networks }) },
  ),
  { maxLength: 150 },
)
type Happening = { readonly type: "seen" | "silent"; readonly id: DhtKey; readonly network: string | undefined }

const play = (table: Table.RoutingTable, list: ReadonlyArray<Happening>, each: (at: number, happening: Happening) => void = () => {}) =>
  list.forEach((happening, at) => {
    if (happening.type === "seen") Table.see(table, seenAt(happening.id, at * 1_000, happening.network))
    else Table.lose(table, happening.id)
    each(at, happening)
  })

/** By comparing numbers of 256 bits. */
const distance = (a: DhtKey, b: DhtKey) => BigInt(`0x${a}`) ^ BigInt(`0x${b}`)

describe("distance", () => {
  it("is XOR, whatever the digits", () => {
    const key = fc.string({ minLength: 1 }).map(keyFrom)
    fc.assert(
      fc.property(key, key, key, (target, a, b) => {
        const difference = distance(target, a) - distance(target, b)
        expect(Math.sign(compare(target, a, b))).toBe(difference === 0n ? 0 : difference < 0n ? -1 : 1)
        expect(sharedBits(a, b)).toBe(a === b ? 256 : 256 - distance(a, b).toString(2).length)
        expect(share(a, b)).toBeCloseTo(Number(distance(a, b)) / 2 ** 256, 12)
      }),
    )
  })

  it("flips one bit, and branches off where it is told to", () => {
    fc.assert(
      fc.property(fc.string().map(keyFrom), fc.string().map(keyFrom), fc.nat(255), (key, rest, bit) => {
        expect(sharedBits(key, flipped(key, bit))).toBe(bit)
        expect(distance(key, flipped(key, bit))).toBe(1n << BigInt(255 - bit))
        expect(sharedBits(key, branching(key, bit, rest))).toBe(bit)
        expect(sharedBits(branching(key, bit, rest), rest) >= 0).toBe(true)
      }),
    )
  })
})

describe("the routing table", () => {
  it("has at most k in a bucket, each in its own, each once, and never itself", () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const table = Table.empty(self, k)
        play(table, [...list, { type: "seen", id: self, network: undefined }])
        for (const [bits, { contacts, replacements }] of table.buckets) {
          expect(contacts.length).toBeLessThanOrEqual(k)
          expect(replacements.length).toBeLessThanOrEqual(dhtReplacementsMax)
          for (const { id } of [...contacts, ...replacements]) expect(sharedBits(self, id)).toBe(bits)
          expect(new Set([...contacts, ...replacements].map(({ id }) => id)).size).toBe(contacts.length + replacements.length)
        }
      }),
    )
  })

  it("keeps diversity: three of a network in a bucket, ten in all", () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const table = Table.empty(self, k)
        play(table, list, () => {
          const all = Map.groupBy(Table.contactsOf(table), ({ network }) => network)
          for (const [network, members] of all) if (network !== undefined) expect(members.length).toBeLessThanOrEqual(dhtContactsPerNetwork)
          for (const { contacts } of table.buckets.values())
            for (const [network, members] of Map.groupBy(contacts, (seen) => seen.network))
              if (network !== undefined) expect(members.length).toBeLessThanOrEqual(dhtContactsPerNetworkAndBucket)
        })
      }),
    )
  })

  it("prefers who has been there: whoever comes, only silence makes a contact leave", () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const table = Table.empty(self, k)
        let before: ReadonlyArray<DhtKey> = []
        play(table, list, (_, { id, network, type }) => {
          const now = Table.contactsOf(table).map((seen) => seen.id)
          const lost = before.filter((one) => !now.includes(one))
          // who moved to a crowded network may be refused there
          if (type === "silent" || network !== undefined) expect(lost.filter((one) => one !== id)).toEqual([])
          else expect(lost).toEqual([])
          before = now
        })
      }),
    )
  })

  it("has its buckets in the order in which they were heard", () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const table = Table.empty(self, k)
        play(table, list)
        for (const { contacts } of table.buckets.values())
          expect(contacts.map(({ seenMs }) => seenMs)).toEqual(contacts.map(({ seenMs }) => seenMs).toSorted((a, b) => a - b))
      }),
    )
  })

  it("fills a place at once when somebody waits for it", () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const table = Table.empty(self, k)
        const free = list.map((happening) => ({ ...happening, network: undefined }))
        play(table, free, () => {
          for (const { contacts, replacements } of table.buckets.values())
            expect(contacts.length === k || replacements.length === 0).toBe(true)
        })
      }),
    )
  })

  it("tells whom to ask before anybody's place is given away: who was silent longest, and not who was just heard", () => {
    const table = Table.empty(keyWith("0", "self"), 2)
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => keyWith("1", name)) as [DhtKey, DhtKey, DhtKey, DhtKey]
    Table.see(table, seenAt(a, 0))
    Table.see(table, seenAt(b, 1))
    expect(Table.see(table, seenAt(c, 2))).toEqual({ type: "waits" })
    expect(Table.see(table, seenAt(d, dhtQuietMs))).toEqual({ type: "waits", suspect: seenAt(a, 0) })
    Table.lose(table, a)
    expect(Table.contactsOf(table).map(({ id }) => id)).toEqual([b, d])
  })

  it("finds the closest, closest first", () => {
    fc.assert(
      fc.property(happenings, keys, fc.integer({ min: 1, max: 30 }), (list, target, count) => {
        const table = Table.empty(self, k)
        play(table, list)
        const expected = Table.contactsOf(table)
          .map(({ id }) => id)
          .toSorted((a, b) => (distance(target, a) < distance(target, b) ? -1 : 1))
          .slice(0, count)
        expect(Table.closest(table, target, count).map(({ id }) => id)).toEqual(expected)
      }),
    )
  })

  /** One far away, and as many near us as a bucket holds. */
  const known = (): Table.RoutingTable => {
    const table = Table.empty(keyWith("0", "self"), k)
    Table.see(table, seenAt(keyWith("1", "far"), 0))
    for (let i = 0; i < k; i++) Table.see(table, seenAt(branching(table.self, 2 + (i >> 1), keyFrom(`near ${i}`)), 1))
    return table
  }

  it("looks again where nothing was looked for in an hour, the longest first; near us for ourselves", () => {
    const table = known()
    expect(Table.refreshTarget(table, keyFrom("random"), dhtRefreshMs - 1)).toBeUndefined()
    const target = Table.refreshTarget(table, keyFrom("random"), dhtRefreshMs + 1)!
    expect(sharedBits(table.self, target)).toBe(0)
    Table.touch(table, target, dhtRefreshMs + 1)
    expect(Table.refreshTarget(table, keyFrom("random"), dhtRefreshMs + 1)).toBe(table.self)
    Table.touch(table, table.self, dhtRefreshMs + 1)
    expect(Table.refreshTarget(table, keyFrom("random"), dhtRefreshMs + 1)).toBeUndefined()
  })

  it("looks, when it is new, into every range beyond its neighbourhood that has room", () => {
    const table = known()
    const bits = () => Table.joinTargets(table, keyFrom("random")).map((target) => sharedBits(table.self, target))
    expect(bits()).toEqual([0, 1])
    for (let i = 0; i < k; i++) Table.see(table, seenAt(keyWith("1", `far ${i}`), 2))
    expect(bits()).toEqual([1])
  })

  it("knows about how many nodes there are", () => {
    for (const count of [100, 1_000, 10_000]) {
      const sizes = Array.from({ length: 8 }, (_, seed) => {
        const table = Table.empty(keyFrom(`self ${seed}`))
        for (let i = 0; i < count; i++) Table.see(table, seenAt(keyFrom(`${seed}/${i}`)))
        return Table.networkSize(table) / count
      })
      const mean = sizes.reduce((sum, size) => sum + size) / sizes.length
      expect(mean).toBeGreaterThan(0.6)
      expect(mean).toBeLessThan(1.7)
    }
  })
})

describe("the network of an address", () => {
  it.each([
    ["203.0.113.9", "203.0.113.0/24"],
    ["::ffff:203.0.113.9", "203.0.113.0/24"],
    ["2001:db8:1:2::3", "2001:db8:1::/48"],
    ["2001:db8::1", "2001:db8:0::/48"],
  ])("%s is of %s", (host, network) => {
    expect(networkOf(host)).toBe(network)
  })
  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.1.1",
    "100.64.0.1",
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "node.example",
  ])("%s is exempt", (host) => {
    expect(networkOf(host)).toBeUndefined()
  })
})
