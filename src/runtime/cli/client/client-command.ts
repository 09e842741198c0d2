/** What every client's command has in common: where the registry is, where the keys are, and how the answer is shown. */
import { readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { Json } from "../../../protocol/identity/canonical-json.ts"
import { columns } from "../columns.ts"
import type { Command } from "../command.ts"
import { end, type Ending, exitCode } from "../exit.ts"
import { runToEnd } from "../run.ts"
import { type Flag, type Given, isEnding, type Position, readGiven, usageOf } from "./flags.ts"
import { type Registry, registryAt } from "./registry.ts"

/** What a command is told besides its own words. */
export interface Circumstances {
  readonly registry: Registry
  /** Folder of the developer's keys: `ZYND_HOME`, else `~/.zynd`. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** A line for people while something is under way; nothing with `--json`. */
  readonly say: (line: string) => void
}

/** What it found: for programs, and in words for people. */
export interface Answer {
  readonly json: Json
  readonly text: string
}

export interface ClientCommand {
  readonly name: string
  readonly help: string
  readonly positions?: ReadonlyArray<Position>
  readonly flags?: ReadonlyArray<Flag>
  readonly run: (given: Given, circumstances: Circumstances) => Effect.Effect<Answer, Ending>
}

export const clientCommand = ({ flags: own = [], help, name, positions = [], run }: ClientCommand): Command => {
  const flags = [...own, ...commonFlags]
  return {
    usage: usageOf({ positions, flags }),
    help: () => `${help}\n\n${columns(flags.map((flag) => [flagHead(flag), flag.doc]))}`,
    flags: flags.map(({ name }) => `--${name}`),
    run: async (argv, env) => {
      const given = readGiven({ name, flags, positions }, argv)
      if (isEnding(given)) return end(given)
      const home = env["ZYND_HOME"] ?? join(homedir(), ".zynd")
      const url = registryUrl(given, env, home)
      if (url === undefined) return end({ code: exitCode.usage, sentence: "the registry's URL must begin with http:// or https://" })
      const isForPrograms = given.has("json")
      const say = (line: string) => void (isForPrograms || process.stderr.write(`${line}\n`))
      return runToEnd(
        Effect.map(run(given, { registry: registryAt(url), home, env, say }), ({ json, text }) => {
          process.stdout.write(`${isForPrograms ? JSON.stringify(json, undefined, 2) : text}\n`)
        }),
      )
    },
  }
}

const commonFlags: ReadonlyArray<Flag> = [
  {
    name: "registry",
    takes: "URL",
    doc: `the registry that is asked (ZYND_REGISTRY_URL, else the home's config.json, else this machine's)`,
  },
  { name: "json", doc: "prints the answer as JSON" },
]

const localRegistry = "http://127.0.0.1:8080"

const registryUrl = (given: Given, env: Circumstances["env"], home: string): string | undefined => {
  const said = given.text("registry") ?? env["ZYND_REGISTRY_URL"] ?? configuredIn(home) ?? localRegistry
  const isWeb = URL.canParse(said) && /^https?:$/.test(new URL(said).protocol)
  return isWeb ? said.replace(/\/+$/, "") : undefined
}

/** `registry_url` of the SDKs' `config.json`. */
const configuredIn = (home: string): string | undefined => {
  try {
    const { registry_url } = JSON.parse(readFileSync(join(home, "config.json"), "utf8")) as { readonly registry_url?: unknown }
    return typeof registry_url === "string" && registry_url !== "" ? registry_url : undefined
  } catch {
    return undefined
  }
}

const flagHead = ({ name, takes }: Flag): string => (takes === undefined ? `--${name}` : `--${name} ${takes}`)

export const stopWith = (sentence: string, code: Ending["code"] = exitCode.usage): Effect.Effect<never, Ending> =>
  Effect.fail({ code, sentence })

const shown = (value: Json | undefined): string => {
  if (value === undefined || value === null) return ""
  if (Array.isArray(value)) return value.map((one: Json) => shown(one)).join(", ")
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

/** A record's members as lines, in this order; what is empty is left out. */
export const facts = (rows: ReadonlyArray<readonly [string, Json | undefined]>): string =>
  columns(
    rows.flatMap(([head, value]) => {
      const text = shown(value)
      return text === "" ? [] : [[head, text]]
    }),
  )
