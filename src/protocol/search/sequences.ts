/**
 * What each document holds, as a sequence of numbers, all in one array: what phrases are looked for in, and what has to be
 * undone when a document goes. What documents that went have left is swept up when it is half of all.
 */
const roomAtFirst = 1_024

export class Sequences {
  #numbers = new Uint32Array(roomAtFirst)
  #end = 0
  #live = 0
  /** By slot. */
  readonly #starts: Array<number> = []
  readonly #lengths: Array<number> = []

  put(slot: number, sequence: ReadonlyArray<number>): void {
    if (this.#end + sequence.length > this.#numbers.length) this.#makeRoom(sequence.length)
    this.#numbers.set(sequence, this.#end)
    this.#starts[slot] = this.#end
    this.#lengths[slot] = sequence.length
    this.#end += sequence.length
    this.#live += sequence.length
  }

  /** A view; read it before the next `put`. */
  of(slot: number): Uint32Array {
    const start = this.#starts[slot]!
    return this.#numbers.subarray(start, start + this.#lengths[slot]!)
  }

  remove(slot: number): void {
    this.#live -= this.#lengths[slot]!
    this.#lengths[slot] = 0
  }

  #makeRoom(wanted: number): void {
    const before = this.#numbers
    const isSweepEnough = 2 * (this.#live + wanted) < before.length
    this.#numbers = isSweepEnough ? new Uint32Array(before.length) : new Uint32Array(2 * Math.max(before.length, this.#live + wanted))
    this.#end = 0
    this.#lengths.forEach((length, slot) => {
      const start = this.#starts[slot]!
      this.#starts[slot] = this.#end
      this.#numbers.set(before.subarray(start, start + length), this.#end)
      this.#end += length
    })
  }
}
