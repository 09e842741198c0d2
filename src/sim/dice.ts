/** The world's chance: one seed, and from it a stream of its own for everything that draws, so that one more draw here moves nothing there. */
import type { Random } from "effect"
import { sha256 } from "../protocol/identity/digest.ts"
import { type Dice, dice, roll } from "../protocol/mesh/dice.ts"

export class SeededRandom implements Random.Random {
  #dice: Dice
  readonly #stream: string

  /** `stream`: what draws from it. */
  constructor(seed: number, stream: string) {
    this.#stream = stream
    this.#dice = diceOf(seed, stream)
  }

  /** From here on another chance. */
  reseed(seed: number): void {
    this.#dice = diceOf(seed, this.#stream)
  }

  /** In [0, 1). */
  next(): number {
    const [value, after] = roll(this.#dice)
    this.#dice = after
    return value
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** So many bytes. A plain loop: strangers and spammers draw a million of them in a run. */
  bytes(length: number): Uint8Array {
    const drawn = new Uint8Array(length)
    for (let i = 0; i < length; i++) drawn[i] = this.below(256)
    return drawn
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  pick<A>(list: ReadonlyArray<A>): A {
    return list[this.below(list.length)]!
  }

  isTrue(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  /** Around a median, skewed to the right: what network latency looks like. `sigma` is of the logarithm. */
  logNormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.next()))
  }

  nextDoubleUnsafe(): number {
    return this.next()
  }

  nextIntUnsafe(): number {
    return Math.floor((this.next() * 2 - 1) * Number.MAX_SAFE_INTEGER)
  }
}

const diceOf = (seed: number, stream: string): Dice => dice(Buffer.from(sha256(`${seed}/${stream}`)).readUInt32BE(0))
