/**
 * Holding from now on what somebody asked for and the DHT or a peer proved: who is shown a record finds it by a search, too.
 *
 * A full node takes it in as it takes in gossip, by the same order and the same bounds, and waits until it is merged. A light
 * node keeps it beside what it chose to hold. A gateway has nowhere to keep it.
 */
import { Deferred, Effect } from "effect"
import type { Told } from "../../actors/command.ts"
import type { ContentId, VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { Role } from "../../protocol/wire/message.ts"
import type { StoreFailed } from "../ports.ts"
import { steps } from "../steps.ts"

export interface Keeping {
  readonly keep: (words: ReadonlyArray<VerifiedAnnouncement>) => Effect.Effect<void, StoreFailed>
  /** This was merged, or turned out to be old. */
  readonly merged: (word: VerifiedAnnouncement) => void
}

export interface KeepingParts {
  readonly role: Role
  readonly tell: (to: string, event: Told) => void
  readonly merge: (words: ReadonlyArray<VerifiedAnnouncement>, nowMs: number) => Effect.Effect<unknown, StoreFailed>
  readonly nowMs: Effect.Effect<number>
}

export const keepingOn = ({ merge, nowMs, role, tell }: KeepingParts): Keeping => {
  /** Those that are being merged, and who waits for it. */
  const awaited = new Map<ContentId, Deferred.Deferred<void>>()

  const takeIn = steps(function* (word: VerifiedAnnouncement) {
    const known = awaited.get(word.contentId)
    if (known !== undefined) return yield* Deferred.await(known)
    const done = yield* Deferred.make<void>()
    awaited.set(word.contentId, done)
    // of nobody's link, and passed on by its id only: whoever is linked has it, or finds it as we did
    tell("gossip", { type: "announcement.verified", link: 0, announcement: word, hopCount: 0, isCaughtUp: true, nowMs: yield* nowMs })
    return yield* Effect.ensuring(
      Deferred.await(done),
      Effect.sync(() => awaited.delete(word.contentId)),
    )
  })

  return {
    keep: (words) =>
      Effect.gen(function* () {
        if (role === "light") yield* merge(words, yield* nowMs)
        // what gossip knows already, or has no room for, is merged never: who asked has waited long enough then
        if (role === "full")
          yield* Effect.timeoutOption(Effect.forEach(words, takeIn, { discard: true, concurrency: "unbounded" }), patienceMs)
      }),
    merged: ({ contentId }) => {
      const done = awaited.get(contentId)
      if (done !== undefined) Deferred.doneUnsafe(done, Effect.void)
    },
  }
}

const patienceMs = 500
