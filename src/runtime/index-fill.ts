/**
 * The indexes, filled from the store: before the node serves, or behind, while it does. What is written meanwhile is newer
 * than what a page of the store showed, and stays.
 */
import { Effect, Schedule, Stream } from "effect"
import { searchProgressEvery } from "../protocol/limits.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"

export interface IndexFill {
  /** Is everything that the store holds in the indexes? */
  readonly isDone: () => boolean
  /** What is shown of an entity now, for all indexes. */
  readonly show: (subject: string, entry: EntityEntry | undefined) => void
  /** Reads the whole store, once. */
  readonly run: Effect.Effect<void, StoreFailed>
  /** The same until it succeeds. */
  readonly runPatiently: Effect.Effect<void>
}

export const makeIndexFill = (parts: {
  readonly store: RecordStore["Service"]
  readonly put: (subject: string, entry: EntityEntry | undefined) => void
  /** Once, when all is there. */
  readonly done: () => void
  readonly say: (sentence: string) => void
}): IndexFill => {
  const { done, put, say, store } = parts
  let isDone = false
  /** Shown since the fill began. */
  const newer = new Set<string>()

  const read = Effect.suspend(() => {
    let count = 0
    return Stream.runForEach(store.everyEntity, (entry) =>
      Effect.sync(() => {
        if (!newer.has(entry.record.entity_id)) put(entry.record.entity_id, entry)
        if (++count % searchProgressEvery === 0) say(`the indexes have read ${count.toLocaleString("en")} entities`)
      }),
    ).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          isDone = true
          newer.clear()
          done()
          if (count > 0) say(`the indexes hold ${count.toLocaleString("en")} entities`)
        }),
      ),
    )
  })

  return {
    isDone: () => isDone,
    show: (subject, entry) => {
      if (!isDone) newer.add(subject)
      put(subject, entry)
    },
    run: read,
    runPatiently: Effect.orDie(Effect.retry(read, Schedule.spaced(retryMs))),
  }
}

const retryMs = 1_000
