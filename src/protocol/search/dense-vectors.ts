/**
 * Vectors that a model made, one row a document, of length 1 each, so that a cosine is one product (registry page). Exact:
 * every row is read, which is fine up to 100,000 of them.
 */
const blockRows = 1_024

export class DenseVectors {
  readonly dimensions: number
  readonly #blocks: Array<Float32Array> = []
  /** By slot: is there one? */
  readonly #present: Array<boolean> = []

  constructor(dimensions: number) {
    this.dimensions = dimensions
  }

  /** The vector must be of length 1 (`unitVector`). */
  put(slot: number, vector: Float32Array): void {
    while (this.#blocks.length * blockRows <= slot) this.#blocks.push(new Float32Array(blockRows * this.dimensions))
    this.#blocks[Math.floor(slot / blockRows)]!.set(vector, (slot % blockRows) * this.dimensions)
    this.#present[slot] = true
  }

  remove(slot: number): void {
    this.#present[slot] = false
  }

  /** The cosine, 0 where it is less or there is no vector. */
  similarity(query: Float32Array, slot: number): number {
    if (this.#present[slot] !== true) return 0
    const row = this.#blocks[Math.floor(slot / blockRows)]!
    return Math.max(0, Math.min(1, product(query, row, (slot % blockRows) * this.dimensions)))
  }

  /** Every document's cosine, into an array by slot. */
  scan(query: Float32Array, into: Float64Array): void {
    for (let slot = 0; slot < into.length; slot++) into[slot] = this.similarity(query, slot)
  }
}

/** Four sums at a time, so that none waits for the one before. */
const product = (query: Float32Array, row: Float32Array, at: number): number => {
  const { length } = query
  const whole = length - (length % 4)
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < whole; i += 4) {
    a += query[i]! * row[at + i]!
    b += query[i + 1]! * row[at + i + 1]!
    c += query[i + 2]! * row[at + i + 2]!
    d += query[i + 3]! * row[at + i + 3]!
  }
  for (let i = whole; i < length; i++) a += query[i]! * row[at + i]!
  return a + b + (c + d)
}

/** The same direction with length 1; `undefined` for what has none, or is no vector of so many dimensions. */
export const unitVector = (vector: ArrayLike<number>, dimensions: number): Float32Array | undefined => {
  if (vector.length !== dimensions) return undefined
  let squares = 0
  for (let i = 0; i < dimensions; i++) squares += vector[i]! * vector[i]!
  if (!Number.isFinite(squares) || squares === 0) return undefined
  const length = Math.sqrt(squares)
  return Float32Array.from({ length: dimensions }, (_, i) => vector[i]! / length)
}
