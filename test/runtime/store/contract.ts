/**
 * What every record store promises (`runtime/ports.ts`, `RecordStore`): one list of expectations, run against each
 * provider. A provider hands over a store that is empty.
 */
import { Effect, type Exit, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonical } from "../../../src/protocol/identity/canonical-json.ts"
import { type Announcement, announceDeveloper, signedText, type VerifiedAnnouncement } from "../../../src/protocol/gossip/announcement.ts"
import { tombstoneLifeMs, claimsPerEntityMax, derivationIndexMax } from "../../../src/protocol/limits.ts"
import type { DeveloperRecord } from "../../../src/protocol/records/developer.ts"
import type { EntityRecord } from "../../../src/protocol/records/entity.ts"
import { AlreadyRegistered, Overtaken, type RecordStore, StoreFailed } from "../../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { announced, buried, developerOf, entityOf, homeOf, implicitDeveloperOf, keyOf, noon, registryOf } from "../../support/builders.ts"
import { dhtContactOf } from "../../support/dht.ts"

type Store = RecordStore["Service"]

const us = registryOf(1)
const them = registryOf(2)
const others = registryOf(3)
const nowMs = (noon + 60) * 1_000

/** `withStore` runs a test on a store that nobody else has written to. */
export const storeContract = (name: string, withStore: <A, E>(use: (store: Store) => Effect.Effect<A, E>) => Promise<A>): void => {
  const on = <A, E>(title: string, use: (store: Store) => Effect.Effect<A, E>) => it(title, () => withStore(use))

  describe(name, () => {
    describe("developers", () => {
      on("are found as they were added, in the local tier", (store) =>
        Effect.gen(function* () {
          yield* addDeveloper(store, developerOf(7, { name: "Grüße, 世界 🌍", github: "gh", profile_url: "https://p.example" }))
          expect(yield* store.developer(developerOf(7).developer_id)).toEqual({
            tier: "local",
            record: developerOf(7, { name: "Grüße, 世界 🌍", github: "gh", profile_url: "https://p.example" }),
          })
          expect(yield* store.developer(developerOf(8).developer_id)).toBeUndefined()
        }),
      )

      on("are added once", (store) =>
        Effect.gen(function* () {
          yield* addDeveloper(store, developerOf(7))
          expectFailure(yield* Effect.exit(addDeveloper(store, developerOf(7, { name: "again" }))), Overtaken)
          expect((yield* store.developer(developerOf(7).developer_id))?.record.name).toBe("developer 7")
        }),
      )

      on("that an entity brought along may still register themselves, once", (store) =>
        Effect.gen(function* () {
          yield* store.register(registration(entityOf(7, 0), { developer: implicitDeveloperOf(7) }))
          expect((yield* store.developer(developerOf(7).developer_id))?.record).toEqual(implicitDeveloperOf(7))
          yield* addDeveloper(store, developerOf(7))
          expect((yield* store.developer(developerOf(7).developer_id))?.record).toEqual(developerOf(7))
          expectFailure(yield* Effect.exit(addDeveloper(store, developerOf(7))), Overtaken)
        }),
      )
    })

    describe("registering", () => {
      on("keeps every field of the record, active and with a heartbeat", (store) =>
        Effect.gen(function* () {
          yield* store.register(registration(fullRecord))
          expect(yield* store.entity(fullRecord.entity_id)).toEqual({
            record: fullRecord,
            tier: "local",
            status: "active",
            lastHeartbeat: fullRecord.updated_at,
            contested: false,
          })
        }),
      )

      on("keeps a record without its optional fields as such", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0, { tags: [], summary: "" })
          yield* store.register(registration(record))
          const entry = yield* store.entity(record.entity_id)
          expect(entry?.record).toEqual(record)
          expect(Object.keys(entry!.record).sort()).toEqual(Object.keys(record).sort())
        }),
      )

      on("takes every derivation index, also beyond 31 bits", (store) =>
        Effect.gen(function* () {
          for (const index of [0, 2 ** 31 - 1, 2 ** 31, derivationIndexMax]) {
            const record = entityOf(7, index)
            yield* store.register(registration(record))
            expect((yield* store.entity(record.entity_id))?.record.developer_proof?.entity_index).toBe(index)
          }
        }),
      )

      on("adds the developer, and leaves one that is there alone", (store) =>
        Effect.gen(function* () {
          yield* store.register(registration(entityOf(7, 0), { developer: developerOf(7, { name: "first" }) }))
          yield* store.register(registration(entityOf(7, 1), { developer: developerOf(7, { name: "second" }) }))
          expect((yield* store.developer(developerOf(7).developer_id))?.record.name).toBe("first")
          expect((yield* store.counts).developers).toBe(1)
        }),
      )

      on("keeps the announcement to the very signed text", (store) =>
        Effect.gen(function* () {
          const announcement = announced(us, fullRecord)
          yield* store.register({ record: fullRecord, developer: developerOf(7), announcement })
          const slots = yield* store.slots(fullRecord.entity_id)
          expect(slots.map(heard)).toEqual([heard(announcement)])
        }),
      )

      on("a second time is refused and changes nothing", (store) =>
        Effect.gen(function* () {
          yield* store.register(registration(entityOf(7, 0)))
          const again = entityOf(7, 0, { name: "other", registered_at: noon + 9, updated_at: noon + 9 })
          expectFailure(yield* Effect.exit(store.register(registration(again, { developer: developerOf(8) }))), AlreadyRegistered)
          expect((yield* store.entity(again.entity_id))?.record).toEqual(entityOf(7, 0))
          expect((yield* store.slots(again.entity_id)).map(({ at }) => at)).toEqual([noon])
          expect(yield* store.developer(developerOf(8).developer_id)).toBeUndefined()
        }),
      )

      on("many at once loses none, and of two with one id takes one", (store) =>
        Effect.gen(function* () {
          const records = Array.from({ length: 24 }, (_, index) => entityOf(7 + (index % 3), index))
          const exits = yield* Effect.forEach(
            [...records, ...records],
            (record) => Effect.exit(store.register(registration(record, { developer: developerOf(keyOfDeveloper(record)) }))),
            { concurrency: "unbounded" },
          )
          expect(exits.filter(({ _tag }) => _tag === "Success")).toHaveLength(records.length)
          for (const exit of exits) if (exit._tag === "Failure") expectFailure(exit, AlreadyRegistered)
          expect(yield* store.counts).toEqual({ localEntities: 24, gossipEntities: 0, developers: 3 })
          expect((yield* store.entities(records.map(({ entity_id }) => entity_id))).map(({ record }) => record)).toEqual(records)
        }),
      )
    })

    describe("deregistering", () => {
      on("ends the registration and keeps the tombstone", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          yield* store.register(registration(record))
          const tombstone = buried(us, 7, 0, record, noon + 10)
          expect(yield* store.deregister(record.entity_id, tombstone)).toBe(true)
          expect(yield* store.entity(record.entity_id)).toBeUndefined()
          expect((yield* store.slots(record.entity_id)).map(heard)).toEqual([heard(tombstone)])
          expect(yield* store.counts).toEqual({ localEntities: 0, gossipEntities: 0, developers: 1 })
        }),
      )

      on("of what is not there says so", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          expect(yield* store.deregister(record.entity_id, buried(us, 7, 0, record, noon))).toBe(false)
          expect(yield* store.slots(record.entity_id)).toEqual([])
        }),
      )

      on("makes room for a new registration", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          yield* store.register(registration(record))
          yield* store.deregister(record.entity_id, buried(us, 7, 0, record, noon + 10))
          const again = entityOf(7, 0, { updated_at: noon + 11, name: "back" })
          yield* store.register(registration(again))
          expect((yield* store.entity(again.entity_id))?.record).toEqual(again)
          expect((yield* store.slots(again.entity_id)).map(({ at, isTombstone }) => [at, isTombstone])).toEqual([[noon + 11, false]])
        }),
      )

      on("hides what other registries claim, whenever they say it was registered there, until it is forgotten", (store) =>
        Effect.gen(function* () {
          const records = [0, 1].map((index) => entityOf(7, index))
          for (const [index, record] of records.entries()) {
            const registeredAt = [noon + 20, noon - 5][index]!
            yield* store.register(registration(record))
            yield* store.merge([announced(them, { ...record, registered_at: registeredAt, updated_at: noon + 20 })], nowMs)
            expect(yield* store.entity(record.entity_id)).toMatchObject({ tier: "local", contested: true })
            yield* store.deregister(record.entity_id, buried(us, 7, index, record, noon + 10))
            expect(yield* store.entity(record.entity_id)).toBeUndefined()
          }
          expect(yield* store.counts).toMatchObject({ localEntities: 0, gossipEntities: 0 })
          yield* store.expire((noon + 10) * 1_000 + tombstoneLifeMs)
          for (const { entity_id } of records) expect((yield* store.entity(entity_id))?.tier).toBe("gossip")
          expect(yield* store.counts).toMatchObject({ localEntities: 0, gossipEntities: 2 })
        }),
      )

      on("or registering again needs a statement that can follow our last one", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          yield* store.register(registration(record))
          expectFailure(yield* Effect.exit(store.deregister(record.entity_id, buried(us, 7, 0, record, noon - 1))), StoreFailed)
          expect((yield* store.entity(record.entity_id))?.tier).toBe("local")
          yield* store.deregister(record.entity_id, buried(us, 7, 0, record, noon + 10))
          expectFailure(yield* Effect.exit(store.register(registration(record, { at: noon + 10 }))), StoreFailed)
          expect(yield* store.entity(record.entity_id)).toBeUndefined()
        }),
      )
    })

    describe("merging", () => {
      on("shows what another registry says, with when it came", (store) =>
        Effect.gen(function* () {
          const [outcome] = yield* store.merge([announced(them, fullRecord)], nowMs)
          const entry = {
            record: { ...fullRecord, ...homeOf(them) },
            tier: "gossip",
            status: "active",
            receivedAt: noon + 60,
            contested: false,
          }
          expect(outcome).toEqual({ changed: true, entity: entry })
          expect(yield* store.entity(fullRecord.entity_id)).toEqual(entry)
          expect(yield* store.counts).toEqual({ localEntities: 0, gossipEntities: 1, developers: 0 })
        }),
      )

      on("the same again changes nothing", (store) =>
        Effect.gen(function* () {
          const announcement = announced(them, entityOf(7, 0))
          yield* store.merge([announcement], nowMs)
          const before = yield* store.entity(entityOf(7, 0).entity_id)
          const outcomes = yield* store.merge([announcement, announcement], nowMs + 5_000)
          expect(outcomes).toEqual([
            { changed: false, entity: before },
            { changed: false, entity: before },
          ])
        }),
      )

      on("goes through a batch in order, several of one subject among them", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          const update = entityOf(7, 0, { name: "updated", updated_at: noon + 5 })
          const outcomes = yield* store.merge(
            [
              announced(them, record),
              announced(them, entityOf(7, 1)),
              announced(them, update),
              announced(them, record),
              buried(them, 7, 0, record, noon + 9),
            ],
            nowMs,
          )
          expect(outcomes.map(({ changed, entity }) => [changed, entity?.record.name])).toEqual([
            [true, "agent 7/0"],
            [true, "agent 7/1"],
            [true, "updated"],
            [false, "updated"],
            [true, undefined],
          ])
          expect(yield* store.entity(record.entity_id)).toBeUndefined()
          expect(yield* store.counts).toMatchObject({ gossipEntities: 1 })
        }),
      )

      on("a tombstone first suppresses the older record that comes after it", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          yield* store.merge([buried(them, 7, 0, record, noon + 9)], nowMs)
          expect(yield* store.merge([announced(them, record)], nowMs)).toEqual([{ changed: false }])
          expect(yield* store.entity(record.entity_id)).toBeUndefined()
          const back = { ...record, updated_at: noon + 20 }
          expect((yield* store.merge([announced(them, back)], nowMs))[0]).toMatchObject({ changed: true, entity: { tier: "gossip" } })
        }),
      )

      on("never covers a local record, and says that it is contested", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          yield* store.register(registration(record))
          const [outcome] = yield* store.merge(
            [announced(them, entityOf(7, 0, { name: "theirs", registered_at: noon - 99, updated_at: noon - 99 }))],
            nowMs,
          )
          expect(outcome).toMatchObject({ changed: true, entity: { tier: "local", contested: true, record } })
          expect(yield* store.counts).toMatchObject({ localEntities: 1, gossipEntities: 0 })
        }),
      )

      on("keeps at most as many claims as are allowed, best first", (store) =>
        Effect.gen(function* () {
          const claims = Array.from({ length: claimsPerEntityMax + 2 }, (_, n) =>
            announced(registryOf(10 + n), entityOf(7, 0, { registered_at: noon + n, updated_at: noon + n })),
          )
          const outcomes = yield* store.merge([...claims].reverse(), nowMs)
          expect(outcomes.map(({ changed }) => changed)).toEqual(claims.map(() => true))
          const slots = yield* store.slots(entityOf(7, 0).entity_id)
          expect(slots.map(({ origin }) => origin)).toEqual(claims.slice(0, claimsPerEntityMax).map(({ origin }) => origin))
          expect(yield* store.merge([claims.at(-1)!], nowMs)).toMatchObject([{ changed: false }])
        }),
      )

      on("keeps what a peer may say at the edges of what is legal", (store) =>
        Effect.gen(function* () {
          const ancient = -62_167_219_200 // 0000-01-01T00:00:00Z
          const record = entityOf(7, derivationIndexMax, {
            name: "\"quoted\" \\u0000 'x' \u2028 \u0001 %s $1 🌍",
            registered_at: ancient,
            updated_at: ancient,
            ttl: Number.MAX_SAFE_INTEGER,
            tags: ["a,b", "{}", "NULL", '"'],
            entity_pricing: { base_price_usd: 1e-7, big: 1e300, nested: { a: [null, true] } },
          })
          const announcement = announced(them, record, 253_402_300_799)
          expect((yield* store.merge([announcement], nowMs))[0]?.changed).toBe(true)
          expect((yield* store.entity(record.entity_id))?.record).toEqual({ ...record, ...homeOf(them) })
          expect((yield* store.slots(record.entity_id)).map(heard)).toEqual([heard(announcement)])
        }),
      )

      on("of several at once leaves what the same one after another would", (store) =>
        Effect.gen(function* () {
          const claims = [them, others, registryOf(4)].map((registry, n) =>
            announced(registry, entityOf(7, 0, { registered_at: noon - n, updated_at: noon })),
          )
          yield* Effect.forEach(claims, (claim) => store.merge([claim], nowMs), { concurrency: "unbounded" })
          expect((yield* store.slots(claims[0]!.subject)).map(({ id }) => id)).toEqual(claims.map(({ id }) => id).reverse())
          expect(yield* store.entity(entityOf(7, 0).entity_id)).toMatchObject({ contested: true, record: homeOf(registryOf(4)) })
        }),
      )

      on("nothing comes to nothing", (store) =>
        Effect.gen(function* () {
          expect(yield* store.merge([], nowMs)).toEqual([])
          expect(yield* store.entities([])).toEqual([])
          expect(yield* store.counts).toEqual({ localEntities: 0, gossipEntities: 0, developers: 0 })
        }),
      )
    })

    describe("reading", () => {
      on("several keeps the order asked and leaves out the unknown", (store) =>
        Effect.gen(function* () {
          const [a, b, c] = [entityOf(7, 0), entityOf(7, 1), entityOf(7, 2)]
          yield* store.register(registration(a))
          yield* store.merge([announced(them, b)], nowMs)
          const found = yield* store.entities([b.entity_id, c.entity_id, a.entity_id, b.entity_id])
          expect(found.map(({ record, tier }) => [record.entity_id, tier])).toEqual([
            [b.entity_id, "gossip"],
            [a.entity_id, "local"],
            [b.entity_id, "gossip"],
          ])
        }),
      )

      on("everything yields what is shown, each once", (store) =>
        Effect.gen(function* () {
          const records = Array.from({ length: 8 }, (_, index) => entityOf(7, index))
          for (const record of records.slice(0, 4)) yield* store.register(registration(record))
          yield* store.merge(
            records.slice(2).map((record) => announced(them, record)),
            nowMs,
          )
          yield* store.merge([buried(them, 7, 7, records[7]!, noon + 9)], nowMs)
          const all = yield* Stream.runCollect(store.everyEntity)
          expect(all.map(({ record, tier }) => `${record.name} ${tier}`).sort()).toEqual([
            "agent 7/0 local",
            "agent 7/1 local",
            "agent 7/2 local",
            "agent 7/3 local",
            "agent 7/4 gossip",
            "agent 7/5 gossip",
            "agent 7/6 gossip",
          ])
        }),
      )
    })

    describe("comparing", () => {
      on("every slot that is held is named once, and its document is found by its id", (store) =>
        Effect.gen(function* () {
          const record = entityOf(7, 0)
          const kept = [
            announced(us, record),
            announced(them, record),
            announced(them, entityOf(7, 1)),
            buried(others, 7, 1, entityOf(7, 1), noon + 9),
          ]
          yield* store.register(registration(record))
          yield* store.merge(kept.slice(1), nowMs)
          const replaced = announced(others, entityOf(7, 2))
          const later = announced(others, entityOf(7, 2, { updated_at: noon + 5 }))
          yield* store.merge([replaced, later], nowMs)

          const slots = yield* Stream.runCollect(store.everySlot)
          const named = ({ id, origin, subject }: { readonly id: string; readonly origin: string; readonly subject: string }) =>
            `${subject} ${origin} ${id}`
          expect(slots.map(named).sort()).toEqual([...kept, later].map(named).sort())
          const documents = yield* store.documents([...kept, replaced, later].map(({ id }) => id))
          expect(documents.map(canonical).sort()).toEqual([...kept, later].map(({ document }) => canonical(document)).sort())
          expect(yield* store.documents([])).toEqual([])
        }),
      )

      on("a merge names the registries whose claim had to give way", (store) =>
        Effect.gen(function* () {
          const claims = Array.from({ length: claimsPerEntityMax + 1 }, (_, n) =>
            announced(registryOf(10 + n), entityOf(7, 0, { registered_at: noon - n, updated_at: noon })),
          )
          const outcomes = yield* store.merge(claims, nowMs)
          expect(outcomes.map(({ forgotten }) => forgotten)).toEqual([...claims.slice(1).map(() => undefined), [claims[0]!.origin]])
          expect(yield* store.documents([claims[0]!.id])).toEqual([])
        }),
      )
    })

    describe("DHT contacts", () => {
      on("are remembered in their order, and only those it was told last", (store) =>
        Effect.gen(function* () {
          expect(yield* store.contacts).toEqual([])
          const [a, b] = [dhtContactOf(2), dhtContactOf(3)]
          const moved = { id: a.id, address: { host: "::1", port: 4001 } }
          yield* store.remember([b, a])
          yield* store.remember([moved, b])
          expect(yield* store.contacts).toEqual([moved, b])
          yield* store.remember([])
          expect(yield* store.contacts).toEqual([])
        }),
      )
    })

    describe("blocks", () => {
      on("are kept by subject, the last one for each, and told the oldest first", (store) =>
        Effect.gen(function* () {
          const subject = entityOf(7, 0).entity_id
          const entity = { kind: "entity", subject, reason: "spam", since: noon + 1 } as const
          const host = { kind: "host", subject: "evil.example", reason: 'it\'s "malware"', since: noon } as const
          yield* store.block(entity)
          yield* store.block(host)
          expect(yield* store.blocks).toEqual([host, entity])
          const again = { ...host, reason: "still", since: noon + 2 }
          yield* store.block(again)
          expect(yield* store.blocks).toEqual([entity, again])
          expect([yield* store.unblock(subject), yield* store.unblock(subject)]).toEqual([true, false])
          expect(yield* store.blocks).toEqual([again])
        }),
      )
    })

    describe("pins", () => {
      on("are kept by address, the last one for each", (store) =>
        Effect.gen(function* () {
          yield* store.pin({ address: "a.example:4001", key: keyOf(1).publicKey, since: noon })
          yield* store.pin({ address: "[::1]:4001", key: keyOf(2).publicKey, since: noon + 1, dialect: "agentdns" })
          yield* store.pin({ address: "a.example:4001", key: keyOf(3).publicKey, since: noon + 2 })
          const pins = [...(yield* store.pins)].sort((a, b) => a.since - b.since)
          expect(pins).toEqual([
            { address: "[::1]:4001", key: keyOf(2).publicKey, since: noon + 1, dialect: "agentdns" },
            { address: "a.example:4001", key: keyOf(3).publicKey, since: noon + 2 },
          ])
        }),
      )
    })
  })
}

