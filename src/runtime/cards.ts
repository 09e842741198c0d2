/**
 * Live Agent Cards of entities of any tier: memory, then a cache that nodes share, then the entity itself (registry page,
 * "TTL: 1 hour cache"; storage page, Redis).
 *
 * Two ways to ask. `recent` is for results of a search: what was fetched within the hour will do, and who failed lately is
 * not tried again at once. `live` is for who wants this one card: the entity is asked whether it is still so (ETag), which
 * also tells that the entity is there. One fetch an entity at a time, however many want it; whoever stops waiting does not
 * end it for the others.
 */
import { Clock, Deferred, Effect, Exit, FiberSet, Schema, type Scope } from "effect"
import { readJson } from "../protocol/identity/json-text.ts"
import type { EntityId } from "../protocol/identity/id.ts"
import { cardBytesMax, cardFailureMs, cardFetchesMax, cardPatienceMs } from "../protocol/limits.ts"
import { type Card, cardUrls, readCard } from "../protocol/records/card.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import type { Verifier } from "./ports.ts"
import type { SharedCache } from "./shared-cache.ts"
import { NotFetched, type Web } from "./web.ts"
import { steps } from "./steps.ts"

/** `no-card`: what the entity serves is no card of it; `busy`: too many are being fetched. */
export class CardUnavailable extends Schema.TaggedError<CardUnavailable>()("CardUnavailable", {
  why: Schema.Literals([...NotFetched.fields.why.literals, "no-card", "no-url", "busy"]),
}) {}

export interface CardSettings {
  /** Cards kept in memory; the one that was not asked for longest is forgotten. */
  readonly cardsMax: number
  readonly lifetimeMs: number
}

export interface Cards {
  readonly live: (entry: EntityEntry) => Effect.Effect<Card, CardUnavailable>
  readonly recent: (entry: EntityEntry) => Effect.Effect<Card, CardUnavailable>
  readonly count: () => number
}

/** A card as it is kept: the text is read again, so that a new key or a new record is never judged by an old verdict. */
interface Kept {
  readonly text: string
  /** Where it was. */
  readonly url: string
  /** The entity's URL at that time: another one has another card. */
  readonly entityUrl: string
  readonly etag?: string
  readonly fetchedAtMs: number
}

/** What is under way ends with the scope. */
export const makeCards = Effect.fnUntraced(function* (
  { cardsMax, lifetimeMs }: CardSettings,
  web: Web,
  shared: SharedCache,
  verifier: Verifier["Service"],
): Effect.fn.Return<Cards, never, Scope.Scope> {
  const kept = new Map<EntityId, Kept>()
  const failed = new Map<EntityId, { readonly failure: CardUnavailable; readonly untilMs: number }>()
  const underWay = new Map<EntityId, Deferred.Deferred<Card, CardUnavailable>>()
  const fork = yield* FiberSet.makeRuntime<never, void>()

  const remember = (id: EntityId, card: Kept) => {
    kept.delete(id)
    failed.delete(id)
    if (cardsMax > 0) kept.set(id, card)
    if (kept.size > cardsMax) kept.delete(kept.keys().next().value!)
  }

  const known = steps(function* ({ record }: EntityEntry) {
    const { entity_id, entity_url } = record
    const here = kept.get(entity_id)
    if (here !== undefined) {
      if (here.entityUrl === entity_url) return here
      kept.delete(entity_id)
    }
    const text = yield* shared.get(keyOf(entity_id))
    const there = text === undefined ? undefined : readKept(text)
    if (there === undefined || there.entityUrl !== entity_url) return undefined
    remember(entity_id, there)
    return there
  })

  const fetchOne = steps(function* (url: string, before: Kept | undefined) {
    const etag = before?.url === url ? before.etag : undefined
    return yield* web.get({ url, bytesMax: cardBytesMax, patienceMs: cardPatienceMs, ...(etag !== undefined && { etag }) })
  })

  /** The first place that has one, the last known place first. */
  const fetch = steps(function* (entry: EntityEntry): Effect.fn.Return<Card, CardUnavailable> {
    const { record } = entry
    const before = yield* known(entry)
    const places = cardUrls(record)
    const urls = before === undefined ? places : [before.url, ...places.filter((url) => url !== before.url)]
    let failure = new CardUnavailable({ why: "no-url" })
    for (const url of urls) {
      const answer = yield* Effect.match(fetchOne(url, before), { onFailure: ({ why }) => why, onSuccess: (got) => got })
      if (typeof answer === "string") {
        failure = new CardUnavailable({ why: answer })
        // who is not there for one path is not there for the others
        if (answer !== "not-there") break
        continue
      }
      const text = answer.type === "unchanged" ? before!.text : answer.text
      const card = readCard(text, record, verifier.verify)
      if (card === undefined) {
        failure = new CardUnavailable({ why: "no-card" })
        continue
      }
      const etag = answer.type === "unchanged" ? before?.etag : answer.etag
      const fetchedAtMs = yield* Clock.currentTimeMillis
      const now: Kept = { text, url, entityUrl: record.entity_url, fetchedAtMs, ...(etag !== undefined && { etag }) }
      remember(record.entity_id, now)
      yield* shared.set(keyOf(record.entity_id), JSON.stringify(now), lifetimeMs)
      return card
    }
    return yield* failure
  })

  const live: Cards["live"] = (entry) =>
    Effect.suspend(() => {
      const id = entry.record.entity_id
      const same = underWay.get(id)
      if (same !== undefined) return Deferred.await(same)
      if (underWay.size >= cardFetchesMax) return new CardUnavailable({ why: "busy" })
      const flight = Deferred.makeUnsafe<Card, CardUnavailable>()
      underWay.set(id, flight)
      fork(
        Effect.gen(function* () {
          const exit = yield* Effect.exit(fetch(entry))
          underWay.delete(id)
          const reason = Exit.isFailure(exit) ? exit.cause.reasons[0] : undefined
          if (reason?._tag === "Fail") {
            if (failed.size >= cardsMax) failed.clear()
            failed.set(id, { failure: reason.error, untilMs: (yield* Clock.currentTimeMillis) + cardFailureMs })
          }
          yield* Deferred.done(flight, exit)
        }),
      )
      return Deferred.await(flight)
    })

  const recent: Cards["recent"] = steps(function* (entry) {
    const nowMs = yield* Clock.currentTimeMillis
    const before = yield* known(entry)
    if (before !== undefined && nowMs - before.fetchedAtMs < lifetimeMs) {
      remember(entry.record.entity_id, before)
      const card = readCard(before.text, entry.record, verifier.verify)
      if (card !== undefined) return card
    }
    const lately = failed.get(entry.record.entity_id)
    return lately !== undefined && nowMs < lately.untilMs ? yield* lately.failure : yield* live(entry)
  })

  return { live, recent, count: () => kept.size }
})

const keyOf = (id: EntityId): string => `card:${id}`

const Kept = Schema.Struct({
  text: Schema.String,
  url: Schema.String,
  entityUrl: Schema.String,
  etag: Schema.optionalKey(Schema.String),
  fetchedAtMs: Schema.Finite,
})
const decodeKept = Schema.decodeUnknownOption(Kept)

const readKept = (text: string): Kept | undefined => {
  const read = decodeKept(readJson(text))
  return read._tag === "Some" ? read.value : undefined
}
