/**
 * Rate limits per client address: searches, and registrations of any kind with one shared counter (reference 1.0).
 *
 * They are middleware of their endpoints, so whatever the router takes for that endpoint counts. Every answer says where
 * the client stands (`X-RateLimit-*`); a refused one also when to come back (`Retry-After`).
 */
import { Clock, Context, Effect, Layer } from "effect"
import { HttpEffect, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import { type ClientAddress, clientAddressOf } from "./client-address.ts"
import { cardsPerMinute } from "../../protocol/limits.ts"
import { RateLimited } from "./problems.ts"
import { isOver, type RateWindow, take } from "./rate-window.ts"
import type { HttpSettings } from "./settings.ts"

export class SearchLimit extends HttpApiMiddleware.Service<SearchLimit>()("agentdns/runtime/http/SearchLimit", { error: RateLimited }) {}
export class RegistrationLimit extends HttpApiMiddleware.Service<RegistrationLimit>()("agentdns/runtime/http/RegistrationLimit", {
  error: RateLimited,
}) {}

/** Not the operator's to set: it spares the entities that are asked. */
export class CardLimit extends HttpApiMiddleware.Service<CardLimit>()("agentdns/runtime/http/CardLimit", { error: RateLimited }) {}

/** Addresses that are counted at once; beyond it those that are over are forgotten, then the ones counted longest. */
const addressesMax = 20_000

const makeLimit = (limit: number, addressOf: (request: HttpServerRequest.HttpServerRequest) => ClientAddress) => {
  const windows = new Map<ClientAddress, RateWindow>()
  const remember = (address: ClientAddress, window: RateWindow, nowMs: number) => {
    if (!windows.has(address) && windows.size >= addressesMax) {
      for (const [other, old] of windows) if (isOver(old, nowMs)) windows.delete(other)
      if (windows.size >= addressesMax) windows.delete(windows.keys().next().value!)
    }
    windows.set(address, window)
  }
  return <A, E, R>(answer: Effect.Effect<A, E, R>) =>
    Effect.withFiber<A, E | typeof RateLimited.Type, R>((fiber) => {
      const nowMs = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      const address = addressOf(Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest))
      const { isGranted, window, remaining, waitMs } = take(windows.get(address), limit, nowMs)
      remember(address, window, nowMs)
      const waitSeconds = Math.ceil(waitMs / 1_000)
      const headers: Record<string, string> = {
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-remaining": String(remaining),
        "x-ratelimit-reset": String(waitSeconds),
        ...(!isGranted && { "retry-after": String(waitSeconds) }),
      }
      HttpEffect.appendPreResponseHandlerUnsafe(fiber.context, (_, response) =>
        Effect.succeed(HttpServerResponse.setHeaders(response, headers)),
      )
      return isGranted
        ? answer
        : Effect.fail({ error: "rate_limited", message: `more than ${limit} such requests a minute; try again in ${waitSeconds} s` })
    })
}

export const layer = (settings: HttpSettings): Layer.Layer<CardLimit | RegistrationLimit | SearchLimit> => {
  const addressOf = clientAddressOf(settings.trustedProxies)
  return Layer.mergeAll(
    Layer.sync(CardLimit, () => CardLimit.of(makeLimit(cardsPerMinute, addressOf))),
    Layer.sync(SearchLimit, () => SearchLimit.of(makeLimit(settings.rateLimitSearch, addressOf))),
    Layer.sync(RegistrationLimit, () => RegistrationLimit.of(makeLimit(settings.rateLimitRegister, addressOf))),
  )
}
