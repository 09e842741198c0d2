/** What nodes share in a Redis: a real one, that goes away, hangs and comes back. */
import type { ChildProcess } from "node:child_process"
import { Clock, Effect, Layer, Redacted, type Scope } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { redisPatienceMs } from "../../../src/protocol/limits.ts"
import { redisCache } from "../../../src/runtime/live/redis-cache.ts"
import { type RateWindow, take } from "../../../src/runtime/rate-window.ts"
import { SharedCache } from "../../../src/runtime/shared-cache.ts"
import { call } from "../http/serving.ts"
import { freePort } from "../../support/free-port.ts"
import { ended, startRedis, whyNoRedis } from "../../support/redis-server.ts"
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
        const takers = [one, other, stranger]
        const rulings = yield* Effect.forEach(takers, (cache) => cache.take("n", 1))
        expect(rulings.map((ruling) => ruling?.isGranted)).toEqual([true, false, true])
      }),
    ))

  it("requests are counted as a node counts them alone", () =>
    play(
      Effect.gen(function* () {
        const cache = yield* connected("rule:")
        let key = 0
        const at = (nowMs: number, limit: number) =>
          Effect.updateService(cache.take(String(key), limit), Clock.Clock, (clock) =>
            Object.assign(Object.create(clock) as Clock.Clock, { currentTimeMillis: Effect.succeed(nowMs) }),
          )
        const gaps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 70_000 })), { maxLength: 12 })
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.integer({ min: 0, max: 4 }), gaps, async (limit, after) => {
              key++
              let nowMs = 1_000_000
              let window: RateWindow | undefined
              for (const gap of after) {
                nowMs += gap
                const alone = take(window, limit, nowMs)
                expect(await Effect.runPromise(at(nowMs, limit))).toEqual(alone)
                window = alone.window
              }
            }),
            { numRuns: 40 },
          ),
        )
      }),
    ))

  it("a client has its allowance once at three nodes; once at each while Redis is away; and once again when it is back", () =>
    play(
      Effect.gen(function* () {
        const limit = 6
        const nodes = yield* Effect.forEach([21, 22, 23], (seed) =>
          Effect.gen(function* () {
            const cache = yield* connected("limits:")
            const settings = { rateLimitSearch: limit, trustedProxies: ["127.0.0.1"] }
            return { cache, url: (yield* servedNode(seed, settings, {}, Layer.succeed(SharedCache, cache))).url }
          }),
        )
        const search = (node: number, client: string) =>
          Effect.promise(async () => {
            const { headers, status } = await call(`${nodes[node % 3]!.url}/v1/search`, {
              body: { query: "x" },
              headers: { "x-forwarded-for": client },
            })
            if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0)
            return { status, remaining: Number(headers.get("x-ratelimit-remaining")) }
          })
        const granted = (client: string) =>
          Effect.map(
            Effect.forEach(Array.from({ length: 4 * limit }), (_, i) => search(i, client), { concurrency: 5 }),
            (answers) => answers.filter(({ status }) => status === 200).length,
          )

        expect(yield* granted("192.0.2.1")).toBe(limit)
        expect([(yield* search(0, "192.0.2.2")).remaining, (yield* search(1, "192.0.2.2")).remaining]).toEqual([limit - 1, limit - 2])
        yield* Effect.promise(() => ended(server))
        // what each granted before is counted there still
        expect(yield* granted("192.0.2.1")).toBeLessThanOrEqual(2 * limit)
        expect(yield* granted("192.0.2.3")).toBe(3 * limit)
        server = yield* Effect.promise(() => startRedis(port))
        for (const { cache } of nodes) yield* works(cache)
        expect(yield* granted("192.0.2.4")).toBe(limit)
        expect(yield* granted("192.0.2.3")).toBe(0)
      }),
    ))

  it("is done without while it is away or hangs, at once, and used again when it is back", () =>
    play(
      Effect.gen(function* () {
        const cache = yield* connected("test:", redisPatienceMs)
        const all = Effect.all([cache.get("probe"), cache.take("k", 1), cache.set("probe", "y", 1_000)])
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
