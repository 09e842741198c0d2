/**
 * `gossip.ingest.duplicate`: announcements that one node drops per second because it has seen them, on the same way as new
 * ones: over TLS, from another process, to the seen-set.
 *
 * The bound is the same frames over the same kind of connection to somebody who only counts their bytes.
 */
import { Effect } from "effect"
import { tlsTransport } from "../../src/runtime/live/tls-transport.ts"
import { Transport } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { hostKey } from "../../src/sim/keys.ts"
import { type Benchmark, perSecond, readable } from "../benchmark.ts"
import { realNode } from "../support/real-node.ts"
import { standIn } from "../support/stand-in-process.ts"

const different = 1_000
const times = 400
const announcementsPerSecond = 1_000_000
const lookEveryMs = 5

export const ingestDuplicate: Benchmark = {
  name: "gossip.ingest.duplicate",
  purpose: "announcements over TLS that were seen before",
  measure: (say) =>
    Effect.gen(function* () {
      const other = yield* standIn
      const { bytes } = yield* other.ask({ type: "prepare", count: different }, "prepared")
      const node = yield* realNode(makeMemoryStore(), { announcementsPerSecond })
      const until = (verdict: string, count: number) =>
        Effect.delay(node.service.peers, lookEveryMs).pipe(Effect.repeat({ until: ([peer]) => (peer?.verdicts[verdict] ?? 0) >= count }))

      yield* other.ask({ type: "connect", port: node.address.port, greets: true }, "connected")
      other.tell({ type: "feed", times: 1 })
      yield* until("accept", different)
      const startedAt = performance.now()
      other.tell({ type: "feed", times })
      yield* until("duplicate", different * times)
      const ms = performance.now() - startedAt
      say(`${readable(different * times)} duplicates of ${readable(bytes / different)} bytes in ${readable(ms)} ms`)
      const boundMs = yield* uncaredForMs(bytes * times)
      say(`the same bytes to somebody who only counts them: ${readable(boundMs)} ms`)
      return {
        value: perSecond(different * times, ms),
        unit: "announcements/s",
        bound: perSecond(different * times, boundMs),
        boundName: "the same frames over TLS, unread",
      }
    }).pipe(Effect.scoped, Effect.runPromise),
}

const uncaredForMs = Effect.fnUntraced(function* (bytes: number) {
  const other = yield* standIn
  yield* other.ask({ type: "prepare", count: different }, "prepared")
  const transport = yield* Effect.provide(Effect.service(Transport), tlsTransport(hostKey(1, "counter"), { host: "127.0.0.1", port: 0 }))
  let left = bytes
  let done = () => {}
  const { port } = yield* transport.listen((connection) =>
    connection.open({
      bytes: (chunk) => {
        left -= chunk.length
        if (left <= 0) done()
      },
      closed: () => {},
    }),
  )
  yield* other.ask({ type: "connect", port, greets: false }, "connected")
  const startedAt = performance.now()
  yield* Effect.callback<void>((resume) => {
    done = () => resume(Effect.void)
    other.tell({ type: "feed", times })
  })
  return performance.now() - startedAt
})
