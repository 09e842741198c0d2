/** The DHT's memory and its publisher: what they answer, whom they keep, and what they see to. */
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/actors/command.ts"
import { dht, type DhtEvent, type DhtMemory } from "../../src/actors/dht.ts"
import type { DhtLookupInput } from "../../src/actors/dht-lookup.ts"
import { dhtPublisher, type DhtPublisherEvent } from "../../src/actors/dht-publisher.ts"
import { branching, compare } from "../../src/protocol/dht/distance.ts"
import type { DhtKey } from "../../src/protocol/dht/key.ts"
import * as Table from "../../src/protocol/dht/routing-table.ts"
import * as Search from "../../src/protocol/dht/search.ts"
import * as Values from "../../src/protocol/dht/value-store.ts"
import {
  dhtPublicationsAtOnce,
  dhtQuestionsPerSecond,
  dhtQuietMs,
  dhtRememberMs,
  dhtRepublishMs,
  dhtUpkeepMs,
  dhtVisitorsMax,
} from "../../src/protocol/limits.ts"
import type { Dht } from "../../src/protocol/wire/message.ts"
import { announced, entityOf, registryOf } from "../support/builders.ts"
import { contactAt, dhtContactOf, keyFrom, keyWith, valueOf, seenAt } from "../support/dht.ts"
import { noonMs } from "../support/mesh.ts"
import { inWords } from "../support/table.ts"

const self = keyFrom("us")
const begin = (k = 20, own = self): DhtMemory => dht.begin({ self: own, k, alpha: 3, remembered: [], seed: 1 })
const step = (memory: DhtMemory, event: DhtEvent): ReadonlyArray<Command> => {
  const said: Array<Command> = []
  dht.step(memory, event, (command) => void said.push(command))
  return said
}
const words = (said: ReadonlyArray<Command>) => said.map(inWords)
const joined = (link: number, id: DhtKey, over: object = {}): DhtEvent => ({
  type: "link.opened",
  link,
  id,
  address: contactAt(id).address,
  host: "192.168.0.1",
  nowMs: noonMs,
  ...over,
})
const asks = (link: number, message: Dht, nowMs = noonMs): DhtEvent => ({ type: "message.received", link, message, nowMs })
const value = valueOf(announced(registryOf(1), entityOf(2, 0)), 1)
const sent = (said: ReadonlyArray<Command>): ReadonlyArray<unknown> =>
  said.flatMap((command) => (command.type === "send" ? [command.message] : []))

