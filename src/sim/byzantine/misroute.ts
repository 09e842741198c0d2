/**
 * Liars of the DHT: they work together, answer every question with those of their own who are closest to what was asked for,
 * say that they stored what they threw away, and hold nothing. Otherwise they are nodes like any other: they prove their
 * keys, ask, and answer in time.
 */
import { dht, type DhtEvent, type DhtInput, type DhtMemory } from "../../actors/dht.ts"
import type { Command, Link } from "../../actors/command.ts"
import type { Reducer } from "../../actors/reducer.ts"
import type { Contact } from "../../protocol/dht/contact.ts"
import { compare } from "../../protocol/dht/distance.ts"
import type { DhtKey } from "../../protocol/dht/key.ts"
import type { Dht } from "../../protocol/wire/message.ts"

/** What each of them plays instead of the DHT. `group`: all of them; it may still grow. */
export const misrouting = (group: ReadonlyArray<Contact>): Reducer<DhtInput, DhtMemory, DhtEvent> => ({
  ...dht,
  step: (memory, event, say) => {
    if (event.type === "message.received" && event.message.type === "DHT") lie(group, event.link, event.message, memory.table.k, say)
    else dht.step(memory, event, say)
  },
})

const lie = (group: ReadonlyArray<Contact>, link: Link, message: Dht, k: number, say: (command: Command) => void): void => {
  const { request } = message
  const send = (answer: Dht) => say({ type: "send", link, message: answer })
  switch (message.op) {
    case "PING":
      return send({ type: "DHT", op: "PONG", request })
    case "STORE":
      return send({ type: "DHT", op: "STORED", request, stored: message.values.length })
    case "FIND_NODE":
      return send({ type: "DHT", op: "NODES", request, nodes: closest(group, message.target, k) })
    case "FIND_VALUE":
      return send({ type: "DHT", op: "VALUES", request, values: [], nodes: closest(group, message.target, k) })
    case "PONG":
    case "STORED":
    case "NODES":
    case "VALUES":
      return
  }
}

const closest = (group: ReadonlyArray<Contact>, target: DhtKey, k: number): ReadonlyArray<Contact> =>
  [...group].sort((a, b) => compare(target, a.id, b.id)).slice(0, k)
