/**
 * Our own words in SQL: each goes on from our last one about its subject, and needs what it is about to be here; then its
 * slot is written, the rows that follow from it, and what is local.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Announcement } from "../../protocol/gossip/announcement.ts"
import { handleSubject } from "../../protocol/gossip/kinds/handle.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import { compareClaims, withSlot } from "../../protocol/records/slots.ts"
import { Overtaken, type OwnWord } from "../ports.ts"
import { type SlotWrites, writesOf } from "./merging.ts"
import { type HandleRow, ownDeveloper, type Write } from "./projection.ts"
import { agentRow, developerRow, pgTime, readSlot, slotOf, type SlotRow } from "./rows.ts"
import { introduced, isNews, newlyRegistered } from "./shown.ts"
import type { Statements } from "./statements.ts"

/** What `sql.ts` lends. */
export interface Sql {
  readonly query: <Row extends object>(text: string, ...parameters: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, SqlError>
  readonly rows: (...list: ReadonlyArray<JsonObject>) => string
  readonly statements: Statements
  readonly write: (writes: SlotWrites) => Effect.Effect<unknown, SqlError>
  readonly writeTyped: (writes: ReadonlyArray<Write>) => Effect.Effect<void, SqlError>
}

/** Says one thing, inside a transaction that holds `locksOf` it. */
export const sayerOn = ({ query, rows, statements, write, writeTyped }: Sql) => {
  /** Is there, here, what it is about? */
  const maySay = ({ body, origin }: Announcement) =>
    Effect.gen(function* () {
      switch (body.kind) {
        case "entity":
          return (yield* query(statements.isLocal, body.record.entity_id)).length > 0
        case "bare-entity": // we say nothing so
          return false
        case "status":
          return body.status === "gone" || (yield* query(statements.isLocal, body.entityId)).length > 0
        case "handle": {
          if (body.action === "release") return true
          const others = yield* query<HandleRow>(...statements.handles(null, body.developerId))
          return others.every((row) => !row.is_local || row.handle === body.handle)
        }
        case "name": {
          if (body.action === "release") return true
          const holders = yield* query<HandleRow>(...statements.handles(body.handle, body.developerId))
          return holders.some((row) => row.registry_id === origin) && (yield* query(statements.isLocal, body.entityId)).length > 0
        }
        case "developer":
        case "tombstone":
        case "developer-tombstone":
        case "proof":
        case "attestation":
          return true
      }
    })

  /** What is local follows from what we said, besides the rows of `projection.ts`. */
  const follow = (said: Announcement) =>
    Effect.gen(function* () {
      const { at, body, origin } = said
      if (body.kind === "entity") yield* query(statements.updateAgent, rows(agentRow(newlyRegistered(body.record))))
      if (body.kind === "tombstone") yield* query(statements.removeAgent, body.entityId)
      if (body.kind === "status" && body.status !== "gone") {
        const beat = body.lastHeartbeat === undefined ? null : pgTime(body.lastHeartbeat)
        yield* query(statements.setStatus, rows({ agent_id: body.entityId, status: body.status, last_heartbeat: beat }))
      }
      yield* writeTyped(ownDeveloper(said))
      if (body.kind === "handle") {
        const isHeld = body.action !== "release"
        const verification = isHeld ? body.verification : undefined
        if (isHeld) yield* query(statements.introduce, rows(developerRow(introduced(body.publicKey, origin, at))))
        const marks = {
          developer_id: body.developerId,
          dev_handle: isHeld ? body.handle : null,
          dev_handle_verified: verification !== undefined,
          verification_method: verification?.method ?? null,
          verification_proof: verification?.proof ?? null,
        }
        yield* query(statements.markHandles, rows(marks))
      }
    })

  return ({ announcement, follows }: OwnWord) =>
    Effect.gen(function* () {
      const { origin, subject } = announcement
      const before = (yield* query<SlotRow>(statements.slots, [subject])).map(readSlot).sort(compareClaims)
      const own = before.find((slot) => slot.origin === origin)
      if (own?.id !== follows || !isNews(before, announcement) || !(yield* maySay(announcement))) return yield* new Overtaken({ subject })
      yield* write(writesOf(subject, before, withSlot(before, slotOf(announcement, announcement.at), origin), true))
      yield* follow(announcement)
    })
}

// locks --------------------------------------------------------------------------------------------------------------

/** Subjects share this many locks, so that a large batch does not fill the server's lock table. */
const lockBuckets = 64

/** FNV-1a of a subject. */
export const bucketOf = (subject: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < subject.length; i++) hash = Math.imul(hash ^ subject.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % lockBuckets
}

/** Every lock that saying these takes, at once, so that two of us never wait for each other: what they are about, and what that depends on. */
export const locksOf = (words: ReadonlyArray<OwnWord>): ReadonlyArray<number> => [
  ...new Set(words.flatMap(({ announcement }) => dependencies(announcement)).map(bucketOf)),
]

const dependencies = ({ body, origin, subject }: Announcement): ReadonlyArray<string> => {
  switch (body.kind) {
    case "status":
      return [subject, body.entityId]
    case "handle":
      return [subject, body.developerId]
    case "name":
      return [subject, handleSubject(origin, body.handle), ...(body.action === "release" ? [] : [body.entityId])]
    case "entity":
    case "bare-entity":
    case "tombstone":
    case "developer":
    case "developer-tombstone":
    case "proof":
    case "attestation":
      return [subject]
  }
}
