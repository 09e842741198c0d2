/**
 * The record store on PostgreSQL (storage page): the same code for a server and for the embedded database.
 *
 * `announcements` holds what every registry last said; `agents` and `gossip_entries` are what reads use. Of a subject that
 * is registered here, `gossip_entries` may lag: reads go to `agents` first, and the end of a registration brings it up
 * to date.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Layer, Option, Stream } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { SlotKey } from "../../protocol/gossip/slot-set.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { DeveloperRecord } from "../../protocol/records/developer.ts"
import type { EntityEntry, EntityRecord } from "../../protocol/records/entity.ts"
import { compareClaims } from "../../protocol/records/slots.ts"
import { AlreadyRegistered, RecordStore, type StoreFailed } from "../ports.ts"
import { makeGrouping } from "./grouping.ts"
import { mergeAll, type SlotWrites, type Subject, writesOf } from "./merging.ts"
import { lockClass, migrate } from "./migrations.ts"
import {
  agentRow,
  developerRow,
  type DeveloperRow,
  type EntityRow,
  type PinRow,
  readDeveloper,
  readEntry,
  readLocal,
  readPin,
  readSlot,
  type RecordRow,
  slotOf,
  slotRow,
  type SlotRow,
} from "./rows.ts"
import { isNews, newlyRegistered, outdated, withOwn } from "./shown.ts"
import { failedAt } from "./sql-failure.ts"
import { statementsFor } from "./statements.ts"

/** Rows that one page of `everyEntity` reads: some hundred kilobytes. */
const rowsPerPage = 500
/** The same of `everySlot`, whose rows are short. */
const slotsPerPage = 5_000

/** Registrations that share one statement, and such statements at a time: more would only wait for each other's disk. */
const registrationsPerStatement = 64
const statementsAtOnce = 2

/** Subjects share this many locks, so that a large batch does not fill the server's lock table. */
const lockBuckets = 64

/** The store in this schema, which is made or brought up to date first. */
export const makeSqlStore = (schema: string): Effect.Effect<RecordStore["Service"], StoreFailed, PgClient.PgClient> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* migrate(schema)
    return storeOn(sql, schema)
  })

export const SqlStore = (schema: string): Layer.Layer<RecordStore, StoreFailed, PgClient.PgClient> =>
  Layer.effect(RecordStore, makeSqlStore(schema))

