/**
 * Every kind of announcement against forgers: a registry signs whatever it likes, and still nobody is claimed, bound, verified,
 * attested or ended in another's name.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  announceDeveloper,
  announceDeveloperTombstone,
  announceEnd,
  announceTombstone,
  read,
  signedText,
  type VerifiedAnnouncement,
} from "../../../src/protocol/gossip/announcement.ts"
import { believe } from "../../../src/protocol/gossip/authority.ts"
import { canonical, type Json, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import { idOf, onWire } from "../../../src/protocol/identity/id.ts"
import {
  announced,
  developerOf,
  entityKeyOf,
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
  claimText,
  introducedDeveloper,
  observationOf,
  proven,
  statusSaid,
  unbound,
  unclaimed,
  verified,
} from "../../support/words.ts"

const home = registryOf(1)
const stranger = registryOf(2)
const alice = 7
const mallory = 8
const entity = entityOf(alice, 0)
const binding = { handle: "alice", name: "weather", entityId: entity.entity_id, tags: ["a&b"], label: "v1" }
const gone = { text: developerOf(alice).developer_id as string, signature: sign(keyOf(alice), developerOf(alice).developer_id) }
const introduction = { entityKey: entity.public_key, proof: entity.developer_proof }

const samples: Readonly<Record<string, VerifiedAnnouncement>> = {
  "a developer": introducedDeveloper(home, developerOf(alice, { name: "Ali <ce>" })),
  "an introduced developer": announceDeveloper(home, "register", implicitDeveloperOf(alice), noon, introduction),
  "the end of a developer": announceDeveloperTombstone(home, developerOf(alice), gone, "owner-deregistered", noon),
  "a status": statusSaid(home, entity.entity_id, "inactive"),
  "a handle": claimed(home, alice, "alice"),
  "a handle with a domain": claimed(home, alice, "alice", noon, { domain: "alice.example", home_registry: home.registryId }),
  "a verified handle": verified(home, alice, "alice", "dns", "alice.example"),
  "the end of a handle": unclaimed(home, alice, "alice", noon),
  "a name": bound(home, alice, binding),
  "a name's second version": bound(home, alice, { ...binding, version: 2 }),
  "the end of a name": unbound(home, alice, "alice", "weather", 2, noon),
  "a registry's proof": proven(home, "zns01.example"),
  "an attestation": attested(home, observationOf(stranger)),
  "a record taken back": announceTombstone(home, entity, undefined, "not-held", noon),
}

const believed = (document: JsonObject) => believe(document, undefined, noon * 1_000, verify)
const resigned = (document: JsonObject, registry: Registry = home): JsonObject => ({
  ...document,
  registry_id: onWire(registry.registryId),
  origin_public_key: registry.publicKey,
  signature: sign(
    registry.secret,
    signedText({ ...document, registry_id: onWire(registry.registryId), origin_public_key: registry.publicKey }),
  ),
})
const verdictOn = (document: JsonObject): string => {
  const belief = believed(document)
  return belief.type === "verified" ? "verified" : belief.reason
}

describe.each(Object.entries(samples))("%s", (_, sample) => {
  it("is believed as it was said, with the same id after a trip through text", () => {
    const document = JSON.parse(JSON.stringify(sample.document)) as JsonObject
    expect(believe(document, sample.contentId, noon * 1_000, verify)).toMatchObject({
      type: "verified",
      announcement: { id: sample.id, subject: sample.subject },
    })
  })

  it("is not believed when anything in it changes on the way", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (n, m) => {
        const text = canonical(sample.document)
        const at = n % text.length
        const changed = text.slice(0, at) + String.fromCharCode(33 + (m % 90)) + text.slice(at + 1)
        if (changed === text) return
        try {
          const document = JSON.parse(changed) as JsonObject
          if (canonical(document) !== text) expect(verdictOn(document)).not.toBe("verified")
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
        }
      }),
      { numRuns: 150 },
    )
  })

  it("never shows anything that a client did not sign, whatever its registry signs", () => {
    for (const [path, document] of variantsOf(sample.document)) {
      const belief = believed(resigned(document))
      if (belief.type === "drop") continue
      expect(harmless(sample, belief.announcement), path).toBe(true)
    }
  })

  it("cannot be replayed under another subject, nor as what it is not", () => {
    for (const other of Object.values(samples)) {
      for (const member of ["entity_id", "developer_id", "public_key", "handle", "developer_handle", "entity_name", "subject_id"]) {
        if (!(member in sample.document) || !(member in other.document) || sample.document[member] === other.document[member]) continue
        const belief = believed(resigned({ ...sample.document, [member]: other.document[member] }))
        if (belief.type === "verified") expect(harmless(sample, belief.announcement), member).toBe(true)
      }
      if (other.type !== sample.type) expect(believed(resigned({ ...sample.document, type: other.type })).type).toBe("drop")
    }
  })
})

/** What a registry may say of its own accord: its own word about its own things. Everything else must be as the client signed it. */
const harmless = (before: VerifiedAnnouncement, after: VerifiedAnnouncement): boolean => {
  const { body } = after
  switch (body.kind) {
    case "bare-entity": // in the deployed dialect only
      return false
    case "status":
    case "attestation":
    case "proof":
      return after.origin === home.registryId
    case "tombstone":
    case "developer-tombstone":
      return body.proof === undefined ? after.isOwnWord === true : before.body.kind === body.kind && before.subject === after.subject
    case "handle":
      return body.action === "release"
        ? body.evidence === undefined || body.handle === "alice"
        : before.body.kind === "handle" && body.handle === "alice" && body.developerId === developerOf(alice).developer_id
    case "name":
      return body.action === "release"
        ? body.evidence === undefined || (before.body.kind === "name" && body.name === before.body.name)
        : before.body.kind === "name" &&
            before.body.action !== "release" &&
            body.name === before.body.name &&
            body.handle === before.body.handle &&
            body.entityId === before.body.entityId &&
            body.label === before.body.label &&
            canonical(body.tags) === canonical(before.body.tags) &&
            (body.action === "bind" || body.version === before.body.version)
    case "developer":
      return (
        before.body.kind === "developer" &&
        body.record.name === before.body.record.name &&
        body.record.public_key === before.body.record.public_key &&
        body.record.profile_url === before.body.record.profile_url &&
        body.record.github === before.body.record.github
      )
    case "entity":
      return false
  }
}

