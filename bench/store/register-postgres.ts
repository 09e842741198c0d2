/** `register.postgres`: registrations per second on the server of `AGENTDNS_TEST_POSTGRES_URL`, in a schema of their own. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { maxConnectionsDefault } from "../../src/runtime/store/layer.ts"
import type { Benchmark } from "../benchmark.ts"
import { registering } from "./registering.ts"

const variable = "AGENTDNS_TEST_POSTGRES_URL"
const schema = `bench_${process.pid}`

const server = PgClient.layerFrom(
  Effect.suspend(() =>
    PgClient.make({ url: Redacted.make(process.env[variable]!), maxConnections: maxConnectionsDefault, applicationName: "agentdns bench" }),
  ),
)

export const registerPostgres: Benchmark = {
  name: "register.postgres",
  purpose: "registrations on a PostgreSQL server: verified, durable, announced",
  missing: () => (process.env[variable] === undefined ? `no server is named in ${variable}` : undefined),
  measure: (say) =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* Effect.addFinalizer(() => Effect.ignore(sql.unsafe(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)))
      return yield* registering(schema, say)
    }).pipe(Effect.scoped, Effect.provide(server), Effect.runPromise),
}
