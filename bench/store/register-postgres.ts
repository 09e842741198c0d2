/** `register.postgres`: registrations per second on the server of `AGENTDNS_TEST_POSTGRES_URL`, in a schema of their own. */
import type { Benchmark } from "../benchmark.ts"
import { onPostgres, postgresIsMissing, postgresSchema } from "./postgres.ts"
import { registering } from "./registering.ts"

export const registerPostgres: Benchmark = {
  name: "register.postgres",
  purpose: "registrations on a PostgreSQL server: verified, durable, announced",
  missing: postgresIsMissing,
  measure: (say) => onPostgres(registering(postgresSchema, say)),
}
