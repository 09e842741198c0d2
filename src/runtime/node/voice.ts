/** How a node makes known what was written: its own words to the mesh and to people, a sibling's to everything that is kept here. */
import { Effect } from "effect"
import type { Told } from "../../actors/command.ts"
import type { Happening } from "../../actors/happening.ts"
import { type Announcement, entityOf, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import { isPrivate } from "../../protocol/gossip/kinds/name.ts"
import type { SlotKey } from "../../protocol/gossip/slot-set.ts"
import type { EntityId, RegistryId } from "../../protocol/identity/id.ts"
import { type Blocks, blockOfWord } from "../../protocol/moderation/blocks.ts"
import type { StoreFailed } from "../ports.ts"
import { steps } from "../steps.ts"

export interface Voice {
  /** Announces what is written already. */
  readonly announce: (announcement: VerifiedAnnouncement) => Effect.Effect<void>
  /** What a sibling wrote, and verified; a word of ours goes to the mesh, if we hold it. */
  readonly hearSibling: (written: Announcement) => Effect.Effect<void, StoreFailed>
}

export const voiceOf = (parts: {
  readonly self: RegistryId
  readonly blocks: () => Blocks
  readonly report: (happening: Happening) => void
  readonly tell: (to: string, event: Told) => void
  readonly held: (slot: SlotKey) => void
  readonly wrote: (announcement: Announcement) => void
  /** Is a subject claimed by more than are kept? */
  readonly lookAt: (subject: string) => Effect.Effect<void>
  readonly publish: (announcement: VerifiedAnnouncement) => void
  /** What is kept of what it is about may be another. */
  readonly forget: (announcement: Announcement) => void
  readonly show: (id: EntityId) => Effect.Effect<unknown, StoreFailed>
  readonly trust: (announcement: VerifiedAnnouncement) => void
}): Voice => {
  const { blocks, forget, held, lookAt, publish, report, self, show, tell, trust, wrote } = parts

  const spread = (announcement: VerifiedAnnouncement): Effect.Effect<void> =>
    Effect.suspend(() => {
      // said of old, and blocked since
      if (blockOfWord(blocks(), announcement) !== undefined) return Effect.sync(() => held(announcement))
      report({ type: "announcement.said", announcement })
      if (isPrivate(announcement.body)) return Effect.void
      held(announcement)
      tell("gossip", { type: "announcement.made", announcement })
      return Effect.andThen(
        lookAt(announcement.subject),
        Effect.sync(() => publish(announcement)),
      )
    })

  return {
    announce: (announcement) =>
      Effect.suspend(() => {
        wrote(announcement)
        return spread(announcement)
      }),
    hearSibling: steps(function* (written) {
      // the store holds only what was verified
      const announcement = written as VerifiedAnnouncement
      forget(announcement)
      const about = entityOf(announcement)
      if (about !== undefined) yield* show(about)
      if (announcement.origin === self) return yield* spread(announcement)
      if (blockOfWord(blocks(), announcement) === undefined) trust(announcement)
      held(announcement)
      const { origin, subject, type } = announcement
      report({ type: "gossip.accepted", kind: type, subject, origin, hopCount: 0, announcement })
    }),
  }
}
