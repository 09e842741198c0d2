/** When two machines could not be expected to hear each other: what explains a silence. */
import type { VirtualClock } from "./clock.ts"
import type { Host } from "./network.ts"

interface Trouble {
  readonly touches: (from: Host, to: Host) => boolean
  readonly fromMs: number
  untilMs: number
}

export class Troubles {
  readonly #clock: VirtualClock
  readonly #troubles: Array<Trouble> = []
  /** When the last one began or ended. */
  lastMs = 0

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** Begins one; what comes back ends it. */
  begin(touches: (from: Host, to: Host) => boolean): () => void {
    const trouble: Trouble = { touches, fromMs: this.#clock.elapsedMs, untilMs: Number.POSITIVE_INFINITY }
    this.#troubles.push(trouble)
    this.lastMs = this.#clock.elapsedMs
    return () => {
      this.lastMs = this.#clock.elapsedMs
      trouble.untilMs = Math.min(trouble.untilMs, this.#clock.elapsedMs)
    }
  }

  /** How much of the last `windowMs` these two had without trouble, in either direction. */
  calmMs(a: Host, b: Host, windowMs: number): number {
    const nowMs = this.#clock.elapsedMs
    let calmMs = 0
    let atMs = Math.max(0, nowMs - windowMs)
    const touching = this.#troubles.filter(({ touches }) => touches(a, b) || touches(b, a)).sort((x, y) => x.fromMs - y.fromMs)
    for (const { fromMs, untilMs } of touching) {
      if (fromMs > atMs) calmMs += Math.min(fromMs, nowMs) - atMs
      atMs = Math.max(atMs, untilMs)
      if (atMs >= nowMs) return calmMs
    }
    return calmMs + nowMs - atMs
  }
}
