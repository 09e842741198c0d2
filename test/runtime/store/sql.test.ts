/**
 * The SQL store keeps the store's contract on the embedded database and, where `AGENTDNS_TEST_POSTGRES_URL` names a
 * server, there as well. Each run has schemas of its own; they are dropped afterwards.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, type Layer, ManagedRuntime, Redacted } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { RecordStore, StoreFailed } from "../../../src/runtime/ports.ts"
import { EmbeddedClient } from "../../../src/runtime/store/pglite.ts"
import { makeSqlStore } from "../../../src/runtime/store/sql.ts"
import { mergeProperty, storeContract } from "./contract.ts"

const contractOn = (name: string, client: () => Layer.Layer<PgClient.PgClient, unknown>, propertyRuns: number) =>
  describe(name, () => {
    let runtime: ManagedRuntime.ManagedRuntime<PgClient.PgClient, unknown>
    const schema = `test_${process.pid}`

    beforeAll(() => {
      runtime = ManagedRuntime.make(client())
    })
    afterAll(async () => {
      await runtime.runPromise(Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)))
      await runtime.dispose()
    })

    /** Making the tables takes longer than emptying them. */
    const withStore = <A, E>(use: (store: RecordStore["Service"]) => Effect.Effect<A, E>): Promise<A> =>
      runtime.runPromise(
        Effect.gen(function* () {
          const sql = yield* PgClient.PgClient
          const store: RecordStore["Service"] = yield* makeSqlStore(schema) as Effect.Effect<RecordStore["Service"], StoreFailed, PgClient.PgClient>
          yield* sql.unsafe(`DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' CASCADE'
            FROM pg_tables WHERE schemaname = '${schema}' AND tablename <> 'migrations'); END $$`)
          return yield* use(store)
        }),
      )

    storeContract("the record store", withStore)

    it("shows the same as the memory store, whatever the order and the pieces", () => mergeProperty(withStore, propertyRuns))
  })

const directory = mkdtempSync(join(tmpdir(), "agentdns-store-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
contractOn("on the embedded database", () => EmbeddedClient(join(directory, "postgres")), 25)

const url = process.env["AGENTDNS_TEST_POSTGRES_URL"]
if (url !== undefined && url !== "") {
  contractOn("on a PostgreSQL server", () => PgClient.layer({ url: Redacted.make(url), maxConnections: 8 }), 25)
}
