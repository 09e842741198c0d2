/**
 * How likely a failure was from each moment on: the run is played again up to there, and goes on with other chance (links,
 * lives, faults that have not begun), several times. Where the curve rises the bug became likely: there is what to look at.
 *
 * What nodes have drawn already (the seeds of their dice) stays drawn: it is a part of their state.
 */
import { firstViolation } from "./causes.ts"
import type { RunOptions, Scenario } from "./scenario.ts"
import { simulate } from "./simulate.ts"
import type { Stage } from "./stage.ts"
import { eventAt, logOf } from "./travel.ts"

export interface Moment {
  readonly atMs: number
  /** Wake-ups before it. */
  readonly step: number
  readonly failed: number
  readonly runs: number
}

export interface Likelihood {
  readonly invariant: string
  /** In the order of time. */
  readonly moments: ReadonlyArray<Moment>
  /** Between these two it became likely. */
  readonly rise: readonly [from: Moment, until: Moment]
}

export interface Asking {
  /** Moments at first, and continuations of each. */
  readonly moments: number
  readonly continuations: number
  readonly isTimeUp: () => boolean
  readonly onMoment?: (moment: Moment) => void
  readonly watch?: (stage: Stage) => void
}

/** Halvings of where it rises most. */
const halvings = 5

/** `undefined`: this run does not fail. */
export const likelihoodOf = (scenario: Scenario, options: RunOptions, asking: Asking): Likelihood | undefined => {
  const { isTimeUp, onMoment = () => {}, watch = () => {} } = asking
  const log = logOf(scenario, options, watch)
  const failure = firstViolation(log)
  if (failure === undefined) return undefined
  const [invariant, endMs] = [failure.what, failure.atMs]

  const ask = (atMs: number): Moment => {
    const step = eventAt(log, atMs)?.step ?? 0
    let failed = 0
    for (let i = 1; i <= asking.continuations; i++) {
      const { violations } = simulate(scenario, { ...options, branch: { step, seed: options.seed * 1_000 + i } }, watch)
      if (violations.some((one) => one.invariant === invariant)) failed++
    }
    const moment = { atMs, step, failed, runs: asking.continuations }
    onMoment(moment)
    return moment
  }

  let moments: Array<Moment> = []
  for (let i = 0; i < asking.moments && !isTimeUp(); i++) moments.push(ask(Math.round((i * endMs) / (asking.moments - 1))))
  for (let i = 0; i < halvings && !isTimeUp(); i++) {
    const [from, until] = riseOf(moments)
    if (until.atMs - from.atMs < 2 || until.step === from.step) break
    moments = [...moments, ask((from.atMs + until.atMs) >> 1)].sort((a, b) => a.atMs - b.atMs)
  }
  return { invariant, moments, rise: riseOf(moments) }
}

const shareOf = ({ failed, runs }: Moment): number => failed / runs

const riseOf = (moments: ReadonlyArray<Moment>): readonly [Moment, Moment] => {
  let best = 1
  for (let i = 2; i < moments.length; i++) {
    const rise = (at: number) => shareOf(moments[at]!) - shareOf(moments[at - 1]!)
    if (rise(i) > rise(best)) best = i
  }
  return [moments[best - 1] ?? moments[0]!, moments[best] ?? moments[0]!]
}
