/**
 * How alike documents and a query are, 0 … 1, whatever made the vectors: hashed from the words, or by a model from outside.
 *
 * Likeness by hashes finds nothing by itself unless the operator sets a floor: what has none of a query's words and still
 * shares a component with it does so by collision (the deployed node shows such results, with scores around 0.3).
 */
import { DenseVectors } from "./dense-vectors.ts"
import { embeddedText, type IndexedEntity } from "./entity.ts"
import { FeatureCounter, fnv64a, hashVector } from "./hash-embedder.ts"
import { hashedQuery, HashedVectors } from "./hashed-vectors.ts"
import { isSaid, wordsOf } from "./tokens.ts"

/** What is known of likeness to one query. */
export interface Likeness {
  readonly of: (slot: number) => number
  /** `of` is not above this, which costs less to know; 1 says nothing. */
  readonly bound: (slot: number) => number
  /** Of every document, into an array by slot that holds zeros. */
  readonly scan: (into: Float64Array) => void
}

/** The vectors of all documents, by slot. */
export interface Vectors {
  /** Hears the words of the document that is being put, where vectors come from words. */
  readonly features?: FeatureCounter
  /** The words of the document are heard. */
  readonly put: (slot: number) => void
  /** The vector of a document that is there, of length 1. */
  readonly setVector: (slot: number, vector: Float32Array) => void
  readonly remove: (slot: number) => void
  /** `undefined`: nothing can be said about this query. */
  readonly to: (text: string, vector: Float32Array | undefined) => Likeness | undefined
  /** Of a document that is not in it; `other` is its vector, where a model makes them. */
  readonly measure: (text: string, vector: Float32Array | undefined, entity: IndexedEntity, other: Float32Array | undefined) => number
}

const atMost = () => 1

/** From the words, by `hash-embedder.ts`. */
export const hashedLikeness = (): Vectors => {
  const vectors = new HashedVectors()
  const features = new FeatureCounter()
  return {
    features,
    put: (slot) => {
      vectors.put(slot, features)
      features.clear()
    },
    setVector: () => {},
    remove: (slot) => vectors.remove(slot),
    to: (text) => {
      const asked = new FeatureCounter()
      for (const word of wordsOf(text)) if (isSaid(word)) asked.add(word, fnv64a(word))
      const query = hashedQuery(asked)
      return query.scale === 0
        ? undefined
        : {
            of: (slot) => vectors.similarity(query, slot),
            bound: (slot) => vectors.bound(query, slot),
            scan: (into) => vectors.scan(query, into),
          }
    },
    measure: (text, _, entity) => cosine(hashVector(text), hashVector(embeddedText(entity))),
  }
}

/** From a model, which is asked elsewhere; a document without a vector is like nothing. */
export const modelLikeness = (dimensions: number): Vectors => {
  const vectors = new DenseVectors(dimensions)
  return {
    put: () => {},
    setVector: (slot, vector) => vectors.put(slot, vector),
    remove: (slot) => vectors.remove(slot),
    to: (_, vector) =>
      vector === undefined
        ? undefined
        : { of: (slot) => vectors.similarity(vector, slot), bound: atMost, scan: (into) => vectors.scan(vector, into) },
    measure: (_, vector, __, other) => (vector === undefined || other === undefined ? 0 : cosine(vector, other)),
  }
}

/** From an index of nearest neighbours, which is asked elsewhere: what it names is alike, the rest is not. */
export const namedLikeness = (named: ReadonlyMap<number, number>): Likeness => ({
  of: (slot) => named.get(slot) ?? 0,
  bound: atMost,
  scan: (into) => named.forEach((similarity, slot) => (into[slot] = similarity)),
})

/** Of two vectors of length 1; 0 where it is less. */
export const cosine = (one: Float32Array, other: Float32Array): number =>
  Math.max(
    0,
    Math.min(
      1,
      one.reduce((sum, value, i) => sum + value * other[i]!, 0),
    ),
  )
