/**
 * Announcements against an adversary: no change of a document goes unnoticed, nothing that a peer sends makes the reader
 * throw, and only the entitled say a thing.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Announcement,
  announceEntity,
  announceStatus,
  announceTombstone,
  developerOf as developerBehind,
  type Malformed,
  read,
  signedText,
  type VerifiedAnnouncement,
} from "../../../src/protocol/gossip/announcement.ts"
import { believe } from "../../../src/protocol/gossip/authority.ts"
import { canonical, type Json, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { prove } from "../../../src/protocol/identity/derivation.ts"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { readJson } from "../../../src/protocol/identity/json-text.ts"
import { clockSkewMaxMs, jsonDepthMax } from "../../../src/protocol/limits.ts"
import * as Slots from "../../../src/protocol/records/slots.ts"
import { announced, buried, entityKeyOf, entityOf, keyOf, noon, type Registry, registryOf } from "../../support/builders.ts"
import { developerOf, entityKeyOf as clientKeyOf, homeOf, registeredAs, wholeRequest } from "../../support/clients.ts"

const nowMs = noon * 1_000
const home = registryOf(1)
const stranger = registryOf(2)
const entity = entityOf(5, 0, { name: "Größe <b>", entity_url: "https://a.example/?x=1&y=2" })
const rich = {
  ...entity,
  service_endpoint: "https://s.example",
  entity_pricing: { rates: { call: 0.1 }, model: "flat" },
  codebase_hash: "ab",
}

const samples: ReadonlyArray<VerifiedAnnouncement> = [
  announced(home, entity),
  announced(home, rich, noon, "update"),
  announced(home, entityOf(5, 1, { entity_type: "service", tags: [] })),
  buried(home, 5, 0, entity, noon),
]
const sample = fc.constantFrom(...samples)

const believed = (document: JsonObject) => believe(document, undefined, nowMs, verify)
const isVerified = (document: JsonObject): boolean => believed(document).type === "verified"
const announcementOf = (document: JsonObject): Announcement => {
  const announcement: Announcement | Malformed = read(document)
  if (announcement.type === "malformed") throw new Error(announcement.why)
  return announcement
}

/** The same document, signed anew by whoever it says it is from. */
const resigned = (document: JsonObject, registry: Registry = home): JsonObject => ({
  ...document,
  signature: sign(registry.secret, signedText(document)),
})

/** Every place in a document, as a path of names and indexes. */
const pathsOf = (value: Json | undefined, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null
    ? [path, ...Object.entries(value).flatMap(([name, member]) => pathsOf(member as Json, [...path, name]))]
    : [path]

/** The document with something else at a path; `undefined` takes the member away. */
const changedAt = (value: Json, [first, ...rest]: ReadonlyArray<string>, change: (value: Json) => Json | undefined): Json | undefined => {
  if (first === undefined) return change(value)
  if (Array.isArray(value))
    return (value as ReadonlyArray<Json>).map((member, i) => (String(i) === first ? (changedAt(member, rest, change) ?? null) : member))
  const object = value as JsonObject
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, member]) => {
      const changed = name === first ? changedAt(member!, rest, change) : member
      return changed === undefined ? [] : [[name, changed]]
    }),
  )
}

/** A small change of any value: a character, a number, one member more, one less, another type. */
const tampering: fc.Arbitrary<(value: Json) => Json | undefined> = fc
  .tuple(fc.nat(), fc.constantFrom("flip", "drop", "type", "more", "swap"))
  .map(([n, how]) => (value) => {
    if (how === "drop") return undefined
    if (how === "type") return typeof value === "string" ? 1 : JSON.stringify(value)
    if (how === "swap" && typeof value === "string")
      return value.replace(/^(zns|agdns):/, (prefix) => (prefix === "zns:" ? "agdns:" : "zns:"))
    if (typeof value === "string") {
      const at = n % (value.length + 1)
      const character = value[at] ?? ""
      return value.slice(0, at) + (character === "a" ? "b" : "a") + value.slice(at + 1)
    }
    if (typeof value === "number") return how === "more" ? value + 1 : -value - 1
    if (typeof value === "boolean") return !value
    if (value === null) return false
    return Array.isArray(value) ? [...(value as ReadonlyArray<Json>), n] : { ...(value as JsonObject), [`extra${n % 3}`]: n }
  })

