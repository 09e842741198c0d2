/**
 * One term's postings: in which documents it stands, and how often in each of their fields.
 *
 * Pairs of (slot, counts) in one typed array, ordered by slot: eight bytes a posting, read front to back by a search. New
 * documents mostly get the highest slot, so adding is appending; removing shifts the rest, which is a memmove.
 */
export class Postings {
  readonly term: string
  /** `pairs[2i]` is a slot, `pairs[2i + 1]` its counts; only the first `2 * size` numbers mean anything. */
  pairs = new Uint32Array(4)
  size = 0

  constructor(term: string) {
    this.term = term
  }

  /** Adds a slot that is not in it. */
  add(slot: number, counts: number): void {
    const at = 2 * this.#indexOf(slot)
    const end = 2 * this.size
    if (end === this.pairs.length) {
      const grown = new Uint32Array(Math.ceil(end * 0.75) * 2)
      grown.set(this.pairs)
      this.pairs = grown
    }
    if (at < end) this.pairs.copyWithin(at + 2, at, end)
    this.pairs[at] = slot
    this.pairs[at + 1] = counts
    this.size++
  }

  /** Takes out a slot that is in it. */
  remove(slot: number): void {
    const at = 2 * this.#indexOf(slot)
    this.pairs.copyWithin(at, at + 2, 2 * this.size)
    this.size--
  }

  /** Where the slot is, or would be. */
  #indexOf(slot: number): number {
    let low = 0
    let high = this.size
    if (high === 0 || this.pairs[2 * high - 2]! < slot) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.pairs[2 * middle]! < slot) low = middle + 1
      else high = middle
    }
    return low
  }
}
