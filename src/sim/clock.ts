/**
 * Virtual time: whole milliseconds, moved only by `step`. It is Effect's `Clock`, the `Timers` port, and the queue of the
 * network, so that one order rules them all: earlier first, equal times in the order they were set.
 */
import { type Clock, Duration, Effect } from "effect"
import { Agenda, type Wakeup } from "./agenda.ts"

/** Hears of every wake-up, when it is set and when its time has come. */
export interface ClockListener {
  readonly wakeupSet: (wakeup: Wakeup, nowMs: number) => void
  readonly wakeupFires: (wakeup: Wakeup, nowMs: number) => void
}

export class VirtualClock implements Clock.Clock {
  /** Wall time at the start: a moment like any other, so that dates in documents are real ones. */
  startMs = Date.UTC(2026, 0, 1)
  #nowMs = 0
  /** Wake-ups so far that did anything. */
  steps = 0
  /** The monotonic time in nanoseconds, at this millisecond; a number of this kind is dear to make. */
  #nanos = 0n
  #nanosMs = 0
  readonly #agenda = new Agenda()
  /** Nobody listens unless the run is logged. */
  listener: ClockListener | undefined

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return this.#nowMs
  }

  /** When the next thing happens; infinity when nothing does. */
  get nextMs(): number {
    return this.#agenda.nextMs
  }

  /** `delayMs` is rounded up to a whole millisecond. */
  at(delayMs: number, fire: () => void): Wakeup {
    const wakeup: Wakeup = { fire, next: undefined }
    this.wake(delayMs, wakeup)
    return wakeup
  }

  /** The same for whoever brings an object of its own: of pieces in flight there are too many for a closure each. */
  wake(delayMs: number, wakeup: Wakeup): void {
    this.listener?.wakeupSet(wakeup, this.#nowMs)
    this.#agenda.push(this.#nowMs + Math.max(0, Math.ceil(delayMs)), wakeup)
  }

  /** Wakes the earliest; false when nothing is left. */
  step(): boolean {
    const nextMs = this.#agenda.nextMs
    if (nextMs === Number.POSITIVE_INFINITY) return false
    this.#nowMs = nextMs
    const wakeup = this.#agenda.pop()
    if (wakeup.fire !== undefined) {
      this.steps++
      this.listener?.wakeupFires(wakeup, nextMs)
      wakeup.fire()
    }
    return true
  }

  /** Lets time pass to a moment at which nothing happens. */
  moveTo(elapsedMs: number): void {
    if (this.#agenda.nextMs < elapsedMs) throw new Error(`something was to happen at ${this.#agenda.nextMs} ms, before ${elapsedMs} ms`)
    this.#nowMs = Math.max(this.#nowMs, elapsedMs)
    this.#agenda.moveTo(this.#nowMs)
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
}
