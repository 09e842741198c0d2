/**
 * Compiles a flat XState machine to a table, and steps it.
 *
 * The definition stays `setup().createMachine()`: types, the visualiser and XState's interpreter go on working, and the
 * latter is the oracle of a differential test. Only what our machines use is understood: atomic and final states,
 * transitions with guards, `assign`, custom actions with params, `raise` (at once, or delayed with an id), `cancel`,
 * `after`, `always`. Anything else is an error when the machine is compiled, never a difference when it runs.
 */
import type { AnyStateMachine } from "xstate"
import type { ActorEvent } from "./engine.ts"

/** What a step hands out, in order: custom actions by name, and timers. */
export type Step =
  | { readonly kind: "action"; readonly type: string; readonly params: unknown }
  | { readonly kind: "schedule"; readonly id: string; readonly delayMs: number; readonly event: ActorEvent }
  | { readonly kind: "cancel"; readonly id: string }

export interface State {
  readonly value: string
  readonly context: unknown
  readonly isDone: boolean
}

export interface CompiledMachine {
  readonly initial: (input: unknown, out: Array<Step>) => State
  /** The very same state when the event means nothing in it. */
  readonly step: (state: State, event: ActorEvent, out: Array<Step>) => State
}

interface Scope {
  readonly context: unknown
  readonly event: ActorEvent
}
type Resolve<A> = (scope: Scope) => A
type Operation =
  | { readonly kind: "assign"; readonly assign: (scope: Scope) => object }
  | { readonly kind: "action"; readonly type: string; readonly params: Resolve<unknown> }
  | { readonly kind: "raise"; readonly event: Resolve<ActorEvent> }
  | { readonly kind: "schedule"; readonly id: string; readonly delayMs: Resolve<number>; readonly event: Resolve<ActorEvent> }
  | { readonly kind: "cancel"; readonly id: Resolve<string> }

interface Transition {
  readonly allows: ((scope: Scope) => boolean) | undefined
  /** Index of the state to enter; -1 stays without leaving. */
  readonly target: number
  readonly reenters: boolean
  readonly operations: ReadonlyArray<Operation>
}

interface StateRow {
  readonly value: string
  readonly entry: ReadonlyArray<Operation>
  readonly exit: ReadonlyArray<Operation>
  readonly on: ReadonlyMap<string, ReadonlyArray<Transition>>
  readonly always: ReadonlyArray<Transition>
  readonly isFinal: boolean
}

/** Rounds of `always` and raised events after which a machine is taken to turn in circles: our fault, loud. */
const roundsMax = 1_000

const compiledBefore = new WeakMap<AnyStateMachine, CompiledMachine>()

export const compile = (machine: AnyStateMachine): CompiledMachine => {
  const known = compiledBefore.get(machine)
  if (known !== undefined) return known
  const compiled = stepper(machine, readTable(machine))
  compiledBefore.set(machine, compiled)
  return compiled
}

// stepping -----------------------------------------------------------------------------------------------------------

