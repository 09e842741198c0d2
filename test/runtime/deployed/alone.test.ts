/** Deployed nodes among themselves, over real sockets: that the scripted ones do there what the real ones do. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { developerOf } from "../../support/clients.ts"
import { agentOf, textOf, until } from "../../support/deployed-mesh.ts"
import { deployedPeer } from "../../support/deployed-peer.ts"

it.each([
  ["TLS", true],
  ["plain TCP", false],
])("over %s: one hop, and no further", (_, tls) => {
  const alice = developerOf(61)
  const program = Effect.gen(function* () {
    const first = yield* deployedPeer("alone-1", { tls })
    const second = yield* deployedPeer("alone-2", { tls, bootstrap: [textOf(first)] })
    yield* until("linked", () => second.node.conns.size === 1)
    const third = yield* deployedPeer("alone-3", { tls, bootstrap: [textOf(second)] })
    yield* until("a line", () => second.node.conns.size === 2 && third.node.conns.size === 1)
    const id = agentOf(alice, 0).entity_id!
    first.node.say(agentOf(alice, 0))
    yield* until("the end of the line refuses it", () => third.node.refused === 1)
    expect([second.node.records.heard.has(id), third.node.records.heard.has(id)]).toEqual([true, false])
  })
  return Effect.runPromise(Effect.scoped(program))
})

it("a plain node and one with TLS close each other's connections", () => {
  const program = Effect.gen(function* () {
    const plain = yield* deployedPeer("alone-4", { tls: false })
    const encrypted = yield* deployedPeer("alone-5", { bootstrap: [textOf(plain)] })
    yield* Effect.sleep(100)
    expect([plain.node.conns.size, encrypted.node.conns.size]).toEqual([0, 0])
  })
  return Effect.runPromise(Effect.scoped(program))
})

it("no answer to a search, and a link on which nothing is said any more", () => {
  const alice = developerOf(62)
  const program = Effect.gen(function* () {
    const first = yield* deployedPeer("alone-6")
    const second = yield* deployedPeer("alone-7", { bootstrap: [textOf(first)] })
    yield* until("linked", () => second.node.conns.size === 1 && first.node.conns.size === 1)
    let silent: number | undefined
    second.node.search({ query: "registered" }, (found) => (silent = found.silent.size))
    yield* until("it gives up", () => silent !== undefined)
    second.node.say(agentOf(alice, 0))
    yield* Effect.sleep(30)
    expect([silent, [...second.node.conns.values()].map(({ isLocked }) => isLocked), first.node.records.heard.size]).toEqual([1, [true], 0])
  })
  return Effect.runPromise(Effect.scoped(program))
})
