/** Nearest neighbours by USearch (HNSW; an optional dependency): for more vectors than are read in the time of one search. */
import { Effect } from "effect"
import { Interner } from "../../protocol/search/interner.ts"
import { EmbedderFailed, type VectorIndex } from "../embedder.ts"

export const usearchIndex = (dimensions: number): Effect.Effect<VectorIndex, EmbedderFailed> =>
  Effect.tryPromise({
    try: async () => {
      const { Index, MetricKind, ScalarKind } = await import("usearch")
      const index = new Index({
        dimensions,
        metric: MetricKind.IP,
        quantization: ScalarKind.F32,
        connectivity: 0,
        expansion_add: 0,
        expansion_search: 0,
        multi: false,
      })
      const keys = new Interner()
      const remove = (id: string): void => {
        const key = keys.find(id)
        if (key === undefined) return
        index.remove(BigInt(key))
        keys.leave(key)
      }
      return {
        put: (id, vector) => {
          remove(id)
          index.add(BigInt(keys.take(id)), vector)
        },
        remove,
        nearest: (vector, count) => {
          if (index.size() === 0 || count === 0) return new Map()
          const { distances, keys: found } = index.search(vector, count, 1)
          // The inner product's distance is 1 minus it.
          return new Map(Array.from(found, (key, i) => [keys.textOf(Number(key)), 1 - distances[i]!]))
        },
      } satisfies VectorIndex
    },
    catch: () => new EmbedderFailed({ reason: "usearch, an optional dependency, cannot be loaded on this machine" }),
  })
