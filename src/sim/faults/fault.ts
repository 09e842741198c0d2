/**
 * A kind of fault: how one is drawn from the seed, and what it does while it lasts.
 *
 * What is drawn is plain data, so that a schedule of faults can be printed, given back, and made smaller.
 */
import { Schema } from "effect"
import type { SeededRandom } from "../dice.ts"
import type { Stage } from "../stage.ts"

/** Plain values: numbers, words, and lists of machines by index. */
export type Parameters = Readonly<Record<string, number | string | boolean | ReadonlyArray<number>>>

export interface FaultKind<P extends Parameters = Parameters> {
  readonly name: string
  /** How long one lasts, in seconds: least and most. */
  readonly lastsS: readonly [least: number, most: number]
  draw(random: SeededRandom, nodes: number): P
  /** Begins it; what comes back ends it, `forMs` from now. */
  begin(stage: Stage, parameters: P, forMs: number): () => void
}

/** One fault of a schedule: when it begins, and how long it lasts. */
export const PlannedFault = Schema.Struct({
  kind: Schema.String,
  atMs: Schema.Finite,
  forMs: Schema.Finite,
  parameters: Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.String, Schema.Boolean, Schema.Array(Schema.Finite)])),
})
export type PlannedFault = typeof PlannedFault.Type

/** All machines by index, in some order. */
export const shuffled = (random: SeededRandom, nodes: number): ReadonlyArray<number> => {
  const left = Array.from({ length: nodes }, (_, index) => index)
  return Array.from({ length: nodes }, () => left.splice(random.below(left.length), 1)[0]!)
}

/** Some machines, by index, in order: at least one, at most a share of them. */
export const drawMachines = (random: SeededRandom, nodes: number, share: number): ReadonlyArray<number> =>
  shuffled(random, nodes)
    .slice(0, 1 + random.below(Math.max(1, Math.floor(nodes * share))))
    .sort((a, b) => a - b)
