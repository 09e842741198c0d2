import fc from "fast-check"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { canonical, htmlEscaped, type Json, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { prove } from "../../../src/protocol/identity/derivation.ts"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import { idOf, onWire } from "../../../src/protocol/identity/id.ts"
import { derivationIndexMax } from "../../../src/protocol/limits.ts"
import { evidenceHolds, isHomeSigned, registrationTextOf } from "../../../src/protocol/records/registration.ts"
import { developerOf, entityKeyOf, homeOf, register, registeredAs, sdkRequest, wholeRequest } from "../../support/clients.ts"

const vectors = JSON.parse(readFileSync(new URL("../../vectors/identity-vectors.json", import.meta.url), "utf8")) as {
  readonly signing: ReadonlyArray<{ readonly name: string; readonly signed_text: string; readonly signature: string }>
  readonly proofs: ReadonlyArray<{ readonly developer: string; readonly index: number; readonly proof: JsonObject }>
  readonly rejects: ReadonlyArray<{ readonly proof?: JsonObject }>
}
const recorded = (name: string): JsonObject => {
  const vector = vectors.signing.find((each) => each.name === name)!
  return { ...(JSON.parse(vector.signed_text) as JsonObject), signature: vector.signature }
}
const proven = (index: number): JsonObject => ({
  developer_id: "zns:dev:139e3940e64b5491722088d9a0d74162",
  developer_proof: vectors.proofs.find((each) => each.developer === "zero" && each.index === index)!.proof,
})

const developer = developerOf(1)
const refusal = (body: Json) => {
  const outcome = register(body)
  return outcome.type === "refused" ? [outcome.code, outcome.field] : outcome.type
}

describe("recorded from the SDKs and the Go node", () => {
  it("an agent with every awkward character, U+2028 raw", () => {
    const record = registeredAs({ ...recorded("register_entity_agent_tricky_strings"), ...proven(0) })
    expect(record.entity_id).toBe("zns:7f20ca8dbd54948394783b3bd6a3cabe")
    expect(record.name).toBe("R&D <bot> é — 😀")
    expect(record.signed).toBeUndefined()
    expect(evidenceHolds(record, verify)).toBe(true)
  })

  it("a request without entity_type, and one without tags", () => {
    for (const name of ["register_entity_minimal_no_entity_type", "register_entity_tags_absent_go_client"]) {
      const { tags, ...body } = recorded(name)
      const record = registeredAs({ ...body, ...(tags !== null && { tags }), ...proven(0) })
      expect(record.tags).toEqual([])
      expect(record.signed).not.toBeUndefined()
      expect(evidenceHolds(record, verify)).toBe(true)
    }
  })

  it("a service", () => {
    const record = registeredAs({ ...recorded("register_entity_service"), ...proven(1), service_endpoint: "https://svc.example.com" })
    expect(record.entity_id).toBe("zns:svc:ef9e32d438e3152c66f589a0c74ff60c")
    expect(refusal({ ...recorded("register_entity_service"), ...proven(1) })).toEqual(["invalid_request", "service_endpoint"])
  })

  it("proofs that must be refused", () => {
    const bad = vectors.rejects.filter((each) => each.proof !== undefined)
    expect(bad.length).toBe(2)
    for (const { proof } of bad) {
      expect(refusal({ ...recorded("register_entity_minimal_no_entity_type"), ...proven(0), developer_proof: proof })).toEqual([
        "invalid_request",
        "developer_proof",
      ])
    }
  })
})

describe("what a request may look like", () => {
  it("introduces a developer without a name", () => {
    const outcome = register(sdkRequest(developer, 0))
    expect(outcome).toMatchObject({
      type: "registered",
      implicitDeveloper: { developer_id: idOf("developer", developer.key.publicKey), name: "", registered_at: 1_775_824_496 },
    })
  })

  it("escaped as Go escapes, or raw; with or without a key prefix; tags null or []", () => {
    const key = entityKeyOf(developer, 0)
    const {
      signature: _,
      developer_id,
      developer_proof,
      ...signed
    } = sdkRequest(developer, 0, { name: "a < b & c > d\u2028", summary: "\u2029" })
    const besides = { developer_id, developer_proof }
    const bare = { ...signed, public_key: key.publicKey.slice("ed25519:".length) }
    const onlySeparators = canonical(signed).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")
    const texts: ReadonlyArray<readonly [JsonObject, string]> = [
      [signed, htmlEscaped(canonical(signed))],
      [signed, onlySeparators],
      [bare, canonical(bare)],
      [{ ...signed, tags: null }, canonical({ ...signed, tags: [] })],
      [{ ...signed, tags: [] }, canonical({ ...signed, tags: null })],
    ]
    for (const [said, text] of texts) {
      const record = registeredAs({ ...said, ...besides, signature: sign(key, text) })
      expect(record.public_key).toBe(key.publicKey)
      expect(evidenceHolds(record, verify)).toBe(true)
    }
  })

  it("both spellings of the proof, and of ids", () => {
    const key = entityKeyOf(developer, 7)
    const { developer_public_key, developer_signature } = prove(developer.key, key.publicKey, 7)
    const page = { developer_public_key, agent_public_key: key.publicKey, index: 7, signature: developer_signature }
    const body = { ...sdkRequest(developer, 7), developer_proof: page, developer_id: onWire(idOf("developer", developer.key.publicKey)) }
    expect(registeredAs(body).developer_proof.entity_index).toBe(7)
    expect(refusal({ ...body, developer_proof: { ...page, agent_public_key: developer.key.publicKey } })).toEqual([
      "invalid_request",
      "developer_proof",
    ])
  })

  it("a signature over the whole request, whatever else it says", () => {
    const record = registeredAs(
      wholeRequest(developer, 0, { entity_pricing: { base_price_usd: 0.1, currency: "USD" }, unknown: { a: [1, null] }, agent_url: "x:y" }),
    )
    expect(record.entity_pricing).toEqual({ base_price_usd: 0.1, currency: "USD" })
    expect(evidenceHolds(record, verify)).toBe(true)
    expect(isHomeSigned(record)).toBe(false)
  })

  it("a home that the entity signs", () => {
    const record = registeredAs(wholeRequest(developer, 0, { home_registry: homeOf(200) }))
    expect(isHomeSigned(record)).toBe(true)
    expect(evidenceHolds({ ...record, home_registry: homeOf(201) }, verify)).toBe(false)
    expect(refusal(wholeRequest(developer, 0, { home_registry: homeOf(201) }))).toEqual(["invalid_request", "home_registry"])
  })

  it("limits count characters, not bytes and not halves of them", () => {
    expect(
      registeredAs(sdkRequest(developer, 0, { name: "😀".repeat(100), summary: "é".repeat(200), tags: ["ß".repeat(64)] })).name,
    ).toHaveLength(200)
    expect(refusal(sdkRequest(developer, 0, { name: "😀".repeat(101) }))).toEqual(["invalid_request", "name"])
    expect(refusal(sdkRequest(developer, 0, { summary: "x".repeat(201) }))).toEqual(["invalid_request", "summary"])
    expect(refusal(sdkRequest(developer, 0, { tags: Array.from({ length: 21 }, String) }))).toEqual(["invalid_request", "tags"])
    expect(registeredAs(sdkRequest(developer, derivationIndexMax)).developer_proof.entity_index).toBe(derivationIndexMax)
  })
})

describe("what is refused", () => {
  const good = sdkRequest(developer, 0, { tags: ["a"] })
  const service = (fields: JsonObject, beside: JsonObject) => sdkRequest(developer, 0, { entity_type: "service", ...fields }, beside)
  const cases: ReadonlyArray<readonly [string, Json, "invalid_request" | "unauthorized", string | undefined]> = [
    ["a list", [], "invalid_request", undefined],
    ["null", null, "invalid_request", undefined],
    ["no name", { ...good, name: null }, "invalid_request", "name"],
    ["a blank name", sdkRequest(developer, 0, { name: " " }), "invalid_request", "name"],
    ["a number for a name", { ...good, name: 1 }, "invalid_request", "name"],
    ["no category", { ...good, category: "" }, "invalid_request", "category"],
    ["no URL", sdkRequest(developer, 0, { entity_url: "" }), "invalid_request", "entity_url"],
    ["a file", sdkRequest(developer, 0, { entity_url: "file:///etc/passwd" }), "invalid_request", "entity_url"],
    ["a script", sdkRequest(developer, 0, { entity_url: "javascript:alert(1)" }), "invalid_request", "entity_url"],
    ["words for a URL", sdkRequest(developer, 0, { entity_url: "plain words" }), "invalid_request", "entity_url"],
    ["a URL with a line break", sdkRequest(developer, 0, { entity_url: "https://a\n.example" }), "invalid_request", "entity_url"],
    ["another type", sdkRequest(developer, 0, { entity_type: "Agent" }), "invalid_request", "entity_type"],
    ["no key", { ...good, public_key: undefined }, "invalid_request", "public_key"],
    ["half a key", { ...good, public_key: "ed25519:AAAA" }, "invalid_request", "public_key"],
    ["no signature", { ...good, signature: undefined }, "invalid_request", "signature"],
    ["half a signature", { ...good, signature: "ed25519:AAAA" }, "unauthorized", "signature"],
    ["a changed name", { ...good, name: "x" }, "unauthorized", "signature"],
    ["a changed tag", { ...good, tags: ["b"] }, "unauthorized", "signature"],
    ["no proof", { ...good, developer_proof: undefined }, "invalid_request", "developer_proof"],
    ["no developer", { ...good, developer_id: null }, "invalid_request", "developer_id"],
    [
      "the developer id of another key",
      { ...good, developer_id: idOf("developer", developerOf(2).key.publicKey) },
      "invalid_request",
      "developer_id",
    ],
    [
      "a proof for another index",
      { ...good, developer_proof: { ...(good["developer_proof"] as JsonObject), entity_index: 9 } },
      "unauthorized",
      "developer_proof",
    ],
    ["a tag of a number", { ...good, tags: [1] }, "invalid_request", "tags"],
    ["a tag of nothing", { ...good, tags: [null] }, "invalid_request", "tags"],
    ["NUL", sdkRequest(developer, 0, { summary: "a\0b" }), "invalid_request", undefined],
    ["half a surrogate pair", sdkRequest(developer, 0, { summary: "\ud800" }), "invalid_request", undefined],
    ["Infinity", JSON.parse('{"name":1e999}') as Json, "invalid_request", undefined],
    ["a prototype", JSON.parse(`{"__proto__":{"name":"x"}}`) as Json, "invalid_request", undefined],
    ["a price list that is none", { ...good, entity_pricing: { base_price_usd: "free" } }, "invalid_request", "entity_pricing"],
    ["a service without an endpoint", service({}, {}), "invalid_request", "service_endpoint"],
    [
      "a service priced by the moon",
      service({}, { service_endpoint: "https://s.example", entity_pricing: { model: "lunar" } }),
      "invalid_request",
      "entity_pricing",
    ],
  ]
  it.each(cases)("%s", (_, body, code, field) => expect(refusal(body)).toEqual([code, field]))

  it("anything at all, without ever throwing", () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => register(body as Json).type === "refused"))
    const members = Object.keys(good)
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.jsonValue(), (member, value) => {
        const outcome = register({ ...good, [member]: value as Json })
        // `null` is absent, and so is empty; an agent's type may be said or not. Else only the very same request may pass.
        const isSame = canonical(value ?? "") === canonical(good[member] ?? "") || (member === "entity_type" && value === "agent")
        return outcome.type === "refused" || isSame
      }),
    )
  })
})

