/** Entities of ours: registering, changing and ending them (reference 1.4). */
import { Effect, Result } from "effect"
import {
  announceDeveloper,
  announceEntity,
  announceStatus,
  announceTombstone,
  draftEntity,
  draftSecondForm,
} from "../../protocol/gossip/announcement.ts"
import { statusSubject } from "../../protocol/gossip/kinds/status.ts"
import { type DeveloperId, type EntityId, readEntityId } from "../../protocol/identity/id.ts"
import { readDeletion } from "../../protocol/records/deletion.ts"
import type { DeveloperRecord } from "../../protocol/records/developer.ts"
import type { EntityRecord } from "../../protocol/records/entity.ts"
import { heldBy, judgeStamp, membersOf } from "../../protocol/records/ratchet.ts"
import { isReplayOf } from "../../protocol/records/replay.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { readUpdate } from "../../protocol/records/update.ts"
import type { Node } from "../node-service.ts"
import type { OwnWord } from "../ports.ts"
import { knownDevelopersMax } from "../../protocol/limits.ts"
import { admitted, conflict, type Desk, type NextWord, notFound, overtaken, refused, refusedAs } from "./desk.ts"
import { endingNames, naming } from "./names.ts"
import { steps } from "../steps.ts"

export const entitiesOn = (desk: Desk): Pick<Node["Service"], "registerEntity" | "updateEntity" | "deregister"> => {
  const { announce, check, maySay, mayWrite, nextWord, nowMs, origin, refresh, report, say, show, store } = desk
  const { judged, signed } = desk.signatures

  /** Where we said anything of its status: that there is nothing more to say. */
  const endingStatus = steps(function* (entityId: EntityId) {
    const { at, follows, last } = yield* nextWord(statusSubject(origin.registryId, entityId))
    const words: ReadonlyArray<OwnWord> =
      last === undefined || last.isTombstone ? [] : [{ announcement: announceStatus(origin, entityId, "gone", undefined, at), follows }]
    return words
  })

  /** Developers that need no introduction; all are looked up again when it is full. */
  const known = new Set<DeveloperId>()

  /**
   * A developer of whom no registry has said anything is announced with its entity, as that one's derivation shows it, so that
   * every node has it.
   */
  const introductionOf = steps(function* (developer: DeveloperRecord, { developer_proof, public_key }: EntityRecord) {
    const id = developer.developer_id
    if (known.has(id)) return undefined
    if (known.size >= knownDevelopersMax) known.clear()
    // At once: of many registrations under way one introduces; when that one fails, the next.
    known.add(id)
    const { at, slots } = yield* nextWord(id).pipe(Effect.onError(() => Effect.sync(() => known.delete(id))))
    return slots.length > 0
      ? undefined
      : announceDeveloper(origin, "register", developer, at, { entityKey: public_key, proof: developer_proof })
  })

  return {
    registerEntity: steps(function* (body) {
      yield* mayWrite
      const now = yield* nowMs
      const read = yield* judged((check) => readRegistration(body, { home: origin.registryId, nowMs: now, check }))
      if (read.type === "refused") return yield* refusedAs(read)
      const { entity_id: id, developer_id: developer } = read.record
      yield* admitted(desk, developer)
      const { at, follows, last, registeredAt, slots } = yield* nextWord(id)
      const stamped = judgeStamp(membersOf(read.record.signed ?? ""), heldBy(slots), origin.registryId, yield* nowMs)
      if (Result.isFailure(stamped)) return yield* refusedAs(stamped.failure)
      if (slots.some(({ body }) => body.kind === "entity" && isReplayOf(body.record, read.record))) return yield* replayed
      const record = { ...read.record, registered_at: registeredAt, updated_at: at }
      const second = draftSecondForm(origin, "register", record, at)
      const announcement = yield* signed(
        draftEntity(origin, "register", record, at, second === undefined ? undefined : yield* signed(second)),
      )
      yield* maySay(announcement)
      const also = yield* naming(desk, record, body)
      // what a deployed node left to us has its owner's signature from now on
      const isTakenOver = last?.body.kind === "bare-entity" && (yield* store.entity(id))?.tier === "local"
      const given = { record, developer: read.implicitDeveloper, announcement }
      yield* Effect.gen(function* () {
        const words = [announcement, ...also.map((word) => word.announcement)]
        if (isTakenOver) yield* store.say([{ announcement, follows }, ...also]).pipe(Effect.catchTag("Overtaken", overtaken))
        else {
          const introduction = yield* introductionOf(read.implicitDeveloper, record)
          const registration = introduction === undefined ? given : { ...given, introduction }
          const isIntroduced = yield* store.register({ ...registration, also }).pipe(
            // Somebody else was given the name at this moment: the entity is registered without it.
            Effect.catchTag("Overtaken", () => store.register(registration)),
            Effect.catchTags({
              AlreadyRegistered: () => conflict("this entity is registered already"),
              Overtaken: overtaken,
              Replayed: () => replayed,
            }),
            Effect.onError(() => Effect.sync(() => introduction !== undefined && known.delete(developer))),
          )
          if (isIntroduced) words.push(introduction!)
        }
        for (const word of words) yield* announce(word)
      }).pipe(Effect.uninterruptible)
      yield* show(id, { record, tier: "local", status: "active", lastHeartbeat: at, contested: false })
      return record
    }),

    updateEntity: steps(function* (id, text, authorization) {
      yield* mayWrite
      const { record } = yield* localEntity(desk, id)
      const word = yield* nextWord(record.entity_id)
      const { at, follows } = word
      if (word.last?.body.kind === "bare-entity") return yield* unproven
      const before = continuing(record, word)
      const read = readUpdate(text, authorization, before, { at, nowMs: yield* nowMs }, check)
      if (read.type === "refused") return yield* refusedAs(read)
      yield* say({ announcement: announceEntity(origin, "update", read.record, at), follows })
      yield* refresh(before.entity_id)
      return read.record
    }),

    deregister: steps(function* (id, authorization, stamp = {}) {
      yield* mayWrite
      const entry = yield* localEntity(desk, id)
      const entityId = entry.record.entity_id
      const word = yield* nextWord(entityId)
      const record = continuing(entry.record, word)
      const deletion = readDeletion(authorization, record, stamp, yield* nowMs, check)
      if (deletion.type === "refused") return yield* refusedAs(deletion)
      const announcement = announceTombstone(origin, record, deletion.proof, "owner-deregistered", word.at)
      const also = [...(yield* endingNames(desk, { entityId }, "entity-deregistered")), ...(yield* endingStatus(entityId))]
      yield* Effect.gen(function* () {
        const isGone = yield* store.deregister(entityId, announcement, also).pipe(Effect.catchTag("Overtaken", overtaken))
        if (!isGone) return yield* notFound("no such entity is registered here")
        for (const word of [{ announcement }, ...also]) yield* announce(word.announcement)
      }).pipe(Effect.uninterruptible)
      report({ type: "entity.deregistered", record })
      yield* refresh(entityId)
      return record
    }),
  }
}

const unproven = conflict("this record came from another node without a signature that covers it: register it again, then change it")
const replayed = refused("unauthorized", "this signature is known with other fields beside it: sign the whole request", "signature")

/** With the registration time of our first word about it, if we are known to have said one before this registration. */
const continuing = (record: EntityRecord, { last, registeredAt }: NextWord): EntityRecord =>
  last === undefined ? record : { ...record, registered_at: Math.min(record.registered_at, registeredAt) }

/** An entity that is registered here, by its id in either spelling. */
export const localEntity = Effect.fnUntraced(function* ({ store }: Pick<Desk, "store">, id: string) {
  const entityId = readEntityId(id)
  const entry = entityId === undefined ? undefined : yield* store.entity(entityId)
  return entry === undefined || entry.tier !== "local" ? yield* notFound("no such entity is registered here") : entry
})
