/** The node's part in federated search: whom it asks, what it tells of its filter, what it lets in, and what it remembers of all that. */
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/actors/command.ts"
import { federation, type FederationEvent, type FederationMemory, type Reachable } from "../../src/actors/federation.ts"
import { deployedFilterMs, deployedSearchesPerSecond } from "../../src/protocol/agentdns/limits.ts"
import { quirks } from "../../src/protocol/agentdns/quirks.ts"
import { probationMs, queriedPeersMax, queriesPerSecond, queryIdsMax } from "../../src/protocol/limits.ts"
import * as Bloom from "../../src/protocol/search/bloom.ts"
import type { Heartbeat, Query, Role } from "../../src/protocol/wire/message.ts"
import { addressOf, heartbeatOf, noonMs, queryIdOf, queryOf } from "../support/mesh.ts"

const tell = (memory: FederationMemory, ...events: ReadonlyArray<FederationEvent>): ReadonlyArray<Command> => {
  const said: Array<Command> = []
  for (const event of events) federation.step(memory, event, (command) => said.push(command))
  return said
}

const filterOf = (...words: ReadonlyArray<string>) => {
  const bloom = Bloom.emptyFor(200)
  for (const word of words) Bloom.add(bloom, word)
  return { type: "whole" as const, version: 1, bloom }
}

/** Peers on links 0, 1, 2 …, each with a filter over these words; `undefined`: it said nothing of one. */
const knowing = (...filters: ReadonlyArray<ReadonlyArray<string> | undefined>): FederationMemory => {
  const memory = federation.begin({})
  filters.forEach((words, link) => {
    tell(memory, { type: "link.joined", link })
    const message = heartbeatOf(2, words === undefined ? {} : { filter: filterOf(...words) })
    tell(memory, { type: "heartbeat.heard", link, message })
  })
  return memory
}

const peersOf = (memory: FederationMemory, role: Role = "light"): ReadonlyArray<Reachable> =>
  [...memory.dealings.keys()].map((link) => ({ link, role }))
const wanting = (memory: FederationMemory, over: Partial<Extract<FederationEvent, { type: "peers.wanted" }>> = {}): FederationEvent => ({
  type: "peers.wanted",
  query: queryIdOf(1),
  question: { query: "weather" },
  peers: peersOf(memory),
  isHolder: true,
  hops: 0,
  nowMs: noonMs,
  ...over,
})
const chosen = (memory: FederationMemory, over = {}) => {
  const [said] = tell(memory, wanting(memory, over))
  return (
    said as unknown as {
      readonly event: {
        readonly asked: ReadonlyArray<{ readonly link: number; readonly hops: number }>
        readonly awaited: ReadonlyArray<number>
      }
    }
  ).event
}
const asked = (memory: FederationMemory, over = {}) => chosen(memory, over).asked.map(({ link }) => link)

