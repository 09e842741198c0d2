/**
 * `auth login`: a developer's key from a registry that lets in only whom its operator knows (reference 9).
 *
 * The operator's page makes the developer and sends the browser back here, to a port of this machine that is open for the
 * five minutes that takes. Whatever comes with another state is somebody else's, and changes nothing.
 */
import { createDecipheriv, createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { spawn } from "node:child_process"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"
import { secretKeyOf } from "../../../protocol/identity/ed25519.ts"
import { idOf } from "../../../protocol/identity/id.ts"
import { type Ending, exitCode } from "../exit.ts"
import { type ClientCommand, facts, stopWith } from "./client-command.ts"
import { developerFile, developerFlag, keep } from "./key-files.ts"
import { asObject, textIn } from "./registry.ts"

const patienceMs = 300_000

export const login: ClientCommand = {
  name: "auth login",
  help: `Gets a developer's key from a registry with restricted onboarding: its operator's page opens in the browser, and what
comes back is written to developer.json. Where onboarding is open, "dev-init" and "dev-register" are all there is to do.`,
  flags: [
    { name: "name", takes: "NAME", doc: "what the developer is called" },
    { name: "no-browser", doc: "only prints the page's address" },
    developerFlag,
  ],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { registry, say } = circumstances
    const file = developerFile(given, circumstances)
    const onboarding = asObject(asObject(yield* registry.call("GET", "/v1/info"))["developer_onboarding"])
    if (textIn(onboarding, "mode") !== "restricted") {
      return { json: onboarding, text: "this registry is open to everybody: make a key with dev-init, and register it with dev-register" }
    }
    const page = textIn(onboarding, "auth_url")
    if (!/^https?:\/\//.test(page) || !URL.canParse(page))
      return yield* stopWith("the registry names no page to log in at", exitCode.refused)

    const state = randomBytes(16).toString("hex")
    const answer = yield* Effect.scoped(
      Effect.gen(function* () {
        const { answered, port } = yield* listening(state)
        const url = pageFor(page, { callback_port: String(port), state, registry_url: registry.url, name: given.text("name") })
        say(`open this page to log in:\n  ${url}`)
        if (!given.has("no-browser")) openBrowser(url)
        return yield* answered
      }),
    )
    const seed = yield* decrypted(answer.private_key_enc, state)
    const id = idOf("developer", secretKeyOf(seed).publicKey)
    if (id !== answer.developer_id) return yield* stopWith("the key that came back is not that developer's", exitCode.refused)
    yield* keep(file, seed)
    const json = { developer_id: id, file }
    return { json, text: facts(Object.entries(json)) }
  }),
}

interface Callback {
  readonly developer_id: string
  readonly private_key_enc: string
}

const pageFor = (page: string, parameters: Readonly<Record<string, string | undefined>>): string => {
  const url = new URL(page)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

/** A port of this machine, and what arrives there with our state. */
const listening = (state: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly answered: Effect.Effect<Callback, Ending>; readonly port: number; readonly server: Server }, Ending>(
      (resume) => {
        const { promise, resolve } = Promise.withResolvers<Callback>()
        const server = createServer((request, response) => {
          const url = new URL(request.url ?? "/", "http://127.0.0.1")
          const callback = {
            developer_id: url.searchParams.get("developer_id") ?? "",
            private_key_enc: url.searchParams.get("private_key_enc") ?? "",
          }
          const isOurs = request.method === "GET" && url.pathname === "/callback" && isSame(url.searchParams.get("state") ?? "", state)
          response.writeHead(isOurs ? 200 : 404, { "content-type": "text/plain; charset=utf-8", connection: "close" })
          response.end(isOurs ? "You are logged in. This page can be closed.\n" : "There is nothing here.\n")
          if (isOurs) resolve(callback)
        })
        server.on("error", () => resume(stopWith("no port of this machine can be opened for the browser's answer", exitCode.unavailable)))
        server.listen(0, "127.0.0.1", () => {
          const answered = Effect.promise(() => promise).pipe(
            Effect.timeoutOrElse({
              duration: patienceMs,
              orElse: () => stopWith("nobody logged in within five minutes", exitCode.refused),
            }),
          )
          resume(Effect.succeed({ answered, port: (server.address() as AddressInfo).port, server }))
        })
      },
    ),
    ({ server }) => Effect.sync(() => server.close()),
  )

const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest())

/** Nonce, ciphertext and tag of AES-256-GCM under SHA-256 of the state; inside, the private key in base64. */
const decrypted = (sealed: string, state: string): Effect.Effect<Uint8Array, Ending> =>
  Effect.try({
    try: () => {
      const bytes = Buffer.from(sealed, "base64")
      const cipher = createDecipheriv("aes-256-gcm", createHash("sha256").update(state).digest(), bytes.subarray(0, 12))
      cipher.setAuthTag(bytes.subarray(-16))
      const text = Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString("utf8")
      const key = Buffer.from(text, "base64")
      if (key.length !== 32 && key.length !== 64) throw new Error("no key")
      return key.subarray(0, 32)
    },
    catch: (): Ending => ({ code: exitCode.refused, sentence: "what came back is no key that was made for this login" }),
  })

const openBrowser = (url: string): void => {
  const [program, ...words]: readonly [string, ...ReadonlyArray<string>] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["rundll32", "url.dll,FileProtocolHandler"] : ["xdg-open"]
  const child = spawn(program, [...words, url], { stdio: "ignore", detached: true })
  // The address is on the screen: whoever has no browser here opens it elsewhere.
  child.on("error", () => {})
  child.unref()
}