const tampered = fc.tuple(sample, fc.nat(), tampering).map(([announcement, n, change]) => {
  const { document } = announcement
  const paths = pathsOf(document).slice(1)
  const path = paths[n % paths.length]!
  return { original: announcement, path, document: changedAt(document, path, change) as JsonObject }
})

describe("a document on its way", () => {
  it("is believed as it was signed, also after a trip through text", () => {
    for (const { contentId, document, id } of samples) {
      const read = readJson(JSON.stringify(document)) as JsonObject
      const belief = believe(read, contentId, nowMs, verify)
      expect(belief).toMatchObject({ type: "verified", announcement: { id } })
      expect(canonical(read)).toBe(canonical(document))
    }
  })

  it("is not believed when anything in it changes", () => {
    fc.assert(
      fc.property(tampered, ({ document, original }) => {
        expect(isVerified(document)).toBe(canonical(document) === canonical(original.document))
      }),
      { numRuns: 600 },
    )
  })

  it("is not believed with another signature, nor the same one spelled otherwise", () => {
    for (const { document } of samples) {
      const signature = document["signature"] as string
      for (const other of [
        sign(stranger.secret, signedText(document)),
        samples.find((one) => one.document !== document)!.document["signature"]!,
        signature.slice("ed25519:".length),
        `${signature}\n`,
        "",
        null,
      ]) {
        expect(isVerified({ ...document, signature: other })).toBe(false)
      }
    }
  })

  it("does not hide a change behind a number that JSON cannot write, or a name that is a prototype", () => {
    const free = announced(home, { ...entity, entity_pricing: { a: null } }).document
    expect(isVerified(free)).toBe(true)
    const record = free["record"] as JsonObject
    // JSON writes Infinity as null, so these have the bytes that were signed.
    const infinite = { ...free, record: { ...record, entity_pricing: { a: Number.POSITIVE_INFINITY } } }
    expect(signedText(infinite)).toBe(signedText(free))
    expect(isVerified(infinite)).toBe(false)
    for (const name of ["__proto__", "a\\", 'a"', "\0", "\ud800"]) {
      expect(believed(resigned({ ...free, record: { ...record, entity_pricing: Object.fromEntries([[name, 1]]) } })).type).toBe("drop")
    }
    expect(believed(resigned({ ...free, note: "half a \ud83d" }))).toEqual({ type: "drop", reason: "malformed" })
  })
})

