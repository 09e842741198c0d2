/** While the gate is shut nobody is met; when it shuts, nobody stays. */
import { Effect, Exit, Scope } from "effect"
import { expect, it } from "vitest"
import { gated } from "../../src/runtime/gated-transport.ts"
import { type Connection, ListenFailed, type Transport } from "../../src/runtime/ports.ts"
import { registryOf } from "../support/builders.ts"

const address = { host: "127.0.0.1", port: 4001 }

/** A transport whose port is taken for a while, and whose connections say when they are closed. */
const world = () => {
  const closed: Array<number> = []
  let made = 0
  let takenFor = 0
  let callIn: ((connection: Connection) => void) | undefined
  const connection = (): Connection => {
    const number = made++
    return {
      remoteKey: registryOf(2).secret.publicKey,
      remoteHost: "127.0.0.1",
      open: () => {},
      write: () => {},
      queuedBytes: () => 0,
      pauseReading: () => {},
      resumeReading: () => {},
      close: () => void closed.push(number),
    }
  }
  const transport: Transport["Service"] = {
    dial: () => Effect.sync(connection),
    listen: (accept) =>
      Effect.suspend(() => {
        if (takenFor-- > 0) return new ListenFailed({ address: "127.0.0.1:4001", reason: "EADDRINUSE" })
        callIn = accept
        return Effect.as(
          Effect.addFinalizer(() => Effect.sync(() => void (callIn = undefined))),
          address,
        )
      }),
  }
  return {
    transport,
    closed,
    call: () => callIn?.(connection()),
    isListening: () => callIn !== undefined,
    take: (times: number) => void (takenFor = times),
  }
}

it("meets nobody while it is shut, everybody while it is open, and lets go of all when it shuts", () =>
  Effect.gen(function* () {
    const { call, closed, isListening, take, transport } = world()
    const failures: Array<string> = []
    const gate = gated(transport, address, ({ reason }) => failures.push(reason))
    const accepted: Array<Connection> = []
    expect(yield* gate.transport.listen((connection) => accepted.push(connection))).toEqual(address)
    expect(isListening()).toBe(false)
    expect((yield* Effect.flip(gate.transport.dial(address))).reason).toBe("standing by")

    take(1)
    const open = yield* Scope.make()
    yield* Scope.provide(gate.open, open)
    expect([failures, isListening(), gate.isOpen()]).toEqual([["EADDRINUSE"], true, true])
    const dialled = yield* gate.transport.dial(address)
    call()
    call()
    accepted[1]!.close()
    expect([accepted.length, closed]).toEqual([2, [2]])

    yield* Scope.close(open, Exit.void)
    expect([closed, isListening(), gate.isOpen()]).toEqual([[2, 0, 1], false, false])
    dialled.close()
    expect((yield* Effect.flip(gate.transport.dial(address))).reason).toBe("standing by")

    // and again
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* gate.open
        call()
        expect(accepted.length).toBe(3)
      }),
    )
    expect(isListening()).toBe(false)
  }).pipe(Effect.scoped, Effect.runPromise))
