/**
 * Keeps the vectors of all entities and of queries, where a model makes them: it is asked in batches and in the background,
 * and when it does not answer, search goes on with words alone and says so.
 */
import { Clock, Effect, Queue, type Scope } from "effect"
import {
  embeddingBatchMax,
  embeddingPauseMs,
  embeddingRetryFirstMs,
  embeddingRetryMaxMs,
  queryEmbeddingPatienceMs,
} from "../protocol/limits.ts"
import { unitVector } from "../protocol/search/dense-vectors.ts"
import type { Embedder, EmbedderFailed } from "./embedder.ts"
import { steps } from "./steps.ts"

export interface Vectors {
  /** An entity's text, to be embedded; the last one counts. */
  readonly want: (id: string, text: string) => void
  readonly forget: (id: string) => void
  /** Vectors of length 1 of what is asked now; `undefined`: with words alone. */
  readonly of: (texts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Float32Array | undefined>>
  readonly counts: () => VectorCounts
}

export interface VectorCounts {
  /** Entities that have no vector yet. */
  readonly waiting: number
  /** Searches that had to do with words alone. */
  readonly degraded: number
}

/** Lives until the scope closes. `put` gets each vector; `say` hears when the model stops answering and when it does again. */
export const makeVectors = Effect.fnUntraced(function* (
  embedder: Embedder,
  put: (id: string, vector: Float32Array) => void,
  say: (sentence: string) => void,
): Effect.fn.Return<Vectors, never, Scope.Scope> {
  const waiting = new Map<string, string>()
  const wake = yield* Queue.sliding<void>(1)
  let degraded = 0
  let isAnswering = true
  /** Until then searches do not ask. */
  let pausedUntilMs = 0

  const embed = (texts: ReadonlyArray<string>) =>
    Effect.map(embedder.embed(texts), (vectors) => vectors.map((vector) => unitVector(vector, embedder.dimensions)))
  const answered = () => {
    if (!isAnswering) say("the embedder answers again")
    isAnswering = true
  }
  const failed = ({ reason }: EmbedderFailed) => {
    if (isAnswering) say(`the embedder does not answer, search goes on with words alone: ${reason}`)
    isAnswering = false
  }

  /** One batch. False when the model did not answer: the texts go on waiting. */
  const batch = Effect.suspend(() => {
    const taken = [...waiting].slice(0, embeddingBatchMax)
    for (const [id] of taken) waiting.delete(id)
    return Effect.match(embed(taken.map(([, text]) => text)), {
      onSuccess: (vectors) => {
        answered()
        taken.forEach(([id], i) => {
          const vector = vectors[i]
          if (vector !== undefined && !waiting.has(id)) put(id, vector)
        })
        return true
      },
      onFailure: (failure) => {
        failed(failure)
        for (const [id, text] of taken) if (!waiting.has(id)) waiting.set(id, text)
        return false
      },
    })
  })
  const work = Effect.gen(function* () {
    let retryMs = embeddingRetryFirstMs
    while (true) {
      if (waiting.size === 0) yield* Queue.take(wake)
      else if (yield* batch) retryMs = embeddingRetryFirstMs
      else {
        yield* Effect.sleep(retryMs)
        retryMs = Math.min(embeddingRetryMaxMs, 2 * retryMs)
      }
    }
  })
  yield* Effect.forkScoped(work)

  return {
    want: (id, text) => {
      waiting.set(id, text)
      Queue.offerUnsafe(wake, undefined)
    },
    forget: (id) => void waiting.delete(id),
    of: steps(function* (texts) {
      const nowMs = yield* Clock.currentTimeMillis
      const withoutVectors = texts.map(() => undefined)
      if (nowMs < pausedUntilMs) {
        degraded++
        return withoutVectors
      }
      return yield* embed(texts).pipe(
        Effect.tap(() => Effect.sync(answered)),
        Effect.timeoutOrElse({
          duration: queryEmbeddingPatienceMs,
          orElse: () => Effect.fail<Pick<EmbedderFailed, "reason">>({ reason: "not in time" }),
        }),
        Effect.catch(({ reason }) =>
          Effect.sync(() => {
            failed({ reason } as EmbedderFailed)
            degraded++
            pausedUntilMs = nowMs + embeddingPauseMs
            return withoutVectors
          }),
        ),
      )
    }),
    counts: () => ({ waiting: waiting.size, degraded }),
  }
})
