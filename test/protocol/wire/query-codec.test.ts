/** QUERY, QUERY_ACK and filters on the wire: what is written is read back, and what is too large or half is no message. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { answeredEntitiesMax, frameBytesMax, queryCharactersMax, queryHopsMax } from "../../../src/protocol/limits.ts"
import * as Bloom from "../../../src/protocol/search/bloom.ts"
import type { FilterNews } from "../../../src/protocol/search/home-filter.ts"
import { answeredDocumentsMax } from "../../../src/protocol/wire/query-codec.ts"
import { isUnreadable, read, write } from "../../../src/protocol/wire/spec-codec.ts"
import { announcementOf, heartbeatOf, queryAckOf, queryOf } from "../../support/mesh.ts"

const word = fc.string({ maxLength: 64 })
const words = fc.array(word, { maxLength: 20 })
const question = fc.record(
  {
    query: fc.string({ maxLength: queryCharactersMax }),
    category: word,
    tags: words,
    skills: words,
    models: words,
    developer_id: word,
    status: word,
  },
  { requiredKeys: [] },
)
const whole: fc.Arbitrary<FilterNews> = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 30 }), fc.nat(1_000))
  .map(([bits, hashes, version]) => ({ type: "whole", version, bloom: { size: 8 * bits.length, hashes, bits } }))
const change: fc.Arbitrary<FilterNews> = fc
  .tuple(fc.uniqueArray(fc.nat(3_999_999), { maxLength: 100 }), fc.nat(1_000))
  .map(([flipped, base]) => ({ type: "change", version: base + 1, base, flipped: flipped.sort((a, b) => a - b) }))

const reread = (said: unknown) => read(Buffer.from(JSON.stringify(said)))
const written = (message: Parameters<typeof write>[0]) => JSON.parse(Buffer.from(write(message)).toString()) as Record<string, unknown>

describe("queries and answers", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(question, fc.nat(queryHopsMax), fc.nat(answeredEntitiesMax), (asked, hops, most) => {
        const message = queryOf(3, { question: asked, hops, most })
        expect(read(write(message))).toEqual(message)
      }),
    )
    const answer = queryAckOf(3, [announcementOf(2).document])
    expect(read(write(answer))).toEqual(answer)
  })

  it("are no messages when they are too large, or not what they say", () => {
    const query = written(queryOf(1))
    const answer = written(queryAckOf(1))
    const wrong = [
      { ...query, query_id: "1" },
      { ...query, hops: queryHopsMax + 1 },
      { ...query, query: "x".repeat(queryCharactersMax + 1) },
      { ...query, tags: Array.from({ length: 21 }, () => "x") },
      { ...answer, announcements: Array.from({ length: answeredDocumentsMax + 1 }, () => ({})) },
      { ...answer, announcements: ["x"] },
      { ...answer, query_id: undefined },
    ]
    for (const said of wrong) expect(isUnreadable(reread(said)), JSON.stringify(said).slice(0, 80)).toBe(true)
    expect(reread({ type: "QUERY", query_id: "0".repeat(32), max_results: 999_999 })).toMatchObject({ most: answeredEntitiesMax, hops: 0 })
  })
})

describe("a heartbeat's filter", () => {
  it("comes back as it was, whole or as a change", () => {
    fc.assert(
      fc.property(fc.oneof(whole, change), fc.nat(99), (filter, filterKnown) => {
        const message = heartbeatOf(2, { filter, filterKnown })
        expect(read(write(message))).toEqual(message)
      }),
    )
  })

  it("fits a frame at its largest", () => {
    const message = heartbeatOf(2, { filter: { type: "whole", version: 1, bloom: Bloom.emptyFor(50_000_000) } })
    expect(write(message).length).toBeLessThan(frameBytesMax)
  })

  it("is left out where it says too little, or what cannot be; the heartbeat counts all the same", () => {
    const beat = written(heartbeatOf(2))
    const filters = [
      { bloom_filter: "base64:AQIDBAUG" },
      { bloom_filter: "base64:AQID", bloom_size: 1_000, bloom_hashes: 7 },
      { bloom_change: "base64:gA==", bloom_base: 1, bloom_version: 2 },
      { bloom_change: "base64:AQ==" },
    ]
    for (const said of filters) expect(reread({ ...beat, ...said })).toEqual(heartbeatOf(2))
  })
})