describe("the DHT", () => {
  it("joins with the first contact: looks for itself, then into every range, beginning with some from anywhere", () => {
    const memory = begin(2)
    expect(words(step(memory, joined(1, keyFrom("a"))))).toEqual(["remind"])
    expect(words(step(memory, joined(2, keyFrom("b"))))).toEqual([])
    const [said] = step(memory, { type: "join.due", nowMs: noonMs })
    expect(said).toMatchObject({ type: "start", actor: "dht-lookup", input: { plan: { key: self, goal: "contacts" } } })
    for (const bits of [3, 5, 5, 6]) {
      const id = branching(self, bits, keyFrom(`n${bits}`))
      Table.see(memory.table, seenAt(id, noonMs))
    }
    const search = Search.begin({ self, key: self, goal: "contacts", k: 2, alpha: 3, paths: 1, holdersWanted: 0 }, [], 0)
    const next = step(memory, { type: "lookup.ended", lookup: "dht-lookup/refresh/1", search, nowMs: noonMs })
    expect(words(next)).toEqual(["start dht-lookup/refresh/2"])
    expect(memory.refreshes.length).toBeGreaterThan(1)
    const { among } = (next[0] as Extract<Command, { type: "start" }>).input as DhtLookupInput
    const known = Table.contactsOf(memory.table).map(({ id }) => id)
    expect([new Set(among!.map(({ id }) => id)).size, among!.every(({ id }) => known.includes(id))]).toEqual([3, true])
  })

  it("answers what it is asked, and never names the asker to itself", () => {
    const memory = begin()
    const [a, b] = [keyFrom("a"), keyFrom("b")]
    step(memory, joined(1, a))
    step(memory, joined(2, b))
    Values.put(memory.values, value, noonMs)
    expect(sent(step(memory, asks(1, { type: "DHT", op: "PING", request: 4 })))).toEqual([{ type: "DHT", op: "PONG", request: 4 }])
    expect(sent(step(memory, asks(1, { type: "DHT", op: "FIND_NODE", request: 5, target: a })))).toMatchObject([
      { op: "NODES", nodes: [{ id: b }] },
    ])
    const { key } = value
    expect(sent(step(memory, asks(1, { type: "DHT", op: "FIND_VALUE", request: 6, key, target: key })))).toMatchObject([
      { op: "VALUES", values: [value.document], nodes: [{ id: b }] },
    ])
    expect(step(memory, asks(9, { type: "DHT", op: "PING", request: 7 }))).toEqual([])
  })

  it("stores what proved itself, and nothing else", () => {
    const memory = begin()
    step(memory, joined(1, keyFrom("a")))
    const store = asks(1, { type: "DHT", op: "STORE", request: 8, key: value.key, values: [value.document] })
    expect(step(memory, store)).toEqual([{ type: "prove", about: { link: 1, request: 8 }, key: value.key, documents: [value.document] }])
    expect(Values.sizeOf(memory.values)).toBe(0)
    const refused = step(memory, { type: "values.proven", about: { link: 1, request: 8 }, values: [] })
    expect([sent(refused), Values.sizeOf(memory.values)]).toEqual([[{ type: "DHT", op: "STORED", request: 8, stored: 0 }], 0])
    step(memory, { type: "values.proven", about: { link: 1, request: 8 }, values: [value] })
    expect(Values.get(memory.values, value.key, noonMs)).toEqual([value])
  })

  it("drops questions beyond the bound, and visitors beyond theirs", () => {
    const memory = begin()
    step(memory, joined(1, keyFrom("a")))
    const answers = Array.from({ length: dhtQuestionsPerSecond + 5 }, (_, request) =>
      step(memory, asks(1, { type: "DHT", op: "PING", request })),
    )
    expect(answers.flatMap(sent)).toHaveLength(dhtQuestionsPerSecond)
    expect(sent(step(memory, asks(1, { type: "DHT", op: "PING", request: 1 }, noonMs + 1_000)))).toHaveLength(1)
    for (let link = 2; link <= dhtVisitorsMax; link++) step(memory, joined(link, keyFrom(`v${link}`), { address: undefined }))
    expect(words(step(memory, joined(9_999, keyFrom("one more"), { closer: "dht-link/in/9999" })))).toEqual([
      "tell dht-link/in/9999 link.unwanted",
    ])
  })

  it("asks whom it has not heard for long before it gives their place away", () => {
    const us = keyWith("0", "us")
    const memory = begin(1, us)
    const [a, b] = [keyWith("1", "a"), keyWith("1", "b")]
    step(memory, joined(1, a))
    expect(words(step(memory, joined(2, b, { nowMs: noonMs + 1 })))).toEqual([])
    const said = step(memory, { type: "contact.answered", link: 2, nowMs: noonMs + dhtQuietMs })
    expect(said).toMatchObject([{ to: "dht-pool", event: { goal: "ping", questions: [{ to: { id: a } }] } }])
    expect(Table.contactsOf(memory.table).map(({ id }) => id)).toEqual([a])
    step(memory, { type: "contact.failed", id: a, nowMs: noonMs + dhtQuietMs })
    expect(Table.contactsOf(memory.table).map(({ id }) => id)).toEqual([b])
  })

  it("takes a contact in again that was silent once, with its next word", () => {
    const memory = begin()
    const id = keyFrom("a")
    step(memory, joined(1, id))
    step(memory, { type: "contact.failed", id, nowMs: noonMs + 1 })
    expect(Table.sizeOf(memory.table)).toBe(0)
    step(memory, { type: "contact.answered", link: 1, nowMs: noonMs + 2 })
    expect(Table.contactsOf(memory.table).map((contact) => contact.id)).toEqual([id])
  })

  it("says again what nobody told it about for an hour, if it is among the closest", () => {
    const memory = begin(1)
    Values.put(memory.values, value, noonMs)
    const due = () => step(memory, { type: "upkeep.due", nowMs: noonMs + dhtRepublishMs })
    expect(words(step(memory, { type: "upkeep.due", nowMs: noonMs + dhtRepublishMs - 1 }))).toEqual(["remind"])
    expect(words(due())).toContain("tell dht-publisher publication.wanted")
    expect(words(due())).not.toContain("tell dht-publisher publication.wanted")
    // somebody closer is there: it is theirs to say
    Table.see(memory.table, seenAt(value.key, noonMs))
    expect(words(step(memory, { type: "upkeep.due", nowMs: noonMs + 2 * dhtRepublishMs }))).not.toContain(
      "tell dht-publisher publication.wanted",
    )
  })

  it("hands over to who comes and is closer, and to the next in line when it leaves", () => {
    const memory = begin(2)
    const [near, far] = ["near", "far"].map((name) => keyFrom(name)).toSorted((a, b) => compare(value.key, a, b)) as [DhtKey, DhtKey]
    Values.put(memory.values, value, noonMs)
    const handed = (said: ReadonlyArray<Command>) =>
      said.flatMap((command) =>
        command.type === "tell" && command.event["goal"] === "store"
          ? [(command.event["questions"] as ReadonlyArray<Search.Question>)[0]!.to.id]
          : [],
      )
    expect(handed(step(memory, joined(1, far)))).toEqual([far])
    step(memory, joined(2, near))
    expect(handed(step(memory, { type: "dht.leaving", nowMs: noonMs }))).toEqual([far])
  })

  it("writes down whom it knows, and begins with them when it knows nobody", () => {
    const memory = begin()
    step(memory, { type: "dht.started", nowMs: noonMs })
    step(memory, joined(1, keyFrom("a")))
    const said = step(memory, { type: "upkeep.due", nowMs: noonMs + dhtRememberMs })
    expect(said.find(({ type }) => type === "remember")).toEqual({ type: "remember", contacts: [contactAt(keyFrom("a"))] })
    const again = dht.begin({ self, k: 20, alpha: 3, remembered: [contactAt(keyFrom("a"))], seed: 1 })
    expect(words(step(again, { type: "dht.started", nowMs: noonMs }))).toEqual(["start dht-lookup/refresh/1", "remind"])
    const told = step(again, { type: "lookup.begun", lookup: "x", target: self, nowMs: noonMs })
    expect(told).toMatchObject([{ to: "x", event: { contacts: [contactAt(keyFrom("a"))] } }])
    expect(dhtUpkeepMs).toBeLessThanOrEqual(dhtRememberMs)
  })
})

