/** The simulator's command line, read: flags to options, or one sentence that says what is wrong with them. */
import { Result, Schema } from "effect"
import { liarNames } from "./byzantine/liars.ts"
import { PlannedFault } from "./faults/fault.ts"
import { faultNames } from "./faults/schedule.ts"
import { readLatency, readMatrix } from "./latency.ts"
import { gossipRules, lookupRules } from "./strategies.ts"
import { machinesIn, readEdges, readTopology } from "./topology.ts"
import * as protocolLimits from "../protocol/limits.ts"
import { defaultRun, type RunOptions, type Scenario } from "./scenario.ts"

export interface SimArguments {
  readonly scenario: Scenario
  readonly options: Omit<RunOptions, "seed">
  readonly seeds: ReadonlyArray<number>
  readonly json?: string
  /** Where the report goes: of several seeds that of the first that fails, else of the first. */
  readonly report?: string
  /** Where every event of the first seed goes, as a line of text. */
  readonly trace?: string
  /** How long the first seed that fails may be made smaller. */
  readonly shrinkSeconds?: number
}

export type ReadArguments = SimArguments | { readonly list: true } | { readonly wrong: string }

const seedsMax = 100_000

/** Faults as JSON: what a run that was made smaller is given. */
const readSchedule = (text: string): Partial<RunOptions> | undefined => {
  const read = decodeSchedule(text)
  return Result.isSuccess(read) && read.success.every(({ kind }) => faultNames.includes(kind)) ? { schedule: read.success } : undefined
}
const decodeSchedule = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Array(PlannedFault)))

/** Texts of files that flags name, by that name: whoever starts the simulator reads them (`cli/own-files.ts`). */
export const givenFiles = new Map<string, string>()

/** Files of scenarios of one's own, by name: other processes have to load them, too. */
export const ownFiles = new Map<string, string>()

/** Without a number of its own, so that a constant that was given before does not count any more. */
const latency = (text: string): Partial<RunOptions> | undefined => {
  const file = givenFiles.get(text)
  const read = file === undefined ? readLatency(text) : readMatrix(text, file)
  return read === undefined || typeof read === "string" ? undefined : { latency: read }
}

const topology = (text: string): Partial<RunOptions> | undefined => {
  const file = givenFiles.get(text)
  const read = file === undefined ? readTopology(text) : readEdges(text, file)
  if (read === undefined || typeof read === "string") return undefined
  return read.kind === "given" ? { topology: read, nodes: machinesIn(read.edges) } : { topology: read }
}

/** Flags that take a value, each with what it must be. */
const readers: Readonly<Record<string, (text: string) => Partial<RunOptions> | undefined>> = {
  "--nodes": (text) => whole(text, 2, 60_000, (nodes) => ({ nodes })),
  "--until": (text) => number(text, 0, 1e8, (seconds) => ({ untilMs: Math.round(seconds * 1_000) })),
  "--loss": (text) => number(text, 0, 1, (loss) => ({ loss })),
  "--latency": (text) => number(text, 0, 60_000, (latencyMs) => ({ latencyMs })) ?? latency(text),
  "--jitter": (text) => number(text, 0, 10, (jitter) => ({ jitter })),
  "--duplicate": (text) => number(text, 0, 1, (duplicate) => ({ duplicate })),
  "--reorder": (text) => number(text, 0, 1, (reorder) => ({ reorder })),
  "--corrupt": (text) => number(text, 0, 1, (corrupt) => ({ corrupt })),
  "--split": (text) => number(text, 0, 1, (split) => ({ split })),
  "--bandwidth": (text) => number(text, 0.1, 1e7, (bandwidth) => ({ bandwidth })),
  "--gossip": (text) => (gossipRules.has(text) ? { gossip: text } : undefined),
  "--lookup": (text) => (lookupRules.has(text) ? { lookup: text } : undefined),
  "--topology": (text) => topology(text),
  "--differences": (text) => whole(text, 0, 1_000_000, (differences) => ({ differences })),
  "--light": (text) => number(text, 0, 1, (light) => ({ light })),
  "--gateways": (text) => whole(text, 0, 1_000, (gateways) => ({ gateways })),
  "--bootnodes": (text) => whole(text, 0, 1_000, (bootnodes) => ({ bootnodes })),
  "--share": (text) => number(text, 0, 1, (share) => ({ share })),
  "--hung": (text) => number(text, 0, 1, (hung) => ({ hung })),
  "--lying": (text) => number(text, 0, 1, (lying) => ({ lying })),
  "--dead": (text) => number(text, 0, 0.95, (dead) => ({ dead })),
  "--byzantine": (text) => number(text, 0, 0.95, (byzantine) => ({ byzantine })),
  "--churn": (text) => duration(text, (churnMs) => ({ churnMs })),
  "--sybils": (text) => whole(text, 0, 1_000, (sybils) => ({ sybils })),
  "--faults": (text) => faults(text.split(",")),
  "--without": (text) => wholes(text, (without) => ({ without })),
  "--branch": (text) => branch(text.split("/")),
  "--limits": (text) => limits(text),
  "--clients": (text) => wholes(text, (clients) => ({ clients })),
  "--schedule": readSchedule,
  "--records": (text) => whole(text, 0, 1_000_000, (records) => ({ records })),
  "--engine": (text) => (text === "compiled" || text === "xstate" ? { engine: text } : undefined),
  "--codec": (text) => (text === "wire" || text === "fast" ? { codec: text } : undefined),
}

