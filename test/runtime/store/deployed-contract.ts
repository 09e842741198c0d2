/** What every record store promises of words in the deployed dialect: kept as they were signed, shown as what they are. */
import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { GoAnnouncement } from "../../../src/protocol/agentdns/go-announcement.ts"
import type { VerifiedAnnouncement } from "../../../src/protocol/gossip/announcement.ts"
import { canonical, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import type { RecordStore } from "../../../src/runtime/ports.ts"
import { announced, developerOf, entityOf, noon, type Registry, registryOf } from "../../support/builders.ts"
import { deployedWord } from "../../support/deployed-words.ts"

type Store = RecordStore["Service"]

const go = registryOf(3)
const home: Registry = { ...registryOf(2), signsDeployed: true }
const nowMs = (noon + 60) * 1_000
const entity = entityOf(7, 0)
const developer = developerOf(7)
const byDeveloper = { developer_id: developer.developer_id, public_key: developer.public_key, name: "Ali <ce>" }
const name = {
  type: "name_binding",
  developer_id: developer.developer_id,
  dev_handle: "alice",
  fqan: "far.example/alice/bot",
  agent_name_zns: "bot",
  registry_host: "far.example",
  entity_id: entity.entity_id,
}

const agent = (action: string, over: Partial<GoAnnouncement> = {}, at = noon, by = go): VerifiedAnnouncement =>
  deployedWord(
    by,
    { type: "agent_announce", action, entity_id: entity.entity_id, name: `Far ${action}`, entity_url: "https://far.example", ...over },
    at,
  )

const everything: ReadonlyArray<VerifiedAnnouncement> = [
  deployedWord(go, { ...byDeveloper, type: "developer_announce", action: "register", profile_url: "https://ali.example/?a&b" }),
  deployedWord(go, { ...byDeveloper, type: "dev_handle", action: "claim", dev_handle: "alice" }),
  agent("register", { entity_pricing: { model: "m", base_price_usd: -0, currency: "", rates: { a: -0, b: 1e21 } }, tags: ["<b>"] }),
  deployedWord(go, { ...name, action: "register", version: "3" }),
  deployedWord(go, { type: "agent_announce", action: "agent_status", entity_id: entity.entity_id, status: "inactive" }),
  deployedWord(go, {
    type: "registry_proof",
    action: "publish",
    domain: "far.example",
    ed25519_public_key: go.publicKey,
    tls_spki_fingerprint: `sha256:${"ab".repeat(32)}`,
  }),
  deployedWord(go, {
    type: "peer_attestation",
    action: "attest",
    attester_id: go.registryId,
    subject_id: home.registryId,
    verified_layers: ["dns", "tls"],
  }),
]

export const deployedContract = (what: string, withStore: <A, E>(use: (store: Store) => Effect.Effect<A, E>) => Promise<A>): void => {
  const on = <A, E>(title: string, use: (store: Store) => Effect.Effect<A, E>) => it(title, () => withStore(use))

  describe(`${what}: words in the deployed dialect`, () => {
    on("are kept as they were signed, each found by its id", (store) =>
      Effect.gen(function* () {
        expect((yield* store.merge(everything, nowMs)).every(({ changed }) => changed)).toBe(true)
        for (const word of everything) {
          expect(yield* store.slots(word.subject)).toEqual([word])
          expect(yield* store.documents([word.id])).toEqual([word.document])
        }
        const slots = yield* Stream.runCollect(store.everySlot)
        expect(new Set([...slots].map(({ id }) => id))).toEqual(new Set(everything.map(({ id }) => id)))
      }),
    )

    on("are shown: the entity without a key, its developer, handle, name, status and registry", (store) =>
      Effect.gen(function* () {
        yield* store.merge(everything, nowMs)
        const word = everything[2]!.body
        if (word.kind !== "bare-entity") throw new Error("no entity")
        const entry = yield* store.entity(entity.entity_id)
        expect(entry).toMatchObject({ tier: "gossip", status: "inactive", contested: false })
        // a store may forget the sign of a zero; what was signed it keeps as text
        expect(canonical(entry!.record as unknown as JsonObject)).toBe(canonical(word.record as unknown as JsonObject))
        expect([entry!.record.public_key, entry!.record.signature, entry!.record.developer_id]).toEqual(["", "", ""])
        expect(entry!.record).not.toHaveProperty("developer_proof")
        expect((yield* store.developer(developer.developer_id))?.record).toMatchObject({
          name: "Ali <ce>",
          profile_url: "https://ali.example/?a&b",
        })
        expect(yield* store.handles("alice")).toMatchObject([{ registry: go.registryId, developerId: developer.developer_id }])
        expect(yield* store.names({ handle: "alice" })).toMatchObject([{ name: "bot", version: 3, label: "", entityId: entity.entity_id }])
        expect(yield* store.registriesAt("far.example")).toEqual([go.registryId])
        expect(yield* store.attestations(home.registryId)).toMatchObject([
          { attester: go.registryId, observation: { layers: ["dns", "tls"] } },
        ])
      }),
    )

    on("keep the developer's proof, where they come with one", (store) =>
      Effect.gen(function* () {
        const { developer_id, developer_proof } = entity
        yield* store.merge([agent("register", { developer_id, developer_proof })], nowMs)
        expect((yield* store.entity(entity.entity_id))?.record).toMatchObject({ developer_id, developer_proof, public_key: "" })
      }),
    )

    on("give way to one that proves itself, and never take its place", (store) =>
      Effect.gen(function* () {
        const proven = announced(home, entity)
        const outcomes = yield* store.merge(
          [agent("register"), proven, agent("update", {}, noon + 5), agent("deregister", {}, noon + 6)],
          nowMs,
        )
        expect(outcomes.map(({ changed }) => changed)).toEqual([true, true, true, true])
        expect((yield* store.entity(entity.entity_id))?.record).toMatchObject({
          home_registry: home.registryId,
          public_key: entity.public_key,
        })
      }),
    )

    on("of two in one second: the change after the registration, the end after both, in whatever order they come", (store) =>
      Effect.gen(function* () {
        const [register, update, end] = ["register", "update", "deregister"].map((action) => agent(action))
        yield* store.merge([update!], nowMs)
        expect((yield* store.merge([register!], nowMs)).map(({ changed }) => changed)).toEqual([false])
        expect((yield* store.entity(entity.entity_id))?.record.name).toBe("Far update")
        yield* store.merge([end!], nowMs)
        yield* store.merge([update!], nowMs)
        expect(yield* store.entity(entity.entity_id)).toBeUndefined()
        expect(yield* store.slots(entity.entity_id)).toEqual([end])
      }),
    )

    on("end what they said themselves", (store) =>
      Effect.gen(function* () {
        yield* store.merge(everything, nowMs)
        const ends = [
          deployedWord(go, { ...name, action: "release" }, noon + 1),
          deployedWord(go, { ...byDeveloper, type: "dev_handle", action: "release", dev_handle: "alice" }, noon + 1),
          deployedWord(go, { ...byDeveloper, type: "developer_announce", action: "deregister" }, noon + 1),
          agent("deregister", {}, noon + 1),
        ]
        yield* store.merge(ends, nowMs)
        expect(yield* store.names({ handle: "alice" })).toEqual([])
        expect(yield* store.handles("alice")).toEqual([])
        expect(yield* store.developer(developer.developer_id)).toBeUndefined()
        expect(yield* store.entity(entity.entity_id)).toBeUndefined()
      }),
    )
  })
}
