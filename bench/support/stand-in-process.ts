/** Starts the process at the other end (`stand-in.ts`) and speaks with it. */
import { type ChildProcess, fork } from "node:child_process"
import { Effect, type Scope } from "effect"

export type ToStandIn =
  /** Sign that many announcements. */
  | { readonly type: "prepare"; readonly count: number }
  /** Dial this port on loopback; `greets`: say HELLO and wait for the answer. */
  | { readonly type: "connect"; readonly port: number; readonly greets: boolean }
  /** Write all that was prepared, so many times over. */
  | { readonly type: "feed"; readonly times: number }
  /** Say so when that many announcements have arrived. */
  | { readonly type: "watch"; readonly count: number }

export type FromStandIn =
  | { readonly type: "prepared"; readonly bytes: number }
  | { readonly type: "connected" }
  | { readonly type: "announced" }
  | { readonly type: "closed"; readonly reason: string }

type Answer<T extends FromStandIn["type"]> = Extract<FromStandIn, { readonly type: T }>

export interface StandIn {
  readonly tell: (message: ToStandIn) => void
  /** Tells it something and waits for the answer of that type. */
  readonly ask: <T extends FromStandIn["type"]>(message: ToStandIn, answer: T) => Effect.Effect<Answer<T>>
}

/** Ends with the scope. */
export const standIn: Effect.Effect<StandIn, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => fork(new URL("./stand-in.ts", import.meta.url))),
    (child) => Effect.sync(() => child.kill()),
  ),
  (child) => ({ tell: (message) => child.send(message), ask: (message, answer) => ask(child, message, answer) }),
)

const ask = <T extends FromStandIn["type"]>(child: ChildProcess, message: ToStandIn, answer: T) =>
  Effect.callback<Answer<T>>((resume) => {
    const end = (outcome: Effect.Effect<Answer<T>>) => {
      child.off("message", hear).off("exit", onExit)
      resume(outcome)
    }
    const hear = (said: FromStandIn) => {
      if (said.type === answer) end(Effect.succeed(said as Answer<T>))
      else if (said.type === "closed") end(Effect.die(new Error(`the node closed the connection: ${said.reason}`)))
    }
    const onExit = () => end(Effect.die(new Error("the process at the other end ended")))
    child.on("message", hear).on("exit", onExit)
    child.send(message)
  })
