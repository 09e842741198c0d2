/** What the operator decides about REST (contract: `[server]`, `[api]`, `[onboarding]`). */
export interface HttpSettings {
  readonly host: string
  /** 0 asks for a free one. */
  readonly port: number
  /** The version of this software. */
  readonly version: string
  /** What the operator calls the registry. */
  readonly name: string
  /** `full`, `light`, `gateway` or `bootnode`. */
  readonly role: string
  /** Host of the public URL; absent when there is none. */
  readonly registryHost?: string
  readonly onboarding: { readonly mode: "open" } | { readonly mode: "restricted"; readonly authUrl?: string }
  /** Requests a minute and address. */
  readonly rateLimitSearch: number
  readonly rateLimitRegister: number
  /** Addresses or networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: ReadonlyArray<string>
  /** An entity that is silent for this long counts as inactive. */
  readonly heartbeatSilenceMs: number
  /** Origins whose pages may call; `*` is any. */
  readonly corsOrigins: ReadonlyArray<string>
}
