/**
 * Blocking and unblocking, as the operator asks (`protocol/moderation/blocks.ts`): kept first, then it holds at once for all that
 * is read and passed on, and last the index is brought up to it. Several processes of one registry share the list: each tells the
 * others when it has changed it, and looks once a minute whether it is another.
 */
import { Effect, Semaphore, Stream } from "effect"
import type { Happening } from "../../actors/happening.ts"
import type { EntityId, RegistryId } from "../../protocol/identity/id.ts"
import { readDeveloperId, readEntityId } from "../../protocol/identity/id.ts"
import {
  type Block,
  blockOfEntity,
  blockReasonCharactersMax,
  type Blocks,
  blocksMax,
  blocksOf,
  readTarget,
} from "../../protocol/moderation/blocks.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import { isPlainText } from "../../protocol/records/plain-json.ts"
import { secondsOf } from "../../protocol/time.ts"
import type { Node, SearchRequest } from "../node-service.ts"
import type { Outward } from "../outward.ts"
import type { RecordStore, StoreCounts, StoreFailed, Vocabulary } from "../ports.ts"
import type { SiblingsOfNode } from "../siblings.ts"
import type { Searcher } from "../searcher.ts"
import { conflict, notFound, refused } from "./desk.ts"
import { steps } from "../steps.ts"

/** The blocks that hold now. */
export interface BlockList {
  readonly now: () => Blocks
  /** Entities that are held and not shown, with what they are counted by. */
  readonly hidden: ReadonlyMap<string, Hidden>
  /** This is held of an entity now, and something of it is shown or nothing. */
  readonly note: (subject: string, held: EntityEntry | undefined, isShown: boolean) => void
}

interface Hidden {
  readonly tier: EntityEntry["tier"]
  readonly words: Vocabulary
}

export interface Moderation {
  readonly list: BlockList
  readonly replace: (blocks: Blocks) => void
}

export const makeBlockList = (kept: Blocks): Moderation => {
  let blocks = kept
  const hidden = new Map<string, Hidden>()
  return {
    list: {
      now: () => blocks,
      hidden,
      note: (subject, held, isShown) => {
        if (held === undefined || isShown) hidden.delete(subject)
        else hidden.set(subject, { tier: held.tier, words: { categories: [held.record.category], tags: held.record.tags } })
      },
    },
    replace: (next) => {
      blocks = next
    },
  }
}

/** Categories and tags that something has which is shown: of those of hidden entities the index tells. */
export const vocabularyOf = (
  { hidden }: BlockList,
  store: RecordStore["Service"],
  searcher: Pick<Searcher, "search">,
): Effect.Effect<Vocabulary, StoreFailed> =>
  Effect.gen(function* () {
    const all = yield* store.vocabulary
    if (hidden.size === 0) return all
    const only = steps(function* (list: keyof Vocabulary, filterOf: (word: string) => SearchRequest) {
      const gone = new Set<string>()
      for (const word of new Set([...hidden.values()].flatMap(({ words }) => words[list])))
        if ((yield* searcher.search({ ...filterOf(word), max_results: 1 })).totalFound === 0) gone.add(word)
      return all[list].filter((word) => !gone.has(word))
    })
    return { categories: yield* only("categories", (category) => ({ category })), tags: yield* only("tags", (tag) => ({ tags: [tag] })) }
  })

export interface ModerationParts {
  readonly self: RegistryId
  readonly moderation: Moderation
  /** With all that is blocked. */
  readonly store: RecordStore["Service"]
  readonly seen: Outward["seen"]
  readonly nowMs: Effect.Effect<number>
  /** Whoever keeps something in mind hears that other blocks hold. */
  readonly told: (blocks: Blocks) => void
  /** This is held of an entity; what is shown of it may be another. */
  readonly show: (id: EntityId) => Effect.Effect<void, StoreFailed>
  readonly report: (happening: Happening) => void
  /** The other processes: they are told when the list is another. */
  readonly family: Pick<SiblingsOfNode, "tell">
}

export interface OperatorsHand {
  readonly service: Pick<Node["Service"], "block" | "unblock" | "blocks">
  /** What the store counts, without what is hidden. */
  readonly counts: Effect.Effect<StoreCounts, StoreFailed>
  /** Counts what is hidden from the start. */
  readonly begin: Effect.Effect<void, StoreFailed>
  /** Takes up what another process wrote. Call it when one says so, and once a minute. */
  readonly review: Effect.Effect<void, StoreFailed>
}

