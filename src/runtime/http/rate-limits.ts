/**
 * Rate limits per client address: searches, and registrations of any kind with one shared counter (reference 1.0).
 *
 * They are middleware of their endpoints, so whatever the router takes for that endpoint counts. Every answer says where
 * the client stands (`X-RateLimit-*`); a refused one also when to come back (`Retry-After`).
 */
import { Clock, Context, Effect, Layer } from "effect"
import { HttpEffect, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import { isOver, type RateWindow, type Ruling, take } from "../rate-window.ts"
import { SharedCache } from "../shared-cache.ts"
import { type ClientAddress, clientAddressOf } from "./client-address.ts"
import { cardsPerMinute } from "../../protocol/limits.ts"
import { RateLimited } from "./problems.ts"
import type { HttpSettings } from "./settings.ts"

export class SearchLimit extends HttpApiMiddleware.Service<SearchLimit>()("agentdns/runtime/http/SearchLimit", { error: RateLimited }) {}
export class RegistrationLimit extends HttpApiMiddleware.Service<RegistrationLimit>()("agentdns/runtime/http/RegistrationLimit", {
  error: RateLimited,
}) {}

/** Not the operator's to set: it spares the entities that are asked. */
export class CardLimit extends HttpApiMiddleware.Service<CardLimit>()("agentdns/runtime/http/CardLimit", { error: RateLimited }) {}

/** Addresses that are counted at once; beyond it those that are over are forgotten, then the ones counted longest. */
const addressesMax = 20_000

type AddressOf = (request: HttpServerRequest.HttpServerRequest) => ClientAddress

/**
 * Counted here, and where nodes share a Redis, together with them: both must grant it. So a client has its allowance once,
 * however many nodes it asks; and while Redis is away, once at each.
 */
const makeLimit = (name: string, limit: number, addressOf: AddressOf, shared: SharedCache) => {
  const windows = new Map<ClientAddress, RateWindow>()
  const remember = (address: ClientAddress, window: RateWindow, nowMs: number) => {
    if (!windows.has(address) && windows.size >= addressesMax) {
      for (const [other, old] of windows) if (isOver(old, nowMs)) windows.delete(other)
      if (windows.size >= addressesMax) windows.delete(windows.keys().next().value!)
    }
    windows.set(address, window)
  }
  /** What was counted here, and not granted by all. */
  const giveBack = (address: ClientAddress, { startMs }: RateWindow) => {
    const now = windows.get(address)
    if (now?.startMs === startMs && now.current > 0) windows.set(address, { ...now, current: now.current - 1 })
  }
  return <A, E, R>(answer: Effect.Effect<A, E, R>) =>
    Effect.withFiber<A, E | typeof RateLimited.Type, R>((fiber) => {
      const nowMs = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      const address = addressOf(Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest))
      const here = take(windows.get(address), limit, nowMs)
      remember(address, here.window, nowMs)
      const rule = (ruling: Omit<Ruling, "window">) => answered(answer, limit, ruling, fiber.context)
      if (!here.isGranted) return rule(here)
      return Effect.flatMap(shared.take(`rate:${name}:${address}`, limit), (together = here) => {
        if (!together.isGranted) giveBack(address, here.window)
        return rule({ ...together, remaining: Math.min(here.remaining, together.remaining) })
      })
    })
}

const answered = <A, E, R>(
  answer: Effect.Effect<A, E, R>,
  limit: number,
  { isGranted, remaining, waitMs }: Omit<Ruling, "window">,
  context: Context.Context<never>,
): Effect.Effect<A, E | typeof RateLimited.Type, R> => {
  const waitSeconds = Math.ceil(waitMs / 1_000)
  const headers: Record<string, string> = {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(waitSeconds),
    ...(!isGranted && { "retry-after": String(waitSeconds) }),
  }
  HttpEffect.appendPreResponseHandlerUnsafe(context, (_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, headers)))
  return isGranted
    ? answer
    : Effect.fail({ error: "rate_limited", message: `more than ${limit} such requests a minute; try again in ${waitSeconds} s` })
}

export const layer = (settings: HttpSettings): Layer.Layer<CardLimit | RegistrationLimit | SearchLimit> =>
  Layer.unwrap(
    Effect.map(SharedCache, (shared) => {
      const addressOf = clientAddressOf(settings.trustedProxies)
      const limitOf = (name: string, limit: number) => makeLimit(name, limit, addressOf, shared)
      return Layer.mergeAll(
        Layer.sync(CardLimit, () => CardLimit.of(limitOf("card", cardsPerMinute))),
        Layer.sync(SearchLimit, () => SearchLimit.of(limitOf("search", settings.rateLimitSearch))),
        Layer.sync(RegistrationLimit, () => RegistrationLimit.of(limitOf("register", settings.rateLimitRegister))),
      )
    }),
  )