/** Merging in any order and in any pieces shows the same, and the same as a memory store that heard it one by one. */
export const mergeProperty = (withStore: <A, E>(use: (store: Store) => Effect.Effect<A, E>) => Promise<A>, runs: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      fc.array(statement, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.nat()),
      fc.boolean(),
      (said, dice, isLocalToo) =>
        withStore((store) =>
          Effect.gen(function* () {
            const memory = makeMemoryStore()
            if (isLocalToo) for (const each of [store, memory]) yield* each.register(registration(entityOf(7, 0)))
            for (const one of said) yield* memory.merge([one], nowMs)
            for (const batch of pieces(shuffled(said, dice), dice)) {
              const outcomes = yield* store.merge(batch, nowMs)
              expect(outcomes.at(-1)?.entity).toEqual(yield* store.entity(batch.at(-1)!.subject as EntityRecord["entity_id"]))
            }
            for (const id of subjects) {
              expect(yield* store.entity(id)).toEqual(yield* memory.entity(id))
              expect((yield* store.slots(id)).map(heard)).toEqual((yield* memory.slots(id)).map(heard))
            }
            expect(yield* store.counts).toEqual(yield* memory.counts)
          }),
        ),
    ),
    { numRuns: runs },
  )

/** A few registries that contradict each other about two entities within a few seconds. */
const statement: fc.Arbitrary<VerifiedAnnouncement> = fc
  .record({ registry: fc.constantFrom(2, 3, 4), index: fc.nat(1), registered: fc.nat(3), later: fc.nat(3), isTombstone: fc.boolean() })
  .map(({ index, isTombstone, later, registered, registry }) => {
    const record = entityOf(7, index, { registered_at: noon + registered, updated_at: noon + registered })
    const at = noon + registered + later
    return isTombstone ? buried(registryOf(registry), 7, index, record, at) : announced(registryOf(registry), record, at)
  })
