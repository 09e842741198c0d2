/** Real nodes in this process: TLS over loopback, system clock; the store is the caller's choice. */
import { Effect, Layer, type Scope } from "effect"
import { layer as codec } from "../../src/runtime/codec.ts"
import { signerOf, strictVerifier } from "../../src/runtime/live/keys.ts"
import { systemTimers } from "../../src/runtime/live/timers.ts"
import { tlsTransport } from "../../src/runtime/live/tls-transport.ts"
import { makeNode, type RunningNode } from "../../src/runtime/node.ts"
import { defaultSettings, type NodeSettings } from "../../src/runtime/node-settings.ts"
import { Journal, RecordStore } from "../../src/runtime/ports.ts"
import { keyOf } from "./builders.ts"

/** A node with the key of this seed, listening on a port of its own. It ends with the scope. */
export const realNode = (
  seed: number,
  store: RecordStore["Service"],
  settings: Partial<NodeSettings> = {},
  report: Journal["Service"]["report"] = () => {},
  more: Layer.Layer<never> = Layer.empty,
): Effect.Effect<RunningNode, unknown, Scope.Scope> => {
  const key = keyOf(seed)
  const ports = Layer.mergeAll(
    tlsTransport(key, { host: "127.0.0.1", port: 0 }),
    systemTimers,
    signerOf(key),
    strictVerifier,
    codec,
    Layer.succeed(RecordStore, store),
    Layer.succeed(Journal, { report, defect: (cause) => Effect.runSync(Effect.logError(cause)) }),
    more,
  )
  return makeNode({ ...defaultSettings, version: "test", wantedPeers: 0, ...settings }).pipe(Effect.provide(ports))
}

/**
 * Looks every few milliseconds until it holds, and yields how long it took. It gives up only when something hangs: machines are
 * slower than one thinks, and a test is about what happens, not about when.
 */
export const eventually = (what: string, holds: () => boolean): Effect.Effect<number> =>
  Effect.gen(function* () {
    const start = performance.now()
    while (!holds()) {
      if (performance.now() - start > hangsMs) throw new Error(`not within ${hangsMs} ms: ${what}`)
      yield* Effect.sleep(lookEveryMs)
    }
    return performance.now() - start
  })

/** Less than a test may take in all, so that it says what it waited for. */
const hangsMs = 90_000
const lookEveryMs = 10
