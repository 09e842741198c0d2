/**
 * Time travel: a run, stopped at any of its events, to look around.
 *
 * A world is full of things that cannot be copied (fibers, closures), and it is its own snapshot: the same seed makes it
 * again, event for event, faster than a copy of a thousand nodes would be read. So a jump is a run that stops there.
 */
import type { EventLog, LoggedEvent } from "./event-log.ts"
import { changesOf, type Change, type Plain, stateOf } from "./node-state.ts"
import type { RunOptions, Scenario } from "./scenario.ts"
import { simulate } from "./simulate.ts"
import { Stage } from "./stage.ts"

type Watch = (stage: Stage) => void

/** All that happens in a run. */
export const logOf = (scenario: Scenario, options: RunOptions, watch: Watch = () => {}): EventLog => {
  let log: EventLog | undefined
  simulate(scenario, options, (stage) => {
    watch(stage)
    log = stage.world.record()
  })
  return log!
}

/** A moment: just after the step of an event. */
export interface Visit {
  readonly event: LoggedEvent
  readonly stage: Stage
  /** Of the machine that the event happened on, or of another that was asked for. */
  readonly state: Plain | undefined
  /** What the step changed there. */
  readonly changes: ReadonlyArray<Change>
}

/** Goes to an event of this run; `machine`: whose state is looked at, where it is not the event's own. */
export const visit = (
  scenario: Scenario,
  options: RunOptions,
  event: LoggedEvent,
  machine = event.machine,
  watch: Watch = () => {},
): Visit => {
  const stage = new Stage(options)
  stage.checkers.push(...(scenario.checkers ?? []))
  watch(stage)
  const log = stage.world.record()
  const look = () => (stage.world.machines[machine] === undefined ? undefined : stateOf(stage, stage.world.machines[machine]))
  let before: Plain | undefined
  stage.onStep = () => {
    if (log.step >= event.step) throw arrived
    if (log.step === event.step - 1) before = look()
  }
  try {
    if (event.step === 1) before = look()
    scenario.play(stage)
    stage.finish()
  } catch (cause) {
    if (cause !== arrived) throw cause
  }
  const state = look()
  return { event, stage, state, changes: changesOf(before, state) }
}

const arrived = new Error("arrived")

/** The event in whose course a moment lies: the last one that had happened by then. */
export const eventAt = (log: EventLog, atMs: number): LoggedEvent | undefined => {
  let found: LoggedEvent | undefined
  for (const event of log.events()) {
    if (event.atMs > atMs) break
    found = event
  }
  return found
}

/** What comes of an event at once, and what it comes of itself. */
export const aroundOf = (log: EventLog, { before, cause, index }: LoggedEvent) => ({
  comesOf: [...new Set([cause, before])].filter((one) => one >= 0).map((one) => log.at(one)),
  leadsTo: [...log.events()].filter((one) => one.cause === index),
})
