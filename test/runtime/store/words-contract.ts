/**
 * What every record store promises of handles, names, developers, statuses, proofs and attestations, said here and heard from
 * others (`runtime/ports.ts`, `RecordStore`).
 */
import { Effect, Exit, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  announceDeveloperTombstone,
  announceEntity,
  announceTombstone,
  type VerifiedAnnouncement,
} from "../../../src/protocol/gossip/announcement.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { nameTombstoneLifeMs, tombstoneLifeMs } from "../../../src/protocol/limits.ts"
import { Overtaken, type RecordStore } from "../../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { announced, buried, developerOf, entityOf, implicitDeveloperOf, keyOf, noon, registryOf } from "../../support/builders.ts"
import {
  attested,
  bound,
  claimed,
  host,
  introducedDeveloper,
  observationOf,
  proven,
  statusSaid,
  unbound,
  unclaimed,
  verified,
} from "../../support/words.ts"

type Store = RecordStore["Service"]

const us = registryOf(1)
const them = registryOf(2)
const nowMs = (noon + 60) * 1_000
const alice = developerOf(7)
const agent = entityOf(7, 0)
const other = entityOf(7, 1)
const binding = { handle: "alice", name: "weather", entityId: agent.entity_id, tags: ["sun"], label: "first" }

/** Says something as the next word about its subject. */
const say = (store: Store, ...announcements: ReadonlyArray<VerifiedAnnouncement>) =>
  Effect.gen(function* () {
    const words = yield* Effect.forEach(announcements, (announcement) =>
      Effect.map(store.slots(announcement.subject), (slots) => ({
        announcement,
        follows: slots.find((slot) => slot.origin === announcement.origin)?.id,
      })),
    )
    yield* store.say(words)
  })

const register = (store: Store, record = agent) =>
  store.register({ record, developer: implicitDeveloperOf(7), announcement: announced(us, record) })

const isOvertaken = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && exit.cause.reasons.some((reason) => reason._tag === "Fail" && reason.error instanceof Overtaken)

