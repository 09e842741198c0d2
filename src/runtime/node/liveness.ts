/**
 * Signs of life of our entities, and what we tell of them (reference 2.1; registry page, "Active → inactive transition").
 *
 * An entity is inactive when it gave no sign for five minutes. After a start everybody has that time anew: that we were away
 * says nothing about them.
 */
import { Effect } from "effect"
import { announceStatus } from "../../protocol/gossip/announcement.ts"
import { statusSubject } from "../../protocol/gossip/kinds/status.ts"
import { readSignature } from "../../protocol/identity/key.ts"
import type { EntityEntry, EntityStatus } from "../../protocol/records/entity.ts"
import { readMoment, type Seconds, secondsOf } from "../../protocol/time.ts"
import type { News } from "../news.ts"
import type { Node, Refused } from "../node-service.ts"
import type { StoreFailed } from "../ports.ts"
import type { SiblingsOfNode } from "../siblings.ts"
import { type Desk, refused } from "./desk.ts"
import { localEntity } from "./entities.ts"
import { steps } from "../steps.ts"

export interface Liveness {
  readonly service: Pick<Node["Service"], "beat">
  /** Looks for entities that have become silent. Call it once a minute. */
  readonly review: Effect.Effect<void, Refused | StoreFailed>
  /** What another process of this registry counted is not counted here again. */
  readonly hear: (news: News) => void
}

/** What an operator may decide about it (`[heartbeat]`). */
export interface LivenessSettings {
  /** False: nobody is looked after; beats count all the same. */
  readonly isWatching: boolean
  /** Without a beat for this long an entity is inactive. */
  readonly inactiveAfterMs: number
  /** How often that is looked at. */
  readonly sweepPeriodMs: number
  /** How far a beat's timestamp may be from our clock. */
  readonly skewMaxMs: number
}

export const livenessOn = (desk: Desk, startedAtMs: number, settings: LivenessSettings, family: Pick<SiblingsOfNode, "tell">): Liveness => {
  const { check, mayWrite, nextWord, nowMs, origin, refresh, report, say, shown, store } = desk
  const { inactiveAfterMs, isWatching, skewMaxMs } = settings
  /** Timestamp of each entity's last beat in milliseconds: what is not later was counted, or could have been. */
  const counted = new Map<string, number>()

  const tell = steps(function* ({ record: { entity_id } }: EntityEntry, status: EntityStatus, lastHeartbeat: Seconds | undefined) {
    const { at, follows } = yield* nextWord(statusSubject(origin.registryId, entity_id))
    const known = lastHeartbeat === undefined ? undefined : Math.min(lastHeartbeat, at)
    yield* say({ announcement: announceStatus(origin, entity_id, status, known, at), follows })
    yield* refresh(entity_id)
  })

  return {
    service: {
      beat: steps(function* (id, timestamp, said) {
        yield* mayWrite
        const entry = yield* localEntity({ store: shown }, id)
        const { entity_id, public_key } = entry.record
        const sentMs = readMoment(timestamp)
        if (sentMs === undefined) return yield* refused("invalid_request", "timestamp is not a time as RFC 3339 writes it", "timestamp")
        const now = yield* nowMs
        if (Math.abs(now - sentMs) > skewMaxMs)
          return yield* refused("invalid_request", `timestamp is more than ${skewMaxMs / 1_000} s off`, "timestamp")
        const signature = readSignature(said)
        if (signature === undefined || ![timestamp, id + timestamp].some((text) => check(public_key, text, signature)))
          return yield* refused("unauthorized", "the signature is not the entity's over this timestamp", "signature")
        // The first beats of a life could be repetitions of ones that were counted before the restart.
        if (sentMs <= (counted.get(entity_id) ?? Math.min(startedAtMs, now - 1) - 1)) return { isCounted: false, hasBecomeActive: false }
        counted.set(entity_id, sentMs)
        family.tell({ type: "beat", entity: entity_id, sentMs })
        const at = secondsOf(now)
        yield* store.beat(entity_id, at)
        report({ type: "entity.beat", entityId: entity_id })
        if (entry.status === "active") return { isCounted: true, hasBecomeActive: false }
        yield* tell(entry, "active", at)
        return { isCounted: true, hasBecomeActive: true }
      }),
    },

    hear: (news) => {
      if (news.type === "beat" && news.sentMs > (counted.get(news.entity) ?? 0)) counted.set(news.entity, news.sentMs)
    },

    review: Effect.gen(function* () {
      const now = yield* nowMs
      // What is too old to be sent again need not be remembered.
      for (const [id, sentMs] of counted) if (sentMs < now - 2 * skewMaxMs) counted.delete(id)
      if (!isWatching || now - startedAtMs < inactiveAfterMs) return
      for (const entry of yield* store.silentSince(secondsOf(now - inactiveAfterMs))) {
        // Whoever beats, or ends, at this very moment is looked at again in a minute.
        yield* tell(entry, "inactive", entry.lastHeartbeat).pipe(Effect.catchTag("Refused", () => Effect.void))
      }
    }),
  }
}
