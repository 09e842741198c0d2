/**
 * A machine's own clock: the world's, read wrong by so much. Only the time of day is wrong; how long something takes is
 * not, as with a real monotonic clock. While the machine is paused nobody is woken.
 */
import { type Clock, Duration, Effect } from "effect"
import type { Wakeup } from "./agenda.ts"
import type { VirtualClock } from "./clock.ts"
import type { Gate } from "./gate.ts"

export class MachineClock implements Clock.Clock {
  readonly #world: VirtualClock
  readonly #gate: Gate
  /** Added to the time of day, in milliseconds. */
  skewMs = 0

  constructor(world: VirtualClock, gate: Gate) {
    this.#world = world
    this.#gate = gate
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
