/**
 * A sweep over several machines: the runs are elements of a queue in PostgreSQL (Effect's `PersistedQueue`, which takes with
 * `FOR UPDATE SKIP LOCKED`), the rows a table beside it. Any number of processes may join or leave at any time: who joins
 * offers all runs (once each, by their keys), a run whose process died is taken again by another, and all see all rows.
 */
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import { SqlClient } from "effect/sql/SqlClient"
import type { GridRun } from "./grid.ts"
import type { Row } from "./results.ts"

export interface SharedSweep {
  readonly databaseUrl: string
  /** The same at all machines that work on one sweep. */
  readonly name: string
  readonly runs: ReadonlyArray<GridRun>
  readonly workers: number
  readonly perform: (run: GridRun) => Promise<Row>
  /** Hears of what was done here. */
  readonly done: (row: Row) => void
}

/**
 * A process that did not renew its hold on a run for this long is gone, and another takes the run. Who stops a sweep and goes on
 * with it waits so long for the runs that were under way; a run that is made twice is the same run.
 */
const lockExpiration = Duration.seconds(20)
const lockRefreshInterval = Duration.seconds(5)
const lookEvery = Duration.millis(300)

/** Works until every run has its row; the rows of all machines. */
export const sweepTogether = ({ databaseUrl, done, name, perform, runs, workers }: SharedSweep) => {
  const byKey = new Map(runs.map((run) => [run.key, run]))
  const work = Effect.gen(function* () {
    const sql = yield* SqlClient
    // of two that begin at once one may lose the race for the table's name
    yield* sql`CREATE TABLE IF NOT EXISTS sim_sweep_rows (sweep text NOT NULL, key text NOT NULL, row text NOT NULL, PRIMARY KEY (sweep, key))`.pipe(
      Effect.retry(Schedule.recurs(3)),
    )
    const rowsNow = Effect.map(sql<{ readonly row: string }>`SELECT row FROM sim_sweep_rows WHERE sweep = ${name}`, (found) =>
      found.map(({ row }) => JSON.parse(row) as Row),
    )
    const keep = (row: Row) =>
      sql`INSERT INTO sim_sweep_rows (sweep, key, row) VALUES (${name}, ${row.key}, ${JSON.stringify(row)}) ON CONFLICT DO NOTHING`

    const queue = yield* PersistedQueue.make({ name: `sim-sweep/${name}`, schema: Schema.Struct({ key: Schema.String }) })
    const known = new Set((yield* rowsNow).map(({ key }) => key))
    for (const { key } of runs) if (!known.has(key)) yield* queue.offer({ key }, { id: key })

    const one = queue.take(({ key }) => {
      const run = byKey.get(key)
      return run === undefined ? Effect.void : Effect.promise(() => perform(run)).pipe(Effect.tap(keep), Effect.map(done))
    })
    const isOver = Effect.map(rowsNow, (rows) => rows.filter(({ key }) => byKey.has(key)).length >= runs.length)
    const over = Effect.repeat(isOver, { while: (is) => !is, schedule: Schedule.spaced(lookEvery) })
    yield* Effect.raceFirst(
      Effect.all(
        Array.from({ length: workers }, () => Effect.forever(one)),
        { concurrency: "unbounded" },
      ),
      over,
    )
    return (yield* rowsNow).filter(({ key }) => byKey.has(key))
  })
  const client = PgClient.layer({ url: Redacted.make(databaseUrl), applicationName: "sim-sweep", maxConnections: workers + 4 })
  const queues = PersistedQueue.layer.pipe(
    Layer.provide(
      PersistedQueue.layerStoreSql({ tableName: "sim_sweep_queue", pollInterval: lookEvery, lockExpiration, lockRefreshInterval }),
    ),
  )
  return work.pipe(Effect.provide(queues.pipe(Layer.provideMerge(client))))
}
