/**
 * A deployed node's database (reference 5), read and never written: all of it in one read-only transaction, so that it is looked
 * at as it was at one moment, and the database itself refuses whatever would change it.
 *
 * Rows come as JSON objects of their columns: versions of the deployed node differ in columns and in their types.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, type Layer, Option, type Redacted, type Scope, Stream } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { textOf } from "../../protocol/agentdns/rows.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import { type GoDatabase, leftTables, takenTables, type TakenTable } from "../moving-over.ts"
import { StoreFailed } from "../ports.ts"
import { failedAt } from "./sql-failure.ts"
import { isSchemaName, quoted } from "./statements.ts"

const keys: Readonly<Record<TakenTable, string>> = {
  developers: "developer_id",
  entities: "entity_id",
  zns_names: "fqan",
  tombstones: "entity_id",
}

const rowsPerPage = 500
const connectPatienceMs = 4_000

/** What `use` finds in the database of a deployed node at this URL. */
export const withGoDatabase = <A, E>(
  url: Redacted.Redacted,
  schema: string,
  use: (source: GoDatabase) => Effect.Effect<A, E>,
): Effect.Effect<A, E | StoreFailed> =>
  readingGo(schema, use).pipe(
    Effect.provide(
      PgClient.layerFrom(
        PgClient.make({ url, applicationName: "agentdns import-go", connectTimeout: connectPatienceMs, maxConnections: 1 }).pipe(
          Effect.mapError((error) => failedAt("connect", error)),
        ),
      ) as Layer.Layer<PgClient.PgClient, StoreFailed, Scope.Scope>,
    ),
    Effect.scoped,
  )

/** The same over a client that is there. */
export const readingGo = <A, E>(
  schema: string,
  use: (source: GoDatabase) => Effect.Effect<A, E>,
): Effect.Effect<A, E | StoreFailed, PgClient.PgClient> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    if (!isSchemaName(schema)) return yield* refuse(`${JSON.stringify(schema)} cannot be a schema's name`)
    return yield* sql.withTransaction(
      Effect.gen(function* () {
        yield* sql.unsafe("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return yield* use(yield* sourceOn(sql, schema))
      }),
    )
  }).pipe(Effect.mapError((error) => (isSqlError(error) ? failedAt("read the deployed node's tables", error) : error)))

const sourceOn = Effect.fnUntraced(function* (
  sql: PgClient.PgClient,
  schema: string,
): Effect.fn.Return<GoDatabase, SqlError | StoreFailed> {
  const found = yield* sql.unsafe<{ readonly name: string }>("SELECT tablename::text AS name FROM pg_tables WHERE schemaname = $1", [
    schema,
  ])
  const tables = new Set(found.map(({ name }) => name))
  if (!tables.has("entities")) {
    const isOld = tables.has("agents") && tables.has("schema_migrations")
    return yield* refuse(
      isOld
        ? `schema ${schema} is of an old deployed node: start its latest version once, which brings it up to date`
        : `schema ${schema} holds no tables of a deployed node`,
    )
  }
  const s = quoted(schema)
  const during = <A>(work: Effect.Effect<A, SqlError>) =>
    Effect.mapError(work, (error) => failedAt("read the deployed node's tables", error))
  const rows = (text: string, ...parameters: ReadonlyArray<unknown>) =>
    during(Effect.map(sql.unsafe<{ readonly row: JsonObject }>(text, parameters), (page) => page.map(({ row }) => row)))

  return {
    counts: Effect.gen(function* () {
      const counts = new Map<string, number>()
      for (const table of [...takenTables, ...leftTables]) {
        if (!tables.has(table)) continue
        const [row] = yield* during(sql.unsafe<{ readonly count: bigint }>(`SELECT count(*) AS count FROM ${s}.${table}`))
        counts.set(table, Number(row?.count))
      }
      return counts
    }),
    rows: (table) =>
      tables.has(table)
        ? Stream.paginate("", (after) =>
            Effect.map(
              rows(
                `SELECT to_jsonb(t) AS row FROM ${s}.${table} AS t WHERE ${keys[table]} COLLATE "C" > $1 ORDER BY ${keys[table]} COLLATE "C" LIMIT ${rowsPerPage}`,
                after,
              ),
              (page) => [page, page.length < rowsPerPage ? Option.none() : Option.some(textOf(page.at(-1)!, keys[table]))] as const,
            ),
          )
        : Stream.empty,
    versions: (fqan) =>
      tables.has("zns_versions")
        ? rows(`SELECT to_jsonb(t) AS row FROM ${s}.zns_versions AS t WHERE fqan = $1 ORDER BY registered_at, version COLLATE "C"`, fqan)
        : Effect.succeed([]),
  }
})

const refuse = (reason: string) => Effect.fail(new StoreFailed({ operation: "read the deployed node's tables", reason }))

const isSqlError = (error: unknown): error is SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"
