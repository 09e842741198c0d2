/**
 * Taking over what a deployed node keeps: its rows into our store (`protocol/agentdns/rows.ts` judges each).
 *
 * Rows that prove themselves become what a registration here would have made of them, with their ids, signatures and times. Of
 * the others the registry's own word is said, in the deployed dialect; they are served and found, and their owners sign them
 * again when they like. What others told the deployed node is left out: it kept no signature of it, and the mesh tells it again.
 *
 * Each row is written for itself and skipped when there is a word of ours about it, so an import that was stopped goes on.
 */
import { Effect, Stream } from "effect"
import { announceBare } from "../protocol/agentdns/own-word.ts"
import {
  type DeveloperRow,
  type EntityRow,
  type Judgement,
  type NameRow,
  readDeveloperRow,
  readEntityRow,
  readNameRow,
  readTombstoneRow,
  textOf,
  timeOf,
} from "../protocol/agentdns/rows.ts"
import {
  announceDeveloper,
  announceEntity,
  announceName,
  announceStatus,
  type Origin,
  type VerifiedAnnouncement,
} from "../protocol/gossip/announcement.ts"
import { handleSubject } from "../protocol/gossip/kinds/handle.ts"
import { nameSubject } from "../protocol/gossip/kinds/name.ts"
import { statusSubject } from "../protocol/gossip/kinds/status.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { verify } from "../protocol/identity/ed25519.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import { tombstoneLifeMs, versionsPerNameMax } from "../protocol/limits.ts"
import { fqanOf } from "../protocol/records/naming.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"

/** Tables that are taken over; what they hold is said first of developers, then of what needs them. */
export const takenTables = ["developers", "entities", "zns_names", "tombstones"] as const
/** Tables of what others said, and of what nobody reads. */
export const leftTables = [
  "gossip_entities",
  "gossip_developers",
  "gossip_zns_names",
  "registry_identity_proofs",
  "peer_attestations",
  "attestations",
  "node_meta",
] as const
export type TakenTable = (typeof takenTables)[number]

/** A deployed node's database, as it is at one moment. */
export interface GoDatabase {
  /** Rows by table; a table that is not there has none. */
  readonly counts: Effect.Effect<ReadonlyMap<string, number>, StoreFailed>
  /** In the order of their keys. */
  readonly rows: (table: TakenTable) => Stream.Stream<JsonObject, StoreFailed>
  /** A name's versions, the oldest first. */
  readonly versions: (fqan: string) => Effect.Effect<ReadonlyArray<JsonObject>, StoreFailed>
}

/** A row that was not taken over as it stood. */
export interface Finding {
  readonly kind: "developer" | "entity" | "handle" | "name" | "tombstone"
  readonly id: string
  readonly outcome: "unproven" | "left out"
  readonly why: string
}

export type Outcome = "proven" | "unproven" | "known" | "left out"
export type Tally = Record<Finding["kind"], Record<Outcome, number>>

export interface MovingOver {
  readonly source: GoDatabase
  readonly store: RecordStore["Service"]
  readonly origin: Origin
  readonly check: typeof verify
  readonly nowMs: number
  readonly found: (finding: Finding) => void
  /** After every thousand rows. */
  readonly progress: (table: TakenTable, rows: number) => void
}

/** Rows that are written at a time: they share statements. */
const atOnce = 32
const progressEvery = 1_000

