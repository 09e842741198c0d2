/** The compiler refuses what it does not understand, when the machine is compiled and not when it runs; and the oracle notices a broken engine. */
import * as fc from "fast-check"
import {
  and,
  type AnyStateMachine,
  assign,
  createMachine,
  emit,
  enqueueActions,
  fromCallback,
  log,
  not,
  or,
  raise,
  sendTo,
  setup,
  stateIn,
} from "xstate"
import { describe, expect, it } from "vitest"
import { compile } from "../../../src/runtime/engine/compile.ts"
import { compiledEngine } from "../../../src/runtime/engine/compiled.ts"
import type { Engine } from "../../../src/runtime/engine/engine.ts"
import { xstateEngine } from "../../../src/runtime/engine/xstate.ts"
import { difference, moves, seeds } from "../../support/engines.ts"
import { everyFeature } from "../../support/machines.ts"
import { plausible } from "../../support/plausible.ts"

const named = setup({
  actions: {
    said: () => {},
    many: enqueueActions(({ enqueue }) => enqueue("said")),
    late: raise({ type: "later" }, { delay: 10 }),
    waits: raise({ type: "later" }, { delay: "nobody knows" as never, id: "waits" }),
    told: sendTo("somebody", { type: "hello" }),
    shown: emit({ type: "shown" }),
    logged: log("logged"),
    set: assign({}),
  },
  guards: { holds: () => true, both: and(["holds"]), one: or(["holds"]), other: not("holds"), there: stateIn("a") },
  actors: { child: fromCallback(() => {}) },
})

/** One state `a` with these members, and beside it `b`. */
const withState = (members: object): AnyStateMachine =>
  named.createMachine({ id: "refused", initial: "a", states: { a: members, b: {} } } as never) as never

const refused: Readonly<Record<string, () => AnyStateMachine>> = {
  "a nested state": () => withState({ initial: "c", states: { c: {} } }),
  "a parallel state": () => withState({ type: "parallel", states: { c: {}, d: {} } }),
  "a history state": () => withState({ type: "history" }),
  "a machine that is parallel as a whole": () => createMachine({ id: "refused", type: "parallel", states: { a: {}, b: {} } }),
  "a machine without states": () => createMachine({ id: "refused" }),
  "an invoked actor": () => withState({ invoke: { src: "child" } }),
  "a wildcard": () => withState({ on: { "*": "b" } }),
  "half a wildcard": () => withState({ on: { "peer.*": "b" } }),
  "an inline action": () => withState({ entry: () => {} }),
  "an inline action beside a transition": () => withState({ on: { go: { actions: () => {} } } }),
  "an action that nobody declared": () => withState({ entry: "unheard of" }),
  "a guard of guards (and)": () => withState({ on: { go: { guard: "both", target: "b" } } }),
  "a guard of guards (or)": () => withState({ on: { go: { guard: "one", target: "b" } } }),
  "a guard of guards (not)": () => withState({ on: { go: { guard: "other", target: "b" } } }),
  "a guard that asks for a state": () => withState({ on: { go: { guard: "there", target: "b" } } }),
  "a guard that nobody declared": () => withState({ always: { guard: "unheard of", target: "b" } }),
  "a delayed raise without an id": () => withState({ entry: "late" }),
  "a delay that nobody declared": () => withState({ entry: "waits" }),
  "an `after` with a delay that nobody declared": () => withState({ after: { "nobody knows": "b" } }),
  "enqueued actions": () => withState({ entry: "many" }),
  sendTo: () => withState({ exit: "told" }),
  emit: () => withState({ entry: "shown" }),
  log: () => withState({ entry: "logged" }),
  "actions of the root": () => named.createMachine({ id: "refused", initial: "a", entry: "said", states: { a: {} } }) as never,
  "exit actions of the root": () => named.createMachine({ id: "refused", initial: "a", exit: "said", states: { a: {} } }) as never,
  "transitions of the root": () =>
    named.createMachine({ id: "refused", initial: "a", on: { go: ".a" }, states: { a: {} } } as never) as never,
  "`always` of the root": () =>
    named.createMachine({ id: "refused", initial: "a", always: { actions: "said" }, states: { a: {} } } as never) as never,
  "an invoked actor of the root": () =>
    named.createMachine({ id: "refused", initial: "a", invoke: { src: "child" }, states: { a: {} } }) as never,
  "actions of the initial transition": () =>
    named.createMachine({ id: "refused", initial: { target: "a", actions: "said" }, states: { a: {} } } as never) as never,
}

