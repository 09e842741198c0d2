/**
 * The settings of one start: flag over variable over file over default, decided by a pure function.
 *
 * All that is wrong is told, as sentences that name the flag, the variable or the line of the file, and the nearest thing
 * that would be right. Variables that nobody knows are a warning only: they may be meant for something else.
 */
import { readFromFile, Wrong } from "./config/kind.ts"
import { lineOf } from "./config/lines.ts"
import { nearest } from "./config/nearest.ts"
import {
  inFileAs,
  isInFile,
  keysWithoutMeaning,
  meshListen,
  type SettingName,
  settingNames,
  settingOf,
  type Settings,
  variablesOf,
} from "./config/settings.ts"

/** A settings file that was read: its tables, or why it has none. */
export interface SettingsFile {
  readonly name: string
  readonly text: string
  readonly content: Readonly<Record<string, unknown>>
}

/** What a start is told. `argv` is what follows the command; `file` is absent when none was named. */
export interface Told {
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file?: SettingsFile
}

export type Decision =
  | {
      readonly type: "decided"
      readonly settings: Settings
      /** Where each value comes from, as people say it: `--listen`, `AGENTDNS_LISTEN`, `agentdns.toml line 3`, `default`. */
      readonly sources: Readonly<Record<SettingName, string>>
      readonly warnings: ReadonlyArray<string>
      readonly notes: ReadonlyArray<string>
    }
  | { readonly type: "refused"; readonly complaints: ReadonlyArray<string> }

export const decide = ({ argv, env, file }: Told): Decision => {
  const complaints: Array<string> = []
  const notes: Array<string> = []
  const flags = fromFlags(argv, complaints)
  const variables = fromVariables(env, complaints)
  const filed = file === undefined ? nothing() : fromFile(file, complaints, notes)

  const decided: Record<string, unknown> = {}
  const sources: Record<string, string> = {}
  for (const name of settingNames) {
    const given = flags.get(name) ?? variables.get(name) ?? filed.get(name)
    const { fallback, withoutEffect } = settingOf(name)
    decided[name] = given === undefined ? fallback : given.value
    sources[name] = given === undefined ? "default" : given.source
    if (withoutEffect !== undefined && given !== undefined && given.value !== fallback) {
      notes.push(`${given.source}: ${isInFile(name) ? inFileAs(name) : name} has no effect: ${withoutEffect}`)
    }
  }
  for (const name of pathNames) decided[name] = atHome(decided[name] as string | undefined, env)
  if (complaints.length > 0) return { type: "refused", complaints }
  return {
    type: "decided",
    settings: decided as Settings,
    sources: sources as Record<SettingName, string>,
    warnings: strangers(env),
    notes,
  }
}

/** The settings file that this start names, by flag before variable; nothing when it names none. Complaints are `decide`'s. */
export const fileNamed = ({ argv, env }: Omit<Told, "file">): string | undefined => {
  const given = fromFlags(argv, []).get("config") ?? fromVariables(env, []).get("config")
  return given === undefined ? undefined : atHome(given.value as string, env)
}

/** Where the registry's key is: the file that was named, or the one in the data directory. */
export const identityFileOf = (settings: Settings): { readonly file: string; readonly isNamed: boolean } => {
  const named = settings["server.identity"]
  if (named !== undefined) return { file: named, isNamed: true }
  return { file: `${settings["server.data_dir"].replace(/[/\\]$/, "")}/identity.json`, isNamed: false }
}

interface Given {
  readonly value: unknown
  readonly source: string
}

type Level = Map<SettingName, Given>
const nothing = (): Level => new Map()

// flags --------------------------------------------------------------------------------------------------------------

/** Later flags win over earlier ones, as everywhere. */
const fromFlags = (argv: ReadonlyArray<string>, complaints: Array<string>): Level => {
  const level = nothing()
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!
    const [flag, inline] = split(argument, "=")
    if (!flag.startsWith("--") || flag === "--") {
      complaints.push(`"${argument}" is not expected here: settings are given as --flag value`)
      continue
    }
    const name = flag.slice(2)
    if (!flagNames.has(name)) {
      complaints.push(`there is no flag ${flag}${didYouMean(name, flagNames.keys(), (near) => `--${near}`)}`)
      // Its value, if it has one, is not complained about as well.
      if (inline === undefined && argv[i + 1]?.startsWith("--") === false) i++
      continue
    }
    const value = inline ?? argv[++i]
    if (value === undefined || (inline === undefined && value.startsWith("--"))) {
      complaints.push(`${flag} needs a value behind it`)
      if (value !== undefined) i--
      continue
    }
    if (name === "set") bySet(value, level, complaints)
    else if (name === meshListen.flag) asParts(value, flag, level, complaints)
    else take(flagNames.get(name)!, value, flag, level, complaints)
  }
  return level
}

const bySet = (assignment: string, level: Level, complaints: Array<string>): void => {
  const [key, value] = split(assignment, "=")
  if (value === undefined) return void complaints.push(`--set needs section.key=value, not "${key}"`)
  const name = fileKeys.get(key)
  if (name !== undefined) return take(name, value, `--set ${key}`, level, complaints)
  if (!keysWithoutMeaning.has(key)) {
    complaints.push(`--set ${key}: there is no such setting${didYouMean(key, fileKeys.keys(), (near) => near)}`)
  }
}

// variables ----------------------------------------------------------------------------------------------------------

