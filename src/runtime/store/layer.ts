/**
 * The record store of a real node: on the PostgreSQL server of a URL, or else embedded in the data directory.
 *
 * Numbers of the pool are the storage page's ("Connection pool").
 */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, type Redacted } from "effect"
import { RecordStore, StoreFailed } from "../ports.ts"
import { EmbeddedClient } from "./pglite.ts"
import { failedAt } from "./sql-failure.ts"
import { SqlStore } from "./sql.ts"
import { isSchemaName } from "./statements.ts"

export interface StoreSettings {
  /** Of a PostgreSQL server; without one the embedded database is used. */
  readonly databaseUrl: Redacted.Redacted | undefined
  /** Where the embedded database lives, in a directory `postgres` of its own. The caller holds the lock. */
  readonly dataDir: string
  /** PostgreSQL schema of our tables: lower-case letters, digits, underscores. */
  readonly schema: string
  /** Of a server; the embedded database has its own number. */
  readonly maxConnections: number
  /** A transaction pooler stands before the server: a session keeps nothing from one transaction to the next. */
  readonly isPooled?: boolean
}

export const schemaDefault = "registry"
export const maxConnectionsDefault = 20
const minConnections = 2
/** A server that is down should be told in seconds. */
const connectPatienceMs = 4_000

/** Opens, migrates, serves, and closes with the scope. Fails with a sentence for the operator. */
export const StoreLive = (settings: StoreSettings): Layer.Layer<RecordStore, StoreFailed> => {
  if (!isSchemaName(settings.schema)) return Layer.effect(RecordStore, Effect.fail(badName(settings.schema)))
  return SqlStore(settings.schema).pipe(Layer.provide(clientOf(settings)))
}

/** An embedded database that is gone with the scope: for tests. */
export const StoreInMemoryPostgres = (schema: string = schemaDefault): Layer.Layer<RecordStore, StoreFailed> =>
  SqlStore(schema).pipe(Layer.provide(EmbeddedClient(undefined)))

/** Takes every table of ours away, and with them every record; the next start makes them anew. The caller holds the lock. */
export const emptyStore = (settings: StoreSettings): Effect.Effect<void, StoreFailed> => {
  if (!isSchemaName(settings.schema)) return Effect.fail(badName(settings.schema))
  if (settings.databaseUrl === undefined) {
    return Effect.sync(() => rmSync(join(settings.dataDir, "postgres"), { recursive: true, force: true }))
  }
  return Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql.unsafe(`DROP SCHEMA IF EXISTS ${settings.schema} CASCADE`)
  }).pipe(
    Effect.mapError((error) => failedAt("empty", error)),
    Effect.provide(clientOf(settings)),
    Effect.scoped,
  )
}

const clientOf = ({ databaseUrl, dataDir, isPooled = false, maxConnections }: StoreSettings): Layer.Layer<PgClient.PgClient, StoreFailed> =>
  databaseUrl === undefined ? EmbeddedClient(join(dataDir, "postgres")) : serverClient(databaseUrl, maxConnections, isPooled)

const serverClient = (url: Redacted.Redacted, maxConnections: number, isPooled: boolean): Layer.Layer<PgClient.PgClient, StoreFailed> =>
  PgClient.layerFrom(
    PgClient.make({
      url,
      applicationName: "agentdns",
      connectTimeout: connectPatienceMs,
      maxConnections: Math.max(minConnections, maxConnections),
      minConnections,
      prepare: !isPooled,
      idleTimeout: "5 minutes",
      connectionTTL: "30 minutes",
    }).pipe(Effect.mapError((error) => failedAt("connect", error))),
  )

const badName = (schema: string) =>
  new StoreFailed({ operation: "open", reason: `${JSON.stringify(schema)} cannot be a schema's name: that is a-z, 0-9 and _, at most 63` })
