/** One announcement in two forms: ours carries the signature of the other, and both are one to whoever hears them. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readGo, writeGo } from "../../../src/protocol/agentdns/announcement.ts"
import {
  announceDeveloper,
  announceDeveloperTombstone,
  announceEnd,
  announceHandle,
  announceName,
  announceTombstone,
  draftEntity,
  draftSecondForm,
  type VerifiedAnnouncement,
} from "../../../src/protocol/gossip/announcement.ts"
import { believe } from "../../../src/protocol/gossip/authority.ts"
import { canonical, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import type { EntityName, Handle } from "../../../src/protocol/records/naming.ts"
import * as Slots from "../../../src/protocol/records/slots.ts"
import {
  announced,
  buried,
  developerOf,
  entityOf,
  implicitDeveloperOf,
  keyOf,
  noon,
  type Registry,
  registryOf,
} from "../../support/builders.ts"
import {
  attested,
  bound,
  claimed,
  introducedDeveloper,
  observationOf,
  proven,
  statusSaid,
  unbound,
  unclaimed,
  verified,
} from "../../support/words.ts"

const home: Registry = { ...registryOf(1), signsDeployed: true }
const alice = 7
const entity = entityOf(alice, 0, { name: 'a <b> & \u2028 "c" \\ 東京 🚀', tags: ["x&y"], summary: "tab\there" })
const service = entityOf(alice, 1, {
  entity_type: "service",
  tags: [],
  summary: "",
  service_endpoint: "https://s.example/?a=1&b=2",
  openapi_url: "https://s.example/openapi.json",
  entity_pricing: { model: "per_request", base_price_usd: 1e-7, currency: "USD", payment_methods: ["x402"], rates: { "<b>": 2, a: 1.5 } },
})
const binding = { handle: "alice", name: "weather", entityId: entity.entity_id, tags: ["a&b"], label: "v1" }
const gone = { text: developerOf(alice).developer_id as string, signature: sign(keyOf(alice), developerOf(alice).developer_id) }
const introduction = { entityKey: entity.public_key, proof: entity.developer_proof }

const samples: Readonly<Record<string, VerifiedAnnouncement>> = {
  "an agent": announced(home, entity),
  "an agent's update": announced(home, { ...entity, updated_at: noon + 5 }, noon + 5, "update"),
  "a service with prices": announced(home, service),
  "a service with a bare price list": announced(home, { ...service, entity_pricing: {} }),
  "a service with prices nobody else knows": announced(home, {
    ...service,
    entity_pricing: { model: 3, base_price_usd: -0, rates: { a: -0 }, payment_methods: [], yearly: true },
  }),
  "the end of an agent": buried(home, alice, 0, entity, noon + 9),
  "a record taken back": announceTombstone(home, entity, undefined, "not-held", noon),
  "a status": statusSaid(home, entity.entity_id, "inactive"),
  "a developer": introducedDeveloper(home, developerOf(alice, { name: "Ali <ce>", github: "ali&ce" })),
  "an introduced developer": announceDeveloper(home, "register", implicitDeveloperOf(alice), noon, introduction),
  "the end of a developer": announceDeveloperTombstone(home, developerOf(alice), gone, "owner-deregistered", noon),
  "a handle": claimed(home, alice, "alice"),
  "a verified handle": verified(home, alice, "alice", "dns", "alice.example"),
  "the end of a handle": unclaimed(home, alice, "alice", noon),
  "a name": bound(home, alice, binding),
  "a name without label": bound(home, alice, { ...binding, label: "" }),
  "a name's second version": bound(home, alice, { ...binding, version: 2 }),
  "the end of a name": unbound(home, alice, "alice", "weather", 2, noon),
  "a registry's proof": proven(home, "zns01.example"),
  "an attestation": attested(home, observationOf(registryOf(2))),
}

const nowMs = (noon + 60) * 1_000
/** The other form of it, as a deployed node sends it on to ours. */
const otherForm = (announcement: VerifiedAnnouncement): VerifiedAnnouncement => {
  const read = readGo(JSON.parse(writeGo(announcement.document)!) as JsonObject)!
  const belief = believe(read.document(), read.id, nowMs, verify)
  if (belief.type !== "verified") throw new Error(belief.reason)
  return belief.announcement
}

