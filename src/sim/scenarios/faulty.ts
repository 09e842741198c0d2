/**
 * The course of every scenario with faults: a mesh, faults and clients at the same time, and then calm, long enough to tell
 * whether all is healed within two rounds of anti-entropy.
 */
import { reconcilePeriodMs } from "../../protocol/limits.ts"
import type { PlannedFault } from "../faults/fault.ts"
import { arrange, drawSchedule, faultNames, leftOf } from "../faults/schedule.ts"
import type { Sections } from "../scenario.ts"
import type { Stage } from "../stage.ts"
import { keepBeating } from "../workload/beats.ts"
import { lifecycle } from "../workload/lifecycle.ts"

const joinMs = 3_000
const calmMs = 2.5 * reconcilePeriodMs

/** When faults and clients begin and end. */
export interface Turmoil {
  readonly fromMs: number
  readonly untilMs: number
}

export const turmoilOf = (stage: Stage): Turmoil => ({ fromMs: joinMs, untilMs: Math.max(joinMs + 1_000, stage.options.untilMs - calmMs) })

/** `always`: one of these faults happens for sure; each of `maybe` is on or off with the seed. The mesh is there already. */
export const playFaults = (stage: Stage, always: ReadonlyArray<string>, maybe: ReadonlyArray<string>): Sections => {
  const { fromMs, untilMs } = turmoilOf(stage)
  const { faults, nodes } = stage.options
  const random = stage.world.random("faults")
  const schedules =
    faults === undefined
      ? [drawSchedule(random, nodes, { fromMs, untilMs, always, maybe })]
      : faults
          .filter((one) => faultNames.includes(one))
          .map((one) => drawSchedule(random, nodes, { fromMs, untilMs, always: [one], maybe: [] }))
  arrange(stage, within(leftOf(stage.options, schedules.flat()), untilMs))
  stage.digests.calmFromMs = untilMs
  lifecycle(stage, stage.options.records, fromMs, untilMs)
  keepBeating(stage, untilMs, untilMs + calmMs)
  stage.run(untilMs + calmMs)
  return { gossip: stage.gossipSection(), digest: stage.digestSection() }
}

/** Faults that were given end with the turmoil, like those that are drawn: the calm is one. */
const within = (schedule: ReadonlyArray<PlannedFault>, untilMs: number): ReadonlyArray<PlannedFault> =>
  schedule.filter(({ atMs }) => atMs < untilMs).map((fault) => ({ ...fault, forMs: Math.min(fault.forMs, untilMs - fault.atMs) }))

/** All but those named. */
export const faultsBut = (...names: ReadonlyArray<string>): ReadonlyArray<string> => faultNames.filter((name) => !names.includes(name))
