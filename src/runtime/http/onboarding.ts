/** Who lets developers in, in restricted mode, and the operator: bearers of secrets (reference 9; ruled). */
import { Effect, Redacted } from "effect"
import { hash, timingSafeEqual } from "node:crypto"
import type { Forbidden, Unauthorized } from "./problems.ts"
import type { HttpSettings } from "./settings.ts"

/** Is this the `Authorization` of who has the secret? Takes as long whatever is wrong with it. */
export const hasSecret = (authorization: string | undefined, secret: Redacted.Redacted): boolean => {
  const said = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? "")?.[1] ?? ""
  return timingSafeEqual(hash("sha256", said, "buffer"), hash("sha256", Redacted.value(secret), "buffer"))
}

/** Registering is open, or the web hook's; before the body is read. */
export const letIn = ({ onboarding }: HttpSettings, authorization: string | undefined): Effect.Effect<void, typeof Forbidden.Type> => {
  if (onboarding.mode === "open") return Effect.void
  if (onboarding.webhookSecret !== undefined && hasSecret(authorization, onboarding.webhookSecret)) return Effect.void
  return Effect.fail({
    error: "forbidden",
    message: "this registry lets developers in by itself: use 'agentdns auth login --registry <url>'",
    ...(onboarding.authUrl !== undefined && { auth_url: onboarding.authUrl }),
  })
}

export const unauthorized = (message: string): Effect.Effect<never, typeof Unauthorized.Type> =>
  Effect.fail({ error: "unauthorized", message })
