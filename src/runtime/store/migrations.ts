/**
 * The tables of the storage page, in a PostgreSQL schema of their own (ruled: a Go node's tables have the same names and
 * other columns; they may live in the same database and are never touched), and how a store gets from one version of
 * them to the next.
 *
 * All of it runs in one transaction under an advisory lock: of two nodes that start at once, one migrates and the other
 * finds it done; a migration that fails leaves nothing behind.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import * as Migrator from "effect/sql/Migrator"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { sha256 } from "../../protocol/identity/digest.ts"
import { StoreFailed } from "../ports.ts"
import { changesAndReplays } from "./migrations/changes-and-replays.ts"
import { dhtContacts } from "./migrations/dht-contacts.ts"
import { firstTables } from "./migrations/first-tables.ts"
import { moderation } from "./migrations/moderation.ts"
import { pinDialects } from "./migrations/pin-dialects.ts"
import { precedence } from "./migrations/precedence.ts"
import { failedAt } from "./sql-failure.ts"
import { quoted } from "./statements.ts"

/** Numbered, applied in order, never changed once released: a change is a new number. */
const migrations: Readonly<Record<string, (schema: string) => ReadonlyArray<string>>> = {
  "0001_first_tables": firstTables,
  "0002_changes_and_replays": changesAndReplays,
  "0003_dht_contacts": dhtContacts,
  "0004_precedence": precedence,
  "0005_moderation": moderation,
  "0006_pin_dialects": pinDialects,
}
const newest = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name)))

/**
 * Programs that know this number work with these tables as they are, beside newer ones: it rises only with a migration that
 * takes something away from them. A newer program leaves its number with the tables, for an older one that starts later.
 */
const worksSince = 5

/** The number that our advisory locks of a schema carry. */
export const lockClass = (schema: string): number => Buffer.from(sha256(`agentdns/${schema}`)).readInt32BE()

/** The lock that only a migration takes; the record store's are 0 and above. */
const migrationLock = -1

/** Brings the schema to this program's version. Fails with a sentence for the operator when it must not. */
export const migrate = (schema: string): Effect.Effect<void, StoreFailed, PgClient.PgClient> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql.withTransaction(
      Effect.gen(function* () {
        yield* sql.unsafe("SELECT pg_advisory_xact_lock($1::int, $2::int)", [lockClass(schema), migrationLock])
        const version = yield* versionOf(sql, schema)
        if (version === newest) return
        if (version > newest)
          return (yield* worksSinceOf(sql, schema)) <= newest ? undefined : yield* refuse(newerSentence(schema, version))
        if (version === 0) yield* makeRoom(sql, schema)
        yield* Migrator.make({})({ loader: loaderFor(sql, schema), table: `${schema}.migrations` }).pipe(
          Effect.provideService(SqlClient, sql),
        )
        yield* sql.unsafe(`COMMENT ON TABLE ${quoted(schema)}.migrations IS '${worksSincePrefix}${worksSince}'`).unprepared
      }),
    )
  }).pipe(
    Effect.catchTags({
      SqlError: (error) => Effect.fail(failedAt("migrate", error)),
      MigrationError: (error) => Effect.fail(new StoreFailed({ operation: "migrate", reason: error.message })),
    }),
  )

const worksSincePrefix = "works with programs since "

/** From which on programs work with newer tables; none, where nobody said so. */
const worksSinceOf = (sql: PgClient.PgClient, schema: string): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql.unsafe<{ readonly said: string | null }>("SELECT obj_description(to_regclass($1), 'pg_class') AS said", [
      `${quoted(schema)}.migrations`,
    ]),
    ([row]) =>
      row?.said?.startsWith(worksSincePrefix) === true ? Number(row.said.slice(worksSincePrefix.length)) : Number.POSITIVE_INFINITY,
  )

const refuse = (reason: string) => Effect.fail(new StoreFailed({ operation: "migrate", reason }))

const newerSentence = (schema: string, version: number) =>
  `the tables in schema ${schema} are of a newer agentdns (version ${version}, this one knows ${newest}): start that one, or choose another schema`

const goTablesSentence = (schema: string) =>
  `schema ${schema} holds tables of a Go node: give this node a schema of its own ([database] schema), then bring them over with \`agentdns import-go\``

const strangersSentence = (schema: string, table: string) =>
  `schema ${schema} holds a table ${table} that is not ours: give this node a schema of its own ([database] schema)`

/** 0: nothing of ours is there. */
const versionOf = (sql: PgClient.PgClient, schema: string): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    // Not `to_regclass`: it may answer from before we waited for the lock, as it locks no table that would refresh its cache.
    const tables = yield* sql.unsafe("SELECT 1 AS found FROM pg_tables WHERE schemaname = $1 AND tablename = 'migrations'", [schema])
    if (tables.length === 0) return 0
    const [row] = yield* sql.unsafe<{ readonly version: number | null }>(
      `SELECT max(migration_id) AS version FROM ${quoted(schema)}.migrations`,
    )
    return row?.version ?? 0
  })

/** Makes the schema, unless somebody else's tables are where ours should be. */
const makeRoom = (sql: PgClient.PgClient, schema: string): Effect.Effect<void, SqlError | StoreFailed> =>
  Effect.gen(function* () {
    const present = yield* sql.unsafe<{ readonly name: string }>(
      "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename",
      [schema],
    )
    const names = new Set(present.map(({ name }) => name))
    if (names.has("schema_migrations") && (names.has("entities") || names.has("agents"))) return yield* refuse(goTablesSentence(schema))
    if (names.has("gossip_entities") || names.has("node_meta")) return yield* refuse(goTablesSentence(schema))
    const taken = ourTables.find((name) => names.has(name))
    if (taken !== undefined) return yield* refuse(strangersSentence(schema, taken))
    // Asking first spares an operator's user the right to make schemas when the schema is there already.
    const room = yield* sql.unsafe("SELECT 1 AS found FROM pg_namespace WHERE nspname = $1", [schema])
    if (room.length === 0) yield* sql.unsafe(`CREATE SCHEMA ${quoted(schema)}`)
  })

const ourTables: ReadonlyArray<string> = [
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
  "moderation_blocks",
  "peer_attestations",
  "peer_pins",
  "registry_identity_proofs",
  "tombstones",
  "zns_names",
  "zns_versions",
]

const loaderFor = (sql: PgClient.PgClient, schema: string) =>
  Migrator.fromRecord(
    Object.fromEntries(
      Object.entries(migrations).map(([name, texts]) => [
        name,
        Effect.forEach(texts(schema), (text) => sql.unsafe(text).unprepared, { discard: true }),
      ]),
    ),
  )