export const readArguments = (argv: ReadonlyArray<string>, scenarios: ReadonlyArray<Scenario>): ReadArguments => {
  if (argv.includes("--list")) return { list: true }
  const [name, ...rest] = argv
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined)
    return { wrong: `${name === undefined ? "a scenario is missing" : `there is no scenario ${name}`}; --list shows them` }
  let options: RunOptions = { ...defaultRun, ...scenario.defaults }
  let seeds: ReadonlyArray<number> = [options.seed]
  let json: string | undefined
  let report: string | undefined
  let trace: string | undefined
  let shrinkSeconds: number | undefined
  for (let i = 0; i < rest.length; i += 2) {
    const flag = rest[i]!
    const value = rest[i + 1]
    if (value === undefined) return { wrong: `${flag} needs a value` }
    if (flag === "--json") json = value
    else if (flag === "--report") report = value
    else if (flag === "--trace") trace = value
    else if (flag === "--shrink") {
      shrinkSeconds = Number.parseFloat(value)
      if (!(shrinkSeconds > 0)) return { wrong: `${flag} ${value} is no time` }
    } else if (flag === "--seed" || flag === "--seeds") {
      const range = readSeeds(value)
      if (range === undefined) return { wrong: `${flag} ${value} is no seed, nor a range A..B of at most ${seedsMax}` }
      seeds = range
    } else {
      const read = readers[flag]
      if (read === undefined)
        return {
          wrong: `there is no flag ${flag}; there are --seed --seeds --json --report --trace --shrink ${Object.keys(readers).join(" ")}`,
        }
      const more = read(value)
      if (more === undefined) return { wrong: `${flag} cannot be ${value}` }
      const { latencyMs: _, ...before } = options
      options = { ...(more.latency === undefined ? options : before), ...more }
    }
  }
  return {
    scenario,
    options,
    seeds,
    ...(json !== undefined && { json }),
    ...(report !== undefined && { report }),
    ...(trace !== undefined && { trace }),
    ...(shrinkSeconds !== undefined && { shrinkSeconds }),
  }
}

const wholes = <A>(text: string, make: (values: ReadonlyArray<number>) => A): A | undefined => {
  const values = text === "" ? [] : text.split(",").map(Number)
  return values.every((value) => Number.isInteger(value) && value >= 0) ? make(values) : undefined
}

/** NAME=VALUE, …; `undefined` where one of them is no number of the protocol. */
export const readLimits = (text: string): Readonly<Record<string, number>> | undefined => {
  const values = text.split(",").map((part) => part.split("="))
  const areRight = values.every(([name = "", value = ""]) => isLimit(name) && value.trim() !== "" && Number.isFinite(Number(value)))
  return areRight ? Object.fromEntries(values.map(([name, value]) => [name, Number(value)])) : undefined
}

const limits = (text: string): Partial<RunOptions> | undefined => {
  const values = readLimits(text)
  return values === undefined ? undefined : { limits: values }
}

/** Is this the name of a number that `--limits` may change? */
export const isLimit = (name: string): boolean =>
  Object.hasOwn(protocolLimits, name) && typeof (protocolLimits as Record<string, unknown>)[name] === "number"

/** STEP/SEED */
const branch = (parts: ReadonlyArray<string>): Partial<RunOptions> | undefined => {
  const [step, seed] = parts.map(Number)
  return parts.length === 2 && Number.isInteger(step) && Number.isInteger(seed) ? { branch: { step: step!, seed: seed! } } : undefined
}

const faults = (names: ReadonlyArray<string>): Partial<RunOptions> | undefined =>
  names.every((name) => faultNames.includes(name) || liarNames.includes(name)) ? { faults: names } : undefined

export const readSeeds = (text: string): ReadonlyArray<number> | undefined => {
  const match = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  return last < first || last - first >= seedsMax ? undefined : Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

const number = <A>(text: string, least: number, most: number, make: (value: number) => A): A | undefined => {
  const value = Number(text)
  return text.trim() !== "" && value >= least && value <= most ? make(value) : undefined
}

const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600 }

/** `90`, `90s`, `30m` or `1h`. */
const duration = <A>(text: string, make: (ms: number) => A): A | undefined => {
  const match = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text)
  return match === null ? undefined : make(Math.round(Number(match[1]) * units[match[2]!]! * 1_000))
}

const whole = <A>(text: string, least: number, most: number, make: (value: number) => A): A | undefined =>
  number(text, least, most, (value) => (Number.isInteger(value) ? make(value) : undefined))
