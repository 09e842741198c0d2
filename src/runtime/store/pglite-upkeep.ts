/**
 * What PostgreSQL's background processes do on a server, for an embedded database that has none: checkpoints, without
 * which the log would grow until the disk is full and a start after a crash would replay all of it, and vacuuming,
 * without which replaced rows would never make room.
 */
import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { failedAt } from "./sql-failure.ts"

/** How often the log's length is looked at. */
const lookPeriodMs = 10_000
/** Log since the last checkpoint that calls for one: about what a start after a crash replays in a second. */
const checkpointAfterBytes = 64 * 1024 * 1024
/** Checkpoints between two rounds of vacuuming. */
const checkpointsPerVacuum = 4

/** Looks after the database until it is interrupted. What fails is tried again at the next look. */
export const upkeep = (sql: PgClient.PgClient): Effect.Effect<never> =>
  Effect.gen(function* () {
    let checkpoints = 0
    for (;;) {
      yield* Effect.sleep(lookPeriodMs)
      yield* look(sql, checkpoints).pipe(
        Effect.tap((looked) => Effect.sync(() => void (checkpoints = looked))),
        Effect.catch((error) => Effect.logWarning("the embedded database could not be looked after", failedAt("upkeep", error).reason)),
      )
    }
  })

/** Yields the number of checkpoints so far. */
const look = (sql: PgClient.PgClient, checkpoints: number): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    if (!(yield* isDue(sql))) return checkpoints
    yield* sql.unsafe("CHECKPOINT").unprepared
    if ((checkpoints + 1) % checkpointsPerVacuum === 0) yield* vacuum(sql)
    return checkpoints + 1
  })

const isDue = (sql: PgClient.PgClient): Effect.Effect<boolean, SqlError> =>
  Effect.map(
    sql.unsafe<{ readonly due: boolean }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) > ${checkpointAfterBytes} AS due FROM pg_control_checkpoint()`,
    ),
    ([row]) => row?.due === true,
  )

/** Table by table, so that others get their turn in between. */
const vacuum = (sql: PgClient.PgClient): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const tables = yield* sql.unsafe<{ readonly name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    )
    yield* Effect.forEach(tables, ({ name }) => sql.unsafe(`VACUUM (ANALYZE) ${name}`).unprepared, { discard: true })
  })
