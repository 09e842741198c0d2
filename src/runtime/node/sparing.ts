/**
 * Looking for what may not be there, sparingly: anybody may ask, and each question costs others more than the one who asks. What
 * nobody knew a moment ago is not looked for again, nor too much at once.
 */
import { Effect } from "effect"
import { dhtMissesMax, dhtMissMs, dhtReadsMax } from "../../protocol/limits.ts"

/** `look` finds nothing while so many others look (`dhtReadsMax`), and for ten seconds after it found nothing under this key. */
export const sparing = <K, A, E>(
  nowMs: Effect.Effect<number>,
  look: (key: K) => Effect.Effect<ReadonlyArray<A>, E>,
): ((key: K) => Effect.Effect<ReadonlyArray<A>, E>) => {
  let looking = 0
  const misses = new Map<K, number>()

  return Effect.fnUntraced(function* (key) {
    const now = yield* nowMs
    if (looking >= dhtReadsMax || now < (misses.get(key) ?? 0)) return []
    looking++
    const found = yield* Effect.ensuring(
      look(key),
      Effect.sync(() => void looking--),
    )
    misses.delete(key)
    if (found.length > 0) return found
    misses.set(key, now + dhtMissMs)
    if (misses.size > dhtMissesMax) misses.delete(misses.keys().next().value!)
    return found
  })
}