describe("a registry that signs what it likes", () => {
  it("gives what it changed another id, or is not believed, or changed nothing that the id covers", () => {
    fc.assert(
      fc.property(tampered, ({ document, original, path }) => {
        if (signedText(document) === signedText(original.document)) return
        const belief = believed(resigned(document))
        if (belief.type === "drop" || belief.announcement.contentId !== original.contentId) return
        // What no dialect but ours carries is outside the id; the signature keeps it whole all the same.
        expect(path.join(".")).toMatch(
          /^(signature|registry_id|origin_public_key|reason|extra\d|entity_id|registered_at|public_key|developer_proof.*|evidence.*|record(\.(entity_id|developer_id|public_key|developer_proof.*|registered_at|updated_at|ttl|signature|codebase_hash|capability_summary|extra\d|entity_pricing))?)$/,
        )
      }),
      { numRuns: 600 },
    )
  })

  it("cannot change what the entity signed", () => {
    const { document } = samples[0]!
    const record = document["record"] as JsonObject
    for (const [field, value] of Object.entries({
      name: "x",
      category: "x",
      tags: ["x"],
      summary: "x",
      entity_url: "https://evil.example",
      entity_type: "service",
    })) {
      expect(believed(resigned({ ...document, record: { ...record, [field]: value } })).type === "verified", field).toBe(
        field === "entity_type",
      )
    }
  })

  it("cannot pass an agent off as a service, nor one key's record as another's", () => {
    const { document } = samples[0]!
    const record = document["record"] as JsonObject
    const other = entityOf(6, 0)
    for (const changed of [
      { ...document, type: "service_announce" },
      { ...document, record: { ...record, entity_id: idOf("service", entity.public_key) } },
      { ...document, type: "service_announce", record: { ...record, entity_id: idOf("service", entity.public_key) } },
      { ...document, record: { ...record, public_key: other.public_key } },
      { ...document, record: { ...record, public_key: other.public_key, entity_id: other.entity_id } },
      { ...document, record: { ...record, developer_id: other.developer_id } },
      { ...document, record: { ...record, developer_proof: { ...other.developer_proof } } },
      { ...document, record: { ...record, updated_at: "2026-04-10T12:00:01Z" } },
    ]) {
      expect(believed(resigned(changed)).type).toBe("drop")
    }
  })

  it("cannot speak for another registry", () => {
    const { document } = samples[0]!
    expect(believed({ ...document, registry_id: stranger.registryId })).toEqual({ type: "drop", reason: "malformed" })
    expect(believed({ ...document, origin_public_key: stranger.publicKey })).toEqual({ type: "drop", reason: "malformed" })
    expect(believed(resigned(document, stranger))).toEqual({ type: "drop", reason: "signature" })
  })

  it("cannot end what its owner did not end", () => {
    const forged = announceTombstone(home, entity, { by: "entity", text: entity.entity_id, signature: entity.signature }, "forged", noon)
    expect(believed(forged.document)).toEqual({ type: "drop", reason: "authority" })
    const another = entityOf(5, 9)
    const text = another.entity_id
    const elsewhere = announceTombstone(home, entity, { by: "entity", text, signature: sign(entityKeyOf(5, 9), text) }, "forged", noon)
    expect(believed(elsewhere.document)).toEqual({ type: "drop", reason: "authority" })
  })

  it("cannot end it as a developer who only says so", () => {
    const mallory = keyOf(66)
    const proof = prove(mallory, entity.public_key, 0)
    const posed = { ...entity, developer_id: idOf("developer", mallory.publicKey), developer_proof: proof, registered_at: 0, updated_at: 0 }
    const text = entity.entity_id
    const forged = announceTombstone(stranger, posed, { by: "developer", text, signature: sign(mallory, text) }, "forged", noon)
    // Anybody may say to be the developer of a key; it ends nothing that names another.
    expect(believed(forged.document).type).toBe("verified")
    const { slots } = Slots.merge<Announcement>([announced(home, entity)], forged)
    expect(Slots.shown(slots, developerBehind)?.origin).toBe(home.registryId)
  })
})

describe("an entity that names its home", () => {
  const developer = developerOf(5)
  const homeKey = developerOf(200).key
  const origin = { registryId: homeOf(200), publicKey: homeKey.publicKey, sign: (message: string) => sign(homeKey, message) }
  const record = registeredAs(wholeRequest(developer, 0, { home_registry: homeOf(200) }))
  const at = record.registered_at
  const text = record.entity_id
  const evidence = { by: "entity" as const, text, signature: sign(clientKeyOf(developer, 0), text) }
  const belief = (document: JsonObject) => believe(document, undefined, (at + 10) * 1_000, verify)

  it("is ended by that home, and weighs as much before as after", () => {
    const registered = announceEntity(origin, "register", record, at)
    const ended = announceTombstone(origin, record, evidence, "owner-deregistered", at + 1)
    for (const one of [registered, ended]) {
      expect(belief(one.document).type).toBe("verified")
      expect(one.homeIsSigned).toBe(true)
    }
    const { slots } = Slots.merge<Announcement>([registered], ended)
    expect(slots).toEqual([ended])
    expect(Slots.shown(slots, developerBehind)).toBeUndefined()
  })

  it("lends its weight to no other registry, and to none without its signature", () => {
    const ended = announceTombstone(origin, record, evidence, "owner-deregistered", at + 1).document
    const moved = announceTombstone(stranger, record, evidence, "forged", at + 1).document
    expect(moved["home_proof"]).toBeDefined()
    expect(belief(moved)).toEqual({ type: "drop", reason: "authority" })
    const said = ended["home_proof"] as JsonObject
    for (const proof of [
      { ...said, text: canonical({ home_registry: origin.registryId }) },
      { ...said, signature: sign(homeKey, said["text"] as string) },
      { ...said, text: "{" },
    ]) {
      const document = { ...ended, home_proof: proof }
      expect(belief({ ...document, signature: sign(homeKey, signedText(document)) })).toEqual({ type: "drop", reason: "authority" })
    }
  })
})

