/**
 * Which certificate the clients of this registry meet (ruled): our own, one that the operator names, or, where a proxy stands in
 * front of us, the one that is seen at our public URL. The identity proof names it, and is signed anew when it changes.
 */
import { Effect, type Scope } from "effect"
import { fingerprintPeriodMs, inspectionPatienceMs, proofBytesMax } from "../protocol/limits.ts"
import type { OwnCertificate, TlsPair, Web } from "./web.ts"

export interface CertificateSources {
  readonly own?: { readonly current: () => TlsPair }
  /** The operator's word. */
  readonly named?: string
  /** Where others reach us, when that is HTTPS. */
  readonly publicUrl?: string
}

export interface ObservedCertificate extends OwnCertificate {
  /** Looks at the public URL until the scope closes, if there is nothing better to know it from. Call it once we serve. */
  readonly observe: Effect.Effect<void, never, Scope.Scope>
}

export const ownCertificate = ({ named, own, publicUrl }: CertificateSources, web: Web): ObservedCertificate => {
  let seen: string | undefined
  const look = Effect.match(web.get({ url: `${publicUrl ?? ""}/health`, bytesMax: proofBytesMax, patienceMs: inspectionPatienceMs }), {
    // what was seen goes on to hold while nobody answers
    onFailure: () => {},
    onSuccess: (answer) => {
      if (answer.type === "document" && answer.fingerprint !== undefined) seen = answer.fingerprint
    },
  })
  const looking = Effect.forever(
    Effect.andThen(
      look,
      Effect.suspend(() => Effect.sleep(seen === undefined ? retryMs : fingerprintPeriodMs)),
    ),
  )
  return {
    fingerprint: Effect.sync(() => named ?? own?.current().fingerprint ?? seen),
    observe: named !== undefined || own !== undefined || publicUrl === undefined ? Effect.void : Effect.asVoid(Effect.forkScoped(looking)),
  }
}

/** Until it is seen for the first time: a proxy may start after us. */
const retryMs = 30_000