/** The document with one thing changed, taken away or exchanged, wherever it is. */
const variantsOf = (document: JsonObject): ReadonlyArray<readonly [path: string, document: JsonObject]> =>
  Object.entries(document).flatMap(([name, value]) =>
    changesOf(value!).map(([path, changed]): readonly [string, JsonObject] => [`${name}${path}`, { ...document, [name]: changed }]),
  )

const others = (text: string): ReadonlyArray<Json> => [
  `${text}x`,
  "bob",
  "",
  "1",
  stranger.publicKey,
  keyOf(mallory).publicKey,
  idOf("developer", keyOf(mallory).publicKey),
  entityOf(mallory, 0).entity_id,
  sign(keyOf(mallory), text),
  claimText(mallory, "alice"),
  null,
]

const changesOf = (value: Json): ReadonlyArray<readonly [string, Json | undefined]> => {
  const here: ReadonlyArray<readonly [string, Json | undefined]> = [["", undefined]]
  if (typeof value === "string") return [...here, ...others(value).map((other) => ["", other] as const)]
  if (typeof value === "number") return [...here, ["", value + 1], ["", -value]]
  if (typeof value !== "object" || value === null) return here
  if (Array.isArray(value)) return [...here, ["", [...(value as ReadonlyArray<Json>), "x"]], ["", []]]
  return [
    ...here,
    ...Object.entries(value).flatMap(([name, member]) =>
      changesOf(member as Json).map(([path, changed]) => [`.${name}${path}`, { ...(value as JsonObject), [name]: changed }] as const),
    ),
  ]
}

