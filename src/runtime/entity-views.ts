/**
 * Entities as they are shown, with their names, kept for whoever asks next: a page that many read costs the database a
 * question now and then, not one a reader.
 *
 * Whatever is written through the store that `remembering` yields is forgotten before its writer goes on, so nobody reads less
 * than what was acknowledged; what others write into the same database is seen two seconds later.
 */
import { type Clock, Effect } from "effect"
import { type Announcement, entityOf } from "../protocol/gossip/announcement.ts"
import type { EntityId } from "../protocol/identity/id.ts"
import { entityViewsMax } from "../protocol/limits.ts"
import { named } from "./node/lookups.ts"
import type { EntityView, SearchAnswer, SearchHit } from "./node-service.ts"
import type { OwnWord, RecordStore, StoreFailed } from "./ports.ts"
import { steps } from "./steps.ts"

export interface EntityViews {
  /** Somebody else wrote this. */
  readonly follow: (announcement: Announcement) => void
  /** What is shown of anything may be another. */
  readonly forget: () => void
  /** One that is kept. */
  readonly ready: (id: EntityId) => EntityView | undefined
  readonly one: (id: EntityId) => Effect.Effect<EntityView | undefined, StoreFailed>
  /** In the order asked, unknown ones left out. */
  readonly many: (ids: ReadonlyArray<EntityId>) => Effect.Effect<ReadonlyArray<EntityView>, StoreFailed>
}

interface Kept {
  readonly view: EntityView
  readonly untilMs: number
}

const keptForMs = 2_000

export const remembering = (
  store: RecordStore["Service"],
  clock: Clock.Clock,
  /** The same without what is not to be shown. */
  shown: Pick<RecordStore["Service"], "entities" | "names"> = store,
): { readonly store: RecordStore["Service"]; readonly views: EntityViews } => {
  const kept = new Map<EntityId, Kept>()
  /** Who is shown under a name, by `registry/handle/name`. */
  const shownAs = new Map<string, EntityId>()
  /** What was read before the last time that anything was forgotten may be old. */
  let forgotten = 0

  const forget = (id: EntityId) => {
    forgotten++
    kept.delete(id)
  }
  const forgetAll = () => {
    forgotten++
    kept.clear()
    shownAs.clear()
  }

  /** What a statement may change of what is shown. */
  const follow = (announcement: Announcement) => {
    const { body, origin } = announcement
    if (body.kind === "handle") forgetAll()
    if (body.kind === "name") {
      const before = shownAs.get(`${origin}/${body.handle}/${body.name}`)
      if (before !== undefined) forget(before)
      if (body.action !== "release") forget(body.entityId)
    }
    const about = entityOf(announcement)
    if (about !== undefined) forget(about)
  }
  const following = (words: ReadonlyArray<OwnWord>) => Effect.sync(() => words.forEach(({ announcement }) => follow(announcement)))

  const keep = (view: EntityView, nowMs: number) => {
    const id = view.record.entity_id
    kept.delete(id)
    if (kept.size >= entityViewsMax) kept.delete(kept.keys().next().value!)
    kept.set(id, { view, untilMs: nowMs + keptForMs })
    if (view.name === undefined) return
    if (shownAs.size >= 2 * entityViewsMax) forgetAll()
    else shownAs.set(`${view.name.registry}/${view.name.handle}/${view.name.name}`, id)
  }

  const read = steps(function* (ids: ReadonlyArray<EntityId>) {
    const before = forgotten
    const views = yield* named(shown, yield* shown.entities(ids))
    if (before === forgotten) for (const view of views) keep(view, clock.currentTimeMillisUnsafe())
    return views
  })

  const ready = (id: EntityId): EntityView | undefined => {
    const found = kept.get(id)
    return found === undefined || found.untilMs <= clock.currentTimeMillisUnsafe() ? undefined : found.view
  }

  return {
    views: {
      forget: forgetAll,
      follow,
      ready,
      one: (id) => {
        const view = ready(id)
        return view === undefined ? Effect.map(read([id]), ([found]) => found) : Effect.succeed(view)
      },
      many: steps(function* (ids) {
        const views = new Map(ids.map((id) => [id, ready(id)]))
        const missing = ids.filter((id) => views.get(id) === undefined)
        if (missing.length > 0) for (const view of yield* read(missing)) views.set(view.record.entity_id, view)
        return ids.map((id) => views.get(id)).filter((view) => view !== undefined)
      }),
    },
    store: {
      ...store,
      say: (words) => Effect.ensuring(store.say(words), following(words)),
      register: (registration) =>
        Effect.ensuring(
          store.register(registration),
          following([{ announcement: registration.announcement, follows: undefined }, ...(registration.also ?? [])]),
        ),
      deregister: (id, announcement, also = []) =>
        Effect.ensuring(store.deregister(id, announcement, also), following([{ announcement, follows: undefined }, ...also])),
      merge: (announcements, nowMs) =>
        Effect.ensuring(
          store.merge(announcements, nowMs),
          Effect.sync(() => announcements.forEach(follow)),
        ),
      beat: (id, at) =>
        Effect.ensuring(
          store.beat(id, at),
          Effect.sync(() => forget(id)),
        ),
      expire: (nowMs) => Effect.ensuring(store.expire(nowMs), Effect.sync(forgetAll)),
    },
  }
}

/** What a search found, with the names of it. */
export const withNames =
  ({ many }: Pick<EntityViews, "many">) =>
  (answer: SearchAnswer): Effect.Effect<SearchAnswer, StoreFailed> =>
    Effect.map(many(answer.hits.map(({ entry }) => entry.record.entity_id)), (views) => {
      const names = new Map(views.map(({ name, record }) => [record.entity_id, name]))
      const hits = answer.hits.map((hit): SearchHit => {
        const name = names.get(hit.entry.record.entity_id)
        return name === undefined ? hit : { ...hit, entry: { ...hit.entry, name } }
      })
      return { ...answer, hits }
    })