describe("compile", () => {
  for (const [what, make] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      expect(() => compile(make())).toThrow(/^machine (refused|\(machine\)) cannot be compiled: ./)
    })
  }

  it("takes the same machine without the thing refused", () => {
    expect(() => compile(withState({ entry: ["said", "set"], on: { go: { guard: "holds", target: "b" } } }))).not.toThrow()
  })

  it("compiles a machine once", () => {
    expect(compile(everyFeature.machine)).toBe(compile(everyFeature.machine))
  })

  it("stops loudly when a machine turns in circles", () => {
    const circling = withState({ always: { target: "b" } })
    circling.states["b"]!.always = circling.states["a"]!.always!.map((one) => ({ ...one, target: [circling.states["a"]!] })) as never
    expect(() => compile(circling).initial({}, [])).toThrow("does not come to rest")
  })
})

describe("the alarm rings", () => {
  const isCaught = (broken: Engine, subject = everyFeature): boolean =>
    fc.check(fc.property(seeds, moves, (inputSeed, played) => difference(broken, xstateEngine, subject, inputSeed, played) === undefined))
      .failed

  /** The compiled engine over a machine that was tampered with. */
  const over = (tamper: (machine: AnyStateMachine) => AnyStateMachine): Engine => ({
    name: "compiled",
    start: (logic, input, surroundings) => compiledEngine.start("step" in logic ? logic : tamper(logic), input, surroundings),
  })

  /** A copy whose states are changed before it is compiled. */
  const changed = (
    change: (state: { entry: ReadonlyArray<unknown>; exit: ReadonlyArray<unknown>; always: ReadonlyArray<unknown> | undefined }) => void,
  ) =>
    over((machine) => {
      const copy = machine.provide({})
      for (const state of Object.values(copy.states)) change(state as never)
      return copy
    })

  it("not for the engine itself", () => {
    expect(isCaught(compiledEngine)).toBe(false)
    expect(isCaught(changed(() => {}))).toBe(false)
  })

  it("for an engine that drops exit actions, with the cast's own machines", () => {
    const broken = changed((state) => void (state.exit = []))
    expect(isCaught(broken, plausible.peer)).toBe(true)
    expect(isCaught(compiledEngine, plausible.peer)).toBe(false)
  })

  const broken: Readonly<Record<string, Engine>> = {
    "an engine that drops exit actions": changed((state) => void (state.exit = [])),
    "an engine that drops entry actions": changed((state) => void (state.entry = [])),
    "an engine that does `always` never": changed((state) => void (state.always = undefined)),
    "an engine that runs exit actions in the wrong order": changed((state) => void (state.exit = state.exit.toReversed())),
    "an engine that forgets to cancel timers": {
      name: "compiled",
      start: (logic, input, surroundings) => compiledEngine.start(logic, input, { ...surroundings, cancel: () => {} }),
    },
    "an engine that says a command twice": {
      name: "compiled",
      start: (logic, input, surroundings) =>
        compiledEngine.start(logic, input, {
          ...surroundings,
          perform: (command) => {
            surroundings.perform(command)
            surroundings.perform(command)
          },
        }),
    },
    "an engine whose delays are off by one": {
      name: "compiled",
      start: (logic, input, surroundings) =>
        compiledEngine.start(logic, input, {
          ...surroundings,
          schedule: (id, delayMs, event) => surroundings.schedule(id, delayMs + 1, event),
        }),
    },
  }
  for (const [what, engine] of Object.entries(broken)) {
    it(`for ${what}`, () => {
      expect(isCaught(engine)).toBe(true)
    })
  }
})
