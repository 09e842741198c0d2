/**
 * A machine's own clock: the world's, read wrong by so much. Only the time of day is wrong; how long something takes is
 * not, as with a real monotonic clock. While the machine is paused nobody is woken.
 */
import { type Clock, Duration, Effect } from "effect"
import { clockSkewMaxMs } from "../protocol/limits.ts"
import type { Wakeup } from "./agenda.ts"
import type { VirtualClock } from "./clock.ts"
import type { Gate } from "./gate.ts"

/** How far a clock is wrong at most, in milliseconds: less than what is forgiven, so that two such clocks still talk. */
export const skewMaxMs = 0.8 * clockSkewMaxMs

export class MachineClock implements Clock.Clock {
  readonly #world: VirtualClock
  readonly #gate: Gate
  /** What all faults at once add to the time of day. */
  #shiftedMs = 0

  constructor(world: VirtualClock, gate: Gate) {
    this.#world = world
    this.#gate = gate
  }

  /** Added to the time of day, in milliseconds: together, too, no more than one fault may. */
  get skewMs(): number {
    return Math.max(-skewMaxMs, Math.min(skewMaxMs, this.#shiftedMs))
  }

  /** The time of day jumps, by so much more. */
  shift(byMs: number): void {
    this.#shiftedMs += byMs
  }

  /** Wakes somebody on this machine. */
  at(delayMs: number, fire: () => void): Wakeup {
    const wakeup: Wakeup = { fire, next: undefined }
    this.#world.at(delayMs, () => this.#gate.pass(() => wakeup.fire?.()))
    return wakeup
  }

  currentTimeMillisUnsafe(): number {
    return this.#world.currentTimeMillisUnsafe() + this.skewMs
  }
  currentTimeNanosUnsafe(): bigint {
    return BigInt(this.currentTimeMillisUnsafe()) * 1_000_000n
  }
  monotonicTimeNanosUnsafe(): bigint {
    return this.#world.monotonicTimeNanosUnsafe()
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
