/** The engine of production and of the simulator: machines compiled to tables (`compile.ts`), reducers called directly. */
import type { AnyStateMachine } from "xstate"
import type { Command } from "../../actors/command.ts"
import type { Reducer } from "../../actors/reducer.ts"
import { compile, type State, type Step } from "./compile.ts"
import { type ActorEvent, type Engine, isReducer, type Running, type Surroundings } from "./engine.ts"

export const compiledEngine: Engine = {
  name: "compiled",
  start: (logic, input, surroundings) =>
    isReducer(logic) ? startReducer(logic, input, surroundings) : startMachine(logic, input, surroundings),
}

const startMachine = (machine: AnyStateMachine, input: unknown, surroundings: Surroundings): Running =>
  new RunningMachine(compile(machine), input, surroundings)

/** Classes, because a simulation has hundreds of thousands of them. */
class RunningMachine implements Running {
  readonly #compiled: ReturnType<typeof compile>
  readonly #surroundings: Surroundings
  #steps: Array<Step> = []
  #state: State

  constructor(compiled: ReturnType<typeof compile>, input: unknown, surroundings: Surroundings) {
    this.#compiled = compiled
    this.#surroundings = surroundings
    this.#state = compiled.initial(input, this.#steps)
    this.#handOut()
  }

  tell(event: ActorEvent): void {
    // left over from a step that threw
    if (this.#steps.length > 0) this.#steps = []
    this.#state = this.#compiled.step(this.#state, event, this.#steps)
    this.#handOut()
  }

  snapshot(): State {
    return this.#state
  }

  isDone(): boolean {
    return this.#state.isDone
  }

  stop(): void {}

  /** As XState does it: timers are set and cancelled when the commands of the step are out. */
  #handOut(): void {
    const handed = this.#steps
    if (handed.length === 0) return
    this.#steps = []
    const surroundings = this.#surroundings
    for (const step of handed) if (step.kind === "action") surroundings.perform({ ...(step.params as object), type: step.type } as Command)
    for (const step of handed) {
      if (step.kind === "schedule") surroundings.schedule(step.id, step.delayMs, step.event)
      else if (step.kind === "cancel") surroundings.cancel(step.id)
    }
  }
}

const startReducer = (reducer: Reducer, input: unknown, surroundings: Surroundings): Running => {
  const memory: unknown = reducer.begin(input)
  const say = (command: Command) => surroundings.perform(command)
  return {
    tell: (event) => reducer.step(memory, event, say),
    snapshot: () => ({ value: "reducing", context: memory }),
    isDone: () => false,
    stop: () => {},
  }
}
