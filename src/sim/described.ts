/**
 * A scenario as plain data, for people who do not write TypeScript: a mesh, its weather, faults, what clients do, and what is
 * expected of it. `README.md` shows the file; `cli/own-files.ts` reads it as TOML or JSON.
 */
import { Result, Schema } from "effect"
import { reconcilePeriodMs } from "../protocol/limits.ts"
import { judgeAnswer } from "./checkers/p24-searches.ts"
import { namesMeanTheirs } from "./checkers/p23-names.ts"
import { SeededRandom } from "./dice.ts"
import type { PlannedFault } from "./faults/fault.ts"
import { arrange, drawSchedule, faultKinds, faultNames, leftOf } from "./faults/schedule.ts"
import { readLatency } from "./latency.ts"
import type { RunOptions, Scenario } from "./scenario.ts"
import type { Stage } from "./stage.ts"
import { readTopology } from "./topology.ts"
import { keepBeating } from "./workload/beats.ts"
import { lifecycle } from "./workload/lifecycle.ts"
import { hostOf, names } from "./workload/names.ts"
import { searches } from "./workload/searches.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Seconds = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e8 }))
const Count = Schema.Natural

/** One fault; its kind's other parameters stand beside, and what is left out is drawn from the seed. */
const DescribedFault = Schema.StructWithRest(Schema.Struct({ kind: Schema.String, at: Seconds, for: Seconds }), [
  Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.String, Schema.Boolean, Schema.Array(Schema.Finite)])),
])

const Workload = Schema.Struct({
  kind: Schema.Literals(["register", "lives", "names", "searches"]),
  from: Seconds,
  until: Seconds,
  /** Entities, or names. Of searches it means nothing. */
  count: Schema.optional(Count),
  /** Seconds between two requests of one client, about. */
  every: Schema.optional(Seconds),
})

export const Description = Schema.Struct({
  name: Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9-]*$/)),
  purpose: Schema.String,
  nodes: Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 60_000 })),
  /** Virtual seconds. */
  until: Seconds,
  topology: Schema.optional(Schema.String),
  latency: Schema.optional(Schema.Union([Seconds, Schema.String])),
  loss: Schema.optional(Share),
  jitter: Schema.optional(Schema.Finite),
  duplicate: Schema.optional(Share),
  reorder: Schema.optional(Share),
  corrupt: Schema.optional(Share),
  split: Schema.optional(Share),
  bandwidth: Schema.optional(Schema.Finite),
  workload: Schema.optional(Schema.Array(Workload)),
  fault: Schema.optional(Schema.Array(DescribedFault)),
  /** Faults that are drawn: kinds, each on or off with the seed, from one second to another. */
  swarm: Schema.optional(Schema.Struct({ from: Seconds, until: Seconds, kinds: Schema.Array(Schema.String) })),
  /** Figures of the result, `section.name`, each with what it is at least or at most. */
  expect: Schema.optional(
    Schema.Record(Schema.String, Schema.Struct({ least: Schema.optional(Schema.Finite), most: Schema.optional(Schema.Finite) })),
  ),
})
export type Description = typeof Description.Type

const decode = Schema.decodeUnknownResult(Description, { onExcessProperty: "error" })

/** After the last fault and the last request: whatever is to heal has two rounds of anti-entropy for it, and a little more. */
const calmS = (2.5 * reconcilePeriodMs) / 1_000

/** A scenario; a sentence that says what is wrong with its description. */
export const readDescription = (file: string, given: unknown): Scenario | string => {
  const read = decode(given)
  if (Result.isFailure(read)) return `${file}: ${read.failure.message.replaceAll("\n", " ")}`
  const wrong = wrongIn(read.success)
  return wrong === undefined ? scenarioOf(read.success) : `${file}: ${wrong}`
}

const wrongIn = (description: Description): string | undefined => {
  const { fault: faults = [], latency, nodes, swarm, topology, until, workload = [] } = description
  if (typeof latency === "string" && readLatency(latency) === undefined) return `latency cannot be ${latency}`
  if (topology !== undefined && readTopology(topology) === undefined) return `topology cannot be ${topology}`
  const unknown = [...faults.map(({ kind }) => kind), ...(swarm?.kinds ?? [])].find((kind) => !faultNames.includes(kind))
  if (unknown !== undefined) return `there is no fault ${unknown}; there are ${faultNames.join(", ")}`
  for (const { at: _, for: __, kind, ...parameters } of faults) {
    const known = Object.keys(kindOf(kind).draw(new SeededRandom(0, "names"), nodes))
    const strange = Object.keys(parameters).find((name) => !known.includes(name))
    if (strange !== undefined) return `the fault ${kind} has no ${strange}; it has ${known.join(", ")}`
    const machine = ["machines", "ring"]
      .flatMap((name) => (parameters[name] ?? []) as ReadonlyArray<number>)
      .find((index) => index >= nodes)
    if (machine !== undefined) return `the fault ${kind} names machine ${machine}; there are ${nodes}, from 0`
  }
  const parts = [...workload, ...(swarm === undefined ? [] : [swarm])]
  const backwards = parts.find((part) => part.until <= part.from)
  if (backwards !== undefined) return `what begins at ${backwards.from} s cannot end at ${backwards.until} s`
  const end = endOf(description)
  return end + calmS > until
    ? `until must be at least ${Math.ceil(end + calmS)}: ${calmS} s after the last fault and the last request`
    : undefined
}

