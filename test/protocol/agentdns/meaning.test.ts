/**
 * What a deployed node's announcement may mean: nothing more than its registry's own word. Each row is something that a
 * deployed node lets pass, or an edge of what it says.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readGo } from "../../../src/protocol/agentdns/announcement.ts"
import { bareDocument } from "../../../src/protocol/agentdns/document.ts"
import { type GoAnnouncement, readAnnouncement } from "../../../src/protocol/agentdns/go-announcement.ts"
import {
  developerOf as developerBehind,
  entityOf as subjectOf,
  read,
  type VerifiedAnnouncement,
} from "../../../src/protocol/gossip/announcement.ts"
import { keyOf as keyOfWord } from "../../../src/protocol/dht/key.ts"
import { believe } from "../../../src/protocol/gossip/authority.ts"
import * as Reputation from "../../../src/protocol/gossip/reputation.ts"
import type { Verdict } from "../../../src/protocol/gossip/verdict.ts"
import type { JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { registeredAtUnknown } from "../../../src/protocol/records/slots.ts"
import * as Slots from "../../../src/protocol/records/slots.ts"
import { announced, buried, developerOf, entityOf, keyOf, noon, type Registry, registryOf } from "../../support/builders.ts"
import { deployedSaid, deployedWord } from "../../support/deployed-words.ts"

const go = registryOf(3)
const other = registryOf(4)
const entity = entityOf(7, 0)
const developer = developerOf(7)

const agent = { type: "agent_announce", action: "register", entity_id: entity.entity_id, name: "Far", entity_url: "https://far.example" }
const person = {
  type: "developer_announce",
  action: "register",
  developer_id: developer.developer_id,
  public_key: developer.public_key,
  name: "Ali",
}
const handle = {
  type: "dev_handle",
  action: "claim",
  developer_id: developer.developer_id,
  public_key: developer.public_key,
  dev_handle: "alice",
}
const name = {
  type: "name_binding",
  action: "register",
  developer_id: developer.developer_id,
  dev_handle: "alice",
  fqan: "far.example/alice/bot",
  agent_name_zns: "bot",
  registry_host: "far.example",
  entity_id: entity.entity_id,
}
const proof = {
  type: "registry_proof",
  action: "publish",
  domain: "far.example",
  ed25519_public_key: go.publicKey,
  tls_spki_fingerprint: `sha256:${"ab".repeat(32)}`,
}
const attestation = {
  type: "peer_attestation",
  action: "attest",
  attester_id: go.registryId,
  subject_id: other.registryId,
  verified_layers: ["dns"],
}

const verdictOn = (said: JsonObject): string => {
  const readable = readGo(said)
  if (readable === undefined) return "not read"
  const belief = believe(readable.document(), readable.id, noon * 1_000, verify)
  return belief.type === "verified" ? "verified" : belief.reason
}

describe("is believed", () => {
  it.each<[string, JsonObject]>([
    ["an agent without developer, tags and summary", agent],
    ["an empty name", { ...agent, name: "" }],
    ["an unknown type, which is an agent's", { ...agent, type: "agent_hello" }],
    ["no type at all", { ...agent, type: "" }],
    ["another bound of hops", { ...agent, max_hops: 3 }],
    ["a bound of hops beyond ours", { ...agent, max_hops: 1_000_000 }],
    ["capabilities, which are dropped", { ...agent, capability_summary: { skills: ["a<b"], other: 1 } }],
    ["no capabilities", { ...agent, capability_summary: {} }],
    ["prices without anything", { ...agent, entity_pricing: {} }],
    ["prices below nothing", { ...agent, entity_pricing: { base_price_usd: -0, rates: { b: -0, a: 1e21 } } }],
    ["prices by names that only an escape can spell", { ...agent, entity_pricing: { rates: { 'a"b': 1, "\\": 2, "\n": 3 } } }],
    ["no payment methods", { ...agent, entity_pricing: { payment_methods: [] } }],
    ["an id in the pages' spelling", { ...agent, entity_id: entity.entity_id.replace("zns:", "agdns:") }],
    ["half a surrogate pair", { ...agent, name: "\ud800" }],
    ["a key without its prefix", { ...agent, origin_public_key: go.publicKey.replace("ed25519:", "") }],
    ["a type that disagrees with the id", { ...agent, entity_type: "service" }],
    ["an update of what nobody registered", { ...agent, action: "update" }],
    ["a deletion of it", { ...agent, action: "deregister" }],
    ["a status", { ...agent, action: "agent_status", status: "inactive" }],
    ["a developer", person],
    ["the end of one, without a key", { ...person, action: "deregister", public_key: "" }],
    ["a handle", handle],
    ["a handle that was looked at", { ...handle, action: "verify", dev_handle_verified: true, verification_method: "github" }],
    ["a handle of forty characters", { ...handle, dev_handle: "a".repeat(40) }],
    ["a name", name],
    ["a name's version", { ...name, action: "version", version: "2" }],
    ["the end of a name", { ...name, action: "release", entity_id: "" }],
    ["a registry's proof", proof],
    ["a registry's proof without a domain", { ...proof, domain: "", action: "update" }],
    ["an attestation", attestation],
    ["an attestation of nothing", { ...attestation, verified_layers: [] }],
  ])("%s", (_, members) => expect(verdictOn(deployedSaid(go, members))).toBe("verified"))
})

describe("is not", () => {
  const anothers = { developer_public_key: other.publicKey, entity_index: 0, developer_signature: sign(other.secret, "x") }
  it.each<[string, JsonObject]>([
    ["another registry's word", { ...agent, home_registry: other.registryId }],
    ["a registry that is none", { ...agent, home_registry: "far.example" }],
    ["an action that is none", { ...agent, action: "hello" }],
    ["no action", { ...agent, action: "" }],
    ["an id that is none", { ...agent, entity_id: "zns:1" }],
    ["a developer's id as an entity's", { ...agent, entity_id: developer.developer_id }],
    ["a developer that is none", { ...agent, developer_id: "alice" }],
    ["another developer's proof", { ...agent, developer_id: developer.developer_id, developer_proof: anothers }],
    ["a proof without a developer", { ...agent, developer_proof: anothers }],
    ["a proof that is none", { ...agent, developer_id: developer.developer_id, developer_proof: {} }],
    ["a status of its own making", { ...agent, action: "agent_status", status: "sleeping" }],
    ["NUL in a text", { ...agent, summary: "\0" }],
    ["no time", { ...agent, timestamp: "" }],
    ["a time that is none", { ...agent, timestamp: "yesterday" }],
    ["a fraction of a second", { ...agent, timestamp: "2026-04-10T12:00:00.5Z" }],
    ["a time elsewhere", { ...agent, timestamp: "2026-04-10T14:00:00+02:00" }],
    ["no hop left", { ...agent, max_hops: 0 }],
    ["a developer with another's key", { ...person, public_key: other.publicKey }],
    ["a developer without a key", { ...person, public_key: "" }],
    ["the end of a developer with another's key", { ...person, action: "deregister", public_key: other.publicKey }],
    ["a handle with another's key", { ...handle, public_key: other.publicKey }],
    ["a handle that is none", { ...handle, dev_handle: "Al" }],
    ["a handle that was not looked at", { ...handle, action: "verify", verification_method: "dns" }],
    ["a handle that was looked at in no known way", { ...handle, action: "verify", dev_handle_verified: true, verification_method: "tea" }],
    ["a name of other parts", { ...name, fqan: "far.example/bob/bot" }],
    ["a name of nobody", { ...name, developer_id: "" }],
    ["a name of nothing", { ...name, entity_id: "" }],
    ["another registry's proof", { ...proof, ed25519_public_key: other.publicKey }],
    ["a proof without a fingerprint", { ...proof, tls_spki_fingerprint: "" }],
    ["another's attestation", { ...attestation, attester_id: other.registryId }],
    ["an attestation of itself", { ...attestation, subject_id: go.registryId }],
    ["a layer that is none", { ...attestation, verified_layers: ["dns", "vibes"] }],
    ["a layer twice", { ...attestation, verified_layers: ["dns", "dns"] }],
    ["more text than anybody needs", { ...agent, summary: "x".repeat(40_000) }],
  ])("%s", (_, members) => expect(verdictOn(deployedSaid(go, members))).toBe("not read"))

  it("what comes from a future that no clock shows", () => expect(verdictOn(deployedSaid(go, agent, noon + 3_600))).toBe("ahead-of-clock"))

  it("what somebody else signed", () =>
    expect(verdictOn({ ...deployedSaid(go, agent), signature: sign(other.secret, "x") })).toBe("signature"))

  it("what was signed with hops made: sent on with none it could not be checked", () => {
    const said = { ...deployedSaid(go, agent), hop_count: 3 }
    expect(readGo(said)!.hopCount).toBe(3)
    expect(verdictOn(said)).toBe("verified") // signed with none, whatever was counted since
    expect(readGo({ ...said, hop_count: -1 })!.hopCount).toBe(0)
    expect(readGo({ ...said, hop_count: 10 })).toBeUndefined()
  })

  it("a document of ours with anything beside text and signature", () => {
    const document = bareDocument(readAnnouncement(deployedSaid(go, agent))!)
    expect(read(document)).not.toMatchObject({ type: "malformed" })
    for (const more of [{ note: 1 }, { registry_id: go.registryId }, { agentdns: {} }])
      expect(read({ ...document, ...more })).toMatchObject({ type: "malformed" })
    for (const dialect of ["spec", 1]) expect(read({ ...document, dialect })).toMatchObject({ type: "malformed" })
  })
})

describe("its word", () => {
  const home = registryOf(1)

  it("leaves out of its prices what no store could keep, and travels with all of it", () => {
    const rates = { 'a"b': 1, plain: 2, ["__proto__"]: 3, "\n": 4 }
    const word = deployedWord(go, { ...agent, entity_pricing: { rates } })
    expect(word.body).toMatchObject({ record: { entity_pricing: { rates: { plain: 2 } } } })
    expect(word.document["signed"]).toContain(String.raw`"rates":{"\n":4,"__proto__":3,"a\"b":1,"plain":2}`)
    const bare = deployedWord(go, { ...agent, entity_pricing: { rates: { "\\": 1 } } })
    expect(
      Object.keys((bare.body as unknown as { readonly record: { readonly entity_pricing: object } }).record.entity_pricing),
    ).not.toContain("rates")
  })

  it("says what it knows, and no more", () => {
    const pricing = { model: "m", base_price_usd: 2, currency: "USD", payment_methods: null, rates: { a: 1 } } as const
    const said = { ...agent, tags: ["x", "y"], category: "c", summary: "s", service_endpoint: "", entity_pricing: pricing } as JsonObject
    const { body } = deployedWord(go, said)
    expect(body).toEqual({
      kind: "bare-entity",
      action: "register",
      record: {
        entity_id: entity.entity_id,
        entity_type: "agent",
        name: "Far",
        category: "c",
        tags: ["x", "y"],
        summary: "s",
        entity_url: "https://far.example",
        public_key: "",
        developer_id: "",
        entity_pricing: { model: "m", base_price_usd: 2, currency: "USD", rates: { a: 1 } },
        home_registry: go.registryId,
        registered_at: noon,
        updated_at: noon,
        ttl: 86_400,
        signature: "",
        changes: [],
      },
    })
  })

  it("keeps the developer and the proof that come with it, for who meets the entity's key", () => {
    const { developer_id, developer_proof } = entity
    const word = deployedWord(go, { ...agent, developer_id, developer_public_key: developer_proof.developer_public_key, developer_proof })
    expect(word.body).toMatchObject({ kind: "bare-entity", record: { developer_id, developer_proof } })
    expect([developerBehind(word), subjectOf(word)]).toEqual([developer_id, entity.entity_id])
    expect(deployedWord(go, agent).body).not.toHaveProperty("record.developer_proof")
  })

  it("reads a number for a name's version, and any other text for its label", () => {
    const versionIn = (version: string) => {
      const { body } = deployedWord(go, { ...name, version })
      return body.kind === "name" && body.action !== "release" ? [body.version, body.label] : undefined
    }
    expect(["", "1", "12", "0", "01", "1.0.0", "12345678901"].map(versionIn)).toEqual([
      [1, ""],
      [1, ""],
      [12, ""],
      [1, "0"],
      [1, "01"],
      [1, "1.0.0"],
      [1, "12345678901"],
    ])
  })

  it("never beats one that proves itself, whoever said what when", () => {
    const proven = announced(home, entity)
    for (const at of [noon - 1_000, noon, noon + 200]) {
      for (const action of ["register", "update", "deregister"]) {
        const bare = deployedWord(go, { ...agent, action }, at)
        for (const order of [
          [bare, proven],
          [proven, bare],
        ]) {
          const slots = order.reduce<ReadonlyArray<VerifiedAnnouncement>>((held, one) => Slots.merge(held, one).slots, [])
          expect(Slots.shown(slots, developerBehind)).toBe(proven)
        }
      }
    }
  })

  it("is ended by the owner's deletion, and ends nobody's claim but its own", () => {
    const bare = deployedWord(go, agent)
    const shownOf = (...words: ReadonlyArray<VerifiedAnnouncement>) =>
      Slots.shown(
        words.reduce<ReadonlyArray<VerifiedAnnouncement>>((held, one) => Slots.merge(held, one).slots, []),
        developerBehind,
      )
    expect(shownOf(bare, buried(home, 7, 0, entity, noon + 1))).toBeUndefined()
    expect(shownOf(bare, deployedWord(other, { ...agent, action: "deregister" }, noon + 1))).toBe(bare)
    expect(shownOf(bare, deployedWord(go, { ...agent, action: "deregister" }, noon + 1))).toBeUndefined()
    const again = deployedWord(go, agent, noon + 2)
    expect(shownOf(bare, deployedWord(go, { ...agent, action: "deregister" }, noon + 1), again)).toBe(again)
  })

  it("of two in one second: a change comes after the registration, the end after both", () => {
    const words = ["register", "update", "deregister"].map((action) => deployedWord(go, { ...agent, name: action, action }))
    expect(words.map(({ at }) => at)).toEqual([noon, noon, noon])
    for (const [i, a] of words.entries())
      for (const [j, b] of words.entries()) if (i < j) expect([Slots.later(a, b), Slots.later(b, a)]).toEqual([b, b])
  })

  it("is stored in no DHT, where nothing is believed that does not prove itself", () => {
    for (const members of [agent, { ...agent, action: "deregister" }, person, name])
      expect(keyOfWord(deployedWord(go, members))).toBeUndefined()
    expect(keyOfWord(announced(home, entity))).toBeDefined()
  })

  it("costs a deployed node that passes it on no reputation, unless the signature is wrong", () => {
    const costOf = (verdict: Verdict, isDeployed: boolean) => 1 - Reputation.after(Reputation.fresh(0), verdict, 0, isDeployed).score
    for (const verdict of ["drop:malformed", "drop:authority", "drop:hops", "drop:ahead-of-clock"] as const) {
      expect(costOf(verdict, true)).toBe(0)
      expect(costOf(verdict, false)).toBeGreaterThan(0)
    }
    expect(costOf("drop:signature", true)).toBe(costOf("drop:signature", false))
  })

  it("names no registration, so ours that goes on from it names its own", () => {
    const bare = deployedWord(go, agent)
    expect(bare.registeredAt).toBe(registeredAtUnknown)
    expect(Slots.nextWord(bare, noon + 7)).toEqual({ at: noon + 7, registeredAt: noon + 7 })
  })
})

describe("merging", () => {
  // as many as are kept: of more the rest comes back by comparing (`own-words.ts`, `crowded.ts`)
  const registries: ReadonlyArray<Registry> = [3, 4, 5, 6].map((seed) => ({ ...registryOf(seed), signsDeployed: true }))
  const word = fc.record({ by: fc.nat(3), what: fc.nat(5), at: fc.nat(3) }).map(({ at, by, what }) => {
    const registry = registries[by]!
    const record = { ...entity, registered_at: noon - by * 10, updated_at: noon + at }
    if (what === 0) return announced(registry, record)
    if (what === 1) return buried(registry, 7, 0, record, noon + at)
    return deployedWord(
      registry,
      { ...agent, action: ["register", "update", "deregister", "register"][what - 2]!, name: `by ${by}` },
      noon + at,
    )
  })
  const mergedIn = (words: ReadonlyArray<VerifiedAnnouncement>) =>
    words.reduce<ReadonlyArray<VerifiedAnnouncement>>((held, one) => Slots.merge(held, one).slots, [])
  const idsOf = (slots: ReadonlyArray<VerifiedAnnouncement>) => slots.map(({ id }) => id)

  it("comes to the same in any order, also of words in both dialects", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 9 }), fc.infiniteStream(fc.nat()), (words, chance) => {
        const shuffled = words.map((one) => [chance.next().value as number, one] as const).sort(([a], [b]) => a - b)
        const one = mergedIn(words)
        const another = mergedIn(shuffled.map(([, each]) => each))
        expect(idsOf(another)).toEqual(idsOf(one))
        expect(Slots.shown(another, developerBehind)?.id).toBe(Slots.shown(one, developerBehind)?.id)
        expect(idsOf(mergedIn([...words, ...words]))).toEqual(idsOf(one))
      }),
      { numRuns: 150 },
    )
  })
})

describe("whatever is said", () => {
  it("is read the same way twice, and never throws", () => {
    const members = fc.dictionary(
      fc.constantFrom(
        ...Object.keys({ ...agent, ...name, ...proof, ...attestation, hop_count: 0, max_hops: 0, tags: 0, status: 0, developer_proof: 0 }),
      ),
      fc.oneof(
        fc.jsonValue() as fc.Arbitrary<never>,
        fc.constantFrom(...(Object.values({ ...agent, ...name, ...proof }) as unknown as ReadonlyArray<never>)),
      ),
    )
    fc.assert(
      fc.property(members, (said) => {
        const document = readGo({ ...deployedSaid(go, agent), ...(said as Partial<GoAnnouncement>) } as JsonObject)
        if (document === undefined) return
        const announcement = read(document.document())
        expect(announcement).toMatchObject({ contentId: document.id, origin: idOf("registry", keyOf(3).publicKey) })
      }),
      { numRuns: 300 },
    )
  })
})
