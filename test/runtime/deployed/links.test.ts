/** Links between a node of ours and deployed ones, over real sockets: greetings, TLS, heartbeats, ghosts, and what ends them. */
import { connect } from "node:tls"
import { Effect, type Layer } from "effect"
import { describe, expect, it } from "vitest"
import { secretKeyOf } from "../../../src/protocol/identity/ed25519.ts"
import { plainTransport } from "../../../src/runtime/live/plain-transport.ts"
import type { RunningNode } from "../../../src/runtime/node.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { keyOf } from "../../support/builders.ts"
import { developerOf, entityIdOf } from "../../support/clients.ts"
import { agentOf, heldAt, isLinked, ours, peerOf, textOf, until } from "../../support/deployed-mesh.ts"
import { type DeployedPeer, deployedPeer } from "../../support/deployed-peer.ts"
import { framed, greeting, message } from "../../support/deployed-world.ts"
import { realNode } from "../../support/real-nodes.ts"

const alice = developerOf(31)
const peers: Array<DeployedPeer> = []
const kept = (peer: DeployedPeer): DeployedPeer => {
  peers.push(peer)
  return peer
}
const play = (program: Effect.Effect<void, unknown>) => Effect.runPromise(program)

describe("greetings", () => {
  it("a deployed node dials us, we dial a deployed node", () =>
    play(
      Effect.gen(function* () {
        const listens = kept(yield* deployedPeer("listens"))
        const node = yield* ours(302, { bootstrap: [{ address: listens.address }] })
        const dials = kept(yield* peerOf(node, "dials"))
        yield* until("linked", () => isLinked(node, listens) && isLinked(node, dials))
        expect(
          Effect.runSync(node.service.peers)
            .map(({ address }) => address)
            .sort(),
        ).toEqual([textOf(listens), textOf(dials)].sort())
      }).pipe(Effect.scoped),
    ))

  it("over plain TCP, where TLS is off", () =>
    play(
      Effect.gen(function* () {
        const listens = kept(yield* deployedPeer("plain-listens", { tls: false }))
        const settings = { bootstrap: [{ address: listens.address }], registryHost: "plain.example" }
        const plain = plainTransport(keyOf(303), { host: "127.0.0.1", port: 0 }) as Layer.Layer<never>
        const node = yield* realNode(303, makeMemoryStore(), settings, () => {}, plain)
        const dials = kept(yield* peerOf(node, "plain-dials", { tls: false }))
        yield* until("linked", () => isLinked(node, listens))
        dials.node.say(agentOf(alice, 0))
        yield* until("news from one at the other", () => listens.node.records.heard.has(entityIdOf(alice, 0)))
      }).pipe(Effect.scoped),
    ))

  it("whose greeting names another key than its certificate is refused, who shows none gets nowhere", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(304)
        const certificateKey = secretKeyOf(new Uint8Array(32).fill(9))
        const liar = kept(yield* deployedPeer("liar", { bootstrap: [textOf(node)], certificateKey }))
        const nobody = kept(yield* deployedPeer("nobody", { bootstrap: [textOf(node)], isAnonymous: true }))
        const honest = kept(yield* peerOf(node, "honest"))
        expect([liar, nobody, honest].map((peer) => isLinked(node, peer))).toEqual([false, false, true])
      }).pipe(Effect.scoped),
    ))

  it("we show TLS 1.3, no server name and a certificate of the key that we greet with", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(305)
        const shown = yield* Effect.callback<readonly [string | null, string]>((resume) => {
          const socket = connect({ ...node.address, rejectUnauthorized: false, minVersion: "TLSv1.3" }, () => {
            const key = socket.getPeerX509Certificate()!.publicKey.export({ format: "der", type: "spki" }).subarray(-32)
            resume(Effect.succeed([socket.getProtocol(), `ed25519:${key.toString("base64")}`]))
            socket.destroy()
          })
        })
        expect(shown).toEqual(["TLSv1.3", node.service.publicKey])
      }).pipe(Effect.scoped),
    ))
})

