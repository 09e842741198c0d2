/**
 * Lookups among liars, with tables as networks have them and no network between: liars who work together answer with those of
 * their own who are closest, say that they store, and hold nothing; a crowd of them has keys next to one value's.
 */
import { describe, expect, it } from "vitest"
import type { Contact } from "../../../src/protocol/dht/contact.ts"
import { byDistance } from "../../../src/protocol/dht/distance.ts"
import type { DhtKey } from "../../../src/protocol/dht/key.ts"
import * as Table from "../../../src/protocol/dht/routing-table.ts"
import * as Search from "../../../src/protocol/dht/search.ts"
import { dhtBucketSize, dhtConcurrency, dhtHoldersWanted, dhtPaths } from "../../../src/protocol/limits.ts"
import { dice, roll } from "../../../src/protocol/mesh/dice.ts"
import type { ProvenValue } from "../../../src/protocol/dht/value.ts"
import { contactAt, keyFrom, seenAt } from "../../support/dht.ts"

const honestCount = 150

interface Network {
  readonly honest: ReadonlyArray<DhtKey>
  readonly tables: ReadonlyMap<DhtKey, Table.RoutingTable>
  readonly liars: ReadonlyArray<Contact>
  readonly draw: (below: number) => number
}

/** Everybody has met nearly everybody, in an order of its own. */
const networkWith = (liars: ReadonlyArray<DhtKey>, seed: number): Network => {
  let state = dice(seed)
  const draw = (below: number): number => {
    const [value, next] = roll(state)
    state = next
    return Math.floor(value * below)
  }
  const honest = Array.from({ length: honestCount }, (_, i) => keyFrom(`honest ${i}`))
  const all = [...honest, ...liars]
  const tables = new Map(
    honest.map((self) => {
      const table = Table.empty(self)
      const left = [...all]
      while (left.length > all.length / 10) Table.see(table, seenAt(left.splice(draw(left.length), 1)[0]!))
      return [self, table]
    }),
  )
  return { honest, tables, liars: liars.map(contactAt), draw }
}

/** One lookup from a node by chance; answers come in an order by chance. */
const look = (network: Network, goal: "contacts" | "value", key: DhtKey, holders: ReadonlySet<DhtKey>): Search.Search => {
  const { draw, honest, liars, tables } = network
  const self = honest[draw(honest.length)]!
  const plan = { self, key, goal, k: dhtBucketSize, alpha: dhtConcurrency, paths: dhtPaths, holdersWanted: dhtHoldersWanted }
  const known = (id: DhtKey, target: DhtKey, count: number): ReadonlyArray<Contact> => {
    const table = tables.get(id)
    return table === undefined ? byDistance(target, liars).slice(0, count) : Table.closest(table, target, count)
  }
  let search = Search.begin(plan, known(self, key, 2 * dhtBucketSize), Table.networkSize(tables.get(self)!))
  const open: Array<Search.Question> = []
  while (!Search.isOver(search)) {
    const [questions, next] = Search.ask(Search.withMirrors(search))
    search = next
    open.push(...questions)
    if (Search.isOver(search)) break
    const { target, to } = open.splice(draw(open.length), 1)[0]!
    const values = goal === "value" && holders.has(to.id) ? [{ key, origin: "o", subject: "s", at: 1 } as unknown as ProvenValue] : []
    search = Search.hear(search, to.id, known(to.id, target, dhtBucketSize), values)
  }
  return search
}

/** The share of reads that find what was stored just before, and what such a read asks. */
const play = (network: Network, keys: ReadonlyArray<DhtKey>) => {
  let [found, reads, questions] = [0, 0, 0]
  for (const key of keys) {
    const stored = Search.holders(look(network, "contacts", key, new Set())).filter(({ id }) => network.tables.has(id))
    for (let read = 0; read < 5; read++) {
      const search = look(network, "value", key, new Set(stored.map(({ id }) => id)))
      reads++
      questions += search.asked.size
      if (search.values.length > 0) found++
    }
  }
  return { found: found / reads, questions: questions / reads }
}

describe("what is stored is found", () => {
  const keys = Array.from({ length: 30 }, (_, i) => keyFrom(`value ${i}`))

  it("though three in ten lie", () => {
    const liars = Array.from({ length: (honestCount * 3) / 7 }, (_, i) => keyFrom(`liar ${i}`))
    const { found, questions } = play(networkWith(liars, 1), keys)
    expect(found).toBe(1)
    expect(questions).toBeLessThan(40)
  })

  it("though 45 crowd its key, and others, too", () => {
    const crowded = keys[0]!
    const crowd = Array.from({ length: 45 }, (_, i) => `${crowded.slice(0, 4)}${keyFrom(`crowd ${i}`).slice(4)}` as DhtKey)
    const network = networkWith(crowd, 2)
    expect(
      play(
        network,
        Array.from({ length: 10 }, () => crowded),
      ).found,
    ).toBe(1)
    expect(play(network, keys).found).toBe(1)
  })
})
