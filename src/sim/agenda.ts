/**
 * What will happen, in order: earlier first, equal times in the order they were put down.
 *
 * Time is whole milliseconds, so the next half minute is a wheel with one slot a millisecond, each a list that grows at its
 * end: putting down and taking up cost the same however much is waiting. One bit a slot says whether it holds anything, so that
 * quiet stretches are passed 32 milliseconds at a time. What is further off waits in a heap, and comes to
 * its slot before anything nearer can be put there; so the order holds.
 */

/** Something that will happen. A cancelled one, whose `fire` is taken away, stays where it is and does nothing. */
export interface Wakeup {
  fire: (() => void) | undefined
  /** The agenda's own: who comes after it in the same millisecond. */
  next: Wakeup | undefined
}

const slots = 2 ** 15
const mask = slots - 1

export class Agenda {
  #nowMs = 0
  /** No slot before this time holds anything. */
  #earliestMs = 0
  /** How many are in slots. */
  #near = 0
  readonly #heads: Array<Wakeup | undefined> = Array.from<Wakeup | undefined>({ length: slots })
  readonly #tails: Array<Wakeup | undefined> = Array.from<Wakeup | undefined>({ length: slots })
  /** A bit for each slot that holds something. */
  readonly #taken = new Int32Array(slots / 32)
  readonly #far = new Heap()

  /** When the next thing happens; infinity when nothing does. */
  get nextMs(): number {
    if (this.#near === 0) return this.#far.leastMs
    if (this.#heads[this.#earliestMs & mask] === undefined) this.#earliestMs = this.#nextTaken(this.#earliestMs)
    return this.#earliestMs
  }

  /** `atMs`: a whole millisecond, not before now. */
  push(atMs: number, wakeup: Wakeup): void {
    if (atMs < this.#nowMs + slots) this.#append(atMs, wakeup)
    else this.#far.push(atMs, wakeup)
  }

  /** Takes up the next one, at its time; there must be one. */
  pop(): Wakeup {
    const atMs = this.nextMs
    this.moveTo(atMs)
    const slot = atMs & mask
    const wakeup = this.#heads[slot]!
    this.#heads[slot] = wakeup.next
    if (wakeup.next === undefined) {
      this.#tails[slot] = undefined
      this.#taken[slot >> 5]! &= ~(1 << (slot & 31))
    }
    wakeup.next = undefined
    this.#near--
    return wakeup
  }

  /** It is that time now; nothing was to happen before. */
  moveTo(nowMs: number): void {
    if (nowMs === this.#nowMs) return
    this.#nowMs = nowMs
    while (this.#far.leastMs < nowMs + slots) this.#append(this.#far.leastMs, this.#far.pop())
  }

  /** The first time after this one whose slot holds something; there is one. */
  #nextTaken(fromMs: number): number {
    const slot = fromMs & mask
    let word = slot >> 5
    // of the first word only what is not before
    let bits = this.#taken[word]! & (-1 << (slot & 31))
    let atMs = fromMs - (slot & 31)
    while (bits === 0) {
      word = (word + 1) % this.#taken.length
      bits = this.#taken[word]!
      atMs += 32
    }
    return atMs + 31 - Math.clz32(bits & -bits)
  }

  #append(atMs: number, wakeup: Wakeup): void {
    const slot = atMs & mask
    const last = this.#tails[slot]
    if (last === undefined) {
      this.#heads[slot] = wakeup
      this.#taken[slot >> 5]! |= 1 << (slot & 31)
    } else last.next = wakeup
    this.#tails[slot] = wakeup
    if (this.#near++ === 0 || atMs < this.#earliestMs) this.#earliestMs = atMs
  }
}

/** A 4-ary heap in three columns: time, turn, what happens. */
class Heap {
  #count = 0
  #size = 0
  #times = new Float64Array(256)
  #turns = new Float64Array(256)
  readonly #wakeups: Array<Wakeup | undefined> = []

  get leastMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  push(time: number, wakeup: Wakeup): void {
    if (this.#size === this.#times.length) this.#grow()
    const turn = this.#count++
    let hole = this.#size++
    while (hole > 0) {
      const parent = (hole - 1) >> 2
      if (this.#isBefore(parent, time, turn)) break
      this.#move(parent, hole)
      hole = parent
    }
    this.#put(hole, time, turn, wakeup)
  }

  pop(): Wakeup {
    const top = this.#wakeups[0]!
    const last = --this.#size
    const time = this.#times[last]!
    const turn = this.#turns[last]!
    const wakeup = this.#wakeups[last]!
    this.#wakeups[last] = undefined
    if (last === 0) return top
    let hole = 0
    for (;;) {
      const first = 4 * hole + 1
      if (first >= last) break
      let least = first
      for (let child = first + 1; child < Math.min(first + 4, last); child++) {
        if (this.#isBefore(child, this.#times[least]!, this.#turns[least]!)) least = child
      }
      if (!this.#isBefore(least, time, turn)) break
      this.#move(least, hole)
      hole = least
    }
    this.#put(hole, time, turn, wakeup)
    return top
  }

  #isBefore(index: number, time: number, turn: number): boolean {
    const other = this.#times[index]!
    return other < time || (other === time && this.#turns[index]! < turn)
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!
    this.#turns[to] = this.#turns[from]!
    this.#wakeups[to] = this.#wakeups[from]
  }

  #put(index: number, time: number, turn: number, wakeup: Wakeup): void {
    this.#times[index] = time
    this.#turns[index] = turn
    this.#wakeups[index] = wakeup
  }

  #grow(): void {
    const times = new Float64Array(this.#size * 2)
    const turns = new Float64Array(this.#size * 2)
    times.set(this.#times)
    turns.set(this.#turns)
    this.#times = times
    this.#turns = turns
  }
}