describe("in another's name", () => {
  const forged = (seed: number, document: JsonObject): JsonObject => ({
    ...document,
    public_key: keyOf(seed).publicKey,
    developer_id: onWire(idOf("developer", keyOf(seed).publicKey)),
  })

  it.each(["a handle", "a verified handle", "the end of a handle", "a name", "a name's second version", "the end of a name"])(
    "%s needs that developer's signature",
    (which) => {
      const { document } = samples[which]!
      expect(verdictOn(resigned(forged(mallory, document)))).toBe("authority")
      const evidence = document["evidence"] as JsonObject
      expect(
        verdictOn(resigned({ ...document, evidence: { ...evidence, signature: sign(keyOf(mallory), evidence["text"] as string) } })),
      ).toBe("authority")
    },
  )

  it("a text that names its registry, or its version, counts there only", () => {
    expect(verdictOn(resigned(samples["a handle with a domain"]!.document, stranger))).toBe("authority")
    const second = samples["a name's second version"]!.document
    expect(verdictOn(resigned({ ...second, current_version: 3 }))).toBe("authority")
    // an old signature does not bring an old binding back
    expect(verdictOn(resigned({ ...samples["a name"]!.document, action: "rebind", current_version: 3 }))).toBe("authority")
  })

  it("an entity's registration binds no name", () => {
    const { document } = samples["a name"]!
    const { signature } = entity
    const text = canonical({
      category: entity.category,
      entity_type: entity.entity_type,
      entity_url: entity.entity_url,
      name: entity.name,
      public_key: entity.public_key,
      summary: entity.summary,
      tags: entity.tags,
    })
    expect(verify(entityKeyOf(alice, 0).publicKey, text, signature)).toBe(true)
    expect(verdictOn(resigned({ ...document, public_key: entity.public_key, evidence: { text, signature } }))).not.toBe("verified")
    expect(verdictOn(resigned({ ...document, evidence: { text, signature } }))).toBe("authority")
  })

  it("nobody proves another registry, nor attests of itself", () => {
    expect(verdictOn(resigned(samples["a registry's proof"]!.document, stranger))).toBe("malformed")
    expect(verdictOn(resigned({ ...samples["an attestation"]!.document, subject_id: onWire(home.registryId) }))).toBe("malformed")
    // who attests is who signs: the same document by another is that one's own word
    const belief = believed(resigned(samples["an attestation"]!.document, registryOf(3)))
    expect(belief).toMatchObject({ type: "verified", announcement: { origin: registryOf(3).registryId } })
    if (belief.type === "verified") expect(belief.announcement.subject).not.toBe(samples["an attestation"]!.subject)
  })

  it("a proof is of its time", () => {
    const { document } = samples["a registry's proof"]!
    const late = resigned({ ...document, timestamp: "2031-01-01T00:00:00Z" })
    expect(believe(late, undefined, Date.UTC(2031, 0, 1), verify)).toMatchObject({ type: "drop", reason: "malformed" })
  })

  it("an introduced developer has no name, and needs a proof that is its own", () => {
    const { document } = samples["an introduced developer"]!
    const said = document["developer"] as JsonObject
    expect(verdictOn(resigned({ ...document, developer: { ...said, name: "Mallory" } }))).toBe("authority")
    const { introduced_by: _, ...bare } = document
    expect(verdictOn(resigned(bare))).toBe("authority")
    const other = announceDeveloper(home, "register", implicitDeveloperOf(mallory), noon, introduction)
    expect(verdictOn(other.document)).toBe("authority")
  })
})

describe("taking back by our own word", () => {
  it("ends a claim of ours of any kind, and is a tombstone of the same subject", () => {
    const claims = [announced(home, entity), ...["a developer", "a status", "a handle", "a name"].map((which) => samples[which]!)]
    for (const claim of claims) {
      const end = announceEnd(home, claim, "not-held", noon + 1)
      expect(end).toMatchObject({ subject: claim.subject, isTombstone: true })
      expect(believe(end!.document, undefined, (noon + 1) * 1_000, verify).type).toBe("verified")
      const again = read(end!.document)
      expect(again.type !== "malformed" && announceEnd(home, again, "not-held", noon + 2)).toBeUndefined()
    }
  })
})
