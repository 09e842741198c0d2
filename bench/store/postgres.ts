/** The server of `AGENTDNS_TEST_POSTGRES_URL`, and a schema in it that is gone afterwards. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import { maxConnectionsDefault } from "../../src/runtime/store/layer.ts"

const variable = "AGENTDNS_TEST_POSTGRES_URL"

export const postgresSchema = `bench_${process.pid}`
export const postgresIsMissing = () => (process.env[variable] === undefined ? `no server is named in ${variable}` : undefined)

const server = PgClient.layerFrom(
  Effect.suspend(() =>
    PgClient.make({ url: Redacted.make(process.env[variable]!), maxConnections: maxConnectionsDefault, applicationName: "agentdns bench" }),
  ),
)

export const onPostgres = <A>(measure: Effect.Effect<A, unknown, PgClient.PgClient | Scope.Scope>): Promise<A> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* Effect.addFinalizer(() => Effect.ignore(sql.unsafe(`DROP SCHEMA IF EXISTS "${postgresSchema}" CASCADE`)))
    return yield* measure
  }).pipe(Effect.scoped, Effect.provide(server), Effect.runPromise)