export const wordsContract = (name: string, withStore: <A, E>(use: (store: Store) => Effect.Effect<A, E>) => Promise<A>): void => {
  const on = <A, E>(title: string, use: (store: Store) => Effect.Effect<A, E>) => it(title, () => withStore(use))

  describe(`${name}: handles`, () => {
    on("are held here, with what proved them, until they are given up", (store) =>
      Effect.gen(function* () {
        yield* say(store, introducedDeveloper(us, alice))
        yield* say(store, claimed(us, 7, "alice", noon + 1))
        const held = {
          registry: us.registryId,
          handle: "alice",
          developerId: alice.developer_id,
          publicKey: alice.public_key,
          tier: "local",
        }
        expect(yield* store.handles("alice")).toEqual([{ ...held, since: noon + 1 }])
        yield* say(store, verified(us, 7, "alice", "dns", "alice.example", noon + 2))
        const verification = { method: "dns", proof: "alice.example" }
        expect(yield* store.handlesOf(alice.developer_id)).toEqual([{ ...held, since: noon + 2, verification }])
        expect((yield* store.developer(alice.developer_id))?.handle).toEqual({ handle: "alice", verification })
        yield* say(store, unclaimed(us, 7, "alice", noon + 3))
        expect(yield* store.handles("alice")).toEqual([])
        expect((yield* store.developer(alice.developer_id))?.handle).toBeUndefined()
      }),
    )

    on("introduce a developer whom nobody knew", (store) =>
      Effect.gen(function* () {
        yield* say(store, claimed(us, 7, "alice"))
        expect(yield* store.developer(alice.developer_id)).toEqual({
          record: implicitDeveloperOf(7),
          tier: "local",
          handle: { handle: "alice" },
        })
      }),
    )

    on("have one holder, and a holder has one", (store) =>
      Effect.gen(function* () {
        yield* say(store, claimed(us, 7, "alice"))
        expect(isOvertaken(yield* Effect.exit(say(store, claimed(us, 7, "other", noon + 1))))).toBe(true)
        const taken = yield* Effect.exit(store.say([{ announcement: claimed(us, 8, "alice", noon + 1), follows: undefined }]))
        expect(isOvertaken(taken)).toBe(true)
        expect(yield* store.handles("other")).toEqual([])
        expect((yield* store.handles("alice")).map(({ developerId }) => developerId)).toEqual([alice.developer_id])
      }),
    )

    on("go to one of those who claim them at once, and to one handle of each", (store) =>
      Effect.gen(function* () {
        const claims = [7, 8, 9].flatMap((seed) => ["alice", "bob"].map((handle) => claimed(us, seed, handle)))
        const exits = yield* Effect.forEach(claims, (announcement) => Effect.exit(store.say([{ announcement, follows: undefined }])), {
          concurrency: "unbounded",
        })
        expect(exits.filter(Exit.isSuccess)).toHaveLength(2)
        expect(exits.filter((exit) => !Exit.isSuccess(exit)).every(isOvertaken)).toBe(true)
        expect([...(yield* store.handles("alice")), ...(yield* store.handles("bob"))]).toHaveLength(2)
      }),
    )

    on("are known of other registries, after ours", (store) =>
      Effect.gen(function* () {
        yield* store.merge([claimed(them, 8, "alice"), claimed(registryOf(3), 7, "alice")], nowMs)
        yield* say(store, claimed(us, 7, "alice"))
        const tiers = (yield* store.handles("alice")).map(({ registry, tier }) => [registry, tier])
        const ids = [them.registryId, registryOf(3).registryId].sort()
        expect(tiers).toEqual([[us.registryId, "local"], ...ids.map((id) => [id, "gossip"])])
        yield* store.merge([unclaimed(them, 8, "alice", noon + 1)], nowMs)
        expect(yield* store.handles("alice")).toHaveLength(2)
      }),
    )
  })

  describe(`${name}: names`, () => {
    const withHandle = (store: Store) =>
      Effect.gen(function* () {
        yield* register(store)
        yield* register(store, other)
        yield* say(store, claimed(us, 7, "alice"))
      })

    on("mean an entity, another one later, and remember what they meant", (store) =>
      Effect.gen(function* () {
        yield* withHandle(store)
        const words = [
          bound(us, 7, binding, noon + 1),
          bound(us, 7, { ...binding, entityId: other.entity_id, version: 2, label: "", tags: [] }, noon + 2),
        ]
        for (const word of words) yield* say(store, word)
        const [early, late] = words.map(({ body }) => (body.kind === "name" ? body.evidence?.signature : undefined))
        const entry = { host, registry: us.registryId, handle: "alice", name: "weather", developerId: alice.developer_id, tier: "local" }
        const now = { ...entry, entityId: other.entity_id, version: 2, label: "", tags: [], boundAt: noon + 2, signature: late }
        expect(yield* store.names({ handle: "alice", name: "weather" })).toEqual([now])
        expect(yield* store.names({ entityId: agent.entity_id })).toEqual([])
        expect(yield* store.names({ entityId: other.entity_id })).toEqual([now])
        expect(yield* store.versions("alice", "weather")).toEqual([
          { version: 2, label: "", entityId: other.entity_id, tags: [], boundAt: noon + 2, signature: late, by: alice.developer_id },
          {
            version: 1,
            label: "first",
            entityId: agent.entity_id,
            tags: ["sun"],
            boundAt: noon + 1,
            signature: early,
            by: alice.developer_id,
          },
        ])
        yield* say(store, unbound(us, 7, "alice", "weather", 2, noon + 3))
        expect(yield* store.names({ handle: "alice" })).toEqual([])
        expect(yield* store.versions("alice", "weather")).toEqual([])
      }),
    )

    on("need their handle and their entity here", (store) =>
      Effect.gen(function* () {
        yield* register(store)
        expect(isOvertaken(yield* Effect.exit(say(store, bound(us, 7, binding))))).toBe(true)
        yield* say(store, claimed(us, 8, "bobby"))
        expect(isOvertaken(yield* Effect.exit(say(store, bound(us, 7, { ...binding, handle: "bobby" }))))).toBe(true)
        yield* say(store, claimed(us, 7, "alice"))
        expect(isOvertaken(yield* Effect.exit(say(store, bound(us, 7, { ...binding, entityId: other.entity_id }))))).toBe(true)
        yield* say(store, bound(us, 7, binding))
        expect(yield* store.names({})).toHaveLength(1)
      }),
    )

    on("of two who bind one at the same time, one does", (store) =>
      Effect.gen(function* () {
        yield* withHandle(store)
        const bindings = [agent, other].map(({ entity_id }) => bound(us, 7, { ...binding, entityId: entity_id }))
        const exits = yield* Effect.forEach(bindings, (announcement) => Effect.exit(store.say([{ announcement, follows: undefined }])), {
          concurrency: "unbounded",
        })
        expect(exits.filter(Exit.isSuccess)).toHaveLength(1)
        expect(yield* store.versions("alice", "weather")).toHaveLength(1)
      }),
    )

    on("end with their entity, in one step or not at all", (store) =>
      Effect.gen(function* () {
        yield* withHandle(store)
        yield* say(store, bound(us, 7, binding, noon + 1))
        const end = buried(us, 7, 0, agent, noon + 2)
        // without its names' ends an entity does not end
        expect(isOvertaken(yield* Effect.exit(store.deregister(agent.entity_id, end)))).toBe(true)
        const stale = [{ announcement: unbound(us, 7, "alice", "weather", 1, noon + 2, "entity-deregistered"), follows: undefined }]
        expect(isOvertaken(yield* Effect.exit(store.deregister(agent.entity_id, end, stale)))).toBe(true)
        expect(yield* store.entity(agent.entity_id)).toBeDefined()
        expect(yield* store.names({ handle: "alice" })).toHaveLength(1)

        const [slot] = yield* store.slots(bound(us, 7, binding).subject)
        expect(yield* store.deregister(agent.entity_id, end, [{ ...stale[0]!, follows: slot!.id }])).toBe(true)
        expect(yield* store.names({ handle: "alice" })).toEqual([])
        expect(yield* store.entity(agent.entity_id)).toBeUndefined()
      }),
    )

    on("of others count while their developer holds the handle there, whatever came first", (store) =>
      Effect.gen(function* () {
        const words = [bound(them, 8, { ...binding, handle: "bobby", entityId: entityOf(8, 0).entity_id }), claimed(them, 8, "bobby")]
        yield* store.merge([words[0]!], nowMs)
        expect(yield* store.names({ handle: "bobby" })).toEqual([])
        yield* store.merge([words[1]!], nowMs)
        expect((yield* store.names({ handle: "bobby" })).map(({ registry, tier }) => [registry, tier])).toEqual([
          [them.registryId, "gossip"],
        ])
        // another developer's handle makes it nobody's name
        yield* store.merge([claimed(them, 9, "bobby", noon + 1)], nowMs)
        expect(yield* store.names({ handle: "bobby" })).toEqual([])
      }),
    )
  })

  describe(`${name}: developers`, () => {
    on("are introduced with an entity where nobody has said anything of them, once, and as they are known then", (store) =>
      Effect.gen(function* () {
        const introduction = introducedDeveloper(us, implicitDeveloperOf(7))
        const given = (record: typeof agent) => ({ record, developer: implicitDeveloperOf(7), announcement: announced(us, record) })
        const outcomes = yield* Effect.forEach([agent, other], (record) => store.register({ ...given(record), introduction }), {
          concurrency: 2,
        })
        expect(outcomes.filter((isIntroduced) => isIntroduced)).toHaveLength(1)
        expect((yield* store.slots(alice.developer_id)).map(({ id }) => id)).toEqual([introduction.id])
        expect((yield* store.developer(alice.developer_id))?.record).toEqual(implicitDeveloperOf(7))
        // who is not registered introduces nobody
        yield* store.deregister(other.entity_id, buried(us, 7, 1, other, noon + 2))
        const refused = Effect.exit(store.register({ ...given(agent), introduction: introducedDeveloper(us, developerOf(8)) }))
        expect(Exit.isFailure(yield* refused)).toBe(true)
        expect(yield* store.slots(developerOf(8).developer_id)).toEqual([])
      }),
    )

    on("are not introduced where another registry has said something of them", (store) =>
      Effect.gen(function* () {
        yield* store.merge([introducedDeveloper(them, implicitDeveloperOf(7))], nowMs)
        const introduction = introducedDeveloper(us, implicitDeveloperOf(7))
        const given = { record: agent, developer: implicitDeveloperOf(7), announcement: announced(us, agent) }
        expect(yield* store.register({ ...given, introduction })).toBe(false)
        expect((yield* store.slots(alice.developer_id)).map(({ origin }) => origin)).toEqual([them.registryId])
      }),
    )

    on("are known of others as they signed, and first as those who signed", (store) =>
      Effect.gen(function* () {
        yield* store.merge([introducedDeveloper(them, alice)], nowMs)
        expect(yield* store.developer(alice.developer_id)).toEqual({ record: { ...alice, home_registry: them.registryId }, tier: "gossip" })
        yield* register(store)
        expect((yield* store.developer(alice.developer_id))?.tier).toBe("local")
      }),
    )

    on("end here and elsewhere", (store) =>
      Effect.gen(function* () {
        const evidence = { text: alice.developer_id, signature: sign(keyOf(7), alice.developer_id) }
        yield* say(store, introducedDeveloper(us, alice))
        yield* say(store, announceDeveloperTombstone(us, alice, evidence, "owner-deregistered", noon + 1))
        expect(yield* store.developer(alice.developer_id)).toBeUndefined()
        // elsewhere too, whenever it is said to have registered there: until that is forgotten
        for (const at of [noon - 5, noon + 5])
          yield* store.merge(
            [introducedDeveloper(at < noon ? them : registryOf(3), { ...alice, registered_at: at, updated_at: at }, noon + 5)],
            nowMs,
          )
        expect(yield* store.developer(alice.developer_id)).toBeUndefined()
        yield* store.expire((noon + 1) * 1_000 + tombstoneLifeMs)
        expect((yield* store.developer(alice.developer_id))?.tier).toBe("gossip")
      }),
    )
  })

  describe(`${name}: own words`, () => {
    on("end nobody else's claim", (store) =>
      Effect.gen(function* () {
        yield* store.merge([announced(them, agent), announceTombstone(us, agent, undefined, "not-held", noon + 9)], nowMs)
        expect((yield* store.entity(agent.entity_id))?.record.home_registry).toBe(them.registryId)
        // four who never held it take nobody's place
        const strangers = [3, 4, 5, 6].map((seed) =>
          announceTombstone(registryOf(seed), { ...agent, registered_at: 0 }, undefined, "not-held", noon + 9),
        )
        yield* store.merge(strangers, nowMs)
        expect(yield* store.entity(agent.entity_id)).toBeDefined()
      }),
    )

    on("are all said or none", (store) =>
      Effect.gen(function* () {
        const good = { announcement: claimed(us, 7, "alice"), follows: undefined }
        const bad = { announcement: statusSaid(us, agent.entity_id, "inactive"), follows: undefined }
        expect(isOvertaken(yield* Effect.exit(store.say([good, bad])))).toBe(true)
        expect(yield* store.handles("alice")).toEqual([])
        expect(yield* Stream.runCollect(store.everySlot)).toEqual([])
      }),
    )

    on("change the record of an entity of ours, and nothing else of it", (store) =>
      Effect.gen(function* () {
        yield* register(store)
        yield* store.beat(agent.entity_id, noon + 100)
        const record = { ...agent, summary: "changed", updated_at: noon + 1 }
        yield* say(store, announceEntity(us, "update", { ...record, summary: agent.summary }, noon + 1))
        expect(yield* store.entity(agent.entity_id)).toMatchObject({
          record: { updated_at: noon + 1 },
          status: "active",
          lastHeartbeat: noon + 100,
          tier: "local",
        })
        expect(isOvertaken(yield* Effect.exit(say(store, announceEntity(us, "update", other, noon + 1))))).toBe(true)
      }),
    )
  })

  describe(`${name}: liveness`, () => {
    on("an entity of ours beats, falls silent, and comes back", (store) =>
      Effect.gen(function* () {
        yield* register(store)
        expect(yield* store.beat(other.entity_id, noon)).toBe(false)
        expect(yield* store.beat(agent.entity_id, noon + 50)).toBe(true)
        expect(yield* store.beat(agent.entity_id, noon + 40)).toBe(true)
        expect((yield* store.entity(agent.entity_id))?.lastHeartbeat).toBe(noon + 50)
        expect(yield* store.silentSince(noon + 50)).toEqual([])
        expect((yield* store.silentSince(noon + 51)).map(({ record }) => record.entity_id)).toEqual([agent.entity_id])
        yield* say(store, statusSaid(us, agent.entity_id, "inactive", noon + 60))
        expect((yield* store.entity(agent.entity_id))?.status).toBe("inactive")
        expect(yield* store.silentSince(noon + 500)).toEqual([])
        yield* say(store, statusSaid(us, agent.entity_id, "active", noon + 61))
        expect(yield* store.entity(agent.entity_id)).toMatchObject({ status: "active", lastHeartbeat: noon + 60 })
      }),
    )

    on("of others is what the registry says whose claim is shown, whatever came first", (store) =>
      Effect.gen(function* () {
        const [status] = yield* store.merge([statusSaid(them, agent.entity_id, "inactive")], nowMs)
        expect(status).toEqual({ changed: true })
        yield* store.merge([announced(them, agent)], nowMs)
        expect(yield* store.entity(agent.entity_id)).toMatchObject({ status: "inactive", lastHeartbeat: noon - 1, tier: "gossip" })
        yield* store.merge([statusSaid(registryOf(3), agent.entity_id, "active", noon + 5)], nowMs)
        expect((yield* store.entity(agent.entity_id))?.status).toBe("inactive")
        const [back] = yield* store.merge([statusSaid(them, agent.entity_id, "active", noon + 5)], nowMs)
        expect(back).toMatchObject({ changed: true, entity: { status: "active" } })
        yield* store.merge(
          [statusSaid(them, agent.entity_id, "inactive", noon + 6), statusSaid(them, agent.entity_id, "gone", noon + 7)],
          nowMs,
        )
        expect((yield* store.entity(agent.entity_id))?.status).toBe("active")
      }),
    )
  })

  describe(`${name}: registries`, () => {
    on("prove their hosts, and see each other", (store) =>
      Effect.gen(function* () {
        yield* store.merge([proven(them, "zns02.example"), proven(registryOf(3), undefined)], nowMs)
        expect(yield* store.registriesAt("zns02.example")).toEqual([them.registryId])
        yield* store.merge([proven(them, "zns03.example", noon + 1)], nowMs)
        expect(yield* store.registriesAt("zns02.example")).toEqual([])
        expect(yield* store.registriesAt("zns03.example")).toEqual([them.registryId])

        const seen = observationOf(them)
        const later = observationOf(them, { period: noon, valid: 1, layers: [] })
        yield* store.merge([attested(registryOf(3), seen), attested(registryOf(4), seen), attested(registryOf(4), later, noon + 1)], nowMs)
        const all = [
          { attester: registryOf(3).registryId, observation: seen, at: noon },
          { attester: registryOf(4).registryId, observation: later, at: noon + 1 },
        ].sort((a, b) => (a.attester < b.attester ? -1 : 1))
        expect(yield* store.attestations(them.registryId)).toEqual(all)
        expect(yield* store.attestations(us.registryId)).toEqual([])
      }),
    )
  })

  describe(`${name}: what is over`, () => {
    on("is forgotten: entities after a day, names after thirty", (store) =>
      Effect.gen(function* () {
        const end = buried(them, 7, 0, agent, noon)
        const released = [unclaimed(them, 7, "alice", noon), unbound(them, 7, "alice", "weather", 1, noon)]
        yield* store.merge([announced(them, other), end, ...released], nowMs)
        expect(yield* store.expire(noon * 1_000 + tombstoneLifeMs - 1)).toEqual([])
        const keyOfSlot = ({ origin, subject }: VerifiedAnnouncement) => ({ origin, subject })
        const lost = yield* store.expire(noon * 1_000 + tombstoneLifeMs)
        expect(lost.map(({ origin, subject }) => ({ origin, subject }))).toEqual([keyOfSlot(end)])
        expect(yield* store.expire(noon * 1_000 + nameTombstoneLifeMs - 1)).toEqual([])
        expect(yield* store.expire(noon * 1_000 + nameTombstoneLifeMs)).toHaveLength(2)
        expect((yield* Stream.runCollect(store.everySlot)).map(({ subject }) => subject)).toEqual([other.entity_id])
        expect(yield* store.documents([end.id])).toEqual([])
      }),
    )

    on("is not taken from others, unless it ends what is held", (store) =>
      Effect.gen(function* () {
        const lateMs = noon * 1_000 + tombstoneLifeMs + 60_000
        const end = buried(them, 7, 0, agent, noon)
        expect(yield* store.merge([end], lateMs)).toEqual([{ changed: false }])
        yield* store.merge([announced(them, { ...agent, registered_at: noon - 9, updated_at: noon - 9 })], lateMs)
        const [outcome] = yield* store.merge([buried(them, 7, 0, { ...agent, registered_at: noon - 9 }, noon)], lateMs)
        expect(outcome).toEqual({ changed: true })
        expect(yield* store.entity(agent.entity_id)).toBeUndefined()
      }),
    )
  })
}

