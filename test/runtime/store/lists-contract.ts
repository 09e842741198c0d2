/**
 * What every record store promises of lists, of the order in which it was written to, of names that only we know, and of
 * registrations that come again (`runtime/ports.ts`, `RecordStore`).
 */
import { Effect, Exit, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { announceName, type VerifiedAnnouncement } from "../../../src/protocol/gossip/announcement.ts"
import { canonical } from "../../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import type { EntityRecord } from "../../../src/protocol/records/entity.ts"
import { writeTime } from "../../../src/protocol/time.ts"
import { Overtaken, type RecordStore, Replayed } from "../../../src/runtime/ports.ts"
import { announced, buried, entityKeyOf, entityOf, implicitDeveloperOf, noon, registryOf } from "../../support/builders.ts"
import { bound, claimed, unclaimed } from "../../support/words.ts"

type Store = RecordStore["Service"]

const us = registryOf(1)
const them = registryOf(2)
const nowMs = (noon + 60) * 1_000
const page = { limit: 10, offset: 0 }

export const listsContract = (name: string, withStore: <A, E>(use: (store: Store) => Effect.Effect<A, E>) => Promise<A>): void => {
  const on = <A, E>(title: string, use: (store: Store) => Effect.Effect<A, E>) => it(title, () => withStore(use))
  const register = (
    store: Store,
    record = entityOf(7, 0),
    also: ReadonlyArray<{ readonly announcement: VerifiedAnnouncement; readonly follows: string | undefined }> = [],
  ) => store.register({ record, developer: implicitDeveloperOf(7), announcement: announced(us, record), also })
  const failure = (exit: Exit.Exit<unknown, unknown>): unknown =>
    Exit.isFailure(exit) ? exit.cause.reasons.flatMap((reason) => (reason._tag === "Fail" ? [reason.error] : []))[0] : undefined

  describe(`${name}: lists`, () => {
    on("have what is registered here, the last updated first, filtered before they are cut", (store) =>
      Effect.gen(function* () {
        const tool = entityOf(7, 0)
        const bridge = entityOf(7, 1, { category: "bridges", updated_at: tool.updated_at + 5, tags: ["b", "a"] })
        const later = entityOf(7, 2, { updated_at: tool.updated_at + 9 })
        for (const record of [tool, bridge, later]) yield* register(store, record)
        const heard = entityOf(8, 0, { category: "heard", tags: ["c"] })
        yield* store.merge([announced(them, heard)], nowMs)
        const ids = (filter: Partial<Parameters<Store["list"]>[0]>) =>
          Effect.map(store.list({ ...page, ...filter }), (entries) => entries.map(({ record }) => record.entity_id))
        expect(yield* ids({})).toEqual([later, bridge, tool].map((record) => record.entity_id))
        expect(yield* ids({ category: "tools", limit: 1, offset: 1 })).toEqual([tool.entity_id])
        expect(yield* ids({ developerId: heard.developer_id })).toEqual([])
        expect(yield* ids({ entityType: "service" })).toEqual([])
        expect(yield* ids({ status: "inactive" })).toEqual([])
        expect(yield* ids({ limit: 0 })).toEqual([])
        expect(yield* store.vocabulary).toEqual({ categories: ["bridges", "heard", "tools"], tags: ["a", "b", "c", "python", "weather"] })
      }),
    )
  })

  describe(`${name}: changes`, () => {
    on("come in the order of writing, each slot where it was written last, tombstones too", (store) =>
      Effect.gen(function* () {
        const [first, second] = [entityOf(7, 0), entityOf(7, 1)]
        const ids = (after: string | undefined, limit = 10) =>
          Effect.map(store.changes(after, limit), (changes) => changes.map(({ announcement }) => announcement.id))
        expect(yield* ids(undefined)).toEqual([])
        yield* register(store, first)
        yield* register(store, second)
        const all = yield* store.changes(undefined, 10)
        expect(all.map(({ announcement }) => announcement.subject)).toEqual([first.entity_id, second.entity_id])
        expect(yield* ids(undefined, 1)).toEqual([all[0]!.announcement.id])
        expect(yield* ids(all[0]!.position)).toEqual([all[1]!.announcement.id])
        expect(yield* ids(all[1]!.position)).toEqual([])
        const gone = buried(us, 7, 0, first, noon + 9)
        yield* store.deregister(first.entity_id, gone)
        const heard = announced(them, entityOf(8, 0))
        yield* store.merge([heard], nowMs)
        expect(yield* ids(all[1]!.position)).toEqual([gone.id, heard.id])
        expect(yield* ids(undefined)).toEqual([all[1]!.announcement.id, gone.id, heard.id])
      }),
    )
  })

  describe(`${name}: names that only we know`, () => {
    const named = (entity = entityOf(7, 0)) => {
      const body = claimed(us, 7, "alice").body
      if (body.kind !== "handle") throw new Error("a claim is none")
      const { developerId, handle, publicKey } = body
      const bindingOf = bound(us, 7, { handle: "alice", name: "weather", entityId: entity.entity_id }).body
      if (bindingOf.kind !== "name") throw new Error("a binding is none")
      const said = { action: "bind", host: bindingOf.host, handle, name: bindingOf.name, developerId, publicKey, version: 1 } as const
      return { announcement: announceName(us, { ...said, entityId: entity.entity_id, label: "", tags: [] }, noon + 2), follows: undefined }
    }

    on("are written with the registration that asks for them, and told to nobody", (store) =>
      Effect.gen(function* () {
        yield* store.say([{ announcement: claimed(us, 7, "alice"), follows: undefined }])
        const word = named()
        yield* register(store, entityOf(7, 0), [word])
        expect(yield* store.names({ entityIds: [entityOf(7, 0).entity_id] })).toMatchObject([{ name: "weather", version: 1 }])
        expect((yield* store.names({}))[0]!.signature).toBeUndefined()
        const slots = yield* Stream.runCollect(store.everySlot)
        expect(slots.map(({ id }) => id)).not.toContain(word.announcement.id)
        expect(yield* store.documents([word.announcement.id])).toEqual([])
        expect((yield* store.changes(undefined, 10)).map(({ announcement }) => announcement.id)).not.toContain(word.announcement.id)
        expect((yield* store.slots(word.announcement.subject)).map(({ id }) => id)).toEqual([word.announcement.id])
        yield* store.say([{ announcement: unclaimed(us, 7, "alice", noon + 3), follows: claimed(us, 7, "alice").id }])
        expect(yield* store.names({})).toEqual([])
      }),
    )

    on("cannot be had: then nothing is registered", (store) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(register(store, entityOf(7, 0), [named()]))
        expect(failure(exit)).toBeInstanceOf(Overtaken)
        expect(yield* store.entity(entityOf(7, 0).entity_id)).toBeUndefined()
        expect(yield* store.slots(entityOf(7, 0).entity_id)).toEqual([])
      }),
    )
  })

  describe(`${name}: a registration that comes again`, () => {
    on("is taken with the unsigned fields that it came with, and no others", (store) =>
      Effect.gen(function* () {
        const record = entityOf(7, 0)
        yield* register(store, record)
        yield* store.deregister(record.entity_id, buried(us, 7, 0, record, noon + 9))
        const again = { ...record, updated_at: noon + 20 }
        const other = yield* Effect.exit(register(store, { ...again, openapi_url: "https://elsewhere.example" }))
        expect(failure(other)).toBeInstanceOf(Replayed)
        expect(yield* store.entity(record.entity_id)).toBeUndefined()
        yield* register(store, again)
        expect((yield* store.entity(record.entity_id))?.record.updated_at).toBe(noon + 20)
      }),
    )

    on("of an entity that says when it signs, is taken when it is newer than all that were", (store) =>
      Effect.gen(function* () {
        const at = (second: number, updated_at: number): EntityRecord => {
          const signed = canonical({ home_registry: us.registryId, timestamp: writeTime(noon + second) })
          return { ...entityOf(7, 0), signed, signature: sign(entityKeyOf(7, 0), signed), updated_at }
        }
        yield* register(store, at(5, noon))
        yield* store.deregister(entityOf(7, 0).entity_id, buried(us, 7, 0, at(5, noon), noon + 9))
        for (const old of [at(5, noon + 20), at(4, noon + 20), { ...entityOf(7, 0), updated_at: noon + 20 }])
          expect(failure(yield* Effect.exit(register(store, old)))).toBeInstanceOf(Replayed)
        yield* register(store, at(6, noon + 20))
        expect((yield* store.entity(entityOf(7, 0).entity_id))?.record.updated_at).toBe(noon + 20)
      }),
    )
  })
}
