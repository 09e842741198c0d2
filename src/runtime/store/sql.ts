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
import { type Announcement, entityOf, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { SlotKey } from "../../protocol/gossip/slot-set.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { EntityId, RegistryId } from "../../protocol/identity/id.ts"
import { nameTombstoneLifeMs, tombstoneLifeMs } from "../../protocol/limits.ts"
import type { DeveloperRecord } from "../../protocol/records/developer.ts"
import type { EntityEntry, EntityRecord } from "../../protocol/records/entity.ts"
import { markOf } from "../../protocol/records/replay.ts"
import { compareClaims, withSlot } from "../../protocol/records/slots.ts"
import { type Seconds, secondsOf } from "../../protocol/time.ts"
import { AlreadyRegistered, Overtaken, RecordStore, Replayed, type StoreFailed } from "../ports.ts"
import { makeGrouping } from "./grouping.ts"
import { mergeAll, nothingHeld, type SlotWrites, type Subject, writesOf, shownAgain, together } from "./merging.ts"
import { lockClass, migrate } from "./migrations.ts"
import { inOrder } from "./shown-names.ts"
import {
  type AttestationRow,
  type HandleRow,
  type NameRow,
  readAttestationRow,
  readHandleRow,
  readNameRow,
  readVersionRow,
  type VersionRow,
  type Write,
} from "./projection.ts"
import {
  agentRow,
  developerRow,
  type DeveloperRow,
  type EntityRow,
  pgTime,
  readAnnouncement,
  readDeveloper,
  readEntry,
  readLocal,
  readSlot,
  readStatus,
  type RecordRow,
  slotOf,
  slotRow,
  type SlotRow,
  type StatusRow,
} from "./rows.ts"
import { isNews, newlyRegistered, outdated } from "./shown.ts"
import { failedAt } from "./sql-failure.ts"
import { ofNodes } from "./sql-of-nodes.ts"
import { bucketOf, locksOf, sayerOn } from "./sql-words.ts"
import { statementsFor, type TypedTable, typedTableNames } from "./statements.ts"

/** Rows that one page of `everyEntity` reads: some hundred kilobytes. */
const rowsPerPage = 500
/** The same of `everySlot`, whose rows are short. */
const slotsPerPage = 5_000

/** Registrations that share one statement, and such statements at a time: more would only wait for each other's disk. */
const registrationsPerStatement = 64
const statementsAtOnce = 2

/** The store in this schema, which is made or brought up to date first. */
export const makeSqlStore = (schema: string): Effect.Effect<RecordStore["Service"], StoreFailed, PgClient.PgClient> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* migrate(schema)
    yield* sql.unsafe(statementsFor(schema).rebaseChanges).pipe(during("open"))
    return storeOn(sql, schema)
  })

export const SqlStore = (schema: string): Layer.Layer<RecordStore, StoreFailed, PgClient.PgClient> =>
  Layer.effect(RecordStore, makeSqlStore(schema))

