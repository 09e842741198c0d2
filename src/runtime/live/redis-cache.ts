/**
 * `SharedCache` in a Redis.
 *
 * While it is away, or hangs, everything goes on without it: commands are not queued, one that is not answered soon is given
 * up, and then nothing is asked for a while, so that no request waits for what does not come. The driver reconnects by itself.
 */
import { Clock, Effect, Redacted, type Scope } from "effect"
import { createClient } from "redis"
import { redisPatienceMs, redisReconnectMaxMs, redisRestMs } from "../../protocol/limits.ts"
import { rulingOn, windowMs } from "../rate-window.ts"
import type { SharedCache } from "../shared-cache.ts"

export interface RedisSettings {
  readonly url: Redacted.Redacted
  readonly password?: Redacted.Redacted
  readonly database: number
  /** What our keys begin with. */
  readonly prefix: string
  /** A command is waited for so long. */
  readonly patienceMs?: number
  /** Told when it goes and when it comes back; never with its URL. */
  readonly note: (sentence: string) => void
}

/**
 * `take` of `rate-window.ts` where the window is: read, judged and written in one step, however many nodes ask at once.
 * Yields whether it is granted, and the window afterwards; a test holds it against the original.
 */
const takeScript = `
local now, limit, span = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'start', 'current', 'previous')
local start, current, previous = tonumber(kept[1]), tonumber(kept[2]), tonumber(kept[3])
if not start or now >= start + 2 * span then start, current, previous = now, 0, 0
elseif now >= start + span then start, current, previous = start + span, 0, current end
local granted = 0
if limit - (current + previous * (1 - (now - start) / span)) >= 1 then
  granted, current = 1, current + 1
end
redis.call('HSET', KEYS[1], 'start', start, 'current', current, 'previous', previous)
redis.call('PEXPIRE', KEYS[1], 2 * span)
return {granted, start, current, previous}`

/** Connects in the background; ends with the scope. */
export const redisCache = ({
  database,
  note,
  password,
  patienceMs = redisPatienceMs,
  prefix,
  url,
}: RedisSettings): Effect.Effect<SharedCache, never, Scope.Scope> =>
  Effect.gen(function* () {
    const client = createClient({
      url: Redacted.value(url),
      ...(password !== undefined && { password: Redacted.value(password) }),
      ...(database > 0 && { database }),
      disableOfflineQueue: true,
      socket: { connectTimeout: 5_000, reconnectStrategy: (retries) => Math.min(redisReconnectMaxMs, 100 * 2 ** Math.min(retries, 10)) },
    })
    let isThere: boolean | undefined
    const turned = (now: boolean) => {
      if (isThere === now) return
      if (isThere !== undefined || !now) note(now ? "Redis is back" : "Redis does not answer: going on without it")
      isThere = now
    }
    client.on("ready", () => turned(true))
    // heard, else it would end the process; what it says may name the server
    client.on("error", () => turned(false))
    yield* Effect.acquireRelease(
      Effect.sync(() => void client.connect().catch(() => turned(false))),
      () => Effect.sync(() => client.destroy()),
    )

    let restsUntilMs = 0
    const ask = <A>(command: () => Promise<A>): Effect.Effect<A | undefined> =>
      Effect.gen(function* () {
        if (!client.isReady || (yield* Clock.currentTimeMillis) < restsUntilMs) return undefined
        const answer = yield* Effect.option(Effect.timeout(Effect.tryPromise(command), patienceMs))
        if (answer._tag === "Some") return answer.value
        restsUntilMs = (yield* Clock.currentTimeMillis) + redisRestMs
        return undefined
      })

    return {
      get: (key) =>
        Effect.map(
          ask(() => client.get(prefix + key)),
          (value) => value ?? undefined,
        ),
      set: (key, value, lifetimeMs) =>
        Effect.asVoid(ask(() => client.set(prefix + key, value, { expiration: { type: "PX", value: lifetimeMs } }))),
      take: Effect.fnUntraced(function* (key, limit) {
        const nowMs = yield* Clock.currentTimeMillis
        const answer = yield* ask(() => client.eval(takeScript, { keys: [prefix + key], arguments: [nowMs, limit, windowMs].map(String) }))
        if (!Array.isArray(answer)) return undefined
        const [granted, startMs, current, previous] = answer.map(Number) as [number, number, number, number]
        return rulingOn({ startMs, current, previous }, granted === 1, limit, nowMs)
      }),
    }
  })