const endOf = ({ fault = [], swarm, workload = [] }: Description): number =>
  Math.max(0, swarm?.until ?? 0, ...workload.map((part) => part.until), ...fault.map((one) => one.at + one.for))

const kindOf = (name: string) => faultKinds.find((kind) => kind.name === name)!

const scenarioOf = (description: Description): Scenario => {
  const {
    latency,
    name,
    nodes,
    purpose,
    topology,
    until,
    workload = [],
    loss,
    jitter,
    duplicate,
    reorder,
    corrupt,
    split,
    bandwidth,
  } = description
  const weather = { loss, jitter, duplicate, reorder, corrupt, split, bandwidth }
  const given = Object.fromEntries(Object.entries(weather).filter(([, value]) => value !== undefined)) as Partial<RunOptions>
  return {
    name,
    purpose,
    defaults: {
      ...given,
      nodes,
      untilMs: until * 1_000,
      records: workload.reduce((sum, { count = 0, kind }) => sum + (kind === "register" || kind === "lives" ? count : 0), 0),
      ...(typeof latency === "number" && { latencyMs: latency }),
      ...(typeof latency === "string" && { latency: readLatency(latency)! }),
      ...(topology !== undefined && { topology: readTopology(topology)! }),
    },
    play: (stage) => play(stage, description),
  }
}

const degree = 8

const play = (stage: Stage, description: Description) => {
  const { expect = {}, workload = [] } = description
  const calmFromMs = endOf(description) * 1_000
  stage.mesh(degree, (machine) => ({
    ...(workload.some(({ kind }) => kind === "names") && { registryHost: hostOf(machine) }),
    ...(workload.some(({ kind }) => kind === "searches") && { indexes: true }),
  }))
  arrange(stage, leftOf(stage.options, scheduleOf(stage, description)))
  for (const part of workload) begin(stage, part)
  stage.digests.calmFromMs = calmFromMs
  keepBeating(stage, calmFromMs, stage.options.untilMs)
  stage.run(stage.options.untilMs)
  const sections = { gossip: stage.gossipSection(), digest: stage.digestSection() }
  for (const [figure, { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }] of Object.entries(expect)) {
    const value = figure.split(".").reduce<unknown>((found, part) => (found as Record<string, unknown> | undefined)?.[part], sections)
    if (typeof value === "number" && value >= least && value <= most) continue
    stage.violate("liveness", "as expected", { node: "all", detail: `${figure} is ${String(value)}` })
  }
  return sections
}

const scheduleOf = (stage: Stage, { fault = [], swarm }: Description): ReadonlyArray<PlannedFault> => {
  const { nodes } = stage.options
  const given = fault.map(({ at, for: seconds, kind, ...parameters }, i): PlannedFault => {
    const drawn = kindOf(kind).draw(stage.world.random(`fault/${i}`), nodes)
    return { kind, atMs: at * 1_000, forMs: seconds * 1_000, parameters: { ...drawn, ...parameters } }
  })
  if (swarm === undefined) return given
  const season = { fromMs: swarm.from * 1_000, untilMs: swarm.until * 1_000, always: [], maybe: swarm.kinds }
  return [...given, ...drawSchedule(stage.world.random("faults"), nodes, season)]
}

const begin = (stage: Stage, { count = 10, every = 5, from, kind, until }: typeof Workload.Type): void => {
  const [fromMs, untilMs, everyMs] = [from * 1_000, until * 1_000, every * 1_000]
  const { clock } = stage.world
  switch (kind) {
    case "register":
      return void clock.at(fromMs, () => stage.registerMany(count, untilMs - fromMs))
    case "lives":
      return lifecycle(stage, count, fromMs, untilMs)
    case "names":
      return void stage.checkers.push(namesMeanTheirs(stage, names(stage, { count, fromMs, untilMs, everyMs })))
    case "searches":
      return searches(stage, { fromMs, untilMs, everyMs }, (...answer) => judgeAnswer(stage, ...answer))
  }
}
