/**
 * Documents of the public web, a port: cards of entities, identity proofs of registries.
 *
 * What is asked for is somebody else's choice, so the provider promises to look at every address before it connects, at each
 * redirect anew; to read no more than was said and wait no longer; and to tell no more of what went wrong than a word.
 * A node without a provider, as in the simulator, reads nothing.
 */
import { Context, Effect, Schema } from "effect"

export class NotFetched extends Schema.TaggedError<NotFetched>()("NotFetched", {
  why: Schema.Literals(["address-not-public", "no-answer", "not-in-time", "not-there", "too-large", "too-many-redirects", "not-text"]),
}) {}

export interface WebRequest {
  readonly url: string
  readonly bytesMax: number
  readonly patienceMs: number
  /** What we have already: then the answer may be that it is still so. */
  readonly etag?: string
}

export type WebAnswer =
  | { readonly type: "unchanged" }
  | {
      readonly type: "document"
      readonly text: string
      readonly etag?: string
      /** SHA-256 over the public key of the TLS certificate that was met, where it was TLS: `sha256:` and hex. */
      readonly fingerprint?: string
    }

export interface Web {
  readonly get: (request: WebRequest) => Effect.Effect<WebAnswer, NotFetched>
}

/** A certificate and its key as PEM, and the fingerprint of the certified key. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
  readonly fingerprint: string
}

/** The TLS certificate that clients of ours meet, a port: our own, one that the operator names, or that of a proxy in front of us. */
export interface OwnCertificate {
  /** As in `WebAnswer`; `undefined` where there is none, or it is not known yet. */
  readonly fingerprint: Effect.Effect<string | undefined>
}

export const OwnCertificate = Context.Reference<OwnCertificate>("agentdns/runtime/OwnCertificate", {
  defaultValue: () => ({ fingerprint: Effect.succeed(undefined) }),
})

/** TXT records, a port with the same promise. A name without any has none; what cannot be asked is not fetched. */
export interface Dns {
  readonly txt: (name: string) => Effect.Effect<ReadonlyArray<string>, NotFetched>
}

export const Dns = Context.Reference<Dns>("agentdns/runtime/Dns", {
  defaultValue: () => ({ txt: () => Effect.fail(new NotFetched({ why: "no-answer" })) }),
})

export const Web = Context.Reference<Web>("agentdns/runtime/Web", {
  defaultValue: () => ({ get: () => Effect.fail(new NotFetched({ why: "no-answer" })) }),
})