const stepper = (machine: AnyStateMachine, { rows, initial, contextOf }: Table): CompiledMachine => {
  const indexOf = new Map(rows.map((row, index) => [row.value, index]))
  const rowOf = (value: string) => rows[indexOf.get(value)!]!
  let raised: Array<ActorEvent> = []

  const run = (operations: ReadonlyArray<Operation>, before: unknown, event: ActorEvent, out: Array<Step>): unknown => {
    let context = before
    for (const operation of operations) {
      const scope = { context, event }
      switch (operation.kind) {
        case "assign":
          context = { ...(context as object), ...operation.assign(scope) }
          break
        case "action":
          out.push({ kind: "action", type: operation.type, params: operation.params(scope) })
          break
        case "raise":
          raised.push(operation.event(scope))
          break
        case "schedule":
          out.push({ kind: "schedule", id: operation.id, delayMs: operation.delayMs(scope), event: operation.event(scope) })
          break
        case "cancel":
          out.push({ kind: "cancel", id: operation.id(scope) })
          break
      }
    }
    return context
  }

  const take = (state: State, transition: Transition, event: ActorEvent, out: Array<Step>): State => {
    const from = rowOf(state.value)
    const target = transition.target < 0 ? undefined : rows[transition.target]!
    const leaves = target !== undefined && (transition.reenters || target !== from)
    let context = leaves ? run(from.exit, state.context, event, out) : state.context
    context = run(transition.operations, context, event, out)
    if (leaves) context = enter(target, context, event, out)
    const value = leaves ? target.value : state.value
    return context === state.context && value === state.value ? state : { value, context, isDone: leaves && target.isFinal }
  }

  /** A machine that ends leaves its last state, too. */
  const enter = (row: StateRow, before: unknown, event: ActorEvent, out: Array<Step>): unknown => {
    const context = run(row.entry, before, event, out)
    return row.isFinal ? run(row.exit, context, event, out) : context
  }

  /** Follows `always` transitions and raised events until there are none; an `always` that changed nothing is not taken again. */
  const settle = (start: State, cause: ActorEvent, out: Array<Step>): State => {
    let state = start
    let event = cause
    let asks = true
    for (let round = 0; !state.isDone; round++) {
      if (round > roundsMax) throw new Error(`machine ${machine.id} does not come to rest in state ${state.value}`)
      const always: Transition | undefined = asks ? choose(rowOf(state.value).always, state.context, event) : undefined
      const before = state
      if (always !== undefined) state = take(state, always, event, out)
      else {
        const heard = raised.shift()
        if (heard === undefined) return state
        event = heard
        const next = choose(rowOf(state.value).on.get(event.type), state.context, event)
        if (next !== undefined) state = take(state, next, event, out)
      }
      asks = always === undefined || state !== before
    }
    raised = []
    return state
  }

  return {
    initial: (input, out) => {
      const event = { type: "xstate.init", input }
      const row = rows[initial]!
      const context = enter(row, contextOf(input), event, out)
      return settle({ value: row.value, context, isDone: row.isFinal }, event, out)
    },
    step: (state, event, out) => {
      if (state.isDone) return state
      raised.length = 0
      const row = rowOf(state.value)
      const transition = choose(row.on.get(event.type), state.context, event)
      // an `always` may look at the event, even at one that means nothing here
      if (transition === undefined && row.always.length === 0) return state
      const next = transition === undefined ? state : take(state, transition, event, out)
      return raised.length > 0 || rowOf(next.value).always.length > 0 ? settle(next, event, out) : next
    },
  }
}

const choose = (transitions: ReadonlyArray<Transition> | undefined, context: unknown, event: ActorEvent): Transition | undefined => {
  if (transitions === undefined) return undefined
  for (const transition of transitions) {
    if (transition.allows === undefined || transition.allows({ context, event })) return transition
  }
  return undefined
}

// reading XState's own tables; the only place that knows them ---------------------------------------------------------

interface Table {
  readonly rows: ReadonlyArray<StateRow>
  readonly initial: number
  readonly contextOf: (input: unknown) => unknown
}

type Callable = (scope: Scope, params: unknown) => unknown
type Named = { readonly type: string; readonly params?: unknown }
interface Builtin {
  readonly type: string
  readonly assignment?: Callable | Readonly<Record<string, unknown>>
  readonly event?: unknown
  readonly delay?: unknown
  readonly id?: string
  readonly sendId?: unknown
}
interface Vocabulary {
  readonly actions: Readonly<Record<string, unknown>>
  readonly guards: Readonly<Record<string, unknown>>
  readonly delays: Readonly<Record<string, unknown>>
}

