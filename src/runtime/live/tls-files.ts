/**
 * The certificate of the HTTP server, from files that somebody renews (`[server] tls_cert`, `tls_key`; Let's Encrypt).
 *
 * The files are looked at every few seconds; a pair that belongs together takes over at once, for new connections. A pair that
 * does not (one file is written before the other) is left alone, and told of once.
 */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto"
import { readFileSync, unwatchFile, watchFile } from "node:fs"
import { Effect, Schema, type Scope } from "effect"
import type { TlsPair } from "../web.ts"

/** The files cannot be used; `reason` continues a sentence that begins with them. */
export class TlsFilesUnusable extends Schema.TaggedError<TlsFilesUnusable>()("TlsFilesUnusable", {
  reason: Schema.String,
}) {}

export interface TlsFiles {
  readonly current: () => TlsPair
  /** Called with every later pair. */
  readonly follow: (listener: (pair: TlsPair) => void) => void
}

export interface TlsFilesSettings {
  readonly cert: string
  readonly key: string
  readonly periodMs?: number
  readonly warn: (sentence: string) => void
}

/** Reads the files now, and again whenever they change, until the scope closes. */
export const tlsFiles = ({ cert, key, periodMs = 2_000, warn }: TlsFilesSettings): Effect.Effect<TlsFiles, TlsFilesUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    let pair = yield* Effect.try({ try: () => readPair(cert, key), catch: (error) => new TlsFilesUnusable({ reason: whyNot(error) }) })
    const listeners: Array<(pair: TlsPair) => void> = []
    const look = () => {
      try {
        const next = readPair(cert, key)
        if (next.cert === pair.cert && next.key === pair.key) return
        pair = next
        for (const listener of listeners) listener(pair)
      } catch (error) {
        warn(`the renewed certificate is not used, the old one goes on: ${cert} and ${key} ${whyNot(error)}`)
      }
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => [cert, key].forEach((file) => watchFile(file, { interval: periodMs, persistent: false }, look))),
      () => Effect.sync(() => [cert, key].forEach((file) => unwatchFile(file, look))),
    )
    return { current: () => pair, follow: (listener) => void listeners.push(listener) }
  })

const readPair = (certFile: string, keyFile: string): TlsPair => {
  const [cert, key] = [readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8")]
  const certificate = new X509Certificate(cert)
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("do not belong together")
  const spki = certificate.publicKey.export({ format: "der", type: "spki" })
  return { cert, key, fingerprint: `sha256:${createHash("sha256").update(spki).digest("hex")}` }
}

/** Nothing of what stands in the files. */
const whyNot = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "ENOENT") return "do not both exist"
  if (code === "EACCES") return "cannot both be read"
  return message === "do not belong together" ? message : "are no PEM certificate and its private key"
}
