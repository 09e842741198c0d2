/**
 * What processes of one registry share through PostgreSQL: an advisory lock that says who holds the mesh, and notifications
 * that wake the others, or bring them news (`news.ts`). Both need a session of their own, and so a connection that no transaction pooler stands before
 * (`[database] direct_url`).
 *
 * The lock belongs to a session and goes with it. Its holder asks the session for a sign of life every second, and lets go of
 * the mesh when there is none within two; whoever gets the lock next waits longer than that before it opens the mesh. A
 * holder that is gone without a word the server misses after five seconds.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Queue, Random, type Redacted, Schedule, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { lettersOf, type News, readLetter } from "../news.ts"
import type { StoreFailed } from "../ports.ts"
import type { Siblings } from "../siblings.ts"
import { lockClass } from "./migrations.ts"
import { failedAt } from "./sql-failure.ts"

export interface SharedDatabase {
  readonly siblings: Siblings
  /** Does `held` whenever this process holds the mesh, until it does not any more; for ever. */
  readonly holdMesh: (held: Effect.Effect<void, never, Scope.Scope>) => Effect.Effect<never>
}

/** The lock of a schema's mesh; a migration's is −1, the record store's are 0 and above. */
const meshLock = -2

const askEveryMs = 500
const signOfLifeMs = 1_000
const signPatienceMs = 2_000
/** More than a holder needs to notice that it is none any more. */
const graceMs = signOfLifeMs + signPatienceMs + 500
const retryMs = 1_000
const wakeAnywayMs = 1_000
/** Less than PostgreSQL's 8,000 bytes of a notification. */
const letterBytesMax = 7_900
/** Pieces of news that wait for the server; of more the oldest are forgotten. */
const newsWaitingMax = 1_000

/** `url` leads to the server directly. What goes wrong is told once, and tried again for ever. */
export const shareDatabase = (
  url: Redacted.Redacted,
  schema: string,
  note: (sentence: string) => void,
): Effect.Effect<SharedDatabase, StoreFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const config = { url, applicationName: "agentdns siblings", connectTimeout: connectPatienceMs }
    const sql = yield* PgClient.make({ ...config, minConnections: 2, maxConnections: 2 })
    const channel = `agentdns_${lockClass(schema)}`
    const woken = yield* Queue.sliding<void>(1)
    const toWake = yield* Queue.sliding<void>(1)
    const toTell = yield* Queue.sliding<News>(newsWaitingMax)
    const listeners = new Set<(news: News) => void>()
    const self = String(yield* Random.nextInt)
    const hear = (letter: string) => {
      if (letter === "") Queue.offerUnsafe(woken, undefined)
      else for (const piece of readLetter(letter, self)) for (const listener of listeners) listener(piece)
    }
    const listen = Effect.scoped(
      Effect.flatMap(sql.listen(channel), (heard) => Effect.forever(Effect.map(Queue.take(heard), ({ payload }) => hear(payload)))),
    )
    const wake = Effect.andThen(Queue.take(toWake), sql.notify(channel, ""))
    // while one letter is on its way, what is for the next one gathers
    const tell = Effect.flatMap(Queue.takeAll(toTell), (news) =>
      Effect.forEach(lettersOf(self, news, letterBytesMax), (letter) => sql.notify(channel, letter), { discard: true }),
    )
    for (const work of [listen, Effect.forever(wake), Effect.forever(tell)])
      yield* Effect.forkScoped(Effect.retry(work, Schedule.spaced(retryMs)))

    const holdMesh = (held: Effect.Effect<void, never, Scope.Scope>) => {
      const once = Effect.gen(function* () {
        const session = yield* PgClient.makeClient(config)
        // of a holder that is gone without a word the server hears no sign of life either
        yield* session.unsafe(
          "SELECT set_config('tcp_keepalives_idle', '2', false), set_config('tcp_keepalives_interval', '1', false), set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '5000', false)",
        )
        const sign = (text: string, ...parameters: ReadonlyArray<unknown>) =>
          session.unsafe<{ readonly got: boolean }>(text, parameters).pipe(Effect.timeout(signPatienceMs))
        const got = Effect.map(
          sign("SELECT pg_try_advisory_lock($1::int, $2::int) AS got", lockClass(schema), meshLock),
          ([row]) => row?.got === true,
        )
        while (!(yield* got)) yield* Effect.sleep(askEveryMs)
        const alive = Effect.forever(Effect.andThen(Effect.sleep(signOfLifeMs), sign("SELECT true AS got")))
        const holding = Effect.gen(function* () {
          yield* Effect.sleep(graceMs)
          note("this process holds the mesh now")
          return yield* Effect.scoped(Effect.andThen(held, Effect.never))
        })
        return yield* Effect.ensuring(
          Effect.raceFirst(alive, holding),
          Effect.sync(() => note("this process does not hold the mesh any more")),
        )
      })
      return Effect.scoped(once).pipe(
        Effect.provide(Reactivity.layer),
        Effect.ignore,
        Effect.andThen(Effect.sleep(retryMs)),
        Effect.forever,
      )
    }

    return {
      holdMesh,
      siblings: {
        end: sql.unsafe<{ readonly position: string }>("SELECT pg_snapshot_xmin(pg_current_snapshot())::text || '.0' AS position").pipe(
          Effect.map(([row]) => row!.position),
          Effect.mapError((error) => failedAt("end", error)),
        ),
        wake: () => void Queue.offerUnsafe(toWake, undefined),
        tell: (news: News) => void Queue.offerUnsafe(toTell, news),
        hear: (listener: (news: News) => void) => {
          listeners.add(listener)
          return { stop: () => void listeners.delete(listener) }
        },
        woken: Effect.asVoid(Effect.timeoutOption(Queue.take(woken), wakeAnywayMs)),
      },
    }
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.mapError((error) => failedAt("connect", error)),
  )

const connectPatienceMs = 4_000
