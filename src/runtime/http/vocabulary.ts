/**
 * The categories and tags of all that is held: asked for often, and dear to list when a million records are held. So they are
 * listed once a second at most, and where several nodes share a Redis, by one of them for all (registry page, "Cached").
 */
import { Effect, Option, Schema } from "effect"
import { vocabularyAgeMs, vocabularySharedMs } from "../../protocol/limits.ts"
import type { Vocabulary } from "../ports.ts"
import type { SharedCache } from "../shared-cache.ts"

const Kept = Schema.fromJsonString(Schema.Struct({ categories: Schema.Array(Schema.String), tags: Schema.Array(Schema.String) }))
const decode = Schema.decodeUnknownOption(Kept)
const key = "vocabulary"

/** What others listed lately, else `list`'s. What the cache holds and cannot be read counts as nothing. */
export const sharedVocabulary = <E>(list: Effect.Effect<Vocabulary, E>, shared: SharedCache): Effect.Effect<Effect.Effect<Vocabulary, E>> =>
  Effect.cachedWithTTL(
    Effect.gen(function* () {
      const known = Option.flatMap(Option.fromUndefinedOr(yield* shared.get(key)), decode)
      if (Option.isSome(known)) return known.value
      const listed = yield* list
      yield* shared.set(key, Schema.encodeSync(Kept)(listed), vocabularySharedMs)
      return listed
    }),
    vocabularyAgeMs,
  )
