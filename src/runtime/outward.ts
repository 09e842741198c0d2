/**
 * The store as others may see it: without what the operator blocks (`protocol/moderation/blocks.ts` says what a block covers,
 * and why all of it is held). The one place where reading and passing on look at blocks; while there are none it is the store itself.
 *
 * Of an entity that a blocked registry claims, what the other registries say is shown: else a blocked thief could hide it.
 */
import { Effect, Stream } from "effect"
import { type Announcement, developerOf, entityOf, read, recordIn } from "../protocol/gossip/announcement.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { EntityId } from "../protocol/identity/id.ts"
import { blockOfEntity, blockOfId, blockOfName, type Blocks, blockOfWord } from "../protocol/moderation/blocks.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import type { NameEntry } from "../protocol/records/name.ts"
import * as Slots from "../protocol/records/slots.ts"
import type { Change, MergeOutcome, RecordStore, StoreFailed } from "./ports.ts"
import { steps } from "./steps.ts"

export interface Outward {
  readonly store: RecordStore["Service"]
  /** What is shown of an entity that is held. */
  readonly seen: (held: EntityEntry) => Effect.Effect<EntityEntry | undefined, StoreFailed>
  /** What others may be told of these; the rest was blocked. */
  readonly mayBeTold: <A extends Announcement>(words: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<A>, StoreFailed>
  /** What the mesh works with: this store, which gives out nothing that is blocked, and whose merges say what is withheld. */
  readonly forMesh: (inner: RecordStore["Service"]) => RecordStore["Service"]
}

/** `blocks` may change at any time. */
export const outwardOf = (
  store: RecordStore["Service"],
  blocks: () => Blocks,
  /** Hears of every entity that a merge changed, as it is held. */
  note: (subject: string, held: EntityEntry | undefined, isShown: boolean) => void,
): Outward => {
  /** Asked each time: with no blocks nothing is looked at. */
  const filtered = <A>(
    all: Effect.Effect<A, StoreFailed>,
    sieve: (all: A) => Effect.Effect<A, StoreFailed>,
  ): Effect.Effect<A, StoreFailed> => Effect.suspend(() => (blocks().all.size === 0 ? all : Effect.flatMap(all, sieve)))

  // entities ---------------------------------------------------------------------------------------------------------

  const seen = (entry: EntityEntry): Effect.Effect<EntityEntry | undefined, StoreFailed> => {
    const block = blockOfEntity(blocks(), entry.record)
    if (block === undefined) return Effect.succeed(entry)
    return block.kind === "peer" ? Effect.map(store.slots(entry.record.entity_id), claimedByOthers) : Effect.succeed(undefined)
  }

  const claimedByOthers = (slots: ReadonlyArray<Announcement>): EntityEntry | undefined => {
    const left = slots.filter(({ origin }) => blockOfId(blocks(), origin) === undefined)
    const slot = Slots.shown(left, developerOf)
    const record = slot === undefined ? undefined : recordIn(slot)
    if (record === undefined || blockOfEntity(blocks(), record) !== undefined) return undefined
    return { record, tier: "gossip", status: "active", contested: Slots.isContested(left) }
  }

  const seenOf = (entries: ReadonlyArray<EntityEntry>) =>
    Effect.map(Effect.forEach(entries, seen), (found) => found.filter((entry) => entry !== undefined))

  const hiddenOf = (ids: ReadonlyArray<EntityId>): Effect.Effect<ReadonlySet<EntityId>, StoreFailed> =>
    ids.length === 0
      ? Effect.succeed(new Set())
      : Effect.gen(function* () {
          const held = yield* store.entities([...new Set(ids)])
          const left = new Set((yield* seenOf(held)).map(({ record }) => record.entity_id))
          return new Set(held.flatMap(({ record }) => (left.has(record.entity_id) ? [] : [record.entity_id])))
        })

  // statements -------------------------------------------------------------------------------------------------------

  /** A status or a name does not tell whose entity it is about: that one may be hidden for its developer's or its host's sake. */
  const mayBeTold: Outward["mayBeTold"] = (words) =>
    filtered(
      Effect.succeed(words),
      steps(function* (all) {
        const left = all.filter((word) => blockOfWord(blocks(), word) === undefined)
        const hidden = yield* hiddenOf(left.flatMap((word) => aboutOf(word) ?? []))
        return hidden.size === 0 ? left : left.filter((word) => !hidden.has(aboutOf(word)!))
      }),
    )

  const documentsOf = (all: ReadonlyArray<JsonObject>) => {
    const words = all.flatMap((document) => {
      const word = read(document)
      return word.type === "malformed" ? [] : [word]
    })
    return Effect.map(mayBeTold(words), (left) => left.map(({ document }) => document))
  }

  const changesAfter = steps(function* (after: string | undefined, limit: number) {
    const told: Array<Change> = []
    for (let from = after; told.length < limit;) {
      const page = yield* store.changes(from, limit)
      const left = new Set(yield* mayBeTold(page.map(({ announcement }) => announcement)))
      told.push(...page.filter(({ announcement }) => left.has(announcement)))
      if (page.length < limit) break
      from = page.at(-1)!.position
    }
    return told.slice(0, limit)
  })

  const namesOf = steps(function* (all: ReadonlyArray<NameEntry>) {
    const left = all.filter((name) => blockOfName(blocks(), name) === undefined)
    const hidden = yield* hiddenOf(left.map(({ entityId }) => entityId))
    return left.filter(({ entityId }) => !hidden.has(entityId))
  })

  const isFree = (...ids: ReadonlyArray<string>): boolean => ids.every((id) => blockOfId(blocks(), id) === undefined)

  const marked = steps(function* (heard: Announcement, outcome: MergeOutcome) {
    const entity = outcome.entity === undefined ? undefined : yield* seen(outcome.entity)
    const about = entityOf(heard)
    if (about !== undefined) note(about, outcome.entity, entity !== undefined)
    const isWithheld = (yield* mayBeTold([heard])).length === 0
    const { entity: _, ...rest } = outcome
    const all: MergeOutcome = { ...rest, ...(entity !== undefined && { entity }), ...(isWithheld && { isWithheld }) }
    return all
  })

  const slots: RecordStore["Service"]["slots"] = (subject) => filtered(store.slots(subject), mayBeTold)
  const documents: RecordStore["Service"]["documents"] = (ids) => filtered(store.documents(ids), documentsOf)

  return {
    seen,
    mayBeTold,
    forMesh: (inner) => ({
      ...inner,
      slots,
      documents,
      merge: (announcements, nowMs, self) =>
        filtered(inner.merge(announcements, nowMs, self), (outcomes) =>
          Effect.forEach(outcomes, (outcome, i) => marked(announcements[i]!, outcome)),
        ),
    }),
    store: {
      ...store,
      slots,
      documents,
      entity: (id) => filtered(store.entity(id), (entry) => (entry === undefined ? Effect.succeed(entry) : seen(entry))),
      entities: (ids) => filtered(store.entities(ids), seenOf),
      everyEntity: Stream.suspend(() =>
        blocks().all.size === 0
          ? store.everyEntity
          : Stream.filter(Stream.mapEffect(store.everyEntity, seen), (entry) => entry !== undefined),
      ),
      list: (filter) => filtered(store.list(filter), seenOf),
      developer: (id) =>
        filtered(store.developer(id), (entry) =>
          Effect.succeed(entry !== undefined && isFree(id, entry.record.home_registry) ? entry : undefined),
        ),
      handles: (handle) =>
        filtered(store.handles(handle), (all) => Effect.succeed(all.filter((one) => isFree(one.developerId, one.registry)))),
      handlesOf: (id) => filtered(store.handlesOf(id), (all) => Effect.succeed(all.filter((one) => isFree(one.developerId, one.registry)))),
      names: (filter) => filtered(store.names(filter), namesOf),
      attestations: (subject) =>
        filtered(store.attestations(subject), (all) => Effect.succeed(all.filter(({ attester }) => isFree(attester)))),
      changes: (after, limit) => Effect.suspend(() => (blocks().all.size === 0 ? store.changes(after, limit) : changesAfter(after, limit))),
    },
  }
}

/** The entity that a statement is about, where it does not hold the record itself. */
const aboutOf = (word: Announcement): EntityId | undefined => {
  if (word.isTombstone) return undefined
  if (word.body.kind === "name" && word.body.action !== "release") return word.body.entityId
  return word.body.kind === "status" ? entityOf(word) : undefined
}
