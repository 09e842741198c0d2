/** A registry as clients meet it: REST calls whose every failure is one sentence and an exit code. */
import { Effect } from "effect"
import type { Json, JsonObject } from "../../../protocol/identity/canonical-json.ts"
import { type Ending, exitCode } from "../exit.ts"

export interface Registry {
  readonly url: string
  /** The answer's JSON. Whatever is not a 2xx ends the command. */
  readonly call: (
    method: string,
    path: string,
    body?: Json | string,
    headers?: Readonly<Record<string, string>>,
  ) => Effect.Effect<Json, Ending>
  /** A GET; `undefined` where the registry knows no such thing. */
  readonly find: (path: string) => Effect.Effect<Json | undefined, Ending>
}

/** A registry that has not answered after this time does not. */
const patienceMs = 30_000

/** `url` without a slash at its end. A body that is a text goes as it is: it is what was signed. */
export const registryAt = (url: string): Registry => {
  const ask = (method: string, path: string, body?: Json | string, headers: Readonly<Record<string, string>> = {}) =>
    Effect.tryPromise({
      try: async (signal) => {
        const response = await fetch(`${url}${path}`, {
          method,
          headers: { accept: "application/json", ...(body !== undefined && { "content-type": "application/json" }), ...headers },
          signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
          ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        })
        return { status: response.status, text: await response.text() }
      },
      catch: (): Ending => ({ code: exitCode.unavailable, sentence: `no registry answers at ${url}; name another with --registry URL` }),
    }).pipe(
      Effect.flatMap(({ status, text }) => {
        const json = jsonIn(text)
        if (json === undefined) return Effect.fail<Ending>(notARegistry(url))
        return Effect.succeed({ status, json })
      }),
    )
  const refusal = (method: string, path: string, status: number, json: Json): Ending => ({
    code: status >= 500 ? exitCode.unavailable : exitCode.refused,
    sentence: `the registry refuses ${method} ${path.replace(/\?.*/, "")} (${status}): ${reasonIn(json)}`,
  })
  return {
    url,
    call: (method, path, body, headers) =>
      Effect.flatMap(ask(method, path, body, headers), ({ json, status }) =>
        status >= 200 && status < 300 ? Effect.succeed(json) : Effect.fail(refusal(method, path, status, json)),
      ),
    find: (path) =>
      Effect.flatMap(ask("GET", path), ({ json, status }) => {
        if (status === 404) return Effect.succeed(undefined)
        return status >= 200 && status < 300 ? Effect.succeed(json) : Effect.fail(refusal("GET", path, status, json))
      }),
  }
}

const jsonIn = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const notARegistry = (url: string): Ending => ({
  code: exitCode.unavailable,
  sentence: `${url} answers, but not as a registry does; name another with --registry URL`,
})

/** A sentence out of a stranger's answer: short, on one line. */
const reasonIn = (json: Json): string => {
  const { error, message } = asObject(json)
  const said = typeof message === "string" ? message : typeof error === "string" ? error : "it does not say why"
  return printable(said).slice(0, 300)
}

export const asObject = (json: Json | undefined): JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json) ? (json as JsonObject) : {}

export const asList = (json: Json | undefined): ReadonlyArray<Json> => (Array.isArray(json) ? json : [])

export const textIn = (json: Json | undefined, member: string): string => {
  const value = asObject(json)[member]
  return typeof value === "string" ? value : ""
}

/** Without what moves a terminal's cursor: it is a stranger's text. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")

export const at = (...parts: ReadonlyArray<string>): string => `/${parts.map((part) => encodeURIComponent(part)).join("/")}`
