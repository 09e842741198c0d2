/**
 * Vectors without a model: feature hashing (registry page, "Hash"; Weinberger et al. 2009; deployed, reference 4.4).
 *
 *     each word          FNV-1a 64 of it: modulo 384 is its component, +1 when the hash is odd, else −1
 *     each pair a, b     the same of `a_b`, with half the weight
 *
 * The deployed node splits at every letter that is not ASCII and thus knows nothing of most languages; here words are the
 * words of the keyword search. For ASCII texts both agree.
 *
 * Counts are kept in halves, as whole numbers from −127 to 127, so that one byte holds a component and similarities are
 * exact: a word counts 63 times at most.
 */
import { hashDimensions } from "../limits.ts"
import { isSaid, wordsOf } from "./tokens.ts"

/** A word's hash, from which the hashes of its pairs go on: two signed halves. */
export interface Hash {
  readonly high: number
  readonly low: number
}

/** FNV's beginning. */
const offsetHigh = 0xcbf29ce4 | 0
const offsetLow = 0x84222325 | 0

/** The hash that `eat` goes on with: it is one of millions, and an object for each would cost more than the hashing. */
let high = 0
let low = 0

const eat = (text: string): void => {
  let [h, l] = [high, low]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) {
      high = h
      low = l
      return eatBytes(encoder.encode(text.slice(i)))
    }
    // Times 2^40 + 435, modulo 2^64; the product's upper half by halves, so that all numbers are small.
    l ^= code
    const carry = (Math.imul(l >>> 16, 435) + (Math.imul(l & 0xffff, 435) >>> 16)) >>> 16
    h = (Math.imul(h, 435) + carry + (l << 8)) | 0
    l = Math.imul(l, 435)
  }
  high = h
  low = l
}

const eatBytes = (bytes: Uint8Array): void => {
  for (const byte of bytes) {
    const mixed = low ^ byte
    const carry = (Math.imul(mixed >>> 16, 435) + (Math.imul(mixed & 0xffff, 435) >>> 16)) >>> 16
    high = (Math.imul(high, 435) + carry + (mixed << 8)) | 0
    low = Math.imul(mixed, 435)
  }
}

const encoder = new TextEncoder()

/** FNV-1a, 64 bits, of a text's UTF-8. */
export const fnv64a = (text: string): Hash => {
  high = offsetHigh
  low = offsetLow
  eat(text)
  return { high, low }
}

/** The component of the hash that was made last, and its sign. */
const component = (): number => {
  const upper = ((high >>> 0) % hashDimensions) * (0x1_0000_0000 % hashDimensions)
  return (upper + ((low >>> 0) % hashDimensions)) % hashDimensions
}
const sign = (): number => ((low & 1) === 1 ? 1 : -1)

export const componentOf = (hash: Hash): number => {
  ;({ high, low } = hash)
  return component()
}

/** What one more occurrence adds, in halves. */
const wordHalves = 2
const pairHalves = 1
/** A component has a byte. */
const halvesMax = 127

/** Collects a text's features, word by word, in one array that is used again for every text. */
export class FeatureCounter {
  /** By component, in halves; meaningless but at `touched`. */
  readonly halves = new Int32Array(hashDimensions)
  readonly touched: Array<number> = []
  readonly #isTouched = new Uint8Array(hashDimensions)
  #before: Hash | undefined

  /** The next word that says anything (`isSaid`), and its hash. */
  add(word: string, hash: Hash): void {
    high = hash.high
    low = hash.low
    this.#count(wordHalves)
    const before = this.#before
    this.#before = hash
    if (before === undefined) return
    high = before.high
    low = before.low
    eat("_")
    eat(word)
    this.#count(pairHalves)
  }

  /** Bounds the counts; the sum of their squares. */
  close(): number {
    let squares = 0
    for (const component of this.touched) {
      const halves = Math.max(-halvesMax, Math.min(halvesMax, this.halves[component]!))
      this.halves[component] = halves
      squares += halves * halves
    }
    return squares
  }

  clear(): void {
    for (const component of this.touched) {
      this.halves[component] = 0
      this.#isTouched[component] = 0
    }
    this.touched.length = 0
    this.#before = undefined
  }

  #count(halves: number): void {
    const at = component()
    this.halves[at]! += sign() * halves
    if (this.#isTouched[at] === 1) return
    this.#isTouched[at] = 1
    this.touched.push(at)
  }
}

/** A text's vector, of length 1; all zeros when it has no words. */
export const hashVector = (text: string): Float32Array => {
  const features = new FeatureCounter()
  for (const word of wordsOf(text)) if (isSaid(word)) features.add(word, fnv64a(word))
  const length = Math.sqrt(features.close())
  return Float32Array.from(features.halves, (halves) => (length === 0 ? 0 : halves / length))
}