describe("evidence", () => {
  const entity = entityKeyOf(developer, 0)
  const text = fc
    .string({ minLength: 1, maxLength: 40, unit: "grapheme" })
    .filter((each) => each.trim() !== "" && each.isWellFormed() && !each.includes("\0"))
  const extras = { service_endpoint: "https://s.example", openapi_url: "https://s.example/o", entity_pricing: { currency: "EUR" } }
  const profiles = fc.record({ name: text, category: text, summary: text, tags: fc.array(text, { maxLength: 5 }) })

  it("holds for what was registered, in either form", () => {
    fc.assert(
      fc.property(profiles, fc.boolean(), (fields, isWhole) => {
        const body = isWhole ? wholeRequest(developer, 0, { ...fields, ...extras }) : sdkRequest(developer, 0, fields, extras)
        return evidenceHolds(registeredAs(body), verify)
      }),
      { numRuns: 50 },
    )
  })

  it("fails when any signed field changes", () => {
    const changed = {
      name: "other",
      category: "other",
      summary: "other",
      tags: ["other"],
      entity_url: "https://evil.example",
      public_key: developerOf(3).key.publicKey,
      entity_id: idOf("agent", developerOf(3).key.publicKey),
    }
    fc.assert(
      fc.property(
        profiles,
        fc.constantFrom(...(Object.keys(changed) as ReadonlyArray<keyof typeof changed>)),
        fc.boolean(),
        (fields, field, isWhole) => {
          const record = registeredAs(isWhole ? wholeRequest(developer, 0, fields) : sdkRequest(developer, 0, fields))
          return !evidenceHolds({ ...record, [field]: changed[field] }, verify)
        },
      ),
      { numRuns: 100 },
    )
  })

  it("fails when an agent is passed off as a service", () => {
    for (const body of [sdkRequest(developer, 0), wholeRequest(developer, 0)]) {
      const record = registeredAs(body)
      expect(
        evidenceHolds(
          { ...record, entity_type: "service", entity_id: idOf("service", record.public_key), service_endpoint: "https://evil.example" },
          verify,
        ),
      ).toBe(false)
    }
  })

  it("of a whole request covers what it leaves out; of the SDKs' form it does not", () => {
    const whole = registeredAs(wholeRequest(developer, 0))
    const sdk = registeredAs(sdkRequest(developer, 0))
    const evil = prove(developerOf(9).key, entity.publicKey, 0)
    for (const change of [
      extras,
      { capability_summary: { skills: [] } },
      { developer_id: idOf("developer", evil.developer_public_key), developer_proof: evil },
    ]) {
      expect(evidenceHolds({ ...whole, ...change }, verify)).toBe(false)
      expect(evidenceHolds({ ...sdk, ...change }, verify)).toBe(true)
    }
  })

  it("fails without a developer's proof that holds", () => {
    const record = registeredAs(sdkRequest(developer, 0))
    expect(evidenceHolds({ ...record, developer_proof: { ...record.developer_proof, entity_index: 1 } }, verify)).toBe(false)
    expect(evidenceHolds({ ...record, developer_id: idOf("developer", developerOf(9).key.publicKey) }, verify)).toBe(false)
  })

  it("does not take another signed text of the entity for its registration", () => {
    const record = registeredAs(sdkRequest(developer, 0))
    for (const signed of [`{"name":"agent"}`, registrationTextOf(record).replace("{", "{ "), "[".repeat(10_000), `"text"`]) {
      expect(evidenceHolds({ ...record, signed, signature: sign(entity, signed) }, verify)).toBe(false)
    }
  })

  describe("of later changes", () => {
    const change = (by: "entity" | "developer", said: JsonObject, signer = by === "entity" ? entity : developer.key) => ({
      by,
      text: canonical(said),
      signature: sign(signer, canonical(said)),
    })
    const sdk = { ...registeredAs(sdkRequest(developer, 0)), signed: registrationTextOf(registeredAs(sdkRequest(developer, 0))) }
    const whole = registeredAs(wholeRequest(developer, 0))

    it("the last one that sets a field proves it", () => {
      const changes = [change("entity", { name: "second", tags: ["x"] }), change("entity", { name: "third" })]
      expect(evidenceHolds({ ...sdk, name: "third", tags: ["x"], changes }, verify)).toBe(true)
      expect(evidenceHolds({ ...sdk, name: "second", tags: ["x"], changes }, verify)).toBe(false)
      expect(evidenceHolds({ ...sdk, name: "third", changes }, verify)).toBe(false)
    })

    it("another key's do not count, nor a change without its signature", () => {
      expect(evidenceHolds({ ...sdk, name: "x", changes: [change("entity", { name: "x" }, developer.key)] }, verify)).toBe(false)
      expect(evidenceHolds({ ...whole, name: "x", changes: [change("developer", { name: "x" }, entity)] }, verify)).toBe(false)
      expect(evidenceHolds({ ...sdk, name: "x" }, verify)).toBe(false)
    })

    it("the developer's count for what the entity signed only where the entity named this developer", () => {
      const changes = [change("developer", { name: "x" })]
      expect(evidenceHolds({ ...whole, name: "x", changes }, verify)).toBe(true)
      expect(evidenceHolds({ ...sdk, name: "x", changes }, verify)).toBe(false)
      const price = { entity_pricing: { currency: "EUR" } }
      expect(evidenceHolds({ ...sdk, ...price, changes: [change("developer", price)] }, verify)).toBe(true)
      const reversed = [change("entity", { entity_pricing: { currency: "USD" } }), change("developer", price)]
      expect(evidenceHolds({ ...sdk, ...price, changes: reversed }, verify)).toBe(false)
    })

    it("nobody takes a developer's own registration for a change, and only the entity moves home", () => {
      const own = { github: "", name: "Alice", profile_url: "", public_key: developer.key.publicKey }
      expect(evidenceHolds({ ...whole, name: "Alice", changes: [change("developer", own)] }, verify)).toBe(false)
      const move = { home_registry: homeOf(201) }
      expect(evidenceHolds({ ...whole, ...move, changes: [change("developer", move)] }, verify)).toBe(false)
      const moved = { ...whole, ...move, changes: [change("entity", move)] }
      expect(evidenceHolds(moved, verify)).toBe(true)
      expect(isHomeSigned(moved)).toBe(true)
      expect(evidenceHolds({ ...moved, home_registry: homeOf(202) }, verify)).toBe(false)
    })
  })
})
