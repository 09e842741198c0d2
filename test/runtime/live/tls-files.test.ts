/** HTTPS with certificate files that are renewed while it is served. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TLSSocket } from "node:tls"
import { NodeWS } from "@effect/platform-node"
import { Effect, type Scope } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { fingerprintOf } from "../../../src/protocol/gossip/kinds/proof.ts"
import { selfSigned } from "../../../src/runtime/live/certificate.ts"
import { tlsFiles } from "../../../src/runtime/live/tls-files.ts"
import { ownCertificate } from "../../../src/runtime/own-certificate.ts"
import { NotFetched, type Web } from "../../../src/runtime/web.ts"
import { keyOf } from "../../support/builders.ts"
import { servedNode } from "../../support/served-node.ts"

const directory = mkdtempSync(join(tmpdir(), "tls-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")]

const writeCert = (seed: number) =>
  writeFileSync(cert, selfSigned(keyOf(seed), { serial: new Uint8Array(16).fill(seed), nowMs: Date.now() }))
const writeSecret = (seed: number) => writeFileSync(key, keyOf(seed).keyObject.export({ format: "pem", type: "pkcs8" }))
const fingerprint = (seed: number) => fingerprintOf(keyOf(seed).publicKey)

/** The status of /health, and whose certificate it came behind. */
const met = (url: string) =>
  Effect.callback<readonly [number | undefined, boolean]>((resume) => {
    const expected = keyOf(current).keyObject
    request(`${url}/health`, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume()
      const shown = (response.socket as TLSSocket).getPeerX509Certificate()!
      resume(Effect.succeed([response.statusCode, shown.checkPrivateKey(expected)]))
    }).end()
  })
let current = 1

const play = (test: Effect.Effect<void, unknown, Scope.Scope>) => Effect.runPromise(Effect.scoped(test))
const until = (holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.andThen(Effect.sleep(20), until(holds))))

describe("certificate files", () => {
  it("are served, taken up when both are renewed, and left alone while they do not belong together", () =>
    play(
      Effect.gen(function* () {
        writeCert(1)
        writeSecret(1)
        const warnings: Array<string> = []
        const files = yield* tlsFiles({ cert, key, periodMs: 30, warn: (sentence) => void warnings.push(sentence) })
        const { url } = yield* servedNode(31, { tls: files })
        expect(url).toMatch(/^https:/)
        expect(yield* met(url)).toEqual([200, true])
        expect(files.current().fingerprint).toBe(fingerprint(1))

        writeCert(2)
        yield* until(() => warnings.length > 0)
        expect(warnings[0]).toMatch(/is not used, the old one goes on: .+ do not belong together$/)
        expect(yield* met(url)).toEqual([200, true])
        writeSecret(2)
        yield* until(() => files.current().fingerprint === fingerprint(2))
        current = 2
        expect(yield* met(url)).toEqual([200, true])

        const stream = new NodeWS.WebSocket(`${url.replace("https", "wss")}/v1/ws/activity`, { rejectUnauthorized: false })
        const first = yield* Effect.callback<string>(
          (resume) => void stream.once("message", (data: Buffer) => resume(Effect.succeed(data.toString()))),
        )
        expect(first).toContain('"connected"')
        stream.terminate()
      }),
    ))

  it("are refused at the start with a sentence that tells nothing of what is in them", () =>
    play(
      Effect.gen(function* () {
        const why = (certFile: string, keyFile: string) =>
          Effect.match(tlsFiles({ cert: certFile, key: keyFile, warn: () => {} }), {
            onFailure: ({ reason }) => reason,
            onSuccess: () => "fine",
          })
        writeCert(1)
        writeSecret(2)
        expect(yield* why(cert, key)).toBe("do not belong together")
        expect(yield* why(cert, join(directory, "absent.pem"))).toBe("do not both exist")
        expect(yield* why(key, cert)).toBe("are no PEM certificate and its private key")
        writeFileSync(key, "secretword")
        expect(yield* why(cert, key)).toBe("are no PEM certificate and its private key")
      }),
    ))
})

describe("the certificate that clients meet", () => {
  const own = { current: () => ({ cert: "", key: "", fingerprint: fingerprint(1) }) }
  const proxy = (seen: () => string | undefined): Web => ({
    get: ({ url }) => {
      const now = seen()
      return url === "https://zns01.example/health" && now !== undefined
        ? Effect.succeed({ type: "document", text: "", fingerprint: now })
        : new NotFetched({ why: "no-answer" })
    },
  })
  const publicUrl = "https://zns01.example"

  it("is what the operator names, else our own, else what is seen at the public URL", () =>
    play(
      Effect.gen(function* () {
        let seen: string | undefined = fingerprint(3)
        const web = proxy(() => seen)
        const named = ownCertificate({ named: fingerprint(2), own, publicUrl }, web)
        const served = ownCertificate({ own, publicUrl }, web)
        const observed = ownCertificate({ publicUrl }, web)
        const none = ownCertificate({}, web)
        for (const { observe } of [named, served, observed, none]) yield* observe
        yield* Effect.sleep(10)
        expect(yield* Effect.all([named, served, observed, none].map((each) => each.fingerprint))).toEqual([
          fingerprint(2),
          fingerprint(1),
          fingerprint(3),
          undefined,
        ])
        seen = undefined
        expect(yield* observed.fingerprint).toBe(fingerprint(3))
      }),
    ))
})