describe.each(Object.entries(samples))("%s", (_, ours) => {
  it("is signed in both forms, and both have one content id", () => {
    expect(believe(ours.document, ours.contentId, nowMs, verify).type).toBe("verified")
    const theirs = otherForm(ours)
    expect(theirs.contentId).toBe(ours.contentId)
    expect(theirs.subject).toBe(ours.subject)
    expect([theirs.isTombstone, theirs.at, theirs.origin]).toEqual([ours.isTombstone, ours.at, ours.origin])
    expect(theirs.id).not.toBe(ours.id)
    expect(writeGo(theirs.document)).toBe(writeGo(ours.document))
    // also where the document went through a store: JSON knows no negative zero
    expect(writeGo(JSON.parse(JSON.stringify(ours.document)) as JsonObject)).toBe(writeGo(ours.document))
  })

  it("ends as ours, in whatever order its forms are heard", () => {
    const theirs = otherForm(ours)
    expect(Slots.merge(Slots.merge([], theirs).slots, ours)).toEqual({ slots: [ours], changed: true })
    expect(Slots.merge(Slots.merge([], ours).slots, theirs)).toEqual({ slots: [ours], changed: false })
  })

  it("keeps the other form: without it, or with another, nobody believes it", () => {
    const second = ours.document["agentdns"] as JsonObject
    const forged = sign(keyOf(9), "another")
    for (const agentdns of [undefined, {}, { ...second, name: "x" }, { ...second, signature: forged }, second["signature"]!])
      expect(believe({ ...ours.document, agentdns }, undefined, nowMs, verify)).toMatchObject({ type: "drop", reason: "signature" })
  })

  it("is refused in the other form when a byte of it is changed", () => {
    const text = writeGo(ours.document)!
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
        if (changed === text) return
        let announcement: JsonObject
        try {
          announcement = JSON.parse(changed) as JsonObject
        } catch {
          return
        }
        const read = typeof announcement === "object" && announcement !== null ? readGo(announcement) : undefined
        // what is not signed, or means the same, is no change: the hop count, and the spelling
        if (read === undefined || writeGo(read.document()) === text) return
        expect(believe(read.document(), undefined, nowMs, verify).type, changed).toBe("drop")
      }),
      { numRuns: 100 },
    )
  })
})

describe("the second form", () => {
  it("is made only by who speaks to deployed nodes", () => {
    expect(announced(registryOf(1), entity).document).not.toHaveProperty("agentdns")
    expect(writeGo(announced(registryOf(1), entity).document)).toBeUndefined()
    expect(draftSecondForm(registryOf(1), "register", entity, noon)).toBeUndefined()
  })

  it("is the same when it is signed elsewhere, one after the other", () => {
    const second = draftSecondForm(home, "register", { ...entity, home_registry: home.registryId }, noon)!
    const draft = draftEntity(
      home,
      "register",
      { ...entity, home_registry: home.registryId },
      noon,
      second.signedWith(home.sign(second.text)),
    )
    expect(draft.signedWith(home.sign(draft.text))).toEqual(announced(home, entity))
  })

  it("of a handle repeats the developer's name, which a deployed node would else show without", () => {
    const { body } = samples["a handle"]!
    if (body.kind !== "handle") throw new Error("no handle")
    const said = announceHandle(home, body, noon, "Ali <ce>")
    expect(writeGo(said.document)).toContain('"name":"Ali \\u003cce\\u003e"')
    expect(otherForm(said).contentId).toBe(said.contentId)
  })

  it("does not exist of what deployed nodes cannot say, or must not hear", () => {
    const isGone = announceEnd(home, samples["a status"]!, "not-held", noon)!
    expect(isGone.document).not.toHaveProperty("agentdns")
    const named = { host: "zns01.example", handle: "alice" as Handle, name: "own" as EntityName, version: 1, label: "", tags: [] }
    const { body } = samples["a handle"]!
    if (body.kind !== "handle") throw new Error("no handle")
    const { developerId, publicKey } = body
    const unsigned = announceName(home, { action: "bind", ...named, developerId, publicKey, entityId: entity.entity_id }, noon)
    expect(unsigned.document).not.toHaveProperty("agentdns")
  })

  it("is not sent where somebody says what is none", () => {
    for (const agentdns of [null, [], "x", { signature: 1 }, { signature: "ed25519:x", name: 3 }] as const) {
      const { signature: _, ...unsigned } = samples["an agent"]!.document
      const lying = { ...unsigned, agentdns: agentdns as JsonObject }
      const document = { ...lying, signature: home.sign(canonical(lying)) }
      expect(believe(document, undefined, nowMs, verify).type).toBe("verified")
      expect(writeGo(document)).toBeUndefined()
    }
  })
})
