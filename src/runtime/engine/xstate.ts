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
    const { flush, inside } = outboxTo(surroundings)
    let failure: { readonly error: unknown } | undefined
    const fail = (error: unknown) => void (failure = { error })
    const actor = createActor(asActorLogic(logic, inside, fail), { input, clock: clockOf(inside, flush), logger: () => {} })
    actor.subscribe({ error: fail })
    actor.start()
    flush()
    return {
      tell: (event) => {
        failure = undefined
        actor.send(event)
        flush()
        if (failure !== undefined) throw (failure as { readonly error: unknown }).error
      },
      snapshot: () => snapshotOf(logic, actor),
      isDone: () => actor.getSnapshot().status !== "active",
      stop: () => {
        actor.stop()
        flush()
      },
    }
  },
}

/** What XState hands out in the middle of a step waits until it has taken it: a command may start another actor. */
const outboxTo = (surroundings: Surroundings): { readonly inside: Surroundings; readonly flush: () => void } => {
  let waiting: Array<() => void> = []
  const flush = () => {
    const handed = waiting
    if (handed.length === 0) return
    waiting = []
    for (const hand of handed) hand()
  }
  const inside: Surroundings = {
    perform: (command) => void waiting.push(() => surroundings.perform(command)),
    schedule: (id, delayMs, event) => void waiting.push(() => surroundings.schedule(id, delayMs, event)),
    cancel: (id) => void waiting.push(() => surroundings.cancel(id)),
  }
  return { flush, inside }
}

const asActorLogic = (logic: Logic, { perform }: Surroundings, fail: (error: unknown) => void): AnyActorLogic =>
  isReducer(logic)
    ? fromTransition(
        (memory: unknown, event: ActorEvent) => {
          // XState's own goodbye is nobody's event
          if (event.type === "xstate.stop") return memory
          try {
            logic.step(memory, event, perform)
          } catch (error) {
            fail(error)
          }
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
const clockOf = ({ schedule, cancel }: Surroundings, flush: () => void) => {
  let count = 0
  return {
    setTimeout: (fire: () => void, delayMs: number): string => {
      const id = `xstate/${count++}`
      const firing = { type: "xstate.fire", fire: () => (fire(), flush()) }
      schedule(id, delayMs, firing)
      return id
    },
    clearTimeout: (id: string) => cancel(id),
  }
}

const snapshotOf = (logic: Logic, actor: Actor<AnyActorLogic>) => {
  const snapshot = actor.getSnapshot() as { readonly value?: string; readonly context: unknown }
  return { value: isReducer(logic) ? "reducing" : snapshot.value!, context: snapshot.context }
}
