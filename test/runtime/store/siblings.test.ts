/**
 * On a PostgreSQL server: one holds the mesh, the next only after it knows that it does not any more; notifications wake, and bring
 * news that no sweep would bring in time.
 */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { describe, expect, it } from "vitest"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { writeTime } from "../../../src/protocol/time.ts"
import { type ActivityEvent, makeActivity } from "../../../src/runtime/activity.ts"
import { RecordStore } from "../../../src/runtime/ports.ts"
import { Siblings } from "../../../src/runtime/siblings.ts"
import { StoreLive } from "../../../src/runtime/store/layer.ts"
import { lockClass } from "../../../src/runtime/store/migrations.ts"
import { shareDatabase } from "../../../src/runtime/store/siblings.ts"
import { developerOf, entityKeyOf, sdkRequest } from "../../support/clients.ts"
import { realNode } from "../../support/real-nodes.ts"

const server = process.env["AGENTDNS_TEST_POSTGRES_URL"]
const schema = `test_siblings_${process.pid}`
const dropped = Effect.flatMap(PgClient.make({ url: Redacted.make(server ?? ""), maxConnections: 1 }), (sql) =>
  sql.unsafe(`DROP SCHEMA IF EXISTS ${schema} CASCADE`),
).pipe(Effect.provide(Reactivity.layer), Effect.scoped, Effect.orDie)

describe.skipIf(server === undefined)("two processes of one registry", () => {
  const url = Redacted.make(server ?? "")

  it(
    "take turns at the mesh when a session is cut off, and never hold it together",
    () =>
      Effect.gen(function* () {
        const told: Array<string> = []
        const holding = (name: string) =>
          Effect.acquireRelease(
            Effect.sync(() => void told.push(`${name} holds`)),
            () => Effect.sync(() => void told.push(`${name} lets go`)),
          )
        for (const name of ["a", "b"]) {
          const { holdMesh } = yield* shareDatabase(url, schema, () => {})
          yield* Effect.forkScoped(holdMesh(Effect.asVoid(holding(name))), { startImmediately: true })
          if (name === "a") while (told.length === 0) yield* Effect.sleep(50)
        }
        const sql = yield* PgClient.make({ url, maxConnections: 1 })
        yield* sql.unsafe(
          "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::int::oid AND granted",
          [lockClass(schema)],
        )
        while (told.length < 3) yield* Effect.sleep(50)
        expect(told.slice(0, 3)).toEqual(["a holds", "a lets go", "b holds"])
      }).pipe(Effect.provide(Reactivity.layer), Effect.scoped, Effect.runPromise),
    40_000,
  )

  it("wake each other", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* shareDatabase(url, schema, () => {}), yield* shareDatabase(url, schema, () => {})]
      yield* Effect.sleep(300)
      // the end of the order of writing never goes back
      const end = yield* a.siblings.end
      a.siblings.wake()
      yield* b.siblings.woken
      expect(Number((yield* b.siblings.end).split(".")[0])).toBeGreaterThanOrEqual(Number(end.split(".")[0]))
    }).pipe(Effect.scoped, Effect.runPromise))

  it(
    "heed the other's blocks and tell what happens there, long before they would look",
    () =>
      Effect.gen(function* () {
        const store = { databaseUrl: url, dataDir: "", schema, maxConnections: 4 }
        const process = (name: string) =>
          Effect.gen(function* () {
            const { siblings } = yield* shareDatabase(url, schema, () => {})
            const activity = makeActivity(name, Date.now, siblings)
            const events: Array<ActivityEvent["type"]> = []
            activity.listen(({ type }) => events.push(type))
            const records = Context.get(yield* Layer.build(StoreLive(store)), RecordStore)
            const running = yield* realNode(70, records, {}, activity.report, Layer.succeed(Siblings, siblings))
            return { node: running.service, events }
          })
        const [a, b] = [yield* process("a"), yield* process("b")]
        const until = <E>(holds: Effect.Effect<boolean, E>): Effect.Effect<void, E> =>
          Effect.gen(function* () {
            while (!(yield* holds)) yield* Effect.sleep(20)
          })
        const alice = developerOf(1)
        const key = entityKeyOf(alice, 0)
        const id = idOf("agent", key.publicKey)
        const isShown = Effect.isSuccess(b.node.entity(id))
        const isFound = Effect.map(b.node.search({ query: id, federated: false }), ({ hits }) => hits.length === 1)

        yield* a.node.registerEntity(sdkRequest(alice, 0))
        yield* until(isFound)
        yield* a.node.block(id, "spam")
        yield* until(Effect.map(isShown, (shown) => !shown))
        yield* until(Effect.map(isFound, (found) => !found))
        expect((yield* b.node.blocks).map(({ reason }) => reason)).toEqual(["spam"])
        yield* b.node.unblock(id)
        yield* until(isFound)
        yield* until(Effect.isSuccess(a.node.entity(id)))

        const timestamp = writeTime(Math.ceil(Date.now() / 1_000) + 1)
        const beatAt = ({ node }: typeof a) => node.beat(id, timestamp, sign(key, timestamp))
        expect((yield* beatAt(a)).isCounted).toBe(true)
        yield* until(Effect.sync(() => b.events.includes("entity_heartbeat")))
        expect((yield* beatAt(b)).isCounted).toBe(false)
        // what the database tells of, nobody tells twice
        yield* Effect.sleep(300)
        for (const { events } of [a, b]) {
          expect(events.filter((type) => type === "entity_heartbeat" || type === "entity_registered")).toEqual([
            "entity_registered",
            "entity_heartbeat",
          ])
        }
      }).pipe(Effect.scoped, Effect.ensuring(dropped), Effect.runPromise),
    20_000,
  )
})