describe("whom it asks", () => {
  it("peers whose filter has the words; those who have more, and rarer ones, first; who says nothing of a filter last", () => {
    const memory = knowing(["music"], ["weather"], ["weather", "forecast"], undefined, [])
    expect(asked(memory)).toEqual([1, 2, 3])
    expect(asked(memory, { question: { query: "weather forecast" } })).toEqual([2, 1, 3])
  })

  it("nobody who lacks what a filter of the search needs", () => {
    const memory = knowing(["weather", "tools"], ["weather"], ["tools"])
    expect(asked(memory, { question: { query: "weather", category: "Tools" } })).toEqual([0])
    expect(asked(memory, { question: { tags: ["music", "tools"] } })).toEqual([0, 2])
  })

  it("at most ten; a filter that claims everything is worth no more than none", () => {
    const memory = knowing(...Array.from({ length: 15 }, () => ["weather"]))
    expect(asked(memory)).toHaveLength(queriedPeersMax)
    const full = { ...filterOf(), bloom: { size: 64, hashes: 3, bits: new Uint8Array(8).fill(0xff) } }
    tell(memory, { type: "heartbeat.heard", link: 0, message: heartbeatOf(2, { filter: full }) })
    expect(asked(memory)).not.toContain(0)
  })

  it("those that were useful before those whose answers were not; the silent last, and nobody waits for them", () => {
    const memory = knowing(["weather"], ["weather"], ["weather"])
    tell(memory, { type: "answer.judged", link: 0, isUseful: false }, { type: "answer.judged", link: 2, isUseful: true })
    expect(asked(memory)).toEqual([1, 2, 0])
    tell(memory, { type: "peers.asked", query: queryIdOf(1), silent: [1], nowMs: noonMs })
    expect(chosen(memory)).toMatchObject({ asked: [{ link: 2 }, { link: 0 }, { link: 1 }], awaited: [2, 0] })
    expect(chosen(memory, { nowMs: noonMs + probationMs }).awaited).toContain(1)
    tell(memory, { type: "peers.asked", query: queryIdOf(1), silent: [1], nowMs: noonMs + probationMs })
    expect(chosen(memory, { nowMs: noonMs + 2 * probationMs }).awaited).not.toContain(1)
    tell(memory, { type: "answer.judged", link: 1, isUseful: true })
    expect(chosen(memory, { nowMs: noonMs + 2 * probationMs }).awaited).toContain(1)
  })

  it("and for who does not hold everything, some who do, for all that they hold", () => {
    const memory = knowing(["weather"], [], [], [])
    const peers: ReadonlyArray<Reachable> = [
      { link: 0, role: "light" },
      { link: 1, role: "full" },
      { link: 2, role: "full" },
      { link: 3, role: "full" },
    ]
    expect(chosen(memory, { peers, isHolder: false, hops: 1 }).asked).toEqual([
      { link: 1, hops: 1 },
      { link: 2, hops: 1 },
      { link: 0, hops: 0 },
    ])
    expect(chosen(memory, { peers, isHolder: true, hops: 1 }).asked).toEqual([{ link: 0, hops: 0 }])
  })

  it("tells who waits that a peer has gone", () => {
    const memory = knowing(["weather"], ["weather"])
    tell(memory, wanting(memory))
    expect(tell(memory, { type: "link.left", link: 1 })).toEqual([
      { type: "tell", to: `fan-out/${queryIdOf(1)}`, event: { type: "peer.left", link: 1 } },
    ])
    tell(memory, { type: "peers.asked", query: queryIdOf(1), silent: [], nowMs: noonMs })
    expect(tell(memory, { type: "link.left", link: 0 })).toEqual([])
  })
})

describe("what it is asked", () => {
  const asks = (memory: FederationMemory, query: Query, link = 0) =>
    tell(memory, { type: "message.received", link, message: query, nowMs: noonMs })

  it("it searches for at home; with hops left everywhere, and passes it on once", () => {
    const memory = knowing([], [])
    expect(asks(memory, queryOf(5))).toMatchObject([{ type: "search", link: 0, mayPassOn: false }])
    expect(asks(memory, queryOf(6, { hops: 1 }))).toMatchObject([{ type: "search", mayPassOn: true }])
    expect(asks(memory, queryOf(6, { hops: 1 }), 1)).toMatchObject([{ type: "search", link: 1, mayPassOn: false }])
  })

  it("and that is its own query come back: nothing", () => {
    const memory = knowing([])
    tell(memory, wanting(memory))
    expect(asks(memory, queryOf(1))).toMatchObject([{ type: "send", message: { type: "QUERY_ACK", documents: [] } }])
  })

  it("too often in a second: it does not answer, and that counts", () => {
    const memory = knowing([])
    const said = Array.from({ length: queriesPerSecond + 2 }, (_, i) => asks(memory, queryOf(i))[0]!)
    expect(said.filter(({ type }) => type === "search")).toHaveLength(queriesPerSecond)
    expect(said.at(-1)).toMatchObject({ type: "tell", to: "gossip", event: { verdict: "drop:flood" } })
    expect(tell(memory, { type: "message.received", link: 0, message: queryOf(1), nowMs: noonMs + 1_000 })).toMatchObject([
      { type: "search" },
    ])
  })

  it("by somebody who has gone: nothing", () => {
    expect(asks(knowing(), queryOf(1), 7)).toEqual([])
  })

  it("and whom no answer stops gets one to each, beyond a bound an empty one", () => {
    const memory = federation.begin({})
    tell(memory, { type: "link.joined", link: 0, quirks })
    const ask = () => tell(memory, { type: "message.received", link: 0, message: queryOf(5, { hops: 1 }), nowMs: noonMs })
    for (let i = 0; i < deployedSearchesPerSecond; i++) expect(ask()).toMatchObject([{ type: "search" }])
    expect(ask()).toMatchObject([
      { type: "send", message: { type: "QUERY_ACK", documents: [] } },
      { type: "tell", to: "gossip", event: { verdict: "drop:flood" } },
    ])
  })

  it("and it remembers only so many", () => {
    const memory = knowing([])
    for (let i = 0; i < queryIdsMax + 50; i++)
      tell(memory, { type: "message.received", link: 0, message: queryOf(i, { hops: 1 }), nowMs: noonMs + 20 * i })
    expect(memory.queries.size).toBe(queryIdsMax)
  })
})

