/**
 * The simulator as a library: worlds of one's own, with nodes, faults and checkers of one's own, in a file of thirty lines.
 * `README.md` shows how, `examples/sim/` runs; whatever is exported here is kept.
 */
import type { Checker } from "./checkers/checker.ts"
import { defaultRun, type RunOptions, type Scenario } from "./scenario.ts"
import { type RunResult, simulate } from "./simulate.ts"
import { Stage } from "./stage.ts"
import type { World } from "./world.ts"

export { cast } from "../runtime/cast.ts"
export { Codec, type Connection, Journal, RecordStore, Signer, Timers, Transport, Verifier } from "../runtime/ports.ts"
export type { Checker, Finding } from "./checkers/checker.ts"
export { sliceOf } from "./causes.ts"
export type { EventLog, LoggedEvent } from "./event-log.ts"
export type { FaultKind, Parameters, PlannedFault } from "./faults/fault.ts"
export { drawMachines } from "./faults/fault.ts"
export { faultKinds, happen } from "./faults/schedule.ts"
export type { RunOptions, Scenario, Violation } from "./scenario.ts"
export { exitCodeOf, type RunResult } from "./simulate.ts"
export { addressOf, type Stage } from "./stage.ts"
export { gossipRules, lookupRules, type Rule } from "./strategies.ts"
export { tellEvent, tellSlice } from "./tell.ts"
export { lifecycle } from "./workload/lifecycle.ts"
export type { Machine, MachinePorts, World } from "./world.ts"

/** What a run is not told otherwise. */
type Given = Partial<RunOptions>

/** A world without machines: a clock, a network, chance, all from one seed. */
export const world = (given: Given = {}): World => new Stage({ ...defaultRun, ...given }).world

/** A named world with a purpose; what is left out is as in the built-in ones. */
export const scenario = (
  name: string,
  purpose: string,
  play: Scenario["play"],
  { checkers = [], ...defaults }: Given & { readonly checkers?: ReadonlyArray<Checker> } = {},
): Scenario => ({ name, purpose, play, defaults, checkers })

/** Plays a scenario once; the same result whenever the same is given. */
export const run = (played: Scenario, given: Given = {}): RunResult => simulate(played, { ...defaultRun, ...played.defaults, ...given })
