/** Addresses, pins and the choice between two links: small rules that both ends of a link must see alike. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { writeKey } from "../../../src/protocol/identity/key.ts"
import { readAddress, writeAddress } from "../../../src/protocol/mesh/address.ts"
import { keepsNewLink } from "../../../src/protocol/mesh/greeting.ts"
import { judge } from "../../../src/protocol/mesh/pin.ts"
import { registryOf } from "../../support/builders.ts"

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(writeKey)

describe("addresses", () => {
  it("come back as they were", () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constantFrom("localhost", "x_y", "fe80::1%eth0"))
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (host, port) => {
        expect(readAddress(writeAddress({ host, port }))).toEqual({ host, port })
      }),
    )
  })

  it("never throw, and whatever is read is a host and a port", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[[\]a-z0-9.:\s\0/@-]{0,20}:\d{0,6}$/)), (text) => {
        const address = readAddress(text)
        if (address === undefined) return
        expect(address.host).toMatch(/^[A-Za-z0-9._:%-]+$/)
        expect(address.port).toBeLessThanOrEqual(65_535)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    "",
    ":1",
    "a",
    "a:",
    "a:65536",
    "a:-1",
    "a:1e3",
    "a:0x1",
    "a:1\n",
    " a:1",
    "a b:1",
    "a\0:1",
    "::1:1",
    "[::1]",
    "[a]:1",
    "[::1%]:1",
    "http://a:1",
    "a:1/",
    "u@a:1",
  ])("refused: %j", (text) => {
    expect(readAddress(text)).toBeUndefined()
  })
})

describe("two links between the same two nodes", () => {
  it("end as one at both ends, in whatever order each end sees them", () => {
    fc.assert(
      fc.property(key, key, fc.boolean(), (a, b, isOneDialler) => {
        const one = { by: idOf("registry", a), dial: 1 }
        const other = { by: isOneDialler ? one.by : idOf("registry", b), dial: 2 }
        const keptOf = (first: typeof one, second: typeof one) => (keepsNewLink(first, second) ? second : first)
        expect(keptOf(one, other)).toBe(keptOf(other, one))
      }),
    )
  })

  it("of a dialler that numbers nothing: the one that greeted last", () => {
    const one = { by: registryOf(1).registryId, dial: undefined }
    expect([keepsNewLink(one, { ...one }), keepsNewLink({ ...one, dial: 7 }, one)]).toEqual([true, true])
  })
})

describe("a pin", () => {
  it("is believed before the peer, and the operator before the pin", () => {
    fc.assert(
      fc.property(key, key, key, fc.boolean(), fc.boolean(), (met, pinnedKey, configuredKey, isPinned, isConfigured) => {
        const pinned = isPinned ? pinnedKey : undefined
        const configured = isConfigured ? configuredKey : undefined
        const verdict = judge(met, pinned, configured)
        const mayStay = verdict.type !== "contradicts"
        expect(mayStay).toBe(configured !== undefined ? configured === met : pinned === undefined || pinned === met)
      }),
    )
    const [one, other] = fc.sample(key, 2) as [ReturnType<typeof writeKey>, ReturnType<typeof writeKey>]
    expect(judge(one, undefined, undefined)).toEqual({ type: "first" })
    expect(judge(one, one, undefined)).toEqual({ type: "agrees" })
    expect(judge(one, other, undefined)).toEqual({ type: "contradicts", expected: other, because: "pinned" })
    expect(judge(one, other, one)).toEqual({ type: "replaces", pinned: other })
    expect(judge(one, one, other)).toEqual({ type: "contradicts", expected: other, because: "configured" })
  })
})
