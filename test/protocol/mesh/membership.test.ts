/** Who may join, whom to dial, what a greeting proves, and the dice that decide where nothing else does. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bansMax, candidatesMax } from "../../../src/protocol/limits.ts"
import type { RegistryId } from "../../../src/protocol/identity/id.ts"
import { writeAddress } from "../../../src/protocol/mesh/address.ts"
import * as Candidates from "../../../src/protocol/mesh/candidates.ts"
import { dice, jittered, roll, shuffle } from "../../../src/protocol/mesh/dice.ts"
import { addressOf as dialledAt, judge } from "../../../src/protocol/mesh/greeting.ts"
import { quirks } from "../../../src/protocol/agentdns/quirks.ts"
import { admission, ban, type Roster, without } from "../../../src/protocol/mesh/roster.ts"
import { keyOf, registryOf } from "../../support/builders.ts"
import { addressOf, helloOf, memberOf } from "../../support/mesh.ts"

describe("a greeting", () => {
  const self = { registryId: registryOf(1).registryId, network: "public" }
  const [them, other] = [keyOf(2).publicKey, keyOf(3).publicKey]

  it("proves the id of the key of the handshake, of another than us, in our network; nothing else does", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3),
        fc.constantFrom(1, 2, 3),
        fc.constantFrom(1, 2, 3),
        fc.constantFrom("public", "test"),
        (id, key, proven, network) => {
          const hello = helloOf(2, { nodeId: registryOf(id).registryId, publicKey: keyOf(key).publicKey, network })
          const isGood = id === key && key === proven && id !== 1 && network === "public"
          expect(judge(hello, keyOf(proven).publicKey, self).type).toBe(isGood ? "welcome" : "drop")
        },
      ),
    )
  })

  it("says what is wrong with it", () => {
    const reason = (hello: ReturnType<typeof helloOf>, proven = them) => {
      const verdict = judge(hello, proven, self)
      return verdict.type === "drop" ? verdict.reason : undefined
    }
    expect(reason(helloOf(2))).toBe(undefined)
    expect(reason(helloOf(2, { nodeId: registryOf(3).registryId }))).toBe("id-is-not-of-key")
    expect(reason(helloOf(2), other)).toBe("key-is-not-of-tls")
    expect(reason(helloOf(2, { network: "test" }))).toBe("other-network")
    expect(reason(helloOf(1), keyOf(1).publicKey)).toBe("own-id")
  })

  it("tells where it can be dialled: where it was seen, or where it says, and nowhere when it does not listen", () => {
    expect(dialledAt(helloOf(2), "192.0.2.1")).toEqual({ host: "192.0.2.1", port: 4001 })
    expect(dialledAt(helloOf(2, { advertisedHost: "n2.example" }), "192.0.2.1")).toEqual({ host: "n2.example", port: 4001 })
    expect(dialledAt(helloOf(2, { listenPort: 0 }), "192.0.2.1")).toBe(undefined)
  })
})

describe("the roster", () => {
  const doors = (maxPeers: number) => ({ maxPeers, bans: new Map() })

  /** Joins as the node does. */
  const join = (roster: Roster, seed: number, link: number, direction: "in" | "out", self: number, maxPeers: number): Roster => {
    const member = memberOf(seed, link, { direction, dial: link })
    const verdict = admission(roster, member, registryOf(self).registryId, doors(maxPeers))
    if (verdict.type === "refuse") return roster
    return [...roster.filter(({ registryId }) => registryId !== member.registryId), member]
  }

  it("names each registry once, and never more than may connect, whoever comes and goes", () => {
    const moves = fc.array(
      fc.record({ seed: fc.integer({ min: 2, max: 9 }), direction: fc.constantFrom("in", "out"), leaves: fc.boolean() }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(moves, fc.integer({ min: 0, max: 6 }), (played, maxPeers) => {
        let roster: Roster = []
        played.forEach(({ seed, direction, leaves }, link) => {
          roster = leaves ? without(roster, roster[0]?.link ?? -1) : join(roster, seed, link, direction, 1, maxPeers)
          expect(new Set(roster.map(({ registryId }) => registryId)).size).toBe(roster.length)
          expect(roster.length).toBeLessThanOrEqual(maxPeers)
        })
      }),
    )
  })

  it("refuses a stranger only when it is full, and a member never for being full", () => {
    const [self, full] = [registryOf(1).registryId, [memberOf(2, 1), memberOf(3, 2)]]
    expect(admission(full, memberOf(4, 9), self, doors(2))).toEqual({ type: "refuse", reason: "full" })
    expect(admission(full, memberOf(4, 9), self, doors(3))).toEqual({ type: "admit" })
    expect(admission(full, memberOf(2, 9), self, doors(2))).toEqual({ type: "admit", replaces: full[0] })
  })

  it("gives the place of who speaks as a deployed node to one of ours with that id, whoever dialled, and never the other way", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).filter(([self, them]) => self !== them),
        fc.tuple(fc.constantFrom("in", "out"), fc.constantFrom("in", "out")),
        ([self, them], [before, after]) => {
          const [deployed, proven] = [memberOf(them, 1, { direction: before, quirks }), memberOf(them, 2, { direction: after })]
          const verdict = (roster: Roster, one: typeof proven) => admission(roster, one, registryOf(self).registryId, doors(9))
          expect(verdict([deployed], proven)).toEqual({ type: "admit", replaces: deployed })
          expect(verdict([proven], deployed)).toEqual({ type: "refuse", reason: "duplicate" })
        },
      ),
    )
  })

  it("refuses who is banned, as long as that is, and who is not among the allowed, members too", () => {
    const [self, them] = [registryOf(1).registryId, memberOf(2, 9)]
    const banned = (untilMs: number) => admission([], them, self, { maxPeers: 5, bans: new Map([[them.registryId, untilMs]]) })
    expect(banned(them.connectedAtMs + 1)).toEqual({ type: "refuse", reason: "banned" })
    expect(banned(them.connectedAtMs)).toEqual({ type: "admit" })
    const allowing = (key: typeof them.publicKey) => admission([], them, self, { ...doors(5), allowed: new Set([key]) })
    expect(allowing(keyOf(3).publicKey)).toEqual({ type: "refuse", reason: "not-allowed" })
    expect(allowing(them.publicKey)).toEqual({ type: "admit" })
  })

  it("forgets the oldest bans beyond its bound, and renews one that is there", () => {
    let bans = ban(new Map(), memberOf(2, 1).registryId, 1)
    for (let i = 0; i < bansMax; i++) bans = ban(bans, `zns:registry:${i.toString(16).padStart(32, "0")}` as RegistryId, i)
    expect([bans.size, bans.has(memberOf(2, 1).registryId)]).toEqual([bansMax, false])
    const [first] = bans.keys()
    expect([...ban(bans, first!, 77)].at(-1)).toEqual([first, 77])
    expect(ban(bans, first!, 77).size).toBe(bansMax)
  })

  /**
   * Two nodes that have dialled each other at the same time, or one of them both links, at two addresses. What can happen on each link, in this order: the listener hears
   * HELLO and, if it admits, answers; the dialler hears the answer. A side that drops a link closes it, and the other side
   * learns of that some time later. Everything else may happen in any order.
   */
  it("keeps the same one of two links on both ends, whatever arrives first", () => {
    fc.assert(
      fc.property(
        fc.constantFrom([1, 2] as const, [2, 1] as const, [5, 4] as const),
        fc.constantFrom("a" as const, "b" as const),
        fc.array(fc.nat(7), { maxLength: 60 }),
        ([a, b], secondDialler, draws) => {
          const seeds = { a, b }
          const rosters: Record<"a" | "b", Roster> = { a: [], b: [] }
          type Side = "a" | "b"
          const other = (side: Side): Side => (side === "a" ? "b" : "a")
          // messages under way on each link, by who will hear them; in order
          const wire: Record<1 | 2, Record<Side, Array<"HELLO" | "closed">>> = {
            1: { a: [], b: ["HELLO"] },
            2: { a: [], b: [], [other(secondDialler)]: ["HELLO"] },
          }
          const diallers: Record<1 | 2, Side> = { 1: "a", 2: secondDialler }
          const isOpen: Record<1 | 2, Record<Side, boolean>> = { 1: { a: true, b: true }, 2: { a: true, b: true } }
          const close = (link: 1 | 2, side: Side) => {
            if (!isOpen[link][side]) return
            isOpen[link][side] = false
            wire[link][other(side)].push("closed")
          }
          const hear = (link: 1 | 2, side: Side) => {
            const said = wire[link][side].shift()
            if (said === undefined || !isOpen[link][side]) return
            if (said === "closed") {
              isOpen[link][side] = false
              rosters[side] = without(rosters[side], link)
              return
            }
            const before = rosters[side]
            rosters[side] = join(before, seeds[other(side)], link, diallers[link] === side ? "out" : "in", seeds[side], 15)
            if (rosters[side] === before) return close(link, side)
            for (const gone of before) if (!rosters[side].some((member) => member.link === gone.link)) close(gone.link as 1 | 2, side)
            if (diallers[link] !== side) wire[link][other(side)].push("HELLO")
          }
          const places = [1, 2].flatMap((link) => (["a", "b"] as const).map((side) => [link as 1 | 2, side] as const))
          for (const draw of draws) hear(...places[draw % 4]!)
          // then everything else that is under way arrives
          for (let round = 0; round < 10; round++) for (const place of places) hear(...place)
          expect([rosters.a.length, rosters.b.length]).toEqual([1, 1])
          expect(rosters.a[0]!.link).toBe(rosters.b[0]!.link)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe("candidates", () => {
  const learned = (count: number) =>
    Candidates.learn(
      new Map(),
      Array.from({ length: count }, (_, i) => addressOf(i)),
    )
  const failing = (candidates: Candidates.Candidates, seeds: ReadonlyArray<number>) =>
    seeds.reduce((all, seed) => Candidates.blame(all, writeAddress(addressOf(seed))), candidates)

  it("are known once, and an address that is heard of again keeps its failures", () => {
    const once = failing(learned(3), [1, 1])
    const again = Candidates.learn(once, [addressOf(1), addressOf(2), addressOf(1)])
    expect(again).toEqual(once)
    expect(again.get(writeAddress(addressOf(1)))!.failures).toBe(2)
  })

  it("are bounded: the ones that failed most go first, then the ones heard of last", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(candidatesMax - 1), { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), (blamed, more) => {
        const full = failing(learned(candidatesMax), blamed)
        const after = Candidates.learn(
          full,
          Array.from({ length: more }, (_, i) => addressOf(10_000 + i)),
        )
        expect(after.size).toBe(candidatesMax)
        const gone = [...full.keys()].filter((text) => !after.has(text))
        const failed = [...full.values()].filter(({ failures }) => failures > 0).length
        expect(gone).toHaveLength(Math.min(failed, more))
        for (const text of gone) expect(full.get(text)!.failures).toBeGreaterThan(0)
      }),
      { numRuns: 30 },
    )
  })

  it("are chosen among the idle, least failed first, each once, no more than asked for", () => {
    const seeds = fc.array(fc.nat(19), { maxLength: 12 })
    fc.assert(
      fc.property(seeds, seeds, fc.integer({ min: -3, max: 25 }), fc.nat(), (blamed, busySeeds, count, seed) => {
        const all = failing(learned(20), blamed)
        const busy = new Set(busySeeds.map((one) => writeAddress(addressOf(one))))
        const [chosen] = Candidates.choose(all, busy, count, dice(seed))
        const texts = chosen.map(writeAddress)
        expect(texts).toHaveLength(Math.min(Math.max(0, count), 20 - busy.size))
        expect(new Set(texts).size).toBe(texts.length)
        expect(texts.filter((text) => busy.has(text))).toEqual([])
        const failures = texts.map((text) => all.get(text)!.failures)
        expect(failures).toEqual(failures.toSorted((x, y) => x - y))
        const left = [...all.keys()].filter((text) => !busy.has(text) && !texts.includes(text)).map((text) => all.get(text)!.failures)
        if (failures.length > 0) for (const one of left) expect(one).toBeGreaterThanOrEqual(failures.at(-1)!)
      }),
    )
  })

  it("are drawn: every idle one has its turn", () => {
    const all = learned(8)
    const firsts = new Set(Array.from({ length: 300 }, (_, seed) => Candidates.choose(all, new Set(), 1, dice(seed))[0][0]!.host))
    expect(firsts.size).toBe(8)
  })
})

describe("dice", () => {
  it("fall the same way from the same seed, and another from another", () => {
    const rolls = (seed: number) => {
      let current = dice(seed)
      return Array.from({ length: 20 }, () => {
        const [value, next] = roll(current)
        current = next
        return value
      })
    }
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        expect(rolls(a)).toEqual(rolls(a))
        if (a >>> 0 !== b >>> 0) expect(rolls(a)).not.toEqual(rolls(b))
        for (const value of rolls(a)) expect(value >= 0 && value < 1).toBe(true)
      }),
    )
  })

  it("are even: of many throws each tenth gets its share", () => {
    const shares = Array<number>(10).fill(0)
    let current = dice(42)
    for (let i = 0; i < 100_000; i++) {
      const [value, next] = roll(current)
      current = next
      shares[Math.floor(value * 10)]!++
    }
    for (const share of shares) expect(Math.abs(share - 10_000)).toBeLessThan(500)
  })

  it("shuffle what is there, and favour no order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.nat(), (list, seed) => {
        const [shuffled] = shuffle(list, dice(seed))
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(list.toSorted((a, b) => a - b))
      }),
    )
    const orders = new Map<string, number>()
    for (let seed = 0; seed < 6_000; seed++) {
      const order = shuffle(["a", "b", "c"], dice(seed))[0].join("")
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(orders.size).toBe(6)
    for (const count of orders.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200)
  })

  it("let a wait jitter between half of it and all of it", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(), (ms, seed) => {
        const [waited] = jittered(ms, dice(seed))
        expect(waited).toBeGreaterThanOrEqual(Math.floor(ms / 2))
        expect(waited).toBeLessThanOrEqual(ms)
        expect(Number.isInteger(waited)).toBe(true)
      }),
    )
  })
})
