/**
 * Registrations per second on some database: read, verified, durable when answered, announced to a peer over TLS.
 *
 * The bound is bare inserts: as many rows of about the same size, one statement each, through the same driver with as many
 * at a time.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, type Scope } from "effect"
import { makeSqlStore } from "../../src/runtime/store/sql.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { type Figure, perSecond, readable, type Say } from "../benchmark.ts"
import { realNode } from "../support/real-node.ts"
import { standIn } from "../support/stand-in-process.ts"

const count = 2_000
const warmUp = 200
const concurrency = 20

/** On the database of this driver, in this schema, which is made. */
export const registering = (schema: string, say: Say): Effect.Effect<Figure, unknown, PgClient.PgClient | Scope.Scope> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const store = yield* makeSqlStore(schema)
    const node = yield* realNode(store)
    const other = yield* standIn
    yield* other.ask({ type: "connect", port: node.address.port, greets: true }, "connected")
    const bodies = Array.from({ length: warmUp + count }, (_, number) => client(1, number).registration)
    say(`${readable(bodies.length)} registrations are signed; ${concurrency} at a time are asked for`)

    const ms = yield* all(bodies, node.service.registerEntity)
    yield* other.ask({ type: "watch", count: bodies.length }, "announced")
    const { localEntities } = yield* store.counts
    if (localEntities !== bodies.length) throw new Error(`${localEntities} of ${bodies.length} were stored`)
    say(`${readable(count)} registered and announced in ${readable(ms)} ms`)

    const table = `"${schema}".bench_rows`
    yield* sql.unsafe(`CREATE TABLE ${table} (id text PRIMARY KEY, document jsonb NOT NULL)`)
    const insert = `INSERT INTO ${table} VALUES ($1, $2::jsonb)`
    const boundMs = yield* all(bodies, (body) => sql.unsafe(insert, [body["public_key"], JSON.stringify(body)]))
    say(`${readable(count)} bare inserts in ${readable(boundMs)} ms`)
    return {
      value: perSecond(count, ms),
      unit: "registrations/s",
      bound: perSecond(count, boundMs),
      boundName: "bare inserts, one statement each",
    }
  })

/** Milliseconds for all but the first, which warm up. */
const all = <A, E>(list: ReadonlyArray<A>, one: (item: A) => Effect.Effect<unknown, E>) =>
  Effect.gen(function* () {
    yield* Effect.forEach(list.slice(0, warmUp), one, { concurrency, discard: true })
    const startedAt = performance.now()
    yield* Effect.forEach(list.slice(warmUp), one, { concurrency, discard: true })
    return performance.now() - startedAt
  })
