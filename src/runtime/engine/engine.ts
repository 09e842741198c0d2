/**
 * An engine runs actors: it takes events and hands out commands and timers; it performs nothing.
 *
 * Two engines provide this: `compiled.ts` steps a table compiled from the machine, `xstate.ts` is XState's own interpreter,
 * the oracle. Both hand out the same commands and timers in the same order, so a run has the same trace with either.
 */
import type { AnyStateMachine } from "xstate"
import type { Command } from "../../actors/command.ts"
import type { Reducer } from "../../actors/reducer.ts"

/** What an actor is made of: a flat machine, or a reducer where there are no modes and many events. */
export type Logic = AnyStateMachine | Reducer

export const isReducer = (logic: Logic): logic is Reducer => "step" in logic

export interface ActorEvent {
  readonly type: string
}

/** What an actor needs while it runs. */
export interface Surroundings {
  readonly perform: (command: Command) => void
  /** Sends `event` back after `delayMs`; a timer with the same id replaces the one before. */
  readonly schedule: (id: string, delayMs: number, event: ActorEvent) => void
  readonly cancel: (id: string) => void
}

export interface Running {
  readonly tell: (event: ActorEvent) => void
  /** State's name (`"reducing"` for a reducer) and its memory. */
  readonly snapshot: () => { readonly value: string; readonly context: unknown }
  /** It reached a final state and hears nothing more. */
  readonly isDone: () => boolean
  readonly stop: () => void
}

export interface Engine {
  readonly name: "compiled" | "xstate"
  /** Starts an actor: its first commands are handed out before this returns. */
  readonly start: (logic: Logic, input: unknown, surroundings: Surroundings) => Running
}