const subjects = [entityOf(7, 0).entity_id, entityOf(7, 1).entity_id]

const shuffled = <A>(list: ReadonlyArray<A>, dice: Iterator<number>): ReadonlyArray<A> =>
  list
    .map((item) => ({ item, place: dice.next().value as number }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)

const pieces = <A>(list: ReadonlyArray<A>, dice: Iterator<number>): ReadonlyArray<ReadonlyArray<A>> => {
  const size = 1 + ((dice.next().value as number) % list.length)
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size))
}

/** What must survive a store: the slot, and the very text that was signed. */
const heard = (announcement: Announcement) => ({
  origin: announcement.origin,
  at: announcement.at,
  id: announcement.id,
  isTombstone: announcement.isTombstone,
  registeredAt: announcement.registeredAt,
  body: announcement.body,
  signed: signedText(announcement.document),
  whole: canonical(announcement.document),
})

/** A developer registers, as the first thing that we say of it. */
const addDeveloper = (store: Store, record: DeveloperRecord) =>
  store.say([{ announcement: announceDeveloper(us, "register", record, record.updated_at), follows: undefined }])

const registration = (record: EntityRecord, { at = record.updated_at, developer = developerOf(7) } = {}) => ({
  record,
  developer,
  announcement: announced(us, record, at),
})

