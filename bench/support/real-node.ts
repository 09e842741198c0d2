/** A node as `npm start` makes it, on loopback: TLS, system clock, strict verifier, the real codec; its store is the caller's. */
import { Effect, Layer, type Scope } from "effect"
import type { Happening } from "../../src/actors/happening.ts"
import { layer as codec } from "../../src/runtime/codec.ts"
import { signerOf, strictVerifier } from "../../src/runtime/live/keys.ts"
import { systemTimers } from "../../src/runtime/live/timers.ts"
import { tlsTransport } from "../../src/runtime/live/tls-transport.ts"
import { makeNode, type RunningNode } from "../../src/runtime/node.ts"
import { defaultSettings, type NodeSettings } from "../../src/runtime/node-settings.ts"
import { Journal, type ListenFailed, RecordStore, type StoreFailed } from "../../src/runtime/ports.ts"
import { hostKey } from "../../src/sim/keys.ts"

/** Lives until the scope closes. */
export const realNode = (
  store: RecordStore["Service"],
  settings: Partial<NodeSettings> = {},
  hear: (happening: Happening) => void = () => {},
): Effect.Effect<RunningNode, ListenFailed | StoreFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const key = hostKey(1, "measured node")
    const ports = Layer.mergeAll(
      tlsTransport(key, { host: "127.0.0.1", port: 0 }),
      systemTimers,
      signerOf(key),
      strictVerifier,
      codec,
      Layer.succeed(Journal, {
        report: hear,
        defect: (cause) => {
          throw new Error("the measured node has a defect", { cause })
        },
      }),
      Layer.succeed(RecordStore, store),
    )
    const node = yield* makeNode({ ...defaultSettings, version: "bench", ...settings }).pipe(Effect.provide(ports))
    yield* Effect.addFinalizer(() => node.stop)
    return node
  })
