/** What nodes share in a Redis: a real one, that goes away, hangs and comes back. */
import type { ChildProcess } from "node:child_process"
import { Effect, Layer, Redacted, type Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { redisPatienceMs } from "../../../src/protocol/limits.ts"
import { redisCache } from "../../../src/runtime/live/redis-cache.ts"
import { SharedCache } from "../../../src/runtime/shared-cache.ts"
import { call } from "../http/serving.ts"
import { ended, freePort, startRedis, whyNoRedis } from "../../support/redis-server.ts"
import { servedNode } from "../../support/served-node.ts"

const why = whyNoRedis()

describe.skipIf(why !== undefined)(`in a Redis${why === undefined ? "" : ` (${why})`}`, () => {
  let port = 0
  let server: ChildProcess
  const notes: Array<string> = []
  beforeAll(async () => {
    port = await freePort()
    server = await startRedis(port)
  })
  afterAll(() => ended(server))

  /** Patient, as this machine may be busy; how impatient a node is has a test of its own. */
  const connected = (prefix = "test:", patienceMs = 5_000) =>
    Effect.gen(function* () {
      const cache = yield* redisCache({
        url: Redacted.make(`redis://127.0.0.1:${port}`),
        database: 0,
        prefix,
        patienceMs,
        note: (sentence) => void notes.push(sentence),
      })
      yield* works(cache)
      return cache
    })
  /** Until what is written can be read. */
  const works = (cache: SharedCache): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* cache.set("probe", "x", 60_000)
      if ((yield* cache.get("probe")) === "x") return
      yield* Effect.sleep(50)
      yield* works(cache)
    })
  const play = (test: Effect.Effect<void, unknown, Scope.Scope>) => Effect.runPromise(Effect.scoped(test))

  it("values live as long as was said, and are shared by those of one prefix", () =>
    play(
      Effect.gen(function* () {
        const [one, other, stranger] = [yield* connected(), yield* connected(), yield* connected("elsewhere:")]
        yield* one.set("a", "1", 60_000)
        yield* one.set("b", "2", 30)
        expect([yield* other.get("a"), yield* stranger.get("a"), yield* other.get("c")]).toEqual(["1", undefined, undefined])
        yield* Effect.sleep(60)
        expect(yield* one.get("b")).toBeUndefined()
        expect([yield* one.count("n", 900), yield* other.count("n", 900), yield* stranger.count("n", 900)]).toEqual([1, 2, 1])
        yield* Effect.sleep(950)
        expect(yield* one.count("n", 900)).toBe(1)
      }),
    ))

  it("a limit holds for an address at all nodes together", () =>
    play(
      Effect.gen(function* () {
        const shared = Layer.succeed(SharedCache, yield* connected("limits:"))
        const nodes = [yield* servedNode(21, { rateLimitSearch: 3 }, {}, shared), yield* servedNode(22, { rateLimitSearch: 3 }, {}, shared)]
        const statuses: Array<number> = []
        for (let i = 0; i < 6; i++) {
          const { headers, status } = yield* Effect.promise(() => call(`${nodes[i % 2]!.url}/v1/search`, { body: { query: "x" } }))
          statuses.push(status)
          if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0)
        }
        expect(statuses).toEqual([200, 200, 200, 429, 429, 429])
      }),
    ))

  it("is done without while it is away or hangs, at once, and used again when it is back", () =>
    play(
      Effect.gen(function* () {
        const cache = yield* connected("test:", redisPatienceMs)
        const all = Effect.all([cache.get("probe"), cache.count("k", 1_000), cache.set("probe", "y", 1_000)])
        notes.length = 0

        yield* Effect.promise(() => ended(server))
        for (let i = 0; i < 100; i++) expect(yield* all).toEqual([undefined, undefined, undefined])
        server = yield* Effect.promise(() => startRedis(port))
        yield* works(cache)
        expect(notes).toEqual(["Redis does not answer: going on without it", "Redis is back"])

        server.kill("SIGSTOP")
        for (let i = 0; i < 100; i++) expect(yield* all).toEqual([undefined, undefined, undefined])
        server.kill("SIGCONT")
        yield* works(cache)
      }),
    ))
})
