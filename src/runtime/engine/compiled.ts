/** The engine of production and of the simulator: machines compiled to tables (`compile.ts`), reducers called directly. */
import type { AnyStateMachine } from "xstate"
import type { Command } from "../../actors/command.ts"
import type { Reducer } from "../../actors/reducer.ts"
import { compile, type State, type Step } from "./compile.ts"
import { type Engine, isReducer, type Running, type Surroundings } from "./engine.ts"

export const compiledEngine: Engine = {
  name: "compiled",
  start: (logic, input, surroundings) =>
    isReducer(logic) ? startReducer(logic, input, surroundings) : startMachine(logic, input, surroundings),
}

const startMachine = (machine: AnyStateMachine, input: unknown, surroundings: Surroundings): Running => {
  const compiled = compile(machine)
  let steps: Array<Step> = []
  /** As XState does it: timers are set and cancelled when the commands of the step are out. */
  const handOut = () => {
    const handed = steps
    if (handed.length === 0) return
    steps = []
    for (const step of handed) if (step.kind === "action") surroundings.perform({ ...(step.params as object), type: step.type } as Command)
    for (const step of handed) {
      if (step.kind === "schedule") surroundings.schedule(step.id, step.delayMs, step.event)
      else if (step.kind === "cancel") surroundings.cancel(step.id)
    }
  }
  let state: State = compiled.initial(input, steps)
  handOut()
  return {
    tell: (event) => {
      // left over from a step that threw
      if (steps.length > 0) steps = []
      state = compiled.step(state, event, steps)
      handOut()
    },
    snapshot: () => state,
    isDone: () => state.isDone,
    stop: () => {},
  }
}

const startReducer = (reducer: Reducer, input: unknown, surroundings: Surroundings): Running => {
  const memory: unknown = reducer.begin(input)
  return {
    tell: (event) => reducer.step(memory, event, surroundings.perform),
    snapshot: () => ({ value: "reducing", context: memory }),
    isDone: () => false,
    stop: () => {},
  }
}
