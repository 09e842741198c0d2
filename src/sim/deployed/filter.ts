/**
 * The deployed node's bloom filter and its words: written from the facts, with 64-bit arithmetic as Go has it, and not with
 * `protocol/search/bloom.ts`.
 */

export interface DeployedFilter {
  readonly bits: Uint8Array
  /** In bits. */
  readonly size: number
  readonly hashes: number
}

/** Sized for so many items at this rate of errors: 500,000 at 1 % are the deployed defaults. */
export const filterFor = (items: number, rate: number): DeployedFilter => {
  const size = Math.ceil((-items * Math.log(rate)) / (Math.LN2 * Math.LN2))
  const hashes = Math.min(30, Math.max(1, Math.ceil((size / items) * Math.LN2)))
  return { bits: new Uint8Array(Math.ceil(size / 8)), size, hashes }
}

export const put = (filter: DeployedFilter, item: string): void => {
  for (const at of indicesOf(filter, item)) filter.bits[at >> 3]! |= 1 << (at & 7)
}

/** How many of these may be in it; bits that its bytes do not have are not set. */
export const matches = (filter: DeployedFilter, items: ReadonlyArray<string>): number =>
  items.filter((item) => indicesOf(filter, item).every((at) => ((filter.bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0)).length

const basis = 14_695_981_039_346_656_037n
const prime = 1_099_511_628_211n
const wrap = (value: bigint) => BigInt.asUintN(64, value)

export const indicesOf = ({ hashes, size }: Pick<DeployedFilter, "hashes" | "size">, item: string): ReadonlyArray<number> => {
  let [first, second] = [basis, basis]
  for (const byte of Buffer.from(item)) {
    first = wrap((first ^ BigInt(byte)) * prime)
    second = wrap(second * prime) ^ BigInt(byte)
  }
  const m = BigInt(size)
  const [start, step] = [first % m, second % m === 0n ? 1n : second % m]
  return Array.from({ length: hashes }, (_, j) => Number(wrap(start + wrap(BigInt(j) * step)) % m))
}

/** Runs of at least two of A–Z a–z 0–9 - _, in lower case; every other byte separates. */
export const tokensOf = (text: string): ReadonlyArray<string> => (text.match(/[A-Za-z0-9_-]{2,}/g) ?? []).map((one) => one.toLowerCase())

/** Character by character: no final sigma, and `İ` is `i`. */
export const lower = (text: string): string =>
  Array.from(text, (one) => (one === "\u0130" ? "i" : one === "\u03a3" ? "\u03c3" : one.toLowerCase())).join("")

/** What of an entry can be asked for. */
export const itemsOf = (entry: {
  readonly name: string
  readonly summary: string
  readonly category: string
  readonly tags: ReadonlyArray<string> | null
}): ReadonlyArray<string> => [...tokensOf(entry.name), ...tokensOf(entry.summary), lower(entry.category), ...(entry.tags ?? []).map(lower)]
