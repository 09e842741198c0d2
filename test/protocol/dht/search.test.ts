/** A lookup's arithmetic: whatever is answered, by whomever, it ends, asks nobody twice, and its result is sorted and alive. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Contact } from "../../../src/protocol/dht/contact.ts"
import { isCrowded, mirrorsOf } from "../../../src/protocol/dht/crowding.ts"
import { compare, sharedBits } from "../../../src/protocol/dht/distance.ts"
import type { DhtKey } from "../../../src/protocol/dht/key.ts"
import * as Search from "../../../src/protocol/dht/search.ts"
import * as Shortlist from "../../../src/protocol/dht/shortlist.ts"
import { dhtQuestionsPerLookupMax, dhtShortlistMax } from "../../../src/protocol/limits.ts"
import { announced, entityOf, registryOf } from "../../support/builders.ts"
import { contactAt, keyFrom, keyWith, valueOf } from "../../support/dht.ts"

const key = keyFrom("looked for")
const k = 5
const planOf = (over: Partial<Search.SearchPlan> = {}): Search.SearchPlan => ({
  self: keyFrom("us"),
  key,
  goal: "contacts",
  k,
  alpha: 3,
  paths: 1,
  holdersWanted: 2,
  ...over,
})

const byId = (a: Contact, b: Contact): number => (a.id < b.id ? -1 : 1)

/** A network: who knows whom, who is silent, and who misleads. */
const networks = fc
  .record({
    size: fc.integer({ min: 1, max: 40 }),
    silent: fc.array(fc.nat(39), { maxLength: 15 }),
    seed: fc.nat(10_000),
    order: fc.infiniteStream(fc.nat(5)),
  })
  .map(({ order, seed, silent, size }) => {
    const all = Array.from({ length: size }, (_, i) => contactAt(keyFrom(`${seed}/${i}`)))
    const isSilent = new Set(silent.filter((i) => i > 0 && i < size).map((i) => all[i]!.id))
    // each knows the two that come after it in a ring, and some by chance
    const known = (at: number): ReadonlyArray<Contact> => [1, 2, 7, 11].map((step) => all[(at + step) % size]!)
    return { all, isSilent, known, order }
  })
type Network = typeof networks extends fc.Arbitrary<infer N> ? N : never

interface Played {
  readonly search: Search.Search
  readonly asked: ReadonlyArray<DhtKey>
  readonly nearest: ReadonlyArray<DhtKey | undefined>
}

/** Answers in a drawn order until it is over. */
const play = (plan: Search.SearchPlan, { all, isSilent, known, order }: Network, hear: typeof Search.hear = Search.hear): Played => {
  let search = Search.begin(plan, [all[0]!], all.length)
  const open: Array<DhtKey> = []
  const asked: Array<DhtKey> = []
  const nearest: Array<DhtKey | undefined> = []
  for (;;) {
    const [questions, next] = Search.ask(Search.withMirrors(search))
    search = next
    open.push(...questions.map(({ to }) => to.id))
    asked.push(...questions.map(({ to }) => to.id))
    nearest.push(Search.closest(search)[0]?.id)
    if (Search.isOver(search) || open.length === 0) return { search, asked, nearest }
    const [id] = open.splice(order.next().value % open.length, 1) as [DhtKey]
    const at = all.findIndex((contact) => contact.id === id)
    search = isSilent.has(id) ? Search.giveUpOn(search, id) : hear(search, id, known(at), [])
  }
}

