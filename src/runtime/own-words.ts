/**
 * Our own words, coming back to us: what we once said and do not hold any more (a split longer than a tombstone's life, a
 * lost disk) is not taken from others. A home knows best what it is home to, so it says again that the record is gone
 * (ruled; storage page: a registry republishes its own records).
 */
import { Effect } from "effect"
import { announceTombstone, type Origin, type VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import { secondsOf } from "../protocol/time.ts"
import type { MergeOutcome, RecordStore } from "./ports.ts"

const unchanged: MergeOutcome = { changed: false }

/** The store for what gossip brings. `disown` announces the tombstones that our forgotten words call for. */
export const refusingOwnWords = (
  store: RecordStore["Service"],
  origin: Origin,
  disown: (tombstone: VerifiedAnnouncement) => Effect.Effect<void>,
): RecordStore["Service"] => {
  const answer = Effect.fnUntraced(function* (heard: VerifiedAnnouncement, nowMs: number) {
    const held = (yield* store.slots(heard.subject)).some((slot) => slot.origin === origin.registryId)
    if (held || heard.body.kind !== "entity") return
    const tombstone = announceTombstone(origin, heard.body.record, undefined, "not-held", Math.max(secondsOf(nowMs), heard.at + 1))
    yield* store.merge([tombstone], nowMs)
    yield* disown(tombstone)
  })

  return {
    ...store,
    merge: Effect.fnUntraced(function* (announcements, nowMs) {
      const others = announcements.filter((announcement) => announcement.origin !== origin.registryId)
      if (others.length === announcements.length) return yield* store.merge(announcements, nowMs)
      const outcomes = yield* store.merge(others, nowMs)
      for (const heard of announcements) if (heard.origin === origin.registryId) yield* answer(heard, nowMs)
      return announcements.map((announcement) => outcomes[others.indexOf(announcement)] ?? unchanged)
    }),
  }
}
