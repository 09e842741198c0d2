/**
 * The engine that is XState itself: the oracle of the compiled one, and the one to choose when a machine shall be inspected
 * or drawn while it runs (`--engine xstate`).
 */
import { type Actor, type AnyActorLogic, type AnyStateMachine, createActor, fromTransition } from "xstate"
import type { Command } from "../../actors/command.ts"
import { type ActorEvent, type Engine, isReducer, type Logic, type Surroundings } from "./engine.ts"

export const xstateEngine: Engine = {
  name: "xstate",
  start: (logic, input, surroundings) => {
    const actor = createActor(asActorLogic(logic, surroundings), { input, clock: clockOf(surroundings), logger: () => {} })
    actor.start()
    return {
      tell: (event) => actor.send(event),
      snapshot: () => snapshotOf(logic, actor),
      isDone: () => actor.getSnapshot().status !== "active",
      stop: () => actor.stop(),
    }
  },
}

const asActorLogic = (logic: Logic, { perform }: Surroundings): AnyActorLogic =>
  isReducer(logic)
    ? fromTransition(
        (memory: unknown, event: ActorEvent) => {
          // XState's own goodbye is nobody's event
          if (event.type !== "xstate.stop") logic.step(memory, event, perform)
          return memory
        },
        ({ input }: { readonly input: unknown }) => logic.begin(input),
      )
    : performing(logic, perform)

/** The machine with its named actions carried out; what its setup did not name as a command (`assign` …) stays. */
const performing = (machine: AnyStateMachine, perform: Surroundings["perform"]): AnyStateMachine => {
  const actions = machine.implementations.actions as Record<string, unknown>
  const named = Object.keys(actions).filter((type) => !("resolve" in (actions[type] as object)))
  return machine.provide({
    actions: Object.fromEntries(
      named.map((type) => [type, (_: unknown, params: unknown) => perform({ ...(params as object), type } as Command)]),
    ) as never, // the machine's own types are erased in AnyStateMachine
  })
}

/** XState names its timers itself and forgets fired ones; every timer is a new one to us. */
const clockOf = ({ schedule, cancel }: Surroundings) => {
  let count = 0
  return {
    setTimeout: (fire: () => void, delayMs: number): string => {
      const id = `xstate/${count++}`
      schedule(id, delayMs, { type: "xstate.fire", fire } as ActorEvent)
      return id
    },
    clearTimeout: (id: string) => cancel(id),
  }
}

const snapshotOf = (logic: Logic, actor: Actor<AnyActorLogic>) => {
  const snapshot = actor.getSnapshot() as { readonly value?: string; readonly context: unknown }
  return { value: isReducer(logic) ? "reducing" : snapshot.value!, context: snapshot.context }
}
