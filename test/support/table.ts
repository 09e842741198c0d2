/**
 * Complete transition tables: for every state and every event what the machine does, one line each. The types leave no gap,
 * so that a new state or event does not compile until somebody has decided what it means.
 */
import type { AnyStateMachine } from "xstate"
import { expect, it } from "vitest"
import type { Command } from "../../src/actors/command.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"

/** What differs from the state's usual context, and from the usual event. */
export interface Change<C> {
  readonly context?: Partial<C>
  readonly event?: object
}

/** The state afterwards and what is said, as `after · said, said`; `–` when nothing happens at all. Several where a guard decides. */
export type Cell<C> = string | Readonly<Record<string, readonly [change: Change<C>, expected: string]>>

/** The state's own timer fires. */
export const time = "(time)"

export interface Table<S extends string, E extends { readonly type: string }, C> {
  readonly machine: AnyStateMachine
  readonly contexts: { readonly [K in S]: C }
  readonly events: { readonly [T in E["type"]]: Extract<E, { readonly type: T }> }
  readonly rows: { readonly [K in S]: { readonly [T in E["type"] | typeof time]: Cell<C> } }
}

export const checkTable = <S extends string, E extends { readonly type: string }, C>({
  machine,
  contexts,
  events,
  rows,
}: Table<S, E, C>): void => {
  const compiled = compile(machine)

  it("names every state of the machine", () => {
    expect(Object.keys(rows).toSorted()).toEqual(Object.keys(machine.states).toSorted())
  })

  /** What this event does, in the words of the table. */
  const outcome = (state: S, type: string, { context, event }: Change<C>): string => {
    const timers = [...machine.states[state]!.transitions.keys()].filter((key) => key.startsWith("xstate.after."))
    if (type === time && timers.length === 0) return "–"
    const said: Array<Step> = []
    const before = { value: state, context: { ...contexts[state], ...context }, isDone: machine.states[state]!.type === "final" }
    const told = type === time ? { type: timers[0]! } : { ...events[type as E["type"]], ...event }
    const after = compiled.step(before, told, said)
    const words = said.flatMap((step) =>
      step.kind === "action" ? [inWords({ ...(step.params as object), type: step.type } as Command)] : [],
    )
    if (after === before && said.length === 0) return "–"
    return words.length === 0 ? after.value : `${after.value} · ${words.join(", ")}`
  }

  for (const state of Object.keys(rows) as Array<S>) {
    it(`in ${state}`, () => {
      const expected: Record<string, string> = {}
      const found: Record<string, string> = {}
      for (const [type, cell] of Object.entries(rows[state] as Record<string, Cell<C>>)) {
        for (const [when, [change, text]] of Object.entries(typeof cell === "string" ? { "": [{}, cell] as const } : cell)) {
          expected[`${type} ${when}`] = text
          found[`${type} ${when}`] = outcome(state, type, change)
        }
      }
      expect(found).toEqual(expected)
    })
  }
}

/** A command as the tables write it. */
export const inWords = (command: Command): string => {
  // what is not worth more words is told by its name
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check
  switch (command.type) {
    case "tell":
      return `tell ${typeof command.to === "string" ? command.to : command.to.join("+")} ${command.event.type}`
    case "start":
      return `start ${command.id}`
    case "startAll":
      return `start [${command.actors.map(({ id }) => id).join(" ")}]`
    case "stop":
      return `stop ${command.ids.join("+")}`
    case "report":
      return `report ${command.happening.type}`
    case "close":
      return `close ${command.link} ${command.reason}`
    case "verify":
      return `verify ${command.offers.length}`
    default:
      return command.type
  }
}
