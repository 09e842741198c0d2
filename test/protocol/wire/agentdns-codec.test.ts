/** Frames of the deployed dialect: recorded ones in both directions, and whatever else may come. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { frameBytesMax } from "../../../src/protocol/limits.ts"
import { readSaid, type Said, writeSaid } from "../../../src/protocol/wire/agentdns-codec.ts"
import { agentdnsVectors } from "../../support/agentdns-vectors.ts"

const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString()
const reread = (frame: string): Said => {
  const said = readSaid(Buffer.from(frame))
  if (said.type === "unreadable" || said.type === "gossip") throw new Error(`${said.type}: ${frame}`)
  return said
}
const rewritten = (frame: string): string => textOf(writeSaid(reread(frame) as Exclude<Said, { type: "gossip" }>))
const reasonOf = (text: string): string => {
  const said = readSaid(Buffer.from(text))
  return said.type === "unreadable" ? said.reason : said.type
}

const recorded = agentdnsVectors.filter(({ kind }) => ["hello", "search", "search_ack", "dht", "heartbeat"].includes(kind))
/** Everything that the deployed node wrote, frames and answers. */
const written = recorded.flatMap(({ answer_frame, direction, frame, reply_frame }) => [
  ...(direction === "go->peer" ? [frame] : []),
  ...(answer_frame === undefined ? [] : [answer_frame]),
  ...(reply_frame === undefined || reply_frame === null ? [] : [reply_frame]),
])

describe("frames of the deployed dialect", () => {
  it("are read as that node reads and writes them", () => {
    expect(recorded).toHaveLength(20)
    for (const { frame, name, parsed } of recorded) {
      if (name === "dht: key as hex text") expect(reasonOf(frame), name).toBe("malformed")
      else if (parsed !== undefined) expect(reread(frame), name).toMatchObject({ payload: parsed })
    }
  })

  it("that it wrote are written as the same bytes", () => {
    expect(written).toHaveLength(15)
    for (const frame of written) expect(rewritten(frame)).toBe(frame)
  })

  it("may have any order of members, unknown ones, and null for what is zero", () => {
    const payload = { unknown: [1], listen_port: null, name: null, public_key: "k", registry_id: "r" }
    expect(readSaid(Buffer.from(JSON.stringify({ more: 1, payload, type: "hello" })))).toEqual({
      type: "hello",
      payload: { registry_id: "r", name: "", public_key: "k", agent_count: 0, version: "", listen_port: 0 },
    })
  })

  it("that are no envelope are told from those that do not decode", () => {
    for (const text of ["", "{", "nothing", '{"type":"hello"}x']) expect(reasonOf(text), text).toBe("not-json")
    for (const text of ["[]", '"text"', "7", "null", "{}", '{"type":7}']) expect(reasonOf(text), text).toBe("not-a-message")
    for (const type of ["HELLO", "", "search_nack"]) expect(reasonOf(JSON.stringify({ type, payload: {} })), type).toBe("unknown-type")
    const malformed = [
      { type: "hello", payload: [] },
      { type: "hello", payload: {} },
      { type: "hello", payload: { registry_id: "r", public_key: "k", listen_port: 70_000 } },
      { type: "heartbeat", payload: { bloom_size: 2 ** 62 } },
      { type: "heartbeat", payload: { bloom_size: -1 } },
      { type: "heartbeat", payload: { peer_addrs: [7] } },
      { type: "gossip", payload: {} },
      { type: "search", payload: { request_id: "a" } },
      { type: "search", payload: { request_id: "a", request: null } },
      { type: "search", payload: { request_id: "a".repeat(129), request: {} } },
      { type: "dht", payload: {} },
      { type: "dht", payload: { type: "dht_ping", key: [256] } },
      { type: "dht", payload: { type: "dht_ping", sender_id: "00" } },
    ]
    for (const frame of malformed) expect(reasonOf(JSON.stringify(frame)), JSON.stringify(frame)).toBe("malformed")
  })

  it("read keys of any length as that node does", () => {
    const keyOf = (key: unknown) => {
      const said = readSaid(Buffer.from(JSON.stringify({ type: "dht", payload: { type: "dht_ping", key } })))
      return said.type === "dht" ? said.payload.key : []
    }
    const zeros = (count: number) => Array.from({ length: count }, () => 0)
    expect(keyOf([1, 2])).toEqual([1, 2, ...zeros(30)])
    expect(keyOf(Array.from({ length: 40 }, (_, i) => i))).toEqual(Array.from({ length: 32 }, (_, i) => i))
    expect([keyOf(null), keyOf(undefined), keyOf([])]).toEqual([zeros(32), zeros(32), zeros(32)])
  })

  it("that are anything at all never throw, and come back as they were", () => {
    const json = fc.jsonValue({ maxDepth: 4 })
    const type = fc.constantFrom("hello", "heartbeat", "gossip", "search", "search_ack", "dht")
    const shaped = fc.record({ type, payload: fc.oneof(json, fc.dictionary(fc.constantFrom(...members), json)) })
    fc.assert(
      fc.property(
        fc.oneof(
          shaped.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (text) => {
          const said = readSaid(Buffer.from(text))
          if (said.type === "unreadable" || said.type === "gossip") return
          const again = writeSaid(said)
          expect(again.length).toBeLessThan(frameBytesMax)
          expect(readSaid(again)).toEqual(said)
        },
      ),
      { numRuns: 400 },
    )
  })
})

const members = (
  "registry_id name public_key agent_count version listen_port bloom_filter bloom_size bloom_hashes peer_addrs announcement request_id request " +
  "origin_id ttl results stats type sender_id sender_addr key record target nodes value ok timestamp"
).split(" ")