describe("what it tells of its filter", () => {
  const beaten = (memory: FederationMemory, link = 0): Heartbeat => {
    const [said] = tell(memory, { type: "heartbeat.due", link, message: heartbeatOf(1), nowMs: noonMs })
    return (said as { readonly message: Heartbeat }).message
  }
  const word = (text: string) => ({ type: "home.changed" as const, added: new Map([[text, 1]]), removed: new Map<string, number>() })

  it("all of it once, then what changed since the version that the peer says it holds", () => {
    const memory = federation.begin({})
    tell(memory, { type: "link.joined", link: 0 }, word("weather"))
    const first = beaten(memory)
    expect(first.filter).toMatchObject({ type: "whole" })
    expect(first.filterKnown).toBe(0)
    const known = (filterKnown: number) => tell(memory, { type: "heartbeat.heard", link: 0, message: heartbeatOf(2, { filterKnown }) })
    known(first.filter!.version)
    expect(beaten(memory).filter).toBeUndefined()
    tell(memory, word("forecast"))
    const change = beaten(memory)
    expect(change.filter).toMatchObject({ type: "change", base: first.filter!.version })
    // it was lost: the peer still says the old version, and is told again
    expect(beaten(memory).filter).toEqual(change.filter)
    known(change.filter!.version)
    expect(beaten(memory).filter).toBeUndefined()
    known(99_999)
    expect(beaten(memory).filter).toMatchObject({ type: "whole" })
  })

  it("to who follows no versions, each version once", () => {
    const memory = federation.begin({})
    tell(memory, { type: "link.joined", link: 0 }, word("weather"))
    expect([beaten(memory).filter?.type, beaten(memory).filter?.type]).toEqual(["whole", undefined])
  })

  describe("to who reads whole words alone", () => {
    const joined = () => {
      const memory = federation.begin({})
      tell(memory, { type: "link.joined", link: 0, quirks }, word("weather"))
      return memory
    }
    const beat = (memory: FederationMemory, over: Partial<Heartbeat> = {}, nowMs = noonMs) =>
      tell(memory, { type: "heartbeat.due", link: 0, message: heartbeatOf(1, over), nowMs })
    const bloomIn = (said: ReturnType<typeof beat>) => {
      const filter = said.flatMap((command) =>
        command.type === "send" && command.message.type === "HEARTBEAT" ? [command.message.filter] : [],
      )[0]
      return filter?.type === "whole" ? filter.bloom : undefined
    }

    it("the words of all that is held, once they are collected, with those that came since", () => {
      const memory = joined()
      const first = beat(memory)
      expect(first.map(({ type }) => type)).toEqual(["collectWords", "send"])
      expect(bloomIn(first)).toBeUndefined()
      tell(memory, { type: "words.collected", words: new Set(["far", ""]) }, { type: "words.added", words: ["near"] })
      const bloom = bloomIn(beat(memory))!
      expect(["far", "near", "", "other"].map((item) => Bloom.has(bloom, item))).toEqual([true, true, true, false])
      expect(bloom.size).toBeLessThan(2_000)
    })

    it("and anew every five minutes, not more often", () => {
      const memory = joined()
      const collects = (nowMs: number) => beat(memory, {}, nowMs).some(({ type }) => type === "collectWords")
      expect([noonMs, noonMs + 1, noonMs + deployedFilterMs - 1, noonMs + deployedFilterMs].map(collects)).toEqual([
        true,
        false,
        false,
        true,
      ])
    })

    it("and nothing with a probe", () => {
      const memory = joined()
      tell(memory, { type: "words.collected", words: new Set(["far"]) })
      const said = beat(memory, { wantsAnswer: true, peers: [{ address: addressOf(5), reputation: 1 }] })
      expect(said).toMatchObject([{ type: "send", message: { peers: [] } }])
      expect(bloomIn(said)).toBeUndefined()
    })
  })

  it("and nothing to who has gone", () => {
    expect(tell(federation.begin({}), { type: "heartbeat.due", link: 3, message: heartbeatOf(1), nowMs: noonMs })).toEqual([])
  })
})
