/** `dht.table`: contacts seen a second by a table of a 1,000-node network, each followed by a question for the 20 closest. */
import { head } from "../../src/protocol/dht/distance.ts"
import type { DhtKey } from "../../src/protocol/dht/key.ts"
import * as Table from "../../src/protocol/dht/routing-table.ts"
import * as Shortlist from "../../src/protocol/dht/shortlist.ts"
import { sha256Hex } from "../../src/protocol/identity/digest.ts"
import { type Benchmark, perSecond, readable, timed } from "../benchmark.ts"

const key = (text: string): DhtKey => sha256Hex(text) as DhtKey
const contacts = Array.from({ length: 1_000 }, (_, i) => ({
  id: key(`node ${i}`),
  address: { host: `n${i}`, port: 4001 },
  network: undefined,
  seenMs: i,
  head: head(key(`node ${i}`)),
}))
const rounds = 100_000

export const dhtTable: Benchmark = {
  name: "dht.table",
  purpose: "a contact seen, and the 20 closest to a key found and learned by a shortlist",
  measure: async (say) => {
    const table = Table.empty(key("self"))
    for (const contact of contacts) Table.see(table, contact)
    const seen = timed(() => {
      for (let i = 0; i < rounds; i++) Table.see(table, contacts[(i * 7) % contacts.length]!)
    }).ms
    const targets = Array.from({ length: 100 }, (_, i) => key(`target ${i}`))
    const found = timed(() => {
      for (let i = 0; i < rounds; i++) Table.closest(table, targets[i % targets.length]!, 20)
    }).ms
    const answers = targets.map((target) => [...contacts].slice(0, 200).map((contact) => ({ contact, target })))
    const learned = timed(() => {
      for (let i = 0; i < rounds / 10; i++) {
        let list = Shortlist.empty(targets[i % targets.length]!)
        for (let at = 0; at < 200; at += 20)
          list = Shortlist.learn(
            list,
            answers[i % targets.length]!.slice(at, at + 20).map(({ contact }) => contact),
          )
      }
    }).ms
    say(`${readable(perSecond(rounds, seen))} contacts seen, ${readable(perSecond(rounds, found))} times the 20 closest,`)
    say(`${readable(perSecond(rounds, learned))} answers of 20 contacts learned a second`)
    return { value: perSecond(rounds, seen + found + learned), unit: "of each a second" }
  },
}
