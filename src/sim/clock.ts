/**
 * Virtual time: whole milliseconds, moved only by `step`. It is Effect's `Clock`, the `Timers` port, and the queue of the
 * network, so that one order rules them all: earlier first, equal times in the order they were set.
 */
import { type Clock, Duration, Effect } from "effect"

/** Something that will happen. A cancelled one, whose `fire` is taken away, stays in the queue and does nothing. */
export interface Wakeup {
  fire: (() => void) | undefined
}

export class VirtualClock implements Clock.Clock {
  /** Wall time at the start: a moment like any other, so that dates in documents are real ones. */
  readonly startMs = Date.UTC(2026, 0, 1)
  #nowMs = 0
  /** The monotonic time in nanoseconds, at this millisecond; a number of this kind is dear to make. */
  #nanos = 0n
  #nanosMs = 0
  #count = 0
  #size = 0
  // a 4-ary heap in three columns: time, turn, what happens
  #times = new Float64Array(1024)
  #turns = new Float64Array(1024)
  #wakeups: Array<Wakeup | undefined> = []

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return this.#nowMs
  }

  /** When the next thing happens; infinity when nothing does. */
  get nextMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  /** `delayMs` is rounded up to a whole millisecond. */
  at(delayMs: number, fire: () => void): Wakeup {
    const wakeup: Wakeup = { fire }
    this.wake(delayMs, wakeup)
    return wakeup
  }

  /** The same for whoever brings an object of its own: of pieces in flight there are too many for a closure each. */
  wake(delayMs: number, wakeup: Wakeup): void {
    this.#push(this.#nowMs + Math.max(0, Math.ceil(delayMs)), wakeup)
  }

  /** Wakes the earliest; false when nothing is left. */
  step(): boolean {
    if (this.#size === 0) return false
    this.#nowMs = this.#times[0]!
    this.#pop().fire?.()
    return true
  }

  /** Lets time pass to a moment at which nothing happens. */
  moveTo(elapsedMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, elapsedMs)
  }

  currentTimeMillisUnsafe(): number {
    return this.startMs + this.#nowMs
  }
  currentTimeNanosUnsafe(): bigint {
    return BigInt(this.currentTimeMillisUnsafe()) * 1_000_000n
  }
  monotonicTimeNanosUnsafe(): bigint {
    if (this.#nanosMs !== this.#nowMs) {
      this.#nanosMs = this.#nowMs
      this.#nanos = BigInt(this.#nowMs) * 1_000_000n
    }
    return this.#nanos
  }
  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const ms = Duration.toMillis(duration)
    if (!Number.isFinite(ms)) return Effect.never
    return Effect.callback<void>((resume) => {
      const wakeup = this.at(ms, () => resume(Effect.void))
      return Effect.sync(() => {
        wakeup.fire = undefined
      })
    })
  }

  #push(time: number, wakeup: Wakeup): void {
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

  #pop(): Wakeup {
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