/**
 * Everything that four registries may say about a few subjects; some of it contradicts the rest. With a fifth claim a store
 * would forget one, and have room for it again once another registry takes its own back: then anti-entropy brings it.
 */
const pool: ReadonlyArray<VerifiedAnnouncement> = [2, 3, 4, 5].flatMap((seed) => {
  const registry = registryOf(seed)
  const record = { ...agent, registered_at: noon + (seed % 3), updated_at: noon + (seed % 3) }
  const said = { ...binding, entityId: [agent, other][seed % 2]!.entity_id }
  return [
    announced(registry, record),
    buried(registry, 7, 0, record, noon + seed),
    announceTombstone(registry, record, undefined, "not-held", noon + 4),
    introducedDeveloper(registry, { ...alice, registered_at: noon + (seed % 2), updated_at: noon + (seed % 2) }, noon + 1),
    announceDeveloperTombstone(registry, alice, undefined, "not-held", noon + seed),
    statusSaid(registry, agent.entity_id, "inactive", noon + 1),
    statusSaid(registry, agent.entity_id, "active", noon + 2),
    claimed(registry, 7, "alice", noon),
    claimed(registry, 8, "alice", noon + 2),
    unclaimed(registry, 7, "alice", noon + 1),
    bound(registry, 7, said, noon),
    bound(registry, 7, { ...said, version: 2, entityId: other.entity_id }, noon + 1),
    unbound(registry, 7, "alice", "weather", 2, noon + 3),
    proven(registry, `zns0${seed % 2}.example`, noon + seed),
    attested(registry, observationOf(us, { valid: seed })),
    attested(registry, observationOf(us, { valid: seed + 1 }), noon + 1),
  ]
})

