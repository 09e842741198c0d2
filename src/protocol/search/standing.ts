/**
 * What speaks for each entity whatever is asked: trust of its registry, freshness, availability, and whether its registry has
 * gone silent. One number by slot, worked out again only when the hour or the judgement of registries changes.
 */
import type { Documents } from "./documents.ts"
import { availabilityOf, type Weights, witheringOf } from "./ranking.ts"

/** What is thought of registries. Trust is 0 … 1. */
export interface Judgement {
  readonly trustOf: (registry: string) => number
  readonly isSilent: (registry: string) => boolean
}

/** Taken off what a silent registry's entities have, so that they come after all others; scores are far below it. */
const silence = 16

export class Standing {
  readonly #documents: Documents
  readonly #weights: Weights
  #judgement: Judgement
  /** By number of a registry. */
  readonly trust: Array<number> = []
  readonly isSilent: Array<boolean> = []
  #withering = Number.NaN
  /** By slot, as the last `bringUpTo` left them. */
  values = new Float64Array(0)
  readonly #changed = new Set<number>()

  constructor(documents: Documents, weights: Weights, judgement: Judgement) {
    this.#documents = documents
    this.#weights = weights
    this.#judgement = judgement
  }

  judge(judgement: Judgement): void {
    this.#judgement = judgement
    for (let home = 0; home < this.#documents.homes.end; home++) this.#judgeHome(home)
  }

  /** A document came into this slot. */
  changed(slot: number): void {
    this.#judgeHome(this.#documents.home[slot]!)
    this.#changed.add(slot)
  }

  bringUpTo(nowMs: number): void {
    const withering = witheringOf(nowMs)
    if (withering !== this.#withering || this.values.length < this.#documents.end) {
      this.#withering = withering
      if (this.values.length < this.#documents.end) this.values = new Float64Array(this.#documents.room)
      for (let slot = 0; slot < this.#documents.end; slot++) this.values[slot] = this.#valueOf(slot)
    } else for (const slot of this.#changed) this.values[slot] = this.#valueOf(slot)
    this.#changed.clear()
  }

  freshnessAt(slot: number): number {
    return Math.min(1, this.#documents.bloom[slot]! * this.#withering)
  }

  #judgeHome(home: number): void {
    const registry = this.#documents.homes.textOf(home)
    const trust = this.#judgement.trustOf(registry)
    const isSilent = this.#judgement.isSilent(registry)
    if (this.trust[home] === trust && this.isSilent[home] === isSilent) return
    this.trust[home] = trust
    this.isSilent[home] = isSilent
    this.#withering = Number.NaN
  }

  /** Added up as `weigh` does it, so that equal documents are equal to the last bit. */
  #valueOf(slot: number): number {
    const { availability, freshness, trust } = this.#weights
    const home = this.#documents.home[slot]!
    if (this.#documents.kind[slot] === 0) return 0
    const value =
      trust * this.trust[home]! + freshness * this.freshnessAt(slot) + availability * availabilityOf(this.#documents.statusAt(slot))
    return this.isSilent[home] === true ? value - silence : value
  }
}
