/** What an operator may block, and what each block covers. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { announceDeveloper, announceEnd, announceStatus } from "../../../src/protocol/gossip/announcement.ts"
import { onWire } from "../../../src/protocol/identity/id.ts"
import {
  blockOfEntity,
  blockOfHost,
  blockOfPeer,
  type Blocks,
  blocksOf,
  blockOfWord,
  noBlocks,
  readTarget,
} from "../../../src/protocol/moderation/blocks.ts"
import { announced, buried, developerOf, entityOf, noon, registryOf } from "../../support/builders.ts"
import { bound, claimed, proven } from "../../support/words.ts"

const blocking = (...subjects: ReadonlyArray<string>): Blocks =>
  blocksOf(subjects.map((text) => ({ ...readTarget(text)!, reason: "spam", since: noon })))

describe("a subject", () => {
  const record = entityOf(7, 0)
  const us = registryOf(1)

  it.each([
    [record.entity_id, "entity", record.entity_id],
    [onWire(record.entity_id), "entity", record.entity_id],
    [record.developer_id, "developer", record.developer_id],
    [onWire(us.registryId), "peer", us.registryId],
    [us.publicKey, "peer", us.registryId],
    ["Evil.Example.", "host", "evil.example"],
    ["bücher.example", "host", "xn--bcher-kva.example"],
    ["192.0.2.7", "host", "192.0.2.7"],
    ["2001:DB8:0:0::7", "host", "2001:db8::7"],
  ])("%s is the %s %s", (text, kind, subject) => expect(readTarget(text)).toEqual({ kind, subject }))

  it.each(["", "evil", "zns:dev:12", "a b.example", "https://evil.example/x", "evil.example:8080", "a.b/c", "@a.b", "x".repeat(300)])(
    "is never %j",
    (text) => expect(readTarget(text)).toBeUndefined(),
  )

  it("read twice is the same", () =>
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        const target = readTarget(text)
        if (target !== undefined) expect(readTarget(target.subject)).toEqual(target)
      }),
    ))
})

describe("a host", () => {
  it.each([
    ["evil.example", true],
    ["EVIL.example", true],
    ["api.evil.example", true],
    ["notevil.example", false],
    ["example", false],
    ["evil.example.org", false],
  ])("%s is covered by evil.example: %s", (host, isCovered) =>
    expect(blockOfHost(blocking("evil.example"), host) !== undefined).toBe(isCovered),
  )

  it("that is an address covers only itself, however it is written", () => {
    expect(blockOfHost(blocking("192.0.2.7"), "192.0.2.7")).toBeDefined()
    expect(blockOfHost(blocking("192.0.2.7"), "9.192.0.2.7")).toBeUndefined()
    expect(blockOfHost(blocking("::1"), "0:0:0:0:0:0:0:1")).toBeDefined()
  })

  it("covers all names below it, and nothing beside it", () =>
    fc.assert(
      fc.property(fc.domain(), fc.domain(), (domain, other) => {
        const blocks = blocking(domain)
        expect(blockOfHost(blocks, `a.${domain}`)).toBeDefined()
        expect(blockOfHost(blocks, `a${domain}`)).toBeUndefined()
        expect(blockOfHost(blocks, other) !== undefined).toBe(other === domain || other.endsWith(`.${domain}`))
      }),
    ))
})

describe("an entity is covered by", () => {
  const record = entityOf(7, 0, { entity_url: "https://Api.Evil.example:8443/a" })
  const service = { ...entityOf(7, 1), service_endpoint: "https://evil.example/run" }
  it.each([
    ["itself", record.entity_id, true],
    ["its developer", record.developer_id, true],
    ["its home", record.home_registry, true],
    ["its host", "evil.example", true],
    ["another entity", service.entity_id, false],
    ["another developer", developerOf(8).developer_id, false],
    ["another host", "good.example", false],
  ])("%s", (_, subject, isCovered) => expect(blockOfEntity(blocking(subject), record)?.subject === subject).toBe(isCovered))

  it("the host of its endpoint", () => expect(blockOfEntity(blocking("evil.example"), service)).toBeDefined())
})

describe("a statement", () => {
  const record = entityOf(7, 0)
  const them = registryOf(2)
  const words = {
    entity: announced(them, record),
    developer: announceDeveloper(them, "register", developerOf(7), noon),
    status: announceStatus(them, record.entity_id, "inactive", undefined, noon),
    handle: claimed(them, 7, "alice"),
    name: bound(them, 7, { handle: "alice", name: "weather", entityId: record.entity_id }),
    proof: proven(them, "evil.example"),
  }

  it("of a blocked registry is covered, whatever it says", () => {
    for (const word of Object.values(words)) expect(blockOfWord(blocking(them.registryId), word)).toBeDefined()
  })

  it("is covered by what it is about", () => {
    const covered = (subject: string) =>
      Object.entries(words).flatMap(([kind, word]) => (blockOfWord(blocking(subject), word) === undefined ? [] : [kind]))
    expect(covered(record.entity_id)).toEqual(["entity", "status", "name"])
    expect(covered(record.developer_id)).toEqual(["entity", "developer", "handle", "name"])
    expect(covered("evil.example")).toEqual(["proof"])
    expect(covered("agent-7-0.example")).toEqual(["entity"])
  })

  it("that ends something is never covered", () => {
    const end = buried(them, 7, 0, record, noon + 9)
    expect(blockOfWord(blocking(record.entity_id, record.developer_id, them.registryId), end)).toBeUndefined()
    for (const word of [words.status, words.handle, words.name]) {
      const released = announceEnd(them, word, "released", noon + 9)!
      expect(blockOfWord(blocking(record.entity_id, record.developer_id, them.registryId), released)).toBeUndefined()
    }
  })

  it("is not looked at while nothing is blocked", () => expect(blockOfWord(noBlocks, words.entity)).toBeUndefined())
})

it("a registry is covered by its id, and by any host that it is met at", () => {
  const { registryId } = registryOf(2)
  expect(blockOfPeer(blocking(registryId), registryId)).toBeDefined()
  expect(blockOfPeer(blocking("evil.example"), registryId, undefined, "mesh.evil.example")).toBeDefined()
  expect(blockOfPeer(blocking("evil.example"), registryId, "192.0.2.7")).toBeUndefined()
})