export const moderationOn = ({ family, moderation, nowMs, report, seen, self, show, store, told }: ModerationParts): OperatorsHand => {
  const { list, replace } = moderation
  const tellOthers = () => family.tell({ type: "blocks" })
  /** One after the other, so that the last one in the store is the last one that holds. */
  const turn = Semaphore.makeUnsafe(1)

  /** What of all that is held is shown, or hidden, otherwise than before. */
  const affected = (before: Blocks, now: Blocks) =>
    store.everyEntity.pipe(
      Stream.filter(({ record }) => blockOfEntity(before, record)?.subject !== blockOfEntity(now, record)?.subject),
      Stream.map(({ record }) => record.entity_id),
      Stream.runCollect,
    )

  const takeUp = steps(function* (kept: ReadonlyArray<Block>) {
    const before = list.now()
    const now = blocksOf(kept)
    replace(now)
    told(now)
    const changed = kept.filter(({ subject }) => !before.all.has(subject))
    const lifted = [...before.all.values()].filter(({ subject }) => !now.all.has(subject))
    const subjects = [...changed, ...lifted].map(({ subject }) => readEntityId(subject))
    // of single entities it is known which they are
    const ids = subjects.every((id) => id !== undefined) ? subjects : yield* affected(before, now)
    yield* Effect.forEach(ids, show, { discard: true })
    return ids.length
  })

  const counts = Effect.gen(function* () {
    const all = yield* store.counts
    const { all: blocks } = list.now()
    if (blocks.size === 0) return all
    const developers = [...blocks.keys()].flatMap((subject) => readDeveloperId(subject) ?? [])
    const blocked = yield* Effect.forEach(developers, store.developer)
    const hiddenOf = (wanted: EntityEntry["tier"]) => [...list.hidden.values()].filter(({ tier }) => tier === wanted).length
    return {
      localEntities: Math.max(0, all.localEntities - hiddenOf("local")),
      gossipEntities: Math.max(0, all.gossipEntities - hiddenOf("gossip")),
      developers: all.developers - blocked.filter((entry) => entry?.tier === "local").length,
    }
  })

  const takeUpKept = Effect.flatMap(store.blocks, takeUp)

  return {
    counts,
    begin: Effect.suspend(() =>
      list.now().all.size === 0
        ? Effect.void
        : Stream.runForEach(store.everyEntity, (entry) =>
            Effect.map(seen(entry), (shown) => list.note(entry.record.entity_id, entry, shown !== undefined)),
          ),
    ),
    review: turn.withPermits(1)(
      Effect.flatMap(store.blocks, (kept) => (isSame(list.now(), kept) ? Effect.void : Effect.asVoid(takeUp(kept)))),
    ),

    service: {
      blocks: store.blocks,

      block: steps(function* (text, reason) {
        const target = readTarget(text.trim())
        if (target === undefined) return yield* refused("invalid_request", "a subject is an id, a registry's key, or a host", "subject")
        if (target.subject === self) return yield* refused("invalid_request", "this registry cannot block itself", "subject")
        if (!isPlainText(reason) || reason.trim() === "" || reason.length > blockReasonCharactersMax)
          return yield* refused("invalid_request", `a reason has 1 to ${blockReasonCharactersMax} characters`, "reason")
        const block: Block = { ...target, reason: reason.trim(), since: secondsOf(yield* nowMs) }
        const entities = yield* turn.withPermits(1)(
          Effect.gen(function* () {
            if (list.now().all.size >= blocksMax && !list.now().all.has(block.subject))
              return yield* conflict(`there are ${blocksMax} blocks, and no room for more`)
            yield* store.block(block)
            tellOthers()
            return yield* takeUpKept
          }),
        )
        report({ type: "block.set", kind: block.kind, subject: block.subject, reason: block.reason })
        return { ...block, entities }
      }),

      unblock: steps(function* (text) {
        const target = readTarget(text.trim())
        const lifted = target === undefined ? undefined : list.now().all.get(target.subject)
        if (lifted === undefined) return yield* notFound("nothing like this is blocked here")
        yield* turn.withPermits(1)(Effect.andThen(Effect.tap(store.unblock(lifted.subject), Effect.sync(tellOthers)), takeUpKept))
        report({ type: "block.lifted", kind: lifted.kind, subject: lifted.subject })
        return lifted
      }),
    },
  }
}

const isSame = ({ all }: Blocks, kept: ReadonlyArray<Block>): boolean =>
  all.size === kept.length &&
  kept.every(({ reason, since, subject }) => all.get(subject)?.since === since && all.get(subject)?.reason === reason)
