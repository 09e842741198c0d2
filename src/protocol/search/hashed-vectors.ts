/**
 * Hashed vectors of all documents, by component: what a short query needs of them lies together.
 *
 * A query of three words has at most five components of 384, so a similarity reads five bytes of a document, and a scan
 * reads five columns. Blocks of 512 documents, each with its 384 columns: growing copies nothing, and a node
 * that knows few entities has little.
 */
import { hashDimensions } from "../limits.ts"
import { grown } from "./grown.ts"
import type { FeatureCounter } from "./hash-embedder.ts"

const blockBits = 9
const blockSlots = 1 << blockBits
const inBlock = blockSlots - 1

/** A query's vector: its components that are not zero, and their counts in halves. */
export interface HashedQuery {
  readonly components: ReadonlyArray<number>
  readonly halves: ReadonlyArray<number>
  /** 1 / length; 0 when there are no words. */
  readonly scale: number
  /** All counts together, whatever their sign, × scale. */
  readonly reach: number
}

export const hashedQuery = (features: FeatureCounter): HashedQuery => {
  const squares = features.close()
  const components = features.touched.filter((component) => features.halves[component] !== 0)
  const halves = components.map((each) => features.halves[each]!)
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares)
  return { components, halves, scale, reach: scale * halves.reduce((sum, each) => sum + Math.abs(each), 0) }
}

export class HashedVectors {
  readonly #blocks: Array<Int8Array> = []
  /** By slot: 1 / length. */
  #scales = new Float64Array(blockSlots)
  /** By slot: its largest component, whatever its sign. With a query's reach it bounds the cosine from above. */
  #peaks = new Float64Array(blockSlots)

  put(slot: number, features: FeatureCounter): void {
    const squares = features.close()
    const block = this.#blockOf(slot)
    let most = 0
    for (const component of features.touched) {
      const halves = features.halves[component]!
      block[(component << blockBits) + (slot & inBlock)] = halves
      most = Math.max(most, Math.abs(halves))
    }
    this.#scales[slot] = squares === 0 ? 0 : 1 / Math.sqrt(squares)
    this.#peaks[slot] = most * this.#scales[slot]
  }

  remove(slot: number): void {
    const block = this.#blocks[slot >>> blockBits]!
    for (let component = 0; component < hashDimensions; component++) block[(component << blockBits) + (slot & inBlock)] = 0
    this.#scales[slot] = 0
    this.#peaks[slot] = 0
  }

  /** The cosine is not above this; a little more for rounding's sake. */
  bound({ reach }: HashedQuery, slot: number): number {
    return reach * this.#peaks[slot]! + 1e-9
  }

  /** The cosine, 0 where it is less. */
  similarity({ components, halves, scale }: HashedQuery, slot: number): number {
    const block = this.#blocks[slot >>> blockBits]!
    const at = slot & inBlock
    let product = 0
    for (let i = 0; i < components.length; i++) product += halves[i]! * block[(components[i]! << blockBits) + at]!
    return cosine(product, scale, this.#scales[slot]!)
  }

  /** Every document's cosine, into an array by slot. */
  scan({ components, halves, scale }: HashedQuery, into: Float64Array): void {
    this.#blocks.forEach((block, number) => {
      const from = number << blockBits
      const end = Math.min(into.length, from + blockSlots)
      for (let i = 0; i < components.length; i++) {
        const column = components[i]! << blockBits
        const weight = halves[i]!
        for (let slot = from; slot < end; slot++) into[slot]! += weight * block[column + slot - from]!
      }
      for (let slot = from; slot < end; slot++) into[slot] = cosine(into[slot]!, scale, this.#scales[slot]!)
    })
  }

  #blockOf(slot: number): Int8Array {
    const number = slot >>> blockBits
    while (this.#blocks.length <= number) this.#blocks.push(new Int8Array(hashDimensions * blockSlots))
    if (slot >= this.#scales.length) {
      const room = Math.max(2 * this.#scales.length, slot + 1)
      this.#scales = grown(this.#scales, new Float64Array(room))
      this.#peaks = grown(this.#peaks, new Float64Array(room))
    }
    return this.#blocks[number]!
  }
}

/** Rounding may go beyond 1. */
const cosine = (product: number, scale: number, other: number): number => Math.max(0, Math.min(1, product * scale * other))