/** What a store shows of all that the pool is about. */
const shownBy = (store: Store) =>
  Effect.gen(function* () {
    const slots = yield* Stream.runCollect(store.everySlot)
    return {
      slots: slots.map(({ id }) => id).toSorted(),
      entity: yield* store.entity(agent.entity_id),
      developer: yield* store.developer(alice.developer_id),
      handles: yield* store.handles("alice"),
      handlesOf: yield* store.handlesOf(alice.developer_id),
      names: yield* store.names({}),
      namesOf: yield* store.names({ entityId: other.entity_id, handle: "alice" }),
      hosts: yield* Effect.forEach(["zns00.example", "zns01.example"], (at) => store.registriesAt(at)),
      attestations: yield* store.attestations(us.registryId),
    }
  })

/** Whatever the order, the pieces and the repetitions: a store shows what a memory store shows that heard all of it at once. */
export const wordsProperty = (
  withStore: <A, E>(use: (store: Store) => Effect.Effect<A, E>) => Promise<A>,
  numRuns: number,
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      fc.subarray([...pool.keys()]),
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 1, max: 30 }),
      async (chosen, chance, atOnce) => {
        const once = chosen.map((n) => pool[n]!)
        const shuffled = [...once, ...once].map((announcement) => ({ announcement, at: chance.next().value })).sort((a, b) => a.at - b.at)
        const pieces = Array.from({ length: Math.ceil(shuffled.length / atOnce) }, (_, i) => shuffled.slice(i * atOnce, (i + 1) * atOnce))
        const expected = await Effect.runPromise(
          Effect.suspend(() => {
            const memory = makeMemoryStore()
            return Effect.andThen(memory.merge(once, nowMs), shownBy(memory))
          }),
        )
        const shown = await withStore((store) =>
          Effect.gen(function* () {
            for (const piece of pieces)
              yield* store.merge(
                piece.map(({ announcement }) => announcement),
                nowMs,
              )
            return yield* shownBy(store)
          }),
        )
        expect(shown).toEqual(expected)
      },
    ),
    { numRuns },
  )