const readTable = (machine: AnyStateMachine): Table => {
  const unsupported = (what: string): never => {
    throw new Error(`machine ${machine.id} cannot be compiled: ${what}`)
  }
  const words = machine.implementations as unknown as Vocabulary
  const states = machine.root.states
  const values = Object.keys(states)
  const indexOf = new Map(values.map((value, index) => [states[value], index]))

  const readOperation = (action: unknown): Operation => {
    const named: Named | undefined = typeof action === "string" ? { type: action } : isNamed(action) ? action : undefined
    const implementation = named === undefined ? action : words.actions[named.type]
    if (named !== undefined && implementation === undefined) return unsupported(`action ${named.type} is not in its setup`)
    const builtin = implementation as Builtin
    const params = resolveWith(named?.params)
    switch (builtin.type) {
      case "xstate.assign":
        return { kind: "assign", assign: readAssignment(builtin.assignment!, params) }
      case "xstate.raise": {
        const event = resolveWith(builtin.event) as Resolve<ActorEvent>
        if (builtin.delay === undefined) return { kind: "raise", event }
        if (builtin.id === undefined) return unsupported("a delayed raise without an id")
        const delay = typeof builtin.delay === "string" ? words.delays[builtin.delay] : builtin.delay
        if (delay === undefined) return unsupported(`delay ${builtin.delay as string} is not in its setup`)
        return { kind: "schedule", id: builtin.id, delayMs: resolveWith(delay) as Resolve<number>, event }
      }
      case "xstate.cancel":
        return { kind: "cancel", id: resolveWith(builtin.sendId) as Resolve<string> }
    }
    if (typeof implementation === "function" && "resolve" in implementation) return unsupported(`built-in action ${builtin.type}`)
    if (named === undefined) return unsupported("an inline action: name it, so that it is a command")
    return { kind: "action", type: named.type, params }
  }

  const readTransition = (transition: RawTransition): Transition => ({
    allows: readGuard(transition.guard),
    target: transition.target === undefined ? -1 : indexOf.get(transition.target[0])!,
    reenters: transition.reenter === true,
    operations: transition.actions.map(readOperation),
  })

  const readGuard = (guard: unknown): ((scope: Scope) => boolean) | undefined => {
    if (guard === undefined) return undefined
    const named: Named | undefined = typeof guard === "string" ? { type: guard } : isNamed(guard) ? guard : undefined
    const implementation = named === undefined ? guard : words.guards[named.type]
    if (typeof implementation !== "function" || "check" in implementation) return unsupported("a guard that is not a plain function")
    const params = resolveWith(named?.params)
    return (scope) => (implementation as Callable)(scope, params(scope)) === true
  }

  const rows = values.map((value): StateRow => {
    const state = states[value]!
    if (state.type !== "atomic" && state.type !== "final") return unsupported(`state ${value} is not flat`)
    if (state.invoke.length > 0) return unsupported(`state ${value} invokes; use a command`)
    const on = new Map(
      [...state.transitions].map(([type, list]) => [type, (list as unknown as ReadonlyArray<RawTransition>).map(readTransition)]),
    )
    if ([...on.keys()].some((type) => type.includes("*"))) return unsupported(`state ${value} listens to a wildcard`)
    return {
      value,
      entry: state.entry.map(readOperation),
      exit: state.exit.map(readOperation),
      on,
      always: ((state.always ?? []) as unknown as ReadonlyArray<RawTransition>).map(readTransition),
      isFinal: state.type === "final",
    }
  })
  const { root } = machine
  if (root.type !== "compound") return unsupported("it has no initial state")
  if (root.transitions.size + root.entry.length + root.exit.length + root.invoke.length + (root.always ?? []).length > 0) {
    return unsupported("transitions or actions of the root")
  }
  const beginning = root.initial as unknown as RawTransition
  if (beginning.actions.length > 0) return unsupported("actions of the initial transition")
  const first = beginning.target![0]
  const context = machine.config.context as unknown
  return {
    rows,
    initial: indexOf.get(first)!,
    contextOf: typeof context === "function" ? (input) => (context as (scope: object) => unknown)({ input }) : () => context ?? {},
  }
}

interface RawTransition {
  readonly guard?: unknown
  readonly target?: ReadonlyArray<AnyStateMachine["root"]["states"][string]>
  readonly reenter?: boolean
  readonly actions: ReadonlyArray<unknown>
}

const isNamed = (value: unknown): value is Named => typeof value === "object" && value !== null && "type" in value

const resolveWith = (value: unknown): Resolve<unknown> =>
  typeof value === "function" ? (scope) => (value as (scope: Scope) => unknown)(scope) : () => value

const readAssignment = (assignment: NonNullable<Builtin["assignment"]>, params: Resolve<unknown>): ((scope: Scope) => object) => {
  if (typeof assignment === "function") return (scope) => assignment(scope, params(scope)) as object
  const members = Object.entries(assignment)
  return (scope) => {
    const given = params(scope)
    return Object.fromEntries(members.map(([key, value]) => [key, typeof value === "function" ? (value as Callable)(scope, given) : value]))
  }
}
