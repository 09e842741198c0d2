/**
 * Embedder: what turns texts into vectors, and where those of a model are looked up.
 *
 * `hash` needs nothing and is worked out by the index itself, from the words it reads anyway; `embedding/onnx.ts` runs a model
 * in this process, `embedding/http.ts` asks a server.
 */
import { Effect, Schema } from "effect"
import { hashDimensions } from "../protocol/limits.ts"
import { hashVector } from "../protocol/search/hash-embedder.ts"

/** No vectors, for the moment or for good. `reason` is for the operator. */
export class EmbedderFailed extends Schema.TaggedError<EmbedderFailed>()("EmbedderFailed", { reason: Schema.String }) {}

export interface Embedder {
  /** Of every vector. */
  readonly dimensions: number
  /** One vector for each text, in order, of any length but 0 where the text says something. */
  readonly embed: (texts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Float32Array>, EmbedderFailed>
}

export const hashEmbedder: Embedder = {
  dimensions: hashDimensions,
  embed: (texts) => Effect.sync(() => texts.map(hashVector)),
}

/** Vectors of length 1 by id, and the nearest of them: for so many that reading all takes too long. May miss some. */
export interface VectorIndex {
  readonly put: (id: string, vector: Float32Array) => void
  readonly remove: (id: string) => void
  /** Ids and cosines of about the `count` nearest. */
  readonly nearest: (vector: Float32Array, count: number) => ReadonlyMap<string, number>
}
