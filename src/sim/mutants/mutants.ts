/** All mutants, and the hunt for one of them. */
import { defaultRun } from "../scenario.ts"
import { type RunResult, simulate } from "../simulate.ts"
import { deployedMutants } from "./deployed-mutants.ts"
import { dhtMutants } from "./dht-mutants.ts"
import { gossipMutants } from "./gossip-mutants.ts"
import { linkMutants } from "./link-mutants.ts"
import { inGossip, type Mutant, type Plant } from "./mutant.ts"
import { reconcileMutants } from "./reconcile-mutants.ts"
import { recordMutants } from "./record-mutants.ts"
import { searchMutants } from "./search-mutants.ts"
import * as on from "./trials.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...gossipMutants,
  ...recordMutants,
  ...reconcileMutants,
  ...linkMutants,
  ...searchMutants,
  ...dhtMutants,
  ...deployedMutants,
]

/** Nodes that do not gossip at all: whoever misses this one misses everything. */
export const canary: Mutant = { name: "canary: nobody gossips", trial: on.healthy, plant: inGossip(() => () => {}) }

export const mutantNamed = (name: string): Mutant | undefined => [canary, ...mutants].find((mutant) => mutant.name === name)

export interface Catch {
  readonly name: string
  readonly caught: boolean
  /** The invariant that did not hold; `crash` where our own code failed inside. */
  readonly caughtBy?: string
  readonly seed?: number
  /** Seeds that were tried. */
  readonly tried: number
}

/**
 * Looks for a mutant, seed after seed. It is caught by a seed that finds something wrong with it and nothing without it: an
 * alarm that always rings catches nobody.
 */
export const hunt = (mutant: Mutant, seeds: Iterable<number>): Catch => {
  const { name } = mutant
  let tried = 0
  for (const seed of seeds) {
    tried++
    const caughtBy = alarmOf(play(mutant, seed, mutant.plant))
    if (caughtBy !== undefined && alarmWithout(mutant, seed) === undefined) return { name, caught: true, caughtBy, seed, tried }
  }
  return { name, caught: false, tried }
}

/** What is wrong without the bug: nothing, if the alarm is any good. Many bugs have one trial, and a seed is a run: it is played once. */
export const alarmWithout = (mutant: Mutant, seed: number): string | undefined => {
  const known = alarms.get(mutant.trial) ?? new Map<number, string | undefined>()
  alarms.set(mutant.trial, known)
  if (!known.has(seed)) known.set(seed, alarmOf(play(mutant, seed, () => {})))
  return known.get(seed)
}

const alarms = new WeakMap<Mutant["trial"], Map<number, string | undefined>>()

export const play = ({ trial: { over, scenario } }: Mutant, seed: number, plant: Plant): RunResult =>
  simulate(scenario, { ...defaultRun, ...scenario.defaults, ...over, seed }, plant)

const alarmOf = ({ crash, violations }: RunResult): string | undefined => (crash === undefined ? violations[0]?.invariant : "crash")
