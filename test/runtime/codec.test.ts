/** The deployed dialect on one connection: what is written is read, however the stream is cut. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { quirks } from "../../src/protocol/agentdns/quirks.ts"
import { frameBytesMax } from "../../src/protocol/limits.ts"
import * as Bloom from "../../src/protocol/search/bloom.ts"
import type { Message } from "../../src/protocol/wire/message.ts"
import { wireCodec } from "../../src/runtime/codec.ts"
import { addressOf, heartbeatOf, helloOf, noonMs, queryOf } from "../support/mesh.ts"

const bloom = Bloom.emptyFor(300)
Bloom.add(bloom, "weather")
const filter = { type: "whole", version: 0, bloom, isPlain: true } as const

/** What the other end reads where we write this. */
const messages: ReadonlyArray<readonly [written: Message, read: object]> = [
  [heartbeatOf(1, { filter, peers: [{ address: addressOf(3), reputation: 1 }] }), { type: "HEARTBEAT", filter, agentCount: 3 }],
  [heartbeatOf(1), { type: "HEARTBEAT", peers: [] }],
  [
    queryOf(5, { question: { query: "x <y> & \u2028", tags: ["a"] } }),
    { type: "QUERY", question: { query: "x <y> & \u2028", tags: ["a"] } },
  ],
  [
    { type: "DHT", op: "PING", request: 9 },
    { type: "DHT", op: "PING" },
  ],
]

const nameOf = (said: unknown): string =>
  Object.values(said as object)
    .slice(0, 2)
    .join(" ")

it("is read as it was written, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(messages.length - 1), { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 700 })),
      (chosen, sizes) => {
        const [ours, theirs] = [wireCodec.deployed({}), wireCodec.deployed({})]
        const heard: Array<unknown> = []
        let [nowMs, at] = [noonMs, 0]
        const bytes = Buffer.concat([
          ours.write(helloOf(1), nowMs),
          // a while apart, so that nothing waits for an answer
          ...chosen.map((i) => ours.write(messages[i]![0], (nowMs += 60_000))),
        ])
        while (at < bytes.length) {
          const size = sizes.next().value as number
          heard.push(...theirs.read(bytes.subarray(at, at + size), noonMs).messages)
          at += size
        }
        const isPing = (said: unknown) => (said as { readonly op?: string }).op === "PING"
        const expected = chosen.map((i) => messages[i]![1]).filter((said) => !isPing(said))
        expect(heard.filter((said) => !isPing(said))).toMatchObject([{ type: "HELLO", nodeId: helloOf(1).nodeId, quirks }, ...expected])
        // with every heartbeat goes a ping, before or behind it, and before others two where none was answered
        const own = chosen.filter((i) => i === messages.length - 1).length
        expect(heard.filter(isPing).length).toBeGreaterThanOrEqual(own + chosen.filter((i) => i < 2).length)
        expect(wireCodec.deployed({}).read(bytes, noonMs).messages.map(nameOf)).toEqual(heard.map(nameOf))
      },
    ),
    { numRuns: 60 },
  )
})

it("ends at a frame that is none, and takes one of 799 kB", () => {
  const head = (length: number) => Buffer.from([length >> 24, length >> 16, length >> 8, length].map((byte) => byte & 0xff))
  const { read } = wireCodec.deployed({})
  expect(read(head(frameBytesMax + 1), noonMs)).toMatchObject({ fault: "oversized", messages: [] })
  const filled = Buffer.alloc(599_067, 1).toString("base64")
  const payload = { registry_id: "r", agent_count: 1, bloom_filter: filled, bloom_size: 4_792_530, bloom_hashes: 7 }
  const body = Buffer.from(JSON.stringify({ type: "heartbeat", payload }))
  expect(body.length).toBeGreaterThan(798_000)
  const [heartbeat] = wireCodec.deployed({}).read(Buffer.concat([head(body.length), body]), noonMs).messages
  expect(heartbeat).toMatchObject({ type: "HEARTBEAT", filter: { bloom: { size: 4_792_530, hashes: 7 } } })
})
