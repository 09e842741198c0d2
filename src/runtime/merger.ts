/**
 * Merging what gossip brings into the store: in order, in batches, one at a time.
 *
 * While one batch is being written the next one gathers; so a slow database means larger batches, not more of them.
 * Bounded: beyond `waitingMergesMax` an announcement is refused at once, and anti-entropy brings it again.
 */
import { Cause, Effect } from "effect"
import type { VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import { mergeBatchMax, waitingMergesMax } from "../protocol/limits.ts"
import type { MergeOutcome, RecordStore, StoreFailed } from "./ports.ts"

/** Hears what every merge came to, before the actor that asked does. */
export type OnMerged = (announcement: VerifiedAnnouncement, outcome: MergeOutcome) => void

export interface Merger {
  /** `done` is called once: what it came to, or `undefined` when the store failed or too much is waiting. */
  readonly merge: (announcement: VerifiedAnnouncement, done: (outcome: MergeOutcome | undefined) => void) => void
}

interface Waiting {
  readonly announcement: VerifiedAnnouncement
  readonly done: (outcome: MergeOutcome | undefined) => void
}

export const makeMerger = (
  store: RecordStore["Service"],
  nowMs: () => number,
  fork: (effect: Effect.Effect<void>) => void,
  onMerged: OnMerged,
): Merger => {
  const waiting: Array<Waiting> = []
  let isWriting = false

  const write = (): void => {
    const batch = waiting.splice(0, mergeBatchMax)
    const failed = (cause: Cause.Cause<StoreFailed>) => {
      batch.forEach(({ done }) => done(undefined))
      goOn()
      // the store's failure is an outcome; a defect is told as one
      return Cause.hasDies(cause) ? Effect.die(Cause.squash(cause)) : Effect.void
    }
    const written = (outcomes: ReadonlyArray<MergeOutcome>) => {
      try {
        batch.forEach(({ announcement, done }, i) => {
          const outcome = outcomes[i]!
          if (outcome.hasFailed === true) return done(undefined)
          onMerged(announcement, outcome)
          done(outcome)
        })
      } finally {
        goOn()
      }
      return Effect.void
    }
    const announcements = batch.map(({ announcement }) => announcement)
    fork(Effect.matchCauseEffect(store.merge(announcements, nowMs()), { onFailure: failed, onSuccess: written }))
  }

  const goOn = (): void => {
    isWriting = waiting.length > 0
    if (isWriting) write()
  }

  return {
    merge: (announcement, done) => {
      if (waiting.length >= waitingMergesMax) return done(undefined)
      waiting.push({ announcement, done })
      if (isWriting) return
      isWriting = true
      write()
    },
  }
}
