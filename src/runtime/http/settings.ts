import type { TlsPair } from "../web.ts"

/** What the operator decides about REST (contract: `[server]`, `[api]`, `[onboarding]`). */
import type { Redacted } from "effect"

export interface HttpSettings {
  readonly host: string
  /** 0 asks for a free one. */
  readonly port: number
  /** HTTPS instead of HTTP; the certificate may change while it is served. */
  readonly tls?: { readonly current: () => TlsPair; readonly follow: (listener: (pair: TlsPair) => void) => void }
  /** The version of this software. */
  readonly version: string
  /** What the operator calls the registry. */
  readonly name: string
  /** `full`, `light`, `gateway` or `bootnode`. */
  readonly role: string
  /** Host of the public URL; absent when there is none. */
  readonly registryHost?: string
  readonly onboarding:
    | { readonly mode: "open" }
    | {
        readonly mode: "restricted"
        readonly authUrl?: string
        /** Of the web hook that lets developers in. */
        readonly webhookSecret?: Redacted.Redacted
      }
  /** The operator's; without one nobody is. */
  readonly adminToken?: Redacted.Redacted
  /** Requests a minute and address. */
  readonly rateLimitSearch: number
  readonly rateLimitRegister: number
  /** Addresses or networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: ReadonlyArray<string>
  /** An entity that is silent for this long counts as inactive. */
  readonly heartbeatSilenceMs: number
  /** Origins whose pages may call; `*` is any. */
  readonly corsOrigins: ReadonlyArray<string>
  /** Every request is a span. */
  readonly isTraced?: boolean
}
