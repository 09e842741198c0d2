/**
 * `big.get`: what reading one entity costs with a million gossiped records in PostgreSQL: the record and the names of it, as
 * GET /v1/entities/{id} asks for them when they are not kept, twenty at a time. The bound is the same with a thousand records.
 */
import { Effect } from "effect"
import { named } from "../../src/runtime/node/lookups.ts"
import type { RecordStore } from "../../src/runtime/ports.ts"
import { type Benchmark, perSecond, readable } from "../benchmark.ts"
import { fillTo, recordId } from "../support/many-records.ts"
import { onPostgres, postgresIsMissing, postgresSchema } from "./postgres.ts"

const few = 1_000
const many = 1_000_000
const reads = 6_000
const warmUp = 1_000
const concurrency = 20

/** Reads a second, of entities all over the store. */
const rate = (store: RecordStore["Service"], held: number) =>
  Effect.gen(function* () {
    const ids = Array.from({ length: warmUp + reads }, (_, i) => recordId(1 + ((i * 7_919) % (held - 1))))
    const read = (id: (typeof ids)[number]) =>
      Effect.map(
        Effect.flatMap(store.entity(id), (entry) => named(store, entry === undefined ? [] : [entry])),
        (found) => {
          if (found.length === 0) throw new Error(`${id} is not there`)
        },
      )
    yield* Effect.forEach(ids.slice(0, warmUp), read, { concurrency, discard: true })
    const startedAt = performance.now()
    yield* Effect.forEach(ids.slice(warmUp), read, { concurrency, discard: true })
    return perSecond(reads, performance.now() - startedAt)
  })

export const bigGet: Benchmark = {
  name: "big.get",
  purpose: `reading entities among ${readable(many)} gossiped records on a PostgreSQL server`,
  missing: postgresIsMissing,
  measure: (say) =>
    onPostgres(
      Effect.gen(function* () {
        const bound = yield* rate(yield* fillTo(postgresSchema, few), few)
        say(`${readable(bound)} reads/s of ${readable(few)} records`)
        const value = yield* rate(yield* fillTo(postgresSchema, many), many)
        say(`${readable(value)} reads/s of ${readable(many)} records`)
        return { value, unit: "reads/s", bound, boundName: `the same among ${readable(few)}` }
      }),
    ),
}
