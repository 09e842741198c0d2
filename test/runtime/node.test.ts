/** Whole nodes over real TLS on loopback: what one learns the others learn, and who does not keep the rules disturbs nobody. */
import { Context, Effect, Layer, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import type { Happening } from "../../src/actors/happening.ts"
import { frameBytesMax } from "../../src/protocol/limits.ts"
import { type Address, writeAddress } from "../../src/protocol/mesh/address.ts"
import { encodeFrame } from "../../src/protocol/wire/frame.ts"
import type { Message } from "../../src/protocol/wire/message.ts"
import { isUnreadable, write } from "../../src/protocol/wire/spec-codec.ts"
import { layer as codec, wireCodec } from "../../src/runtime/codec.ts"
import { signerOf, strictVerifier } from "../../src/runtime/live/keys.ts"
import { systemTimers } from "../../src/runtime/live/timers.ts"
import { tlsTransport } from "../../src/runtime/live/tls-transport.ts"
import { makeNode, type RunningNode } from "../../src/runtime/node.ts"
import { defaultSettings, type NodeSettings } from "../../src/runtime/node-settings.ts"
import { withoutDht } from "../../src/runtime/node/dht.ts"
import { Journal, RecordStore, Transport } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { keyOf, registryOf } from "../support/builders.ts"
import { announcementOf, gossipOf, heartbeatOf, helloOf } from "../support/mesh.ts"
import { freePort } from "../support/free-port.ts"
import { eventually } from "../support/real-nodes.ts"

interface Living extends RunningNode {
  readonly happened: ReadonlyArray<Happening>
  readonly store: RecordStore["Service"]
}

/** A node with the key of this seed. A defect of ours ends the test. */
const node = (
  seed: number,
  settings: Partial<NodeSettings> = {},
  { port = 0, store = makeMemoryStore() } = {},
): Effect.Effect<Living, never, Scope.Scope> =>
  Effect.gen(function* () {
    const happened: Array<Happening> = []
    const key = keyOf(seed)
    const ports = Layer.mergeAll(
      tlsTransport(key, { host: "127.0.0.1", port }),
      systemTimers,
      signerOf(key),
      strictVerifier,
      codec,
      Layer.succeed(RecordStore, store),
      Layer.succeed(Journal, {
        report: (happening) => void happened.push(happening),
        defect: (cause) => {
          throw new Error(`a defect: ${JSON.stringify(cause)}`)
        },
      }),
    )
    const running = yield* makeNode({ ...defaultSettings, version: "test", dht: withoutDht, wantedPeers: 0, ...settings }).pipe(
      Effect.provide(ports),
    )
    return { ...running, happened, store }
  }).pipe(Effect.orDie)

const play = (test: Effect.Effect<void, unknown, Scope.Scope>) => Effect.runPromise(Effect.scoped(test))
const peersOf = (one: RunningNode) => Effect.runSync(one.service.peers).map(({ registryId }) => registryId)
const knows = (one: Living, id: string) => Effect.runSync(Effect.option(one.service.entity(id)))._tag === "Some"
const connected = (one: RunningNode, ...seeds: ReadonlyArray<number>) =>
  eventually(
    `peers ${seeds.join(" ")}`,
    () => seeds.every((seed) => peersOf(one).includes(registryOf(seed).registryId)) && peersOf(one).length === seeds.length,
  )
const refusedBy = (one: RunningNode) => Effect.runSync(Effect.orDie(one.service.status)).refused

/** Somebody with a key who speaks as it likes. */
const stranger = (seed: number, address: Address) =>
  Effect.gen(function* () {
    const transport = Context.get(yield* Layer.build(tlsTransport(keyOf(seed), { host: "127.0.0.1", port: 0 })), Transport)
    const connection = yield* Effect.orDie(transport.dial(address))
    const heard: Array<Message["type"]> = []
    let isClosed = false
    const reader = wireCodec.reader()
    connection.open({
      bytes: (chunk) => {
        for (const message of reader(chunk).messages) if (!isUnreadable(message)) heard.push(message.type)
      },
      closed: () => {
        isClosed = true
      },
    })
    return {
      heard,
      isClosed: () => isClosed,
      say: (...messages: ReadonlyArray<Message>) => messages.forEach((message) => connection.write(encodeFrame(write(message)))),
      sayBytes: (bytes: Uint8Array) => connection.write(bytes),
      close: () => connection.close(),
    }
  })

describe("nodes over TLS", () => {
  it("what one registers is shown two hops away, found there, and gone when it is deleted", () =>
    play(
      Effect.gen(function* () {
        const a = yield* node(11)
        const b = yield* node(12, { bootstrap: [{ address: a.address }] })
        const c = yield* node(13, { bootstrap: [{ address: b.address, key: keyOf(12).publicKey }] })
        yield* connected(b, 11, 13)

        const who = client(1, 1)
        const record = yield* a.service.registerEntity(who.registration)
        yield* eventually("shown two hops away", () => knows(b, who.entityId) && knows(c, who.entityId))
        const shown = yield* c.service.entity(who.entityId)
        expect(shown).toMatchObject({ tier: "gossip", record: { name: record.name, home_registry: registryOf(11).registryId } })
        expect((yield* c.service.search({ query: record.name })).hits.map(({ entry }) => entry.record.entity_id)).toEqual([who.entityId])
        expect((yield* b.service.peers).find(({ registryId }) => registryId === registryOf(11).registryId)).toMatchObject({
          direction: "out",
          // the entity, and the developer whom it introduces
          verdicts: { accept: expect.toSatisfy((times: number) => times === 1 || times === 2) },
        })

        yield* a.service.deregister(who.entityId, who.deletion)
        yield* eventually("gone two hops away", () => !knows(b, who.entityId) && !knows(c, who.entityId))
        expect((yield* c.service.search({ query: record.name })).totalFound).toBe(0)
        expect(yield* Effect.flip(c.service.registerEntity({ ...who.registration, name: "forged" }))).toMatchObject({
          code: "unauthorized",
        })
      }),
    ))

  it("what was registered before anybody came is caught up with", () =>
    play(
      Effect.gen(function* () {
        const a = yield* node(11)
        const known = Array.from({ length: 30 }, (_, i) => client(2, i))
        for (const { registration } of known) yield* a.service.registerEntity(registration)
        const late = yield* node(12, { bootstrap: [{ address: a.address }] })
        yield* eventually("all are shown", () => known.every(({ entityId }) => knows(late, entityId)))
      }),
    ))

  it("a key that is not the one the operator names is refused, and the node behind it hears nothing of us", () =>
    play(
      Effect.gen(function* () {
        const a = yield* node(11)
        const b = yield* node(12, { bootstrap: [{ address: a.address, key: keyOf(99).publicKey }] })
        yield* eventually("the contradiction", () => b.happened.some(({ type }) => type === "key.contradicted"))
        expect(b.happened.find(({ type }) => type === "key.contradicted")).toEqual({
          type: "key.contradicted",
          address: writeAddress(a.address),
          expected: keyOf(99).publicKey,
          met: keyOf(11).publicKey,
          because: "configured",
        })
        expect([peersOf(a), peersOf(b)]).toEqual([[], []])
        expect(a.happened.some(({ type }) => type === "peer.connected")).toBe(false)
      }),
    ))

  it("another key at an address where one was met is refused, by the node that met it and by one that starts on its disk", () =>
    play(
      Effect.gen(function* () {
        const { address, b } = yield* Effect.scoped(
          Effect.gen(function* () {
            const a = yield* node(11)
            const store = makeMemoryStore()
            const b = yield* node(12, { bootstrap: [{ address: a.address }] }, { store })
            yield* connected(b, 11)
            return { address: a.address, b: store }
          }),
        )
        const impostor = yield* node(66, {}, { port: address.port })
        const again = yield* node(12, { bootstrap: [{ address }] }, { store: b })
        yield* eventually("the contradiction", () => again.happened.some(({ type }) => type === "key.contradicted"))
        expect(again.happened).toContainEqual({
          type: "key.contradicted",
          address: writeAddress(address),
          expected: keyOf(11).publicKey,
          met: keyOf(66).publicKey,
          because: "pinned",
        })
        expect([peersOf(impostor), peersOf(again)]).toEqual([[], []])
        // the operator's word renews the pin
        const told = yield* node(12, { bootstrap: [{ address, key: keyOf(66).publicKey }] }, { store: b })
        yield* connected(told, 66)
      }),
    ))

  it("who does not keep the order is closed and counted, and the others do not notice", () =>
    play(
      Effect.gen(function* () {
        const a = yield* node(11)
        const b = yield* node(12, { bootstrap: [{ address: a.address }] })
        yield* connected(a, 12)

        const oversized = new Uint8Array(4)
        new DataView(oversized.buffer).setUint32(0, frameBytesMax + 1)
        const misdeeds: ReadonlyArray<readonly [reason: string, speak: (to: Effect.Success<ReturnType<typeof stranger>>) => void]> = [
          ["out-of-order", ({ say }) => say(gossipOf(announcementOf(21)))],
          ["out-of-order", ({ say }) => say(heartbeatOf(21))],
          ["not-json", ({ sayBytes }) => sayBytes(encodeFrame(Buffer.from("GET / HTTP/1.1\r\n\r\n")))],
          ["not-a-message", ({ sayBytes }) => sayBytes(encodeFrame(Buffer.from('{"type":"HELLO"}')))],
          ["unknown-type", ({ sayBytes }) => sayBytes(encodeFrame(Buffer.from('{"type":"GOODBYE"}')))],
          ["oversized", ({ sayBytes }) => sayBytes(oversized)],
          ["empty", ({ sayBytes }) => sayBytes(new Uint8Array(4))],
          ["key-is-not-of-tls", ({ say }) => say(helloOf(22))],
          ["other-network", ({ say }) => say(helloOf(21, { network: "another" }))],
        ]
        const counted: Record<string, number> = {}
        for (const [reason, speak] of misdeeds) {
          const one = yield* stranger(21, a.address)
          speak(one)
          yield* eventually(`closed for ${reason}`, one.isClosed)
          expect(one.heard, reason).toEqual([])
          counted[`drop:${reason}`] = (counted[`drop:${reason}`] ?? 0) + 1
        }
        expect(refusedBy(a)).toMatchObject(counted)

        // a second HELLO, when it is connected
        const twice = yield* stranger(21, a.address)
        twice.say(helloOf(21))
        yield* connected(a, 12, 21)
        yield* eventually("its HELLO answered", () => twice.heard.includes("HELLO"))
        twice.say(helloOf(21))
        yield* eventually("closed for a second HELLO", twice.isClosed)
        yield* connected(a, 12)

        // and one that is gone in the middle of a frame
        const broken = yield* stranger(21, a.address)
        broken.sayBytes(encodeFrame(write(helloOf(21))).subarray(0, 20))
        broken.close()

        const who = client(3, 1)
        yield* b.service.registerEntity(who.registration)
        yield* eventually("still shown", () => knows(a, who.entityId))
        expect(a.happened.filter(({ type }) => type === "peer.disconnected")).toHaveLength(1)
      }),
    ))

  it("two nodes that dial each other keep one link, the same on both ends", () =>
    play(
      Effect.gen(function* () {
        const freeAddress = Effect.map(Effect.promise(freePort), (port) => ({ host: "127.0.0.1", port }))
        const [atA, atB] = [yield* freeAddress, yield* freeAddress]
        const a = yield* node(11, { bootstrap: [{ address: atB }] }, { port: atA.port })
        const b = yield* node(12, { bootstrap: [{ address: atA }] }, { port: atB.port })
        yield* connected(a, 12)
        // a's first dial found nobody; it tries again within a second
        yield* Effect.sleep(1_500)
        yield* connected(a, 12)
        yield* connected(b, 11)
        const directions = () => [a, b].flatMap(({ service }) => Effect.runSync(service.peers).map(({ direction }) => direction))
        yield* eventually("one link", () => directions().toSorted().join() === "in,out")
        const who = client(4, 1)
        yield* a.service.registerEntity(who.registration)
        yield* eventually("shown", () => knows(b, who.entityId))
      }),
    ))

  it("no more peers than it takes, and the one too many is told why", () =>
    play(
      Effect.gen(function* () {
        const a = yield* node(11, { maxPeers: 1 })
        const b = yield* node(12, { bootstrap: [{ address: a.address }] })
        yield* connected(b, 11)
        const c = yield* node(13, { bootstrap: [{ address: a.address }] })
        yield* eventually("the refusal", () => a.happened.some((one) => one.type === "peer.refused" && one.reason === "full"))
        yield* eventually("that it is heard there", () => peersOf(c).length === 0)
        expect([peersOf(a), peersOf(c)]).toEqual([[registryOf(12).registryId], []])
      }),
    ))

  it("a node that stops says goodbye, and its peers know at once", () =>
    play(
      Effect.gen(function* () {
        const a = yield* node(11)
        const b = yield* node(12, { bootstrap: [{ address: a.address }] })
        const c = yield* node(13, { bootstrap: [{ address: b.address }] })
        yield* connected(b, 11, 13)
        yield* b.stop
        expect((yield* b.service.status).phase).toBe("stopped")
        yield* eventually("a is alone", () => peersOf(a).length === 0)
        yield* eventually("c is alone", () => peersOf(c).length === 0)
        expect(b.happened.filter(({ type }) => type === "node.phase").map((one) => one.type === "node.phase" && one.phase)).toEqual([
          "joining",
          "serving",
          "draining",
          "stopped",
        ])
        yield* b.stop
      }),
    ))
})
