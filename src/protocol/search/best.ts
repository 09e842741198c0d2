/** The best few of many: what a page needs, without ordering the rest. */

/** Above this many all are ordered instead. */
const fewMax = 1_000

/** Best first: by key downwards, equals by `compareIds`. */
export class Best {
  readonly #wanted: number
  readonly #isEarlier: (slot: number, other: number) => boolean
  readonly #slots: Array<number> = []
  readonly #keys: Array<number> = []
  /** A key below this one comes to nothing. */
  threshold = Number.NEGATIVE_INFINITY

  constructor(wanted: number, isEarlier: (slot: number, other: number) => boolean) {
    this.#wanted = wanted
    this.#isEarlier = isEarlier
  }

  /** How many are wanted. */
  get size(): number {
    return this.#wanted
  }

  offer(slot: number, key: number): void {
    if (key < this.threshold || this.#wanted === 0) return
    const slots = this.#slots
    const keys = this.#keys
    if (this.#wanted > fewMax) {
      slots.push(slot)
      keys.push(key)
      return
    }
    let at = keys.length
    if (at === this.#wanted && !this.#comesBefore(slot, key, at - 1)) return
    if (at < this.#wanted) at++
    while (--at > 0 && this.#comesBefore(slot, key, at - 1)) {
      slots[at] = slots[at - 1]!
      keys[at] = keys[at - 1]!
    }
    slots[at] = slot
    keys[at] = key
    if (keys.length === this.#wanted) this.threshold = keys[this.#wanted - 1]!
  }

  /** The slots from `offset` on, best first. */
  from(offset: number): ReadonlyArray<number> {
    if (this.#wanted <= fewMax) return this.#slots.slice(offset)
    const order = this.#slots.map((_, i) => i)
    order.sort((a, b) => this.#keys[b]! - this.#keys[a]! || (this.#isEarlier(this.#slots[a]!, this.#slots[b]!) ? -1 : 1))
    return order.slice(offset, this.#wanted).map((i) => this.#slots[i]!)
  }

  #comesBefore(slot: number, key: number, at: number): boolean {
    return key > this.#keys[at]! || (key === this.#keys[at]! && this.#isEarlier(slot, this.#slots[at]!))
  }
}