describe("reading", () => {
  const anything = fc.oneof(
    fc.jsonValue() as fc.Arbitrary<Json>,
    fc.constantFrom<Json>(
      null,
      -0,
      1e308,
      Number.MAX_SAFE_INTEGER,
      "",
      "\0",
      "\ud800",
      "__proto__",
      [],
      {},
      "0000-01-01T00:00:00Z",
      "9999-12-31T23:59:59Z",
    ),
  )

  it("never throws, whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (document) => {
        expect(read(document as JsonObject).type).toBe("malformed")
        expect(believed(document as JsonObject).type).toBe("drop")
      }),
    )
  })

  it("never throws when anything stands anywhere in a good one, signed or not", () => {
    fc.assert(
      fc.property(sample, fc.nat(), anything, ({ document }, n, value) => {
        const paths = pathsOf(document).slice(1)
        const changed = changedAt(document, paths[n % paths.length]!, () => value) as JsonObject
        expect(["drop", "verified"]).toContain(believed(changed).type)
        expect(["drop", "verified"]).toContain(believed(resigned(changed)).type)
      }),
      { numRuns: 600 },
    )
  })

  it("refuses what is nested too deep", () => {
    const nested = (depth: number): Json => (depth === 0 ? 1 : { a: nested(depth - 1) })
    const { document } = samples[0]!
    expect(read(resigned({ ...document, extra: nested(jsonDepthMax - 1) })).type).not.toBe("malformed")
    expect(read(resigned({ ...document, extra: nested(jsonDepthMax) })).type).toBe("malformed")
    expect(read(JSON.parse(`{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`) as JsonObject).type).toBe("malformed")
  })

  it("takes ids in either spelling and keys with or without prefix as the same announcement", () => {
    const { document, contentId } = samples[0]!
    const record = document["record"] as JsonObject
    const respelled = resigned({
      ...document,
      registry_id: home.registryId,
      origin_public_key: home.publicKey.slice("ed25519:".length),
      record: {
        ...record,
        entity_id: entity.entity_id,
        developer_id: entity.developer_id,
        public_key: entity.public_key.slice("ed25519:".length),
      },
    })
    expect(announcementOf(respelled).contentId).toBe(contentId)
    expect(isVerified(respelled)).toBe(true)
  })

  it("is one announcement in gossip, whatever the deployed form does not carry, and one of several documents in stores", () => {
    const backdated = { ...entity, registered_at: entity.registered_at - 1 }
    const twins = [
      [
        announced(home, entity),
        announced(home, backdated),
        announced(home, { ...entity, ttl: 1 }),
        announced(home, { ...entity, capability_summary: { skills: ["x"] } }),
      ],
      [buried(home, 5, 0, entity, noon), buried(home, 5, 0, backdated, noon), announceTombstone(home, entity, undefined, "not-held", noon)],
      [announceStatus(home, entity.entity_id, "active", noon - 9, noon), announceStatus(home, entity.entity_id, "active", noon - 8, noon)],
    ]
    for (const same of twins) {
      expect(new Set(same.map(({ contentId }) => contentId)).size).toBe(1)
      expect(new Set(same.map(({ id }) => id)).size).toBe(same.length)
      // all nodes end with the same one, in whatever order they came
      for (const a of same) for (const b of same) expect(Slots.later(a, b).id).toBe(Slots.later(b, a).id)
    }
  })

  it("tells announcements of other content, time, action, kind or origin apart by their ids", () => {
    const others = [
      ...samples,
      announced(home, rich, noon),
      announced(home, rich, noon + 1),
      announced(stranger, rich, noon),
      announced(home, { ...rich, service_endpoint: "https://t.example" }, noon),
      buried(home, 5, 0, entity, noon + 1),
      buried(stranger, 5, 0, entity, noon),
    ]
    expect(new Set(others.map(({ contentId }) => contentId)).size).toBe(others.length)
  })

  it("holds the sender to the id it named, and the origin to the clock", () => {
    const { document, contentId } = samples[0]!
    expect(
      believe(
        document,
        contentId.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
        nowMs,
        verify,
      ),
    ).toEqual({ type: "drop", reason: "id-mismatch" })
    const ahead = announced(home, entity, noon + clockSkewMaxMs / 1_000)
    expect(believed(ahead.document).type).toBe("verified")
    expect(believe(ahead.document, undefined, nowMs - 1, verify)).toEqual({ type: "drop", reason: "ahead-of-clock" })
  })
})