describe("a lookup", () => {
  it.each(["contacts", "value"] as const)("for %s ends, and asks nobody twice", (goal) => {
    fc.assert(
      fc.property(networks, fc.integer({ min: 1, max: 4 }), (network, paths) => {
        const { asked, search } = play(planOf({ goal, paths }), network)
        expect(Search.isOver(search)).toBe(true)
        expect(new Set(asked).size).toBe(asked.length)
        expect(asked.length).toBeLessThanOrEqual(dhtQuestionsPerLookupMax)
      }),
    )
  })

  it("comes to the closest of those that answer: sorted, unique, alive", () => {
    fc.assert(
      fc.property(networks, (network) => {
        const { asked, search } = play(planOf(), network)
        const found = Search.closest(search).map(({ id }) => id)
        expect(found).toEqual([...new Set(found)].toSorted((a, b) => compare(key, a, b)))
        expect(found.filter((id) => network.isSilent.has(id))).toEqual([])
        // nobody that was heard of and may answer is closer than the last of them
        const answering = asked.filter((id) => !network.isSilent.has(id)).toSorted((a, b) => compare(key, a, b))
        expect(found).toEqual(answering.slice(0, k))
        const heard = network.all.filter((_, at) =>
          network.all.some(
            (contact, i) => asked.includes(contact.id) && !network.isSilent.has(contact.id) && network.known(i).includes(network.all[at]!),
          ),
        )
        for (const { id } of heard) if (found.length === k && compare(key, id, found.at(-1)!) < 0) expect(asked).toContain(id)
      }),
    )
  })

  it("never comes farther away", () => {
    fc.assert(
      fc.property(networks, (network) => {
        const { nearest } = play(planOf(), network)
        nearest.forEach((id, i) => {
          const before = nearest[i - 1]
          if (before !== undefined) expect(compare(key, id!, before)).toBeLessThanOrEqual(0)
        })
      }),
    )
  })

  it("keeps its paths apart: who misleads one misleads no other", () => {
    const [liar, honest] = [contactAt(keyWith("1", "liar")), contactAt(keyWith("1", "honest"))]
    const crowd = Array.from({ length: k }, (_, i) => contactAt(keyWith("0000", `crowd ${i}`)))
    const plan = planOf({ goal: "value", paths: 2, key: keyWith("0000", "key") })
    const [questions, begun] = Search.ask(Search.begin(plan, [liar, honest], 1_000))
    expect(questions.map(({ to }) => to)).toEqual([liar, honest])
    const [next, misled] = Search.ask(Search.hear(begun, liar.id, crowd, []))
    expect(next).toHaveLength(1)
    const holder = contactAt(keyWith("0001", "holder"))
    const [last] = Search.ask(Search.hear(misled, honest.id, [holder], []))
    expect(last.map(({ to }) => to)).toEqual([holder])
  })

  it("asks others, too, where those who are closest name nobody but one another", () => {
    const liars = Array.from({ length: 8 }, (_, i) => contactAt(keyWith("00000000", `liar ${i}`)))
    const honest = Array.from({ length: 4 }, (_, i) => contactAt(keyWith("0001", `honest ${i}`)))
    const plan = planOf({ goal: "value", k: 8, paths: 4, key: keyWith("00000000", "key") })
    let search = Search.begin(plan, [...liars.slice(0, 4), ...honest], 1_000)
    const asked = new Set<DhtKey>()
    while (!Search.isOver(search)) {
      const [questions, next] = Search.ask(search)
      search = questions.reduce((known, { to }) => Search.hear(known, to.id, liars.includes(to) ? liars : [], []), next)
      for (const { to } of questions) asked.add(to.id)
    }
    expect(honest.filter(({ id }) => !asked.has(id))).toEqual([])
  })

  it("asks all of these at once: they lead nowhere closer, and who stores something may not have long", () => {
    const close = Array.from({ length: 4 }, (_, i) => contactAt(keyWith("00000000", `close ${i}`)))
    const others = Array.from({ length: 20 }, (_, i) => contactAt(keyWith("0001", `other ${i}`)))
    const plan = planOf({ goal: "value", k: 4, paths: 4, key: keyWith("00000000", "key") })
    const [first, begun] = Search.ask(Search.begin(plan, [...close, ...others], 1_000))
    expect(first.map(({ to }) => to).toSorted(byId)).toEqual(close.toSorted(byId))
    const [second] = Search.ask(first.reduce((known, { to }) => Search.hear(known, to.id, close, []), begun))
    // each of four paths has asked one, and owes two more of its three (0.7 k)
    expect(second.length).toBe(8)
  })

  it("ends when enough paths came to a holder, with the latest word of all of them", () => {
    const registry = registryOf(1)
    const value = valueOf(announced(registry, entityOf(2, 0)), 1)
    const plan = planOf({ goal: "value", paths: 3, key: value.key })
    const three = ["a", "b", "c"].map((name) => contactAt(keyFrom(name)))
    const [questions, begun] = Search.ask(Search.begin(plan, three, 3))
    const once = Search.hear(begun, questions[0]!.to.id, [], [value])
    expect(Search.isOver(once)).toBe(false)
    const later = valueOf(announced(registry, entityOf(2, 0)), 1, value.at + 5)
    const twice = Search.hear(once, questions[1]!.to.id, [], [later])
    expect(Search.isOver(twice)).toBe(true)
    expect(twice.values).toEqual([later])
  })

  it("does not take a value for another key", () => {
    const value = valueOf(announced(registryOf(1), entityOf(2, 0)), 1)
    const [, begun] = Search.ask(Search.begin(planOf({ goal: "value" }), [contactAt(keyFrom("a"))], 1))
    expect(Search.hear(begun, keyFrom("a"), [], [value]).values).toEqual([])
  })

  it("looks around a key that is crowded, and nowhere else", () => {
    const crowdedKey = keyFrom("crowded")
    const crowd = Array.from({ length: 20 }, (_, i) => contactAt(`${crowdedKey.slice(0, 5)}${keyFrom(`s${i}`).slice(5)}` as DhtKey))
    expect(isCrowded(crowdedKey, crowd, 1_000)).toBe(true)
    const plan = planOf({ goal: "value", k: 20, alpha: 1, key: crowdedKey })
    let search = Search.begin(plan, crowd, 1_000)
    for (let i = 0; i < 20; i++) {
      const [[question], next] = Search.ask(search)
      search = Search.hear(next, question!.to.id, crowd, [])
    }
    expect(Search.isOver(search)).toBe(false)
    const mirrored = Search.withMirrors(search)
    expect(mirrored.paths).toHaveLength(3)
    for (const mirror of mirrorsOf(crowdedKey, 1_000)) expect(sharedBits(mirror, crowdedKey)).toBeLessThan(8)
    const sparse = Array.from({ length: 1_000 }, (_, i) => contactAt(keyFrom(`n${i}`)))
      .toSorted((a, b) => compare(crowdedKey, a.id, b.id))
      .slice(0, 20)
    expect(isCrowded(crowdedKey, sparse, 1_000)).toBe(false)
  })
})

describe("the shortlist", () => {
  it("has everybody once, closest first, and is bounded", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(200), { maxLength: 40 }), { maxLength: 10 }), (heard) => {
        const list = heard.reduce(
          (known, numbers) =>
            Shortlist.learn(
              known,
              numbers.map((n) => contactAt(keyFrom(`c${n}`))),
            ),
          Shortlist.empty(key),
        )
        const ids = list.entries.map(({ contact }) => contact.id)
        expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => compare(key, a, b)))
        expect(ids.length).toBeLessThanOrEqual(dhtShortlistMax)
      }),
    )
  })
})
