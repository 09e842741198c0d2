/**
 * One term's postings: in which documents it stands, and how often in each of their fields.
 *
 * Pairs of (slot, counts) in one typed array, ordered by slot: eight bytes a posting, read front to back by a search. New
 * documents mostly get the highest slot, so adding is appending; removing shifts the rest, which is a memmove. Half of all
 * terms stand in one document only: theirs is the one pair in the object itself.
 */
export class Postings {
  readonly term: string
  size = 0
  /** Scratch of whoever adds a document: its counts so far, 0 between documents. */
  pending = 0
  /** By posting: what it is worth (`saturation`), as of this version of the statistics; whoever searches fills it in. */
  worths: Float64Array | undefined
  worthsVersion = -1
  #pairs: Uint32Array | undefined
  #onlySlot = 0
  #onlyCounts = 0

  constructor(term: string) {
    this.term = term
  }

  /** `[2i]` is a slot, `[2i + 1]` its counts, for i below `size`. Read it before the next call of any postings. */
  get pairs(): Uint32Array {
    if (this.#pairs !== undefined) return this.#pairs
    single[0] = this.#onlySlot
    single[1] = this.#onlyCounts
    return single
  }

  /** Adds a slot that is not in it. */
  add(slot: number, counts: number): void {
    if (this.#pairs === undefined && this.size === 0) {
      this.#onlySlot = slot
      this.#onlyCounts = counts
      this.size = 1
      return
    }
    const end = 2 * this.size
    let pairs = this.#pairs
    if (pairs === undefined || end === pairs.length) {
      const grown = new Uint32Array(2 * Math.max(4, Math.ceil(this.size * 1.5)))
      grown.set(this.pairs.subarray(0, end))
      this.#pairs = pairs = grown
    }
    // A new document mostly has the highest slot.
    let at = end
    if (pairs[end - 2]! > slot) {
      at = 2 * this.#indexOf(slot)
      pairs.copyWithin(at + 2, at, end)
    }
    pairs[at] = slot
    pairs[at + 1] = counts
    this.size++
  }

  /** Takes out a slot that is in it. */
  remove(slot: number): void {
    const at = 2 * this.#indexOf(slot)
    this.#pairs?.copyWithin(at, at + 2, 2 * this.size)
    this.size--
  }

  /** Where the slot is, or would be. */
  #indexOf(slot: number): number {
    const { pairs, size } = this
    let low = 0
    let high = size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (pairs[2 * middle]! < slot) low = middle + 1
      else high = middle
    }
    return low
  }
}

const single = new Uint32Array(2)
