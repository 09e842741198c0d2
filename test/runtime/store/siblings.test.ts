/** On a PostgreSQL server: one holds the mesh, the next only after it knows that it does not any more; notifications wake. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { describe, expect, it } from "vitest"
import { lockClass } from "../../../src/runtime/store/migrations.ts"
import { shareDatabase } from "../../../src/runtime/store/siblings.ts"

const server = process.env["AGENTDNS_TEST_POSTGRES_URL"]
const schema = `test_siblings_${process.pid}`

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
})