const storeOn = (sql: PgClient.PgClient, schema: string): RecordStore["Service"] => {
  const statements = statementsFor(schema)
  const lock = lockClass(schema)

  const query = <Row extends object>(text: string, ...parameters: ReadonlyArray<unknown>) => sql.unsafe<Row>(text, parameters)
  const rows = (...list: ReadonlyArray<JsonObject>) => JSON.stringify(list)

  const entities = (ids: ReadonlyArray<string>) =>
    query<EntityRow>(statements.entities, ids).pipe(
      Effect.map((found) => {
        const byId = new Map(found.map((row) => [row.agent_id as string, readEntry(row)]))
        return ids.map((id) => byId.get(id)).filter((entry) => entry !== undefined)
      }),
    )

  /** All rows of a table, page after page: no connection is held in between. */
  const pages = (text: string): Stream.Stream<EntityEntry, StoreFailed> =>
    Stream.paginate("", (after) =>
      query<EntityRow>(text, after, rowsPerPage).pipe(
        during("everyEntity"),
        Effect.map((page) => {
          const last = page.length < rowsPerPage ? undefined : page.at(-1)?.agent_id
          return [page.map(readEntry), last === undefined ? Option.none() : Option.some<string>(last)] as const
        }),
      ),
    )

  /** What is held of these subjects, ranked; from here to the end of the transaction nobody else merges them. */
  const lockedSubjects = (ids: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      yield* query(statements.lock, lock, [...new Set(ids.map(bucketOf))])
      const slots = yield* query<SlotRow>(statements.slots, ids)
      const locals = yield* query<RecordRow>(statements.locals, ids)
      const subjects = new Map<string, Subject>(ids.map((id) => [id, { local: undefined, slots: [] }]))
      for (const [id, said] of Map.groupBy(slots, (row) => row.subject))
        subjects.set(id, { local: undefined, slots: said.map(readSlot).sort(compareClaims) })
      for (const row of locals) subjects.set(row.agent_id, { ...subjects.get(row.agent_id)!, local: readLocal(row) })
      return subjects
    })

  const write = ({ forgotten, hidden, shown, slots, tombstones }: SlotWrites) =>
    query(statements.writeSlots, rows(...slots), rows(...forgotten), rows(...shown), rows(...hidden), rows(...tombstones))

  const merge: RecordStore["Service"]["merge"] = (announcements, nowMs) => {
    const ids = [...new Set(announcements.map(({ subject }) => subject))]
    return lockedSubjects(ids).pipe(
      Effect.flatMap((subjects) => {
        const { outcomes, writes } = mergeAll(subjects, announcements, nowMs)
        return writes.slots.length === 0 ? Effect.succeed(outcomes) : Effect.as(write(writes), outcomes)
      }),
      inTransaction("merge"),
    )
  }

  type Registration = Parameters<RecordStore["Service"]["register"]>[0]

  /** One statement for all of them; which were taken tells its answer. */
  const registerAll = (registrations: ReadonlyArray<Registration>) =>
    Effect.gen(function* () {
      const ordered = [...registrations].sort((a, b) => (a.record.entity_id < b.record.entity_id ? -1 : 1))
      const taken = yield* query<{ readonly agent_id: string }>(
        statements.register,
        rows(...ordered.map(({ record }) => agentRow(newlyRegistered(record)))),
        rows(...developersOf(registrations).map(developerRow)),
        rows(...ordered.map(({ announcement }) => slotRow(slotOf(announcement, announcement.at)))),
      )
      const ids = new Set(taken.map(({ agent_id }) => agent_id))
      return yield* Effect.forEach(registrations, ({ record }) => Effect.exit(ids.has(record.entity_id) ? Effect.void : whyNot(record)))
    })

  const whyNot = ({ entity_id }: EntityRecord) =>
    query(statements.isLocal, entity_id).pipe(
      Effect.flatMap((there) => Effect.fail(there.length > 0 ? new AlreadyRegistered({ id: entity_id }) : outdated("register"))),
      during("register"),
    )

  const register = makeGrouping<Registration, void, AlreadyRegistered | StoreFailed>({
    most: registrationsPerStatement,
    atOnce: statementsAtOnce,
    nameOf: ({ record }) => record.entity_id,
    // One registration that the database refuses must not take the others down with it.
    perform: (registrations) =>
      registerAll(registrations).pipe(
        Effect.catch((error) =>
          registrations.length === 1
            ? Effect.succeed([Exit.fail(failedAt("register", error))])
            : Effect.forEach(registrations, (one) =>
                registerAll([one]).pipe(
                  Effect.map(([exit]) => exit!),
                  Effect.catch((failure) => Effect.succeed(Exit.fail(failedAt("register", failure)))),
                ),
              ),
        ),
      ),
  })

  const deregister: RecordStore["Service"]["deregister"] = (id, announcement) =>
    Effect.gen(function* () {
      const before = (yield* lockedSubjects([id])).get(id)!
      const removed = yield* query(statements.removeAgent, id)
      if (removed.length === 0) return false
      if (!isNews(before.slots, announcement)) return yield* outdated("deregister")
      const after = withOwn(before.slots, slotOf(announcement, announcement.at))
      yield* write(writesOf(id, before.slots, after))
      return true
    }).pipe(inTransaction("deregister"))

  const inTransaction =
    (operation: string) =>
    <A, E>(work: Effect.Effect<A, E | SqlError>): Effect.Effect<A, Exclude<E, SqlError> | StoreFailed> =>
      sql.withTransaction(work).pipe(Effect.retry({ times: 2, while: wasInTheWay }), during(operation))

  return {
    entity: (id) =>
      entities([id]).pipe(
        Effect.map(([entry]) => entry),
        during("entity"),
      ),
    entities: (ids) => (ids.length === 0 ? Effect.succeed([]) : entities(ids).pipe(during("entities"))),
    everyEntity: Stream.concat(pages(statements.localPage), pages(statements.gossipPage)),
    developer: (id) =>
      query<DeveloperRow>(statements.developer, id).pipe(
        Effect.map(([row]) => (row === undefined ? undefined : readDeveloper(row))),
        during("developer"),
      ),
    counts: query<Record<"local_entities" | "gossip_entities" | "developers", bigint>>(statements.counts).pipe(
      Effect.map(([row]) => ({
        localEntities: Number(row?.local_entities),
        gossipEntities: Number(row?.gossip_entities),
        developers: Number(row?.developers),
      })),
      during("counts"),
    ),
    slots: (subject) =>
      query<SlotRow>(statements.slots, [subject]).pipe(
        Effect.map((found) =>
          found
            .map(readSlot)
            .sort(compareClaims)
            .map((slot) => slot.announcement()),
        ),
        during("slots"),
      ),
    everySlot: Stream.paginate({ subject: "", origin: "" }, ({ origin, subject }) =>
      query<SlotKey>(statements.slotPage, subject, origin, slotsPerPage).pipe(
        during("everySlot"),
        Effect.map((page) => {
          const last = page.length < slotsPerPage ? undefined : page.at(-1)
          return [
            page,
            last === undefined ? Option.none() : Option.some<{ readonly subject: string; readonly origin: string }>(last),
          ] as const
        }),
      ),
    ),
    documents: (ids) =>
      query<{ readonly document: string }>(statements.documents, ids).pipe(
        Effect.map((found) => found.map(({ document }) => JSON.parse(document) as JsonObject)),
        during("documents"),
      ),
    addDeveloper: (developer) =>
      query(statements.addDeveloper, rows(developerRow(developer))).pipe(
        Effect.flatMap((added) => (added.length > 0 ? Effect.void : Effect.fail(new AlreadyRegistered({ id: developer.developer_id })))),
        during("addDeveloper"),
      ),
    register,
    deregister,
    merge: (announcements, nowMs) => (announcements.length === 0 ? Effect.succeed([]) : merge(announcements, nowMs)),
    pins: query<PinRow>(statements.pins).pipe(
      Effect.map((found) => found.map(readPin)),
      during("pins"),
    ),
    pin: ({ address, key, since }) => query(statements.pin, address, key, since).pipe(Effect.asVoid, during("pin")),
  }
}

/** The driver's errors become the port's. */
const during =
  (operation: string) =>
  <A, E>(work: Effect.Effect<A, E | SqlError>): Effect.Effect<A, Exclude<E, SqlError> | StoreFailed> =>
    Effect.mapError(work, (error) => (isSqlError(error) ? failedAt(operation, error) : (error as Exclude<E, SqlError>)))

const isSqlError = (error: unknown): error is SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"

/** Two transactions waited for each other and this one was ended: it did nothing and may try again. */
const wasInTheWay = (error: unknown): boolean =>
  isSqlError(error) && (error.reason._tag === "DeadlockError" || error.reason._tag === "SerializationError")

/** Each once, in ascending order, so that two statements never wait for each other's rows. */
const developersOf = (registrations: ReadonlyArray<{ readonly developer: DeveloperRecord }>): ReadonlyArray<DeveloperRecord> =>
  [...new Map(registrations.map(({ developer }) => [developer.developer_id, developer])).values()].sort((a, b) =>
    a.developer_id < b.developer_id ? -1 : 1,
  )

const bucketOf = (subject: string): number => Number.parseInt(subject.slice(-4), 16) % lockBuckets
