/** The mesh page's dialect: what is written is read back, and nothing that arrives makes the reader throw. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DhtKey } from "../../../src/protocol/dht/key.ts"
import type { ContentId } from "../../../src/protocol/gossip/announcement.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { writeKey } from "../../../src/protocol/identity/key.ts"
import { frameBytesMax, heartbeatPeersMax, idsPerMessageMax } from "../../../src/protocol/limits.ts"
import type { Dht, Heartbeat, Hello, Message } from "../../../src/protocol/wire/message.ts"
import { isUnreadable, read, write } from "../../../src/protocol/wire/spec-codec.ts"

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(writeKey)
const word = fc.string({ maxLength: 64 })
const port = fc.integer({ min: 0, max: 65_535 })
const count = fc.integer({ min: 0, max: 1_000_000_000 })
const host = fc.constantFrom("a.example", "10.0.0.1", "::1", "fe80::1%eth0", "localhost", "x_y-z.example")

const hello: fc.Arbitrary<Hello> = fc
  .record({
    publicKey: key,
    version: word,
    capabilities: fc.array(word, { maxLength: 32 }),
    network: word,
    role: fc.constantFrom("full", "light", "gateway", "bootnode"),
    listenPort: port,
    advertisedHost: fc.option(host, { nil: undefined }),
    agentCount: count,
    dial: fc.option(fc.maxSafeNat(), { nil: undefined }),
  })
  .map(({ advertisedHost, dial, ...said }) => ({
    type: "HELLO",
    nodeId: idOf("registry", said.publicKey),
    ...said,
    ...(dial !== undefined && { dial }),
    ...(advertisedHost !== undefined && { advertisedHost }),
  }))
const heartbeat: fc.Arbitrary<Heartbeat> = fc
  .record({
    type: fc.constant("HEARTBEAT"),
    registryId: fc.string({ maxLength: 253 }),
    at: fc.integer({ min: 0, max: 4_000_000_000 }),
    peers: fc.array(fc.record({ address: fc.record({ host, port }), reputation: fc.constantFrom(0, 0.5, 1) }), {
      maxLength: heartbeatPeersMax,
    }),
    agentCount: count,
    serviceCount: count,
    wantsAnswer: fc.boolean(),
    isAnswer: fc.boolean(),
  })
  .map(({ isAnswer, ...said }) => ({ ...said, ...(isAnswer && { isAnswer }) }))

const dhtKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex") as DhtKey)
const nodes = fc.array(fc.record({ id: dhtKey, address: fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }) }), {
  maxLength: 20,
})
const values = fc.array(fc.record({ pointer: fc.record({ word, count }) }), { maxLength: 3 })
const request = fc.maxSafeNat()
const ofDht = <Op extends Dht["op"], Rest extends object>(op: Op, rest: { [K in keyof Rest]: fc.Arbitrary<Rest[K]> }) =>
  fc.record({ type: fc.constant("DHT" as const), op: fc.constant(op), request, ...rest })
const dht = fc.oneof(
  ofDht("PING", {}),
  ofDht("PONG", {}),
  ofDht("FIND_NODE", { target: dhtKey }),
  ofDht("FIND_VALUE", { key: dhtKey, target: dhtKey }),
  ofDht("NODES", { nodes }),
  ofDht("VALUES", { nodes, values }),
  ofDht("STORE", { key: dhtKey, values }),
  ofDht("STORED", { stored: fc.nat(12) }),
) as fc.Arbitrary<Dht>

const ids = fc.array(
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex") as ContentId),
  {
    maxLength: idsPerMessageMax,
  },
)
const salt = fc.string({ maxLength: 32 })
const gossipTalk: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constantFrom("IHAVE", "GRAFT"), ids }),
  fc.constant<Message>({ type: "PRUNE" }),
  fc.record({
    type: fc.constant("BEACON" as const),
    beacon: fc.record({
      root: key.map((said) => idOf("registry", said)),
      epoch: fc.integer({ min: 0, max: 4_000_000_000 }),
      distance: fc.nat(64),
    }),
    isParent: fc.boolean(),
  }),
  fc.record({ type: fc.constant("RECONCILE" as const), step: fc.constant("compare" as const), salt, digest: salt }),
  fc.constant<Message>({ type: "RECONCILE", step: "same" }),
)

const bytesOf = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value))
const reasonOf = (payload: Uint8Array): string => {
  const message = read(payload)
  return isUnreadable(message) ? message.reason : message.type
}

describe("messages", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.oneof(hello, heartbeat, dht, gossipTalk), (message) => {
        expect(read(write(message))).toEqual(message)
        expect(write(message).length).toBeLessThan(frameBytesMax)
      }),
    )
  })

  it("are read wherever they lie in memory", () => {
    fc.assert(
      fc.property(hello, fc.nat(9), (message, offset) => {
        const payload = write(message)
        const memory = new Uint8Array(payload.length + 20).fill(0x7b)
        memory.set(payload, offset)
        expect(read(memory.subarray(offset, offset + payload.length))).toEqual(message)
      }),
    )
  })

  it("may say more than we know", () => {
    fc.assert(
      fc.property(hello, (message) => {
        const said = JSON.parse(Buffer.from(write(message)).toString()) as Record<string, unknown>
        expect(read(bytesOf({ ...said, later: { a: [1] } }))).toEqual(message)
      }),
    )
  })
})

describe("what is no message", () => {
  it.each([
    ["", "not-json"],
    ["{", "not-json"],
    ["[".repeat(50_000), "not-json"],
    ["\ufeff{}", "not-json"],
    ["null", "not-a-message"],
    ["[]", "not-a-message"],
    ['"HELLO"', "not-a-message"],
    ["{}", "unknown-type"],
    ['{"type":null}', "unknown-type"],
    ['{"type":"hello"}', "unknown-type"],
    ['{"type":"__proto__"}', "unknown-type"],
    ['{"type":"HELLO"}', "not-a-message"],
    ['{"type":"GOSSIP"}', "not-a-message"],
    ['{"type":"HEARTBEAT"}', "not-a-message"],
    ['{"__proto__":{"type":"HELLO"}}', "unknown-type"],
  ])("%.40s is %s", (text, reason) => {
    expect(reasonOf(bytesOf(text))).toBe(reason)
  })

  it("is bytes that are no UTF-8", () => {
    for (const hex of ["ff", "c0af", "eda080", "f4908080", "7b22c3227d"]) expect(reasonOf(Buffer.from(hex, "hex"))).toBe("not-json")
    // The replacement character itself is good UTF-8.
    expect(reasonOf(bytesOf('{"type":"\ufffd"}'))).toBe("unknown-type")
  })

  it("is said in a word, never thrown", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(reasonOf(bytes)).toMatch(/^(not-json|not-a-message|unknown-type)$/)
      }),
    )
    const types = fc.constantFrom("HELLO", "HEARTBEAT", "GOSSIP", "IHAVE", "GRAFT", "RECONCILE", "x")
    fc.assert(
      fc.property(types, fc.dictionary(fc.string(), fc.jsonValue()), (type, members) => {
        expect(typeof reasonOf(bytesOf({ ...members, type }))).toBe("string")
      }),
    )
  })

  it("never throws when anything stands anywhere in a good one", () => {
    fc.assert(
      fc.property(fc.oneof(hello, heartbeat), fc.nat(), fc.jsonValue(), (message, n, value) => {
        const said = JSON.parse(Buffer.from(write(message)).toString()) as Record<string, unknown>
        const names = Object.keys(said)
        expect(typeof reasonOf(bytesOf({ ...said, [names[n % names.length]!]: value }))).toBe("string")
      }),
      { numRuns: 500 },
    )
  })

  it("is a host that is no host: it would be dialled and logged", () => {
    const [said] = fc.sample(heartbeat, { numRuns: 1, seed: 1 })
    const withHost = (name: string) => reasonOf(write({ ...said!, peers: [{ address: { host: name, port: 1 }, reputation: 1 }] }))
    expect(withHost("a.example")).toBe("HEARTBEAT")
    for (const name of ["", "a\0b", "a b", "\u001b[31m", "a/b", "user@host", "[::1]", "é.example", "a".repeat(254)])
      expect(withHost(name)).toBe("not-a-message")
  })
})