describe("the publisher", () => {
  const run = () => {
    const memory = dhtPublisher.begin({ self, k: 20, alpha: 3 })
    const play = (event: DhtPublisherEvent): ReadonlyArray<Command> => {
      const said: Array<Command> = []
      dhtPublisher.step(memory, event, (command) => void said.push(command))
      return said
    }
    return { memory, play }
  }
  const wanted = (name: string): DhtPublisherEvent => ({ type: "publication.wanted", key: keyFrom(name), values: [{ said: name }] })
  const ended = (lookup: number, contacts: ReadonlyArray<ReturnType<typeof dhtContactOf>>): DhtPublisherEvent => {
    const plan = { self, key: keyFrom("0"), goal: "contacts", k: 20, alpha: 20, paths: 1, holdersWanted: 0 } as const
    const [, begun] = Search.ask(Search.begin(plan, contacts, 1_000))
    const search = contacts.reduce((known, { id }) => Search.hear(known, id, [], []), begun)
    return { type: "lookup.ended", lookup: `dht-lookup/publish/${lookup}`, search }
  }

  it("looks for the closest, and stores with all of them; a few at a time", () => {
    const { play } = run()
    const said = Array.from({ length: dhtPublicationsAtOnce + 2 }, (_, i) => play(wanted(String(i)))).flat()
    expect(words(said)).toEqual(Array.from({ length: dhtPublicationsAtOnce }, (_, i) => `start dht-lookup/publish/${i + 1}`))
    const [stores, next] = play(ended(1, [dhtContactOf(2), dhtContactOf(3)]))
    expect(stores).toMatchObject({ to: "dht-pool", event: { goal: "store", key: keyFrom("0"), values: [{ said: "0" }] } })
    expect(inWords(next!)).toBe(`start dht-lookup/publish/${dhtPublicationsAtOnce + 1}`)
  })

  it("waits while there is nobody, and what is said later replaces what waits", () => {
    const { memory, play } = run()
    play(wanted("0"))
    expect(words(play(ended(1, [])))).toEqual(["remind"])
    expect(play({ type: "publication.wanted", key: keyFrom("0"), values: [{ said: "later" }] })).toEqual([])
    expect(memory.waiting.size).toBe(1)
    expect(words(play({ type: "waiting.due" }))).toEqual(["start dht-lookup/publish/2"])
    expect([...memory.underWay.values()][0]!.values).toEqual([{ said: "later" }])
  })
})