/** An empty variable counts as absent: that is how compose files leave one out. */
const fromVariables = (env: Told["env"], complaints: Array<string>): Level => {
  const level = nothing()
  const compound = env[meshListen.variable]
  if (compound !== undefined && compound !== "") asParts(compound, meshListen.variable, level, complaints)
  for (const name of settingNames) {
    if (level.has(name)) continue
    const variable = variablesOf(name).find((one) => env[one] !== undefined && env[one] !== "")
    if (variable !== undefined) take(name, env[variable]!, variable, level, complaints)
  }
  return level
}

const strangers = (env: Told["env"]): ReadonlyArray<string> =>
  Object.keys(env)
    .filter((one) => one.startsWith("AGENTDNS_") && !one.startsWith("AGENTDNS_TEST_") && !variableNames.has(one))
    .sort()
    .map((one) => `there is no variable ${one}${didYouMean(one, variableNames, (near) => near)}`)

// file ---------------------------------------------------------------------------------------------------------------

const fromFile = (file: SettingsFile, complaints: Array<string>, notes: Array<string>): Level => {
  const level = nothing()
  for (const [key, value] of leaves(file.content, "")) {
    const line = lineOf(file.text, key)
    const source = line === undefined ? file.name : `${file.name} line ${line}`
    const name = fileKeys.get(key)
    if (name === undefined) {
      const reason = keysWithoutMeaning.get(key)
      if (reason === undefined) complaints.push(`${source}: ${unknownKey(key)}`)
      else notes.push(`${source}: ${inFileAs(key)} has no meaning here: ${reason}`)
    } else if (level.has(name)) {
      complaints.push(`${source}: ${inFileAs(key)} says again what ${level.get(name)!.source} says`)
    } else {
      const { kind, fallback } = settingOf(name)
      // Deployed files write "" for what is not set.
      if (value === "" && fallback === undefined) continue
      const read = readFromFile(kind, value)
      if (read instanceof Wrong) complaints.push(`${source}: ${inFileAs(key)} ${read.sentence}`)
      else level.set(name, { value: read, source })
    }
  }
  return level
}

const unknownKey = (key: string): string => {
  const known = [...fileKeys.keys()]
  const section = key.slice(0, key.lastIndexOf("."))
  const inSection = known.filter((one) => one.startsWith(`${section}.`) && !one.slice(section.length + 1).includes("."))
  const near = nearest(key, inSection) ?? nearest(key, known) ?? sameKeyElsewhere(key, known)
  return `there is no setting ${inFileAs(key)}${near === undefined ? "" : `; did you mean ${inFileAs(near)}?`}`
}

const sameKeyElsewhere = (key: string, known: ReadonlyArray<string>) => {
  const last = (one: string) => one.slice(one.lastIndexOf(".") + 1)
  return known.find((one) => last(one) === last(key))
}

/** Every key that is not a table, with the names of its tables before it; an empty table that nobody knows counts as one. */
function* leaves(table: Readonly<Record<string, unknown>>, before: string): Generator<readonly [key: string, value: unknown]> {
  for (const [name, value] of Object.entries(table)) {
    const isTable = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
    const isOwnTable = isTable && (Object.keys(value).length > 0 || sections.has(`${before}${name}`))
    if (isOwnTable) yield* leaves(value as Record<string, unknown>, `${before}${name}.`)
    else yield [`${before}${name}`, value]
  }
}

// all alike ----------------------------------------------------------------------------------------------------------

const take = (name: SettingName, text: string, source: string, level: Level, complaints: Array<string>): void => {
  const { kind } = settingOf(name)
  const value = text === "" ? new Wrong("needs a value") : kind.read(text)
  if (!(value instanceof Wrong)) return void level.set(name, { value, source })
  complaints.push(`${source} ${kind.isSecret || text === "" ? "" : `"${shortened(text)}" `}${value.sentence}`)
}

const asParts = (text: string, source: string, level: Level, complaints: Array<string>): void => {
  const both = meshListen.kind.read(text)
  if (both instanceof Wrong) return void complaints.push(`${source} "${shortened(text)}" ${both.sentence}`)
  for (const [name, part] of Object.entries(meshListen.parts(both))) take(name as SettingName, part, source, level, complaints)
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text).replace(/[^\x20-\uffff]/g, "?")

const didYouMean = (written: string, known: Iterable<string>, show: (near: string) => string): string => {
  const near = nearest(written, known)
  return near === undefined ? "" : `; did you mean ${show(near)}?`
}

const split = (text: string, separator: string): readonly [before: string, after: string | undefined] => {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

const atHome = (path: string | undefined, env: Told["env"]): string | undefined => {
  const home = env["HOME"] ?? env["USERPROFILE"]
  return path !== undefined && home !== undefined && /^~[/\\]/.test(path) ? home + path.slice(1) : path
}

/** Flags by name. The two that are no single setting's stand there as well, so that they are known and suggested. */
const flagNames = new Map<string, SettingName>([
  ...settingNames.flatMap((name): ReadonlyArray<[string, SettingName]> => {
    const { flag } = settingOf(name)
    return flag === undefined ? [] : [[flag, name]]
  }),
  [meshListen.flag, "mesh.listen_port"],
  ["set", "config"],
])

const fileKeys = new Map<string, SettingName>(
  settingNames
    .filter(isInFile)
    .flatMap((name) => [name, ...(settingOf(name).aliases ?? [])].map((key): [string, SettingName] => [key, name])),
)

const sections = new Set([...fileKeys.keys(), ...keysWithoutMeaning.keys()].map((key) => key.slice(0, key.lastIndexOf("."))))

const variableNames = new Set([meshListen.variable, ...settingNames.flatMap(variablesOf)])

const pathNames = settingNames.filter((name) => ["FILE", "DIR"].includes(settingOf(name).kind.shape))