const keyOfDeveloper = (record: EntityRecord) => [7, 8, 9].find((seed) => developerOf(seed).developer_id === record.developer_id)!

const expectFailure = (exit: Exit.Exit<unknown, unknown>, kind: abstract new (...args: never) => unknown): void => {
  expect(exit._tag).toBe("Failure")
  if (exit._tag === "Failure")
    expect(exit.cause.reasons.map((reason) => (reason._tag === "Fail" ? reason.error : reason))).toEqual([expect.any(kind)])
}

/** A record with all there is. */
const fullRecord: EntityRecord = entityOf(7, 3, {
  entity_type: "service",
  name: "Übersetzer 翻訳 🌐",
  category: "language",
  tags: ["de", "ja"],
  summary: "Translates <b>&\u2028",
  service_endpoint: "https://s.example/run",
  openapi_url: "https://s.example/openapi.json",
  entity_pricing: { base_price_usd: 0.01, currency: "USD", model: "per_request", payment_methods: null },
  capability_summary: { skills: ["translation"], protocols: [] },
  codebase_hash: "ab".repeat(32),
  updated_at: noon + 30,
  ttl: 3_600,
  signed: '{"a":1}',
  changes: [{ by: "developer", text: '{"name":"x"}', signature: entityOf(7, 3).signature }],
})