const storeOn = (sql: PgClient.PgClient, schema: string): RecordStore["Service"] => {
  const statements = statementsFor(schema)
  const lock = lockClass(schema)

  const does = {
    put: Object.fromEntries(typedTableNames.map((table) => [table, statements.put(table)])) as Record<TypedTable, string>,
    drop: Object.fromEntries(typedTableNames.map((table) => [table, statements.drop(table)])) as Record<TypedTable, string>,
  }

  const query = <Row extends object>(text: string, ...parameters: ReadonlyArray<unknown>) => sql.unsafe<Row>(text, parameters)
  const rows = (...list: ReadonlyArray<JsonObject>) => JSON.stringify(list)

  const values = (text: string) => query<{ readonly value: string }>(text).pipe(Effect.map((found) => found.map(({ value }) => value)))

  const entities = (ids: ReadonlyArray<string>) =>
    query<EntityRow>(statements.entities, ids).pipe(
      Effect.map((found) => {
        const byId = new Map(found.map((row) => [row.agent_id as string, readEntry(row)]))
        return ids.map((id) => byId.get(id)).filter((entry) => entry !== undefined)
      }),
    )

  /** All rows of a table, page after page: no connection is held in between. */
  const pages = (text: string, tier: EntityEntry["tier"]): Stream.Stream<EntityEntry, StoreFailed> =>
    Stream.paginate("", (after) =>
      Effect.gen(function* () {
        const ids = (yield* query<{ readonly agent_id: string }>(text, after, rowsPerPage)).map(({ agent_id }) => agent_id)
        const last = ids.length < rowsPerPage ? undefined : ids.at(-1)
        const page = (yield* entities(ids)).filter((entry) => entry.tier === tier)
        return [page, last === undefined ? Option.none() : Option.some<string>(last)] as const
      }).pipe(during("everyEntity")),
    )

  /** What is held of these subjects, ranked; from here to the end of the transaction nobody else merges them. */
  const lockedSubjects = (ids: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      yield* query(statements.lock, lock, [...new Set(ids.map(bucketOf))])
      const slots = yield* query<SlotRow>(statements.slots, ids)
      const entityIds = ids.filter(isEntityId)
      const locals = entityIds.length === 0 ? [] : yield* query<RecordRow>(statements.locals, entityIds)
      const statuses = entityIds.length === 0 ? [] : yield* query<StatusRow>(statements.statuses, entityIds)
      const subjects = new Map<string, Subject>(ids.map((id) => [id, nothingHeld]))
      for (const [id, said] of Map.groupBy(slots, (row) => row.subject))
        subjects.set(id, { ...nothingHeld, slots: said.map(readSlot).sort(compareClaims) })
      for (const row of locals) subjects.set(row.agent_id, { ...subjects.get(row.agent_id)!, local: readLocal(row) })
      for (const [id, said] of Map.groupBy(statuses, (row) => row.agent_id as string))
        subjects.set(id, { ...subjects.get(id)!, statuses: new Map(said.map((row) => [row.home_registry, readStatus(row)])) })
      return subjects
    })

  const write = ({ forgotten, hidden, shown, slots, tombstones, typed }: SlotWrites) =>
    Effect.andThen(
      query(statements.writeSlots, rows(...slots), rows(...forgotten), rows(...shown), rows(...hidden), rows(...tombstones)),
      writeTyped(typed),
    )

  /** Neighbouring changes of the same sort share a statement; of two about one row the later counts. */
  const writeTyped = (writes: ReadonlyArray<Write>) =>
    Effect.forEach(
      [...Map.groupBy(writes, ({ does, table }) => `${does} ${table}`).values()].sort(inTableOrder),
      (same) => query(does[same[0]!.does][same[0]!.table], rows(...same.map(({ row }) => row))),
      { discard: true },
    )

  const merge: RecordStore["Service"]["merge"] = (announcements, nowMs, self) => {
    const ids = [...new Set(announcements.flatMap((heard) => [heard.subject, entityOf(heard) ?? heard.subject]))]
    return lockedSubjects(ids).pipe(
      Effect.flatMap((subjects) => {
        const { outcomes, writes } = mergeAll(subjects, announcements, nowMs, self)
        return writes.slots.length === 0 && writes.forgotten.length === 0 ? Effect.succeed(outcomes) : Effect.as(write(writes), outcomes)
      }),
      inTransaction("merge"),
    )
  }

  // our own words ----------------------------------------------------------------------------------------------------

  const sayOne = sayerOn({ query, rows, statements, write, writeTyped })

  const say: RecordStore["Service"]["say"] = (words) => {
    if (words.length === 0) return Effect.void
    return query(statements.lock, lock, locksOf(words)).pipe(
      Effect.andThen(Effect.forEach(words, sayOne, { discard: true })),
      inTransaction("say"),
    )
  }

  type Registration = Parameters<RecordStore["Service"]["register"]>[0]

  /** One statement for all of them; which were taken tells its answer. */
  const registerAll = (registrations: ReadonlyArray<Registration>) =>
    Effect.gen(function* () {
      const ordered = [...registrations].sort((a, b) => (a.record.entity_id < b.record.entity_id ? -1 : 1))
      const introducing = introducingOf(ordered)
      const words = [...ordered.map(({ announcement }) => announcement), ...introducing.values().map(({ introduction }) => introduction!)]
      const done = yield* query<{ readonly id: string }>(
        statements.register,
        rows(...ordered.map(({ record }) => agentRow(newlyRegistered(record)))),
        rows(...developersOf(registrations).map(developerRow)),
        rows(...words.map((word) => slotRow(slotOf(word, word.at)))),
      )
      const ids = new Set(done.map(({ id }) => id))
      const isIntroduced = (one: Registration) => {
        const subject = one.introduction?.subject ?? ""
        return ids.has(subject) && introducing.get(subject) === one
      }
      return yield* Effect.forEach(registrations, (one) =>
        Effect.exit(ids.has(one.record.entity_id) ? Effect.succeed(isIntroduced(one)) : whyNot(one.record)),
      )
    })

  const whyNot = (record: EntityRecord) =>
    Effect.gen(function* () {
      const { entity_id: id, signature } = record
      if ((yield* query(statements.isLocal, id)).length > 0) return yield* new AlreadyRegistered({ id })
      const isReplayed = (yield* query(statements.isReplayed, id, signature, markOf(record))).length > 0
      return yield* isReplayed ? new Replayed({ id }) : outdated("register")
    }).pipe(during("register"))

  const registerGrouped = makeGrouping<Registration, boolean, AlreadyRegistered | Replayed | StoreFailed>({
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

  /** What is said with a registration needs its locks, and so a transaction of its own. */
  const register = (registration: Registration) => {
    const { also = [] } = registration
    if (also.length === 0) return registerGrouped(registration)
    return Effect.gen(function* () {
      yield* query(statements.lock, lock, locksOf(also))
      const [exit] = yield* registerAll([registration])
      const isIntroduced = yield* exit!
      yield* Effect.forEach(also, sayOne, { discard: true })
      return isIntroduced
    }).pipe(inTransaction("register"))
  }

  const deregister: RecordStore["Service"]["deregister"] = (id, announcement, also = []) =>
    Effect.gen(function* () {
      yield* query(statements.lock, lock, locksOf([...also, { announcement, follows: undefined }]))
      const before = (yield* lockedSubjects([id])).get(id)!
      if (before.local === undefined) return false
      if (!isNews(before.slots, announcement)) return yield* outdated("deregister")
      yield* Effect.forEach(also, sayOne, { discard: true })
      // A name that was bound meanwhile would be left without its entity.
      const left = yield* query<NameRow>(...statements.names(null, null, null, [id]))
      if (left.some(({ tier }) => tier === "local")) return yield* new Overtaken({ subject: id })
      yield* query(statements.removeAgent, id)
      yield* write(writesOf(id, before.slots, withSlot(before.slots, slotOf(announcement, announcement.at), announcement.origin), true))
      return true
    }).pipe(inTransaction("deregister"))

  const expire = (nowMs: number) =>
    Effect.gen(function* () {
      const gone = yield* query<{ readonly subject: string; readonly origin: RegistryId }>(
        statements.expire,
        secondsOf(nowMs - tombstoneLifeMs),
        secondsOf(nowMs - nameTombstoneLifeMs),
      )
      if (gone.length === 0) return []
      const keys = rows(...gone.map(({ origin, subject }) => ({ subject, origin })))
      yield* query(statements.forgetTombstones, keys)
      yield* query(statements.forgetHidden, keys)
      // what a deletion hid is its registries' claim still
      const claimed = [...new Set(gone.map(({ subject }) => subject))].filter((subject) => subject.startsWith("zns:"))
      const left = claimed.length === 0 ? [] : [...(yield* lockedSubjects(claimed))].filter(([, { slots }]) => slots.length > 0)
      if (left.length > 0) yield* write(together(left.map(([subject, { slots }]) => shownAgain(subject, slots))))
      return gone
    }).pipe(inTransaction("expire"))

  const slots = makeGrouping<string, ReadonlyArray<Announcement>, StoreFailed>({
    most: registrationsPerStatement,
    atOnce: statementsAtOnce,
    nameOf: (subject) => subject,
    perform: (subjects) =>
      query<SlotRow>(statements.slots, subjects).pipe(
        during("slots"),
        Effect.map((found) => {
          const bySubject = Map.groupBy(found, ({ subject }) => subject)
          return subjects.map((subject) => Exit.succeed(rankedOf(bySubject.get(subject) ?? [])))
        }),
        Effect.catch((failure) => Effect.succeed(subjects.map(() => Exit.fail(failure)))),
      ),
  })

  const beat = makeGrouping<{ readonly id: EntityId; readonly at: Seconds }, boolean, StoreFailed>({
    most: registrationsPerStatement,
    atOnce: 1,
    nameOf: ({ id }) => id,
    perform: (beats) =>
      query<{ readonly agent_id: string }>(
        statements.beat,
        rows(...[...beats].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ at, id }) => ({ agent_id: id, last_heartbeat: pgTime(at) }))),
      ).pipe(
        during("beat"),
        Effect.map((found) => {
          const ids = new Set(found.map(({ agent_id }) => agent_id))
          return beats.map(({ id }) => Exit.succeed(ids.has(id)))
        }),
        Effect.catch((failure) => Effect.succeed(beats.map(() => Exit.fail(failure)))),
      ),
  })

  const inTransaction =
    (operation: string) =>
    <A, E>(work: Effect.Effect<A, E | SqlError>): Effect.Effect<A, Exclude<E, SqlError> | StoreFailed> =>
      sql.withTransaction(work).pipe(Effect.retry({ times: 2, while: wasInTheWay }), during(operation))

  const handlesBy = (handle: string | null, developer: string | null) =>
    query<HandleRow>(...statements.handles(handle, developer)).pipe(
      Effect.map((found) => inOrder(found.map(readHandleRow))),
      during("handles"),
    )

  return {
    entity: (id) =>
      entities([id]).pipe(
        Effect.map(([entry]) => entry),
        during("entity"),
      ),
    entities: (ids) => (ids.length === 0 ? Effect.succeed([]) : entities(ids).pipe(during("entities"))),
    everyEntity: Stream.concat(pages(statements.localPage, "local"), pages(statements.gossipPage, "gossip")),
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
    slots,
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
    handles: (handle) => handlesBy(handle, null),
    handlesOf: (id) => handlesBy(null, id),
    list: ({ category = null, developerId = null, entityType = null, limit, offset, status = null }) =>
      query<EntityRow>(statements.list, entityType, category, developerId, status, limit, offset).pipe(
        Effect.map((found) => found.map(readEntry)),
        during("list"),
      ),
    vocabulary: Effect.all({ categories: values(statements.categories), tags: values(statements.tags) }).pipe(during("vocabulary")),
    changes: (after = "0.0", limit) =>
      query<{ readonly position: string; readonly document: string }>(statements.changes, ...after.split("."), limit).pipe(
        Effect.map((found) => found.map(({ document, position }) => ({ position, announcement: readAnnouncement(document) }))),
        during("changes"),
      ),
    names: ({ entityId, entityIds = null, handle = null, name = null, registry = null }) =>
      query<NameRow>(...statements.names(registry, handle, name, entityId === undefined ? entityIds : [entityId])).pipe(
        Effect.map((found) => inOrder(found.map(readNameRow))),
        during("names"),
      ),
    versions: (handle, name) =>
      query<VersionRow>(statements.versions, handle, name).pipe(
        Effect.map((found) => found.map(readVersionRow)),
        during("versions"),
      ),
    attestations: (subject) =>
      query<AttestationRow>(statements.attestations, subject).pipe(
        Effect.map((found) => found.map(readAttestationRow)),
        during("attestations"),
      ),
    registriesAt: (host) =>
      query<{ readonly registry_id: RegistryId }>(statements.registriesAt, host).pipe(
        Effect.map((found) => found.map(({ registry_id }) => registry_id)),
        during("registriesAt"),
      ),
    say,
    register,
    deregister,
    merge: (announcements, nowMs) => (announcements.length === 0 ? Effect.succeed([]) : merge(announcements, nowMs)),
    beat: (id, at) => beat({ id, at }),
    silentSince: (at) =>
      query<EntityRow>(statements.silentSince, pgTime(at)).pipe(
        Effect.map((found) => found.map(readEntry)),
        during("silentSince"),
      ),
    expire,
    ...ofNodes({ query, during, statements }),
  }
}

const rankedOf = (rows: ReadonlyArray<SlotRow>): ReadonlyArray<Announcement> =>
  rows
    .map(readSlot)
    .sort(compareClaims)
    .map((slot) => slot.announcement())

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

/** Of each developer one that introduces it, in ascending order. */
const introducingOf = <R extends { readonly introduction?: VerifiedAnnouncement }>(
  registrations: ReadonlyArray<R>,
): ReadonlyMap<string, R> =>
  new Map(
    registrations
      .flatMap((one) => (one.introduction === undefined ? [] : [[one.introduction.subject, one] as const]))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

const isEntityId = (subject: string): boolean => subject.startsWith("zns:") && !subject.startsWith("zns:dev:")

/** What goes goes first, and a name comes before its versions. */
const inTableOrder = ([a]: ReadonlyArray<Write>, [b]: ReadonlyArray<Write>): number =>
  Number(a!.does === "put") - Number(b!.does === "put") || Number(a!.table === "zns_versions") - Number(b!.table === "zns_versions")
