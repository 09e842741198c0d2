/**
 * A machine's gate: while the machine is paused (a stopped process, a laptop asleep) everything that would happen on it
 * waits here, and happens in the same order when it goes on.
 */
export class Gate {
  #waiting: Array<() => void> = []
  #pauses = 0

  get isOpen(): boolean {
    return this.#pauses === 0
  }

  /** Now, or as soon as the machine goes on. */
  pass(happen: () => void): void {
    if (this.isOpen) happen()
    else this.#waiting.push(happen)
  }

  /** Two pauses at once end with the later one. */
  pause(): void {
    this.#pauses++
  }

  /** Goes on with what has waited; what does that may pause it again. */
  resume(): void {
    this.#pauses = Math.max(0, this.#pauses - 1)
    while (this.isOpen && this.#waiting.length > 0) this.#waiting.shift()!()
  }

  /** The machine lost its power: nothing of what waited will ever happen. */
  clear(): void {
    this.#waiting = []
  }
}
