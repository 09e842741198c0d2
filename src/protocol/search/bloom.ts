/**
 * Bloom filters: which words *may* stand in what a node is home to (mesh page, "bloom filter"; registry page, "Smart query
 * routing"; the deployed node's bits, so that one filter serves both dialects).
 *
 * Bit i lies in byte i >> 3 under the mask 1 << (i & 7). An item's bits are (h1 + j·h2) mod m for j = 0 … k − 1, with
 * h1 = FNV-1a-64 mod m and h2 = FNV-1-64 mod m, 1 where h2 is 0 (Kirsch & Mitzenmacher 2006: two hashes are enough).
 */
import { filterBitsMax, filterErrorRate, filterHashesMax } from "../limits.ts"

/** `bits` has ⌈size / 8⌉ bytes; those behind `size` are zero. */
export interface Bloom {
  readonly size: number
  readonly hashes: number
  readonly bits: Uint8Array
}

/** For so many items at the error rate of `limits.ts`; larger contents err more often. */
export const emptyFor = (items: number): Bloom => {
  const ideal = Math.ceil((-Math.max(1, items) * Math.log(filterErrorRate)) / Math.LN2 ** 2)
  const size = Math.min(filterBitsMax, ideal)
  const hashes = Math.min(filterHashesMax, Math.max(1, Math.ceil((size / Math.max(1, items)) * Math.LN2)))
  return { size, hashes, bits: new Uint8Array((size + 7) >> 3) }
}

/** Sets the item's bits and returns those that were not set before. */
export const add = ({ bits, hashes, size }: Bloom, item: string): ReadonlyArray<number> => {
  const added: Array<number> = []
  eachBit(item, size, hashes, (bit) => {
    const mask = 1 << (bit & 7)
    if ((bits[bit >> 3]! & mask) !== 0) return true
    bits[bit >> 3]! |= mask
    added.push(bit)
    return true
  })
  return added
}

/** False: it is not there. True: it is, or an error of this filter (`errorRate`). */
export const has = ({ bits, hashes, size }: Bloom, item: string): boolean =>
  eachBit(item, size, hashes, (bit) => (bits[bit >> 3]! & (1 << (bit & 7))) !== 0)

/** The share of items that are not there and seem to be. One that is full claims everything: it says nothing. */
export const errorRate = ({ bits, hashes, size }: Bloom): number => {
  let ones = 0
  for (const byte of bits) ones += onesIn[byte]!
  return Math.min(1, ones / size) ** hashes
}

const onesIn = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length)

/** Calls back for each bit until one answers false; whether none did. */
const eachBit = (item: string, size: number, hashes: number, look: (bit: number) => boolean): boolean => {
  const { first, second } = hashesOf(item)
  const step = remainder(second, size) || 1
  let bit = remainder(first, size)
  for (let j = 0; j < hashes; j++) {
    if (!look(bit)) return false
    bit = (bit + step) % size
  }
  return true
}

// FNV, 64 bits, in two halves --------------------------------------------------------------------------------------------

interface Halves {
  readonly high: number
  readonly low: number
}

const utf8 = new TextEncoder()

/** FNV-1a and FNV-1 of the item's UTF-8. */
const hashesOf = (item: string): { readonly first: Halves; readonly second: Halves } => {
  let [aHigh, aLow] = offset
  let [high, low] = offset
  for (const byte of utf8.encode(item)) {
    // the prime is 2^40 + 435, so a product is low·435 and what it carries, and low again, eight bits higher
    const aMixed = (aLow ^ byte) >>> 0
    const aProduct = aMixed * prime
    aHigh = (aHigh * prime + Math.floor(aProduct / 2 ** 32) + aMixed * 256) % 2 ** 32
    aLow = aProduct % 2 ** 32
    const product = low * prime
    high = (high * prime + Math.floor(product / 2 ** 32) + low * 256) % 2 ** 32
    low = ((product % 2 ** 32) ^ byte) >>> 0
  }
  return { first: { high: aHigh, low: aLow }, second: { high, low } }
}

const offset = [0xcbf2_9ce4, 0x8422_2325] as const
const prime = 435

/** Exact: a filter is far smaller than 2^26 bits (`filterBitsMax`). */
const remainder = ({ high, low }: Halves, size: number): number => ((high % size) * (2 ** 32 % size) + low) % size
