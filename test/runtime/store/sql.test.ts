/**
 * The SQL store keeps the store's contract on the embedded database and, where `AGENTDNS_TEST_POSTGRES_URL` names a
 * server, there as well. Each run has schemas of its own; they are dropped afterwards.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Layer, ManagedRuntime, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type RecordStore, StoreFailed } from "../../../src/runtime/ports.ts"
import { migrate } from "../../../src/runtime/store/migrations.ts"
import { EmbeddedClient } from "../../../src/runtime/store/pglite.ts"
import { makeSqlStore } from "../../../src/runtime/store/sql.ts"
import { announced, developerOf, entityOf, registryOf } from "../../support/builders.ts"
import { type Pooler, transactionPooler } from "../../support/transaction-pooler.ts"
import { mergeProperty, storeContract } from "./contract.ts"
import { deployedContract } from "./deployed-contract.ts"
import { listsContract } from "./lists-contract.ts"
import { wordsContract, wordsProperty } from "./words-contract.ts"

const pageTables = [
  "agents",
  "announcements",
  "attestations",
  "developers",
  "dht_contacts",
  "entity_statuses",
  "gossip_developers",
  "gossip_entries",
  "gossip_zns_names",
  "handles",
  "known_registrations",
  "migrations",
  "moderation_blocks",
  "peer_attestations",
  "peer_pins",
  "registry_identity_proofs",
  "tombstones",
  "zns_names",
  "zns_versions",
]

const contractOn = (name: string, client: () => Layer.Layer<PgClient.PgClient, unknown>, propertyRuns: number, suffix = "direct") =>
  describe(name, () => {
    let runtime: ManagedRuntime.ManagedRuntime<PgClient.PgClient, unknown>
    const schema = `test_${suffix}_${process.pid}`

    const emptied = `WITH ${pageTables
      .filter((table) => table !== "migrations")
      .map((table) => `${table} AS (DELETE FROM ${schema}.${table})`)
      .join(", ")} SELECT 1 AS done`

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
          const store = yield* makeSqlStore(schema)
          yield* sql.unsafe(emptied)
          return yield* use(store)
        }),
      )

    storeContract("the record store", withStore)
    wordsContract("the record store", withStore)
    listsContract("the record store", withStore)
    deployedContract("the record store", withStore)

    describe("migrating", () => {
      const inSchema = <A, E>(use: (sql: PgClient.PgClient, name: string) => Effect.Effect<A, E, PgClient.PgClient>): Promise<A> =>
        runtime.runPromise(
          Effect.gen(function* () {
            const sql = yield* PgClient.PgClient
            const name = `${schema}_migrating`
            const drop = sql.unsafe(`DROP SCHEMA IF EXISTS ${name} CASCADE`)
            return yield* Effect.ensuring(Effect.andThen(drop, use(sql, name)), Effect.ignore(drop))
          }),
        )
      const refusal = (name: string) => Effect.map(Effect.flip(migrate(name)), ({ reason }) => reason)

      it("makes the page's tables, once, also when several start at the same time", () =>
        inSchema((sql, name) =>
          Effect.gen(function* () {
            yield* Effect.forEach([1, 2, 3, 4], () => migrate(name), { concurrency: "unbounded" })
            yield* migrate(name)
            const tables = yield* sql.unsafe<{ readonly table: string }>(
              "SELECT tablename::text AS table FROM pg_tables WHERE schemaname = $1 ORDER BY tablename",
              [name],
            )
            expect(tables.map(({ table }) => table)).toEqual(pageTables)
            const columns = yield* sql.unsafe<{ readonly column: string; readonly type: string }>(
              `SELECT column_name::text AS column, data_type::text AS type FROM information_schema.columns
               WHERE table_schema = $1 AND table_name = 'agents'`,
              [name],
            )
            const typeOf = new Map(columns.map(({ column, type }) => [column, type]))
            for (const column of pageColumns) expect(typeOf.has(column), column).toBe(true)
            expect(typeOf.get("entity_index")).toBe("bigint")
          }),
        ))

      it("leaves the tables of a newer program alone", () =>
        inSchema((sql, name) =>
          Effect.gen(function* () {
            yield* migrate(name)
            yield* sql.unsafe(`INSERT INTO ${name}.migrations (migration_id, name) VALUES (99, 'tomorrow')`)
            for (const said of ["'works with programs since 99'", "'something else'", "NULL"]) {
              yield* sql.unsafe(`COMMENT ON TABLE ${name}.migrations IS ${said}`)
              expect(yield* refusal(name)).toMatch(/newer agentdns \(version 99/)
            }
          }),
        ))

      it("works beside a newer program that takes nothing away from it", () =>
        inSchema((sql, name) =>
          Effect.gen(function* () {
            yield* migrate(name)
            yield* sql.unsafe(`INSERT INTO ${name}.migrations (migration_id, name) VALUES (99, 'tomorrow')`)
            yield* sql.unsafe(`ALTER TABLE ${name}.agents ADD COLUMN of_tomorrow TEXT`)
            yield* migrate(name)
            const store = yield* makeSqlStore(name)
            const record = entityOf(5, 0)
            yield* store.register({ record, developer: developerOf(5), announcement: announced(registryOf(1), record) })
            expect((yield* store.entity(record.entity_id))?.tier).toBe("local")
          }),
        ))

      it("leaves a Go node's tables alone and names the command that brings them over", () =>
        inSchema((sql, name) =>
          Effect.gen(function* () {
            yield* sql.unsafe(`CREATE SCHEMA ${name}`)
            yield* sql.unsafe(`CREATE TABLE ${name}.schema_migrations (version TEXT PRIMARY KEY)`)
            yield* sql.unsafe(`CREATE TABLE ${name}.entities (entity_id TEXT PRIMARY KEY)`)
            expect(yield* refusal(name)).toMatch(/`agentdns import-go`/)
            expect(yield* sql.unsafe("SELECT 1 FROM pg_tables WHERE schemaname = $1", [name])).toHaveLength(2)
          }),
        ))

      it("leaves a stranger's tables alone, and does nothing by halves", () =>
        inSchema((sql, name) =>
          Effect.gen(function* () {
            yield* sql.unsafe(`CREATE SCHEMA ${name}`)
            yield* sql.unsafe(`CREATE TABLE ${name}.developers (salary INT)`)
            expect(yield* refusal(name)).toMatch(/a table developers that is not ours/)
            yield* sql.unsafe(`DROP TABLE ${name}.developers`)
            // The view's name is not looked at beforehand: the migration fails in its last statement.
            yield* sql.unsafe(`CREATE VIEW ${name}.shown_entities AS SELECT 1 AS one`)
            yield* refusal(name)
            expect(yield* sql.unsafe("SELECT 1 FROM pg_tables WHERE schemaname = $1", [name])).toEqual([])
          }),
        ))
    })

    it("of registrations at once, takes those that it can keep; what it cannot is an error and leaves nothing", () =>
      withStore((store) =>
        Effect.gen(function* () {
          // Whoever reads requests refuses a NUL; this is one that got past.
          const records = Array.from({ length: 9 }, (_, index) => ({ ...entityOf(7, index), ...(index === 4 && { name: "nul \0" }) }))
          const exits = yield* Effect.forEach(
            records,
            (record, index) =>
              Effect.exit(
                store.register({ record, developer: developerOf(7), announcement: announced(registryOf(1), entityOf(7, index)) }),
              ),
            { concurrency: "unbounded" },
          )
          expect(exits.map(({ _tag }) => _tag)).toEqual(records.map((_, index) => (index === 4 ? "Failure" : "Success")))
          expect(yield* Effect.flip(exits[4]!)).toBeInstanceOf(StoreFailed)
          expect(yield* store.slots(records[4]!.entity_id)).toEqual([])
          expect((yield* store.counts).localEntities).toBe(8)
        }),
      ))

    it("shows the same as the memory store of all kinds, whatever the order and the pieces", () => wordsProperty(withStore, propertyRuns))
    it("shows the same as the memory store, whatever the order and the pieces", () => mergeProperty(withStore, propertyRuns))
  })

/** The storage page's columns of `agents`. */
const pageColumns = [
  "agent_id",
  "name",
  "owner",
  "agent_url",
  "category",
  "tags",
  "summary",
  "public_key",
  "home_registry",
  "registered_at",
  "updated_at",
  "ttl",
  "signature",
  "status",
  "last_heartbeat",
  "developer_id",
  "entity_index",
  "developer_proof",
  "codebase_hash",
]