export const moveOver = Effect.fnUntraced(function* (parts: MovingOver): Effect.fn.Return<Tally, StoreFailed> {
  const { check, found, nowMs, origin, progress, source, store } = parts
  const context = { home: origin.registryId, check }
  const tally = Object.fromEntries(
    (["developer", "entity", "handle", "name", "tombstone"] as const).map((kind) => [
      kind,
      { proven: 0, unproven: 0, known: 0, "left out": 0 },
    ]),
  ) as Tally

  const count = (kind: Finding["kind"], id: string, outcome: Outcome, why = "") => {
    tally[kind][outcome]++
    if (outcome === "unproven" || outcome === "left out") found({ kind, id, outcome, why })
  }

  const ownWord = (subject: string) => Effect.map(store.slots(subject), (slots) => slots.find((slot) => slot.origin === origin.registryId))

  const isSaid = (announcement: VerifiedAnnouncement, follows?: string) =>
    store.say([{ announcement, follows }]).pipe(
      Effect.as(true),
      Effect.catchTag("Overtaken", () => Effect.succeed(false)),
    )

  /** One row that is judged: written by `write`, unless a word of ours about it is there. */
  const take = <A>(
    kind: Finding["kind"],
    id: string,
    subject: string,
    judgement: Judgement<A>,
    write: (value: A, isProven: boolean) => Effect.Effect<string | undefined, StoreFailed>,
  ) =>
    Effect.gen(function* () {
      if ((yield* ownWord(subject)) !== undefined) return count(kind, id, "known")
      if (judgement.type === "refused") return count(kind, id, "left out", judgement.why)
      const why = yield* write(judgement.value, judgement.type === "proven")
      if (why !== undefined) return count(kind, id, "left out", why)
      count(kind, id, judgement.type, judgement.type === "unproven" ? judgement.why : "")
    })

  const takeDeveloper = Effect.fnUntraced(function* (row: JsonObject) {
    const id = textOf(row, "developer_id")
    const judgement = readDeveloperRow(row, context)
    const subject = judgement.type === "refused" ? id : judgement.value.record.developer_id
    yield* take(kindOf.developers, id, subject, judgement, ({ record }, isProven) => {
      const body = { kind: "developer", action: "register", record } as const
      const announcement = isProven
        ? announceDeveloper(origin, "register", record, record.updated_at)
        : announceBare(origin, body, record.updated_at)
      return announcement === undefined ? Effect.succeed(tooOdd) : orOvertaken(isSaid(announcement))
    })
    if (judgement.type !== "refused" && judgement.value.handle !== undefined) yield* takeHandle(judgement.value, judgement.value.handle)
  })

  const takeHandle = ({ record }: DeveloperRow, { handle, verifiedBy }: NonNullable<DeveloperRow["handle"]>) => {
    const { developer_id: developerId, name, public_key: publicKey, updated_at: at } = record
    const lost = verifiedBy === undefined ? "" : `; that it was verified by ${verifiedBy || "something"} has to be shown again`
    const why = `no deployed node keeps the claim's signature${lost}`
    const announcement = announceBare(origin, { kind: "handle", action: "claim", handle, developerId, publicKey }, at, name)
    return take("handle", handle, handleSubject(origin.registryId, handle), { type: "unproven", value: announcement, why }, (word) =>
      word === undefined ? Effect.succeed(tooOdd) : orOvertaken(isSaid(word), "its developer is not here, or holds another"),
    )
  }

  const takeEntity = Effect.fnUntraced(function* (row: JsonObject) {
    const id = textOf(row, "entity_id")
    const judgement = readEntityRow(row, context)
    const subject = judgement.type === "refused" ? id : judgement.value.record.entity_id
    yield* take(kindOf.entities, id, subject, judgement, register)
  })

  const register = Effect.fnUntraced(function* ({ developer, lastHeartbeat, record, status }: EntityRow, isProven: boolean) {
    const { entity_id: id, updated_at: at } = record
    const body = { kind: "entity", action: "register", record } as const
    const announcement = isProven ? announceEntity(origin, "register", record, at) : announceBare(origin, body, at)
    if (announcement === undefined) return tooOdd
    const why = yield* store.register({ record, developer, announcement }).pipe(
      Effect.as(undefined),
      Effect.catchTags({
        AlreadyRegistered: () => Effect.succeed("it is registered here"),
        Overtaken: () => Effect.succeed("it changed at this moment"),
        Replayed: () => Effect.succeed("its signature came with other fields before"),
      }),
    )
    if (why !== undefined) return why
    if (lastHeartbeat !== undefined) yield* store.beat(id, lastHeartbeat)
    if (status === "inactive" && (yield* ownWord(statusSubject(origin.registryId, id))) === undefined)
      yield* isSaid(announceStatus(origin, id, status, lastHeartbeat, Math.max(at, lastHeartbeat ?? 0)))
    return undefined
  })

  const takeName = Effect.fnUntraced(function* (row: JsonObject) {
    const [host, handle, name] = [textOf(row, "registry_host"), textOf(row, "developer_handle"), textOf(row, "entity_name")]
    const fqan = fqanOf(host, handle, name)
    const holder = (yield* store.handles(handle)).find(({ registry }) => registry === origin.registryId)
    const judgement: Judgement<NameRow> =
      holder === undefined
        ? { type: "refused", why: "nobody holds its handle here" }
        : readNameRow(row, { key: holder.publicKey, record: { developer_id: holder.developerId } }, context)
    const own = yield* ownWord(nameSubject(origin.registryId, handle, name))
    if (judgement.type === "refused") return count("name", fqan, own === undefined ? "left out" : "known", judgement.why)
    const words = yield* wordsOn(judgement.value, holder!.publicKey, textOf(row, "fqan") || fqan)
    // the same words have the same ids: an import may have been stopped between two of them
    const said = words.findIndex(({ id }) => id === own?.id)
    if (own !== undefined && (said < 0 || said === words.length - 1)) return count("name", fqan, "known")
    let follows = own?.id
    for (const word of words.slice(said + 1)) {
      if (!(yield* isSaid(word, follows))) return count("name", fqan, "left out", "its entity or its handle is not here")
      follows = word.id
    }
    count("name", fqan, judgement.type, judgement.type === "unproven" ? judgement.why : "")
  })

  /** All that it has meant, the oldest first; only the last word may be signed. Deployed versions have no numbers: theirs are ours to count. */
  const wordsOn = Effect.fnUntraced(function* ({ at, evidence, ...now }: NameRow, publicKey: PublicKey, fqan: string) {
    const before = (yield* source.versions(fqan))
      .map((row) => ({ label: textOf(row, "version"), since: timeOf(row, "registered_at") ?? at, buildHash: textOf(row, "build_hash") }))
      .filter(({ label }) => label !== now.label)
      .slice(-(versionsPerNameMax - 1))
    let last = 0
    return [...before, { label: now.label, since: at, buildHash: "" }].map(({ buildHash, label, since }, i) => {
      last = Math.max(since, last + 1)
      const extra = i === before.length ? evidence !== undefined && { evidence } : buildHash !== "" && { buildHash }
      return announceName(origin, { ...now, label, publicKey, action: "bind", version: i + 1, ...extra }, last)
    })
  })

  const takeTombstone = Effect.fnUntraced(function* (row: JsonObject) {
    const id = textOf(row, "entity_id")
    const judgement = readTombstoneRow(row, origin.publicKey, check)
    const subject = judgement.type === "refused" ? id : judgement.value.entityId
    yield* take(kindOf.tombstones, id, subject, judgement, ({ at, entityId }) => {
      if (at * 1_000 + tombstoneLifeMs <= nowMs) return Effect.succeed("it is older than tombstones are kept")
      const body = { kind: "tombstone", entityId, publicKey: "", registeredAt: at, reason: "owner-deregistered" } as const
      const announcement = announceBare(origin, body, at)
      return announcement === undefined
        ? Effect.succeed(tooOdd)
        : Effect.map(store.merge([announcement], nowMs, origin.registryId), ([outcome]) => (outcome!.changed ? undefined : tooOdd))
    })
  })

  const takers = { developers: takeDeveloper, entities: takeEntity, zns_names: takeName, tombstones: takeTombstone }
  for (const table of takenTables) {
    let rows = 0
    yield* Stream.runForEach(Stream.grouped(source.rows(table), atOnce), (batch) =>
      Effect.forEach(
        batch,
        (row) =>
          Effect.tap(takers[table](row), () => {
            if (++rows % progressEvery === 0) progress(table, rows)
            return Effect.void
          }),
        { concurrency: atOnce, discard: true },
      ),
    )
  }
  return tally
})

const kindOf = { developers: "developer", entities: "entity", tombstones: "tombstone" } as const

const tooOdd = "no node of the mesh would take it"

const orOvertaken = (said: Effect.Effect<boolean, StoreFailed>, why = "it changed at this moment") =>
  Effect.map(said, (isThere) => (isThere ? undefined : why))
