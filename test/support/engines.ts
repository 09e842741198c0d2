/**
 * Two engines side by side: the same machine, the same events, the same timers; the first difference between them.
 */
import { inspect, isDeepStrictEqual } from "node:util"
import * as fc from "fast-check"
import { type AnyMachineSnapshot, type AnyStateMachine, initialTransition, transition } from "xstate"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { compiledEngine } from "../../src/runtime/engine/compiled.ts"
import type { ActorEvent, Engine } from "../../src/runtime/engine/engine.ts"
import { SeededRandom } from "../../src/sim/dice.ts"
import { type EngineRun, runOn } from "./engine-run.ts"
import type { Plausible } from "./plausible.ts"

/** How a run goes on: mostly with an event that this state hears, sometimes with any, sometimes a timer fires; some come in floods. */
export const moves = fc.array(
  fc.record({
    what: fc.constantFrom("heard", "heard", "heard", "any", "timer", "timer"),
    seed: fc.nat(1_000_000),
    times: fc.constantFrom(1, 1, 1, 1, 110),
  }),
  { maxLength: 40 },
)
export const seeds = fc.nat(1_000_000)

export interface Move {
  readonly what: string
  readonly seed: number
  readonly times: number
}

const heardIn = (machine: AnyStateMachine, state: string): ReadonlyArray<string> => [...(machine.states[state]?.transitions.keys() ?? [])]

/** The next event, drawn by the state that both engines are in; `undefined` when it cannot happen. */
const eventOf = (
  { machine, events, likely }: Plausible,
  { what, seed }: Omit<Move, "times">,
  state: string,
  context: unknown,
): ActorEvent | undefined => {
  const chance = new SeededRandom(seed, "event")
  const heard = heardIn(machine, state).filter((type) => type in events)
  const types = what === "any" || heard.length === 0 ? Object.keys(events) : heard
  const next = what === "heard" && chance.isTrue(0.5) ? likely?.(state, context as never) : undefined
  return events[next ?? chance.pick(types)]!(chance, context as never)
}

/** Plays the same on both engines; the first difference, or `undefined`. */
export const difference = (one: Engine, other: Engine, subject: Plausible, inputSeed: number, played: ReadonlyArray<Move>): unknown => {
  const input = subject.input(new SeededRandom(inputSeed, "input"))
  const [a, b] = [one, other].map((engine) => runOn(engine, subject.machine, input)) as [EngineRun, EngineRun]
  const compare = (after: unknown) => {
    const [handedA, handedB, stateA, stateB] = [handed(a), handed(b), a.running.snapshot(), b.running.snapshot()]
    const isSame =
      isDeepStrictEqual(handedA, handedB) &&
      stateA.value === stateB.value &&
      isDeepStrictEqual(stateA.context, stateB.context) &&
      a.running.isDone() === b.running.isDone() &&
      isDeepStrictEqual(a.pending(), b.pending())
    const told = (state: object, said: unknown, run: EngineRun) =>
      inspect({ ...state, said, pending: run.pending(), isDone: run.running.isDone() }, { depth: 6 })
    return isSame ? undefined : `after ${inspect(after)}:\n${told(stateA, handedA, a)}\nand\n${told(stateB, handedB, b)}`
  }
  let found = compare("start")
  for (const move of played) {
    if (found !== undefined || a.running.isDone()) break
    const timers = a.pending()
    if (move.what === "timer" && timers.length > 0) {
      const timer = timers[move.seed % timers.length]!
      a.fire(timer)
      b.fire(timer)
      found = compare({ timer })
      continue
    }
    const { value, context } = a.running.snapshot()
    const event = eventOf(subject, move, value, context)
    if (event === undefined) continue
    for (let time = 0; time < move.times && found === undefined && !a.running.isDone(); time++) {
      a.running.tell(event)
      b.running.tell(event)
      if (time === 0 || time === move.times - 1) found = compare(event)
    }
  }
  a.running.stop()
  b.running.stop()
  return found
}

/** Who has ended has no timers: XState cancels them itself, the actor system does it for the compiled engine. */
const handed = (run: EngineRun): ReadonlyArray<unknown> =>
  run.handedOut().filter((one) => !(run.running.isDone() && "cancelled" in (one as object)))

/** XState's list of actions in our words; what it has carried out itself already is left out. */
const asSteps = (actions: ReadonlyArray<{ readonly type: string; readonly params: unknown }>): ReadonlyArray<Step> =>
  actions.flatMap((action): ReadonlyArray<Step> => {
    const params = action.params as { readonly id: string; readonly delay?: number; readonly event: ActorEvent; readonly sendId: string }
    if (action.type === "xstate.raise")
      return params.delay === undefined ? [] : [{ kind: "schedule", id: params.id, delayMs: params.delay, event: params.event }]
    if (action.type === "xstate.cancel") return [{ kind: "cancel", id: params.sendId }]
    return [{ kind: "action", type: action.type, params: action.params }]
  })

/** The compiled table beside XState's pure `transition`; the first difference, or `undefined`. */
export const differenceOfTable = (subject: Plausible, inputSeed: number, played: ReadonlyArray<Move>): unknown => {
  const { machine } = subject
  const input = subject.input(new SeededRandom(inputSeed, "input"))
  const compiled = compile(machine)
  let steps: Array<Step> = []
  let state = compiled.initial(input, steps)
  let [snapshot, actions] = initialTransition(machine, input as never) as unknown as [AnyMachineSnapshot, ReadonlyArray<never>]
  const compare = (after: unknown) => {
    const isSame =
      state.value === snapshot.value &&
      state.isDone === (snapshot.status === "done") &&
      isDeepStrictEqual(state.context, snapshot.context) &&
      isDeepStrictEqual(steps, asSteps(actions))
    const oracle = { value: snapshot.value, context: snapshot.context as unknown, steps: asSteps(actions) }
    return isSame
      ? undefined
      : `after ${inspect(after)}:\n${inspect({ ...state, steps }, { depth: 6 })}\nand\n${inspect(oracle, { depth: 6 })}`
  }
  let found = compare("start")
  for (const move of played) {
    if (found !== undefined || state.isDone) break
    const timers = heardIn(machine, state.value).filter((type) => type.startsWith("xstate.after."))
    const event =
      move.what === "timer" && timers.length > 0
        ? { type: timers[move.seed % timers.length]! }
        : eventOf(subject, move, state.value, state.context)
    if (event === undefined) continue
    steps = []
    state = compiled.step(state, event, steps)
    ;[snapshot, actions] = transition(machine, snapshot, event as never) as unknown as [AnyMachineSnapshot, ReadonlyArray<never>]
    found = compare(event)
  }
  return found
}

/** Adds the states that a run comes to. */
export const visit = (subject: Plausible, inputSeed: number, played: ReadonlyArray<Move>, visited: Set<string>): void => {
  const run = runOn(compiledEngine, subject.machine, subject.input(new SeededRandom(inputSeed, "input")))
  visited.add(run.running.snapshot().value)
  for (const move of played) {
    const timers = run.pending()
    const { value, context } = run.running.snapshot()
    const event = eventOf(subject, move, value, context)
    if (move.what === "timer" && timers.length > 0) run.fire(timers[move.seed % timers.length]!)
    else if (event !== undefined) for (let time = 0; time < move.times; time++) run.running.tell(event)
    visited.add(run.running.snapshot().value)
  }
}