const directory = mkdtempSync(join(tmpdir(), "agentdns-store-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
contractOn("on the embedded database", () => EmbeddedClient(join(directory, "postgres")), 25)

const throughPooler = (url: string) =>
  describe("through a transaction pooler", () => {
    let pooler: Pooler
    beforeAll(async () => {
      pooler = await transactionPooler(url, 4)
    })
    afterAll(() => pooler.stop())
    const client = () =>
      Layer.unwrap(Effect.sync(() => PgClient.layer({ url: Redacted.make(pooler.url), maxConnections: 8, prepare: false })))
    contractOn("on a PostgreSQL server", client, 5, "pooled")

    it("(connections were switched)", () => expect(pooler.switches()).toBeGreaterThan(100))

    it("(a statement that is kept prepared is not there the next time)", () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const sql = yield* PgClient.PgClient
          const one = sql.withTransaction(Effect.andThen(sql.unsafe("SELECT $1::int AS one", [1]), sql.unsafe("SELECT 2")))
          // one connection of ours, so that it is the server's that changes from one transaction to the next
          const asked = Effect.forEach(Array.from({ length: 50 }), () => one)
          expect(Exit.isFailure(yield* Effect.exit(asked))).toBe(true)
        }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(pooler.url), maxConnections: 1 })), Effect.scoped),
      ))
  })

const url = process.env["AGENTDNS_TEST_POSTGRES_URL"]
if (url !== undefined && url !== "") {
  contractOn("on a PostgreSQL server", () => PgClient.layer({ url: Redacted.make(url), maxConnections: 8 }), 25)
  throughPooler(url)
}
