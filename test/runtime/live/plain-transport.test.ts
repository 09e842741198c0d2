/** Plain TCP keeps the promises of Transport but the one about keys. */
import { Context, Effect, Layer, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import { secretKeyOf } from "../../../src/protocol/identity/ed25519.ts"
import { plainTransport } from "../../../src/runtime/live/plain-transport.ts"
import { tlsTransport } from "../../../src/runtime/live/tls-transport.ts"
import { type Connection, Transport } from "../../../src/runtime/ports.ts"
import { freePort } from "../../support/free-port.ts"
import { eventually } from "../../support/real-nodes.ts"
import { transportContract } from "../transport-contract.ts"

const anyPort = { host: "127.0.0.1", port: 0 }
const built = (layer: Layer.Layer<Transport>): Effect.Effect<Transport["Service"], never, Scope.Scope> =>
  Effect.map(Layer.build(layer), (context) => Context.get(context, Transport))
const join = () => built(plainTransport(anyPort))

const run = (test: Effect.Effect<void, never, Scope.Scope>) => Effect.runPromise(Effect.scoped(test))

transportContract(
  "plain TCP",
  Effect.map(Effect.promise(freePort), (port) => ({ join, hasKeys: false, nobody: { host: "127.0.0.1", port }, settle: Effect.sleep(3) })),
  run,
)

describe("plain TCP and TLS", () => {
  it("never understand each other: nobody is let in, and the other end closes", () =>
    run(
      Effect.orDie(
        Effect.gen(function* () {
          const key = secretKeyOf(new Uint8Array(32).fill(7))
          const accepted: Array<Connection> = []
          const closed: Array<string> = []
          const plain = yield* join()
          const secure = yield* built(tlsTransport(key, anyPort))
          const there = yield* secure.listen((connection) => void accepted.push(connection))
          const caller = yield* plain.dial(there)
          caller.open({ bytes: () => {}, closed: (reason) => void closed.push(reason) })
          caller.write(Buffer.from("\0\0\0\x02{}"))
          yield* eventually("its end", () => closed.length > 0)
          expect([accepted.length, closed.length]).toEqual([0, 1])
        }),
      ),
    ))
})
