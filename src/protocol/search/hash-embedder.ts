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
 * exact: a word counts 63 times at most. A hash as 64 bits is two halves of 32, `high` and `low`.
 */
import { hashDimensions } from "../limits.ts"
import { isSaid, wordsOf } from "./tokens.ts"

/** A word's hash, from which the hashes of its pairs go on. */
export interface Hash {
  readonly high: number
  readonly low: number
}

const emptyHash: Hash = { high: 0xcbf29ce4, low: 0x84222325 }
const encoder = new TextEncoder()

/** FNV-1a, 64 bits, of a text's UTF-8, going on from `from`. */
export const fnv64a = (text: string, from: Hash = emptyHash): Hash => {
  let { high, low } = from
  const eat = (byte: number) => {
    low = (low ^ byte) >>> 0
    // Times 2^40 + 435, modulo 2^64.
    const product = low * 435
    high = (Math.imul(high, 435) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0
    low = product >>> 0
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) {
      for (const byte of encoder.encode(text.slice(i))) eat(byte)
      break
    }
    eat(code)
  }
  return { high, low }
}

export const componentOf = ({ high, low }: Hash): number =>
  ((high % hashDimensions) * (0x1_0000_0000 % hashDimensions) + (low % hashDimensions)) % hashDimensions

/** The hash of `a_b`, from that of `a`. */
export const pairHash = (first: Hash, second: string): Hash => fnv64a(second, fnv64a("_", first))

/** What one more occurrence adds, in halves. */
const wordHalves = 2
const pairHalves = 1
const signOf = ({ low }: Hash): number => ((low & 1) === 1 ? 1 : -1)
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
    this.#count(hash, wordHalves)
    if (this.#before !== undefined) this.#count(pairHash(this.#before, word), pairHalves)
    this.#before = hash
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

  #count(hash: Hash, halves: number): void {
    const component = componentOf(hash)
    this.halves[component]! += signOf(hash) * halves
    if (this.#isTouched[component] === 1) return
    this.#isTouched[component] = 1
    this.touched.push(component)
  }
}

/** A text's vector, of length 1; all zeros when it has no words. */
export const hashVector = (text: string): Float32Array => {
  const features = new FeatureCounter()
  for (const word of wordsOf(text)) if (isSaid(word)) features.add(word, fnv64a(word))
  const length = Math.sqrt(features.close())
  return Float32Array.from(features.halves, (halves) => (length === 0 ? 0 : halves / length))
}