describe("heartbeats", () => {
  it("that name ourselves make us dial ourselves once, and know it by the key", () =>
    play(
      Effect.gen(function* () {
        const refused: Array<string> = []
        const store = makeMemoryStore()
        const settings = { registryHost: "r306.example", wantedPeers: 8 }
        const node = yield* realNode(306, store, settings, (happening) => {
          if (happening.type === "peer.refused") refused.push(`${happening.address} ${happening.reason}`)
        })
        const peer = kept(yield* peerOf(node, "names-us"))
        peer.pass(30_000)
        yield* until("we met ourselves", () => refused.length > 0)
        peer.pass(30_000)
        peer.node.say(agentOf(alice, 4))
        yield* until("what came behind them", () => Effect.runSync(store.entity(entityIdOf(alice, 4))) !== undefined)
        expect(refused).toEqual([`${textOf(node)} own-id`])
      }).pipe(Effect.scoped),
    ))

  it("of 799 kB, in pieces of any size, harm nobody", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(307)
        const peer = kept(yield* peerOf(node, "large", { expectedItems: 500_000, pieceBytes: 50_000 }))
        for (let i = 0; i < 2; i++) peer.pass(30_000)
        peer.node.say(agentOf(alice, 3))
        yield* until("what came behind them", () => heldAt(node, entityIdOf(alice, 3)) !== undefined)
        expect(isLinked(node, peer)).toBe(true)
      }).pipe(Effect.scoped),
    ))
})

describe("who does not keep to the order", () => {
  /** A TLS connection with a deployed node's certificate, and what comes over it. */
  const knocking = (node: RunningNode, name: string) =>
    Effect.gen(function* () {
      const peer = kept(yield* deployedPeer(name))
      const heard: Array<string> = []
      const state = { isOver: false }
      const socket = peer.knock(node.address)
      socket.on("data", (chunk: Buffer) => heard.push(chunk.toString()))
      socket.on("close", () => (state.isOver = true))
      const hello = greeting(peer.node.settings.registryId, { public_key: peer.node.settings.publicKey, listen_port: 1 })
      return { heard, hello, peer, socket, state, registryId: peer.node.settings.registryId }
    })
  const isListed = (node: RunningNode, id: string) => Effect.runSync(node.service.peers).some(({ registryId }) => registryId === id)

  it("news before a greeting, and frames that mean nothing after it", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(308)
        const early = yield* knocking(node, "early-news")
        early.socket.write(framed(message("gossip", { announcement: {} })))
        yield* until("it is closed", () => early.state.isOver)
        const babbler = yield* knocking(node, "babbles")
        babbler.socket.write(framed(babbler.hello))
        yield* until("it is listed", () => isListed(node, babbler.registryId))
        babbler.socket.write(Buffer.concat([framed(message("what", {})), framed(message("gossip", { announcement: 1 }))]))
        yield* Effect.sleep(30)
        expect(isListed(node, babbler.registryId)).toBe(true)
        expect(early.heard.join("")).not.toContain("hello")
      }).pipe(Effect.scoped),
    ))

  it("half a frame, and no more", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(309)
        const half = yield* knocking(node, "half-frame")
        const bytes = framed(half.hello)
        half.socket.write(bytes.subarray(0, 7))
        yield* Effect.sleep(20)
        half.socket.write(bytes.subarray(7))
        yield* until("listed", () => isListed(node, half.registryId))
        half.socket.write(framed(message("heartbeat", {})).subarray(0, 9))
        half.socket.end()
        yield* until("gone", () => !isListed(node, half.registryId))
      }).pipe(Effect.scoped),
    ))

  it("of two links of one id the older one stays", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(310)
        const peer = kept(yield* peerOf(node, "two-links"))
        const second = peer.knock(node.address)
        let isOver = false
        second.on("close", () => (isOver = true))
        second.on("data", () => {})
        second.write(
          framed(greeting(peer.node.settings.registryId, { public_key: peer.node.settings.publicKey, listen_port: peer.address.port })),
        )
        yield* until("the newer one is closed", () => isOver)
        expect(isLinked(node, peer)).toBe(true)
      }).pipe(Effect.scoped),
    ))

  it("whoever goes away and comes back is linked again", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(331)
        const peer = kept(yield* peerOf(node, "comes-back"))
        const lost = [...peer.sockets]
        lost.forEach((socket) => socket.destroy())
        peer.pass(31_000)
        // not looked at in between: whom we lose we dial again within milliseconds
        yield* until("back", () => isLinked(node, peer) && !peer.sockets.some((socket) => lost.includes(socket)))
      }).pipe(Effect.scoped),
    ))
})

it("nothing that we sent ended a deployed node's process", () => {
  expect(peers.length).toBeGreaterThan(8)
  expect(peers.map(({ node }) => node.diedOf).filter((reason) => reason !== "stopped")).toEqual([])
})
