/**
 * Processes of one registry on one database: each serves REST, one at a time holds the mesh, and what one writes the others
 * follow.
 *
 * What is followed is the store's own order of writing (`RecordStore.changes`), so it is also the outbox: a word of ours that
 * another process wrote, and was acknowledged for, is announced by whoever holds the mesh when it comes by; what was said
 * while nobody held it, comparisons with the peers bring out. Notifications only wake: who misses one looks a second later.
 *
 * What is not in that order, or nowhere at all, they tell each other as news: quickly, and not for certain (`news.ts`).
 */
import { Context, Effect, Schedule, type Scope } from "effect"
import type { Announcement } from "../protocol/gossip/announcement.ts"
import type { News } from "./news.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"

/** What siblings share besides records. */
export interface Siblings {
  /** The end of the order of writing: whatever is not yet to be seen comes after it. */
  readonly end: Effect.Effect<string, StoreFailed>
  /** Tells the others that there is something to read; soon, and once for many. */
  readonly wake: () => void
  /** Ends when another one has told so, or after a second. */
  readonly woken: Effect.Effect<void>
  /** News for the others, soon; beyond what can be told the oldest is forgotten. */
  readonly tell: (news: News) => void
  /** Hears the others' news until it is stopped. */
  readonly hear: (listener: (news: News) => void) => { readonly stop: () => void }
}

/** A node is alone on its database unless the operator says otherwise. */
export const Siblings = Context.Reference<Siblings | undefined>("agentdns/runtime/Siblings", { defaultValue: () => undefined })

export interface SiblingsOfNode {
  /** We wrote this ourselves, and everything here knows. */
  readonly wrote: (announcement: Pick<Announcement, "id">) => void
  /** Hears what the others have written since we joined, until the scope closes. */
  readonly follow: (
    store: Pick<RecordStore["Service"], "changes">,
    hear: (announcement: Announcement) => Effect.Effect<void, StoreFailed>,
  ) => Effect.Effect<void, never, Scope.Scope>
  readonly tell: Siblings["tell"]
  /** The same until the scope closes. */
  readonly hear: (listener: (news: News) => void) => Effect.Effect<void, never, Scope.Scope>
}

const alone: SiblingsOfNode = { wrote: () => {}, follow: () => Effect.void, tell: () => {}, hear: () => Effect.void }

/** Before anything is read that the others may change. */
export const joinSiblings = Effect.fnUntraced(function* (siblings: Siblings | undefined): Effect.fn.Return<SiblingsOfNode, StoreFailed> {
  if (siblings === undefined) return alone
  const own = new Set<string>()
  let position = yield* siblings.end
  return {
    wrote: ({ id }) => {
      // of too many the oldest are read once more, which changes nothing
      if (own.size >= ownWritesMax) own.delete(own.values().next().value!)
      own.add(id)
      siblings.wake()
    },
    tell: siblings.tell,
    hear: (listener) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => siblings.hear(listener)),
          ({ stop }) => Effect.sync(stop),
        ),
      ),
    follow: (store, hear) => {
      const forever = Effect.gen(function* () {
        for (;;) {
          const page = yield* store.changes(position, changesPerPage)
          for (const { announcement, position: at } of page) {
            if (!own.delete(announcement.id)) yield* hear(announcement)
            position = at
          }
          if (page.length < changesPerPage) yield* siblings.woken
        }
      })
      return Effect.asVoid(Effect.forkScoped(Effect.retry(forever, Schedule.spaced(retryMs))))
    },
  }
})

const retryMs = 1_000
const changesPerPage = 500
/** Announcements that we wrote and that have not come by yet: some seconds of the busiest. */
const ownWritesMax = 20_000
