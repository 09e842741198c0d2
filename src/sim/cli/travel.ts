/**
 * `npm run sim -- travel SCENARIO --seed S [FLAGS] [--at EVENT|SECONDSs] [--node NAME] [--about ID] [--json FILE]`: goes to an
 * event of a run, and says what it comes of, what it leads to, and what it changed; without `--at` it lists the events that
 * the first violation comes of, or all that are about something, or of a node.
 *
 * `npm run sim -- likelihood SCENARIO --seed S [FLAGS] [--moments N] [--continuations N] [--within SECONDS]`: from which
 * moment on the failure was likely.
 */
import { writeFileSync } from "node:fs"
import { readArguments, type SimArguments } from "../arguments.ts"
import { sliceOf } from "../causes.ts"
import type { EventLog, LoggedEvent } from "../event-log.ts"
import { likelihoodOf, type Moment } from "../likelihood.ts"
import type { Change, Plain } from "../node-state.ts"
import { scenarios } from "../simulate.ts"
import { tellEvent } from "../tell.ts"
import { aroundOf, eventAt, logOf, visit } from "../travel.ts"
import { hideProgress, showNote } from "./progress.ts"
import { takeFlag } from "./take-flag.ts"
import { takeMutant } from "./take-mutant.ts"

const listedMax = 200
const nameOf = (machine: number): string => `n${machine}`

const line = (event: LoggedEvent): string =>
  `  ${String(event.index).padStart(7)}  ${(event.atMs / 1_000).toFixed(3).padStart(9)} s  ${tellEvent(event, nameOf)}`

const readRun = (mutant: ReturnType<typeof takeMutant>): SimArguments | undefined => {
  const read = typeof mutant === "string" ? { wrong: mutant } : readArguments(mutant[1], scenarios)
  if (!("list" in read || "wrong" in read)) return read
  console.error("wrong" in read ? read.wrong : "which scenario?")
  return undefined
}

export const travelCommand = (argv: ReadonlyArray<string>): number => {
  const [at, a] = takeFlag(argv, "--at")
  const [node, b] = takeFlag(a, "--node")
  const [about, c] = takeFlag(b, "--about")
  const mutant = takeMutant(c)
  const read = readRun(mutant)
  if (read === undefined || typeof mutant === "string") return 1
  const [watch] = mutant
  const machine = node === undefined ? undefined : Number(node.replace(/^n/, ""))
  if (Number.isNaN(machine)) {
    console.error(`--node ${node} is no node; they are called n0, n1 and so on`)
    return 1
  }
  const options = { ...read.options, seed: read.seeds[0]! }
  const log = logOf(read.scenario, options, watch)
  if (at === undefined) {
    list(log, machine, about)
    return 0
  }
  const event = at.endsWith("s") ? eventAt(log, Number.parseFloat(at) * 1_000) : Number(at) < log.count ? log.at(Number(at)) : undefined
  if (event === undefined) {
    console.error(`--at ${at}: there are events 0 to ${log.count - 1}; a moment is given as 12.5s`)
    return 1
  }
  const { changes, state, stage } = visit(read.scenario, options, event, machine, watch)
  const { comesOf, leadsTo } = aroundOf(log, event)
  console.log(
    [
      `event ${event.index} of ${log.count}, step ${event.step}`,
      line(event),
      "comes of",
      ...(comesOf.length === 0 ? ["  nothing that was logged"] : comesOf.map(line)),
      `leads to ${leadsTo.length} event${leadsTo.length === 1 ? "" : "s"}`,
      ...leadsTo.slice(0, 8).map(line),
      `${nameOf(machine ?? event.machine)} changed in ${changes.length} place${changes.length === 1 ? "" : "s"}`,
      ...changes.slice(0, 60).map(change),
      `faults by then: ${stage.faults.flatMap(({ atMs, forMs, kind }, i) => (atMs <= event.atMs ? [`${i + 1} ${kind}${atMs + forMs > event.atMs ? " (going on)" : ""}`] : [])).join(", ") || "none"}`,
      `without one of them: add --without NUMBER; with other chance from here on: --branch ${event.step}/SEED`,
    ].join("\n"),
  )
  if (read.json !== undefined) writeFileSync(read.json, `${JSON.stringify({ event, comesOf, leadsTo, changes, state }, null, 1)}\n`)
  return 0
}

const list = (log: EventLog, machine: number | undefined, about: string | undefined): void => {
  const slice = machine === undefined && about === undefined ? sliceOf(log) : undefined
  const events =
    slice?.events ??
    [...log.events()].filter(
      (event) =>
        event.kind !== "timer" &&
        (machine === undefined || event.machine === machine) &&
        (about === undefined || event.about.some((subject) => subject.endsWith(about))),
    )
  console.log(
    [
      `${log.count} events; ${events.length} of them ${slice === undefined ? "are asked for" : "lead to the violation"}`,
      ...events.slice(0, listedMax).map(line),
    ].join("\n"),
  )
  if (events.length > listedMax) console.log(`  and ${events.length - listedMax} more`)
}

const shownMax = 70
const shown = (value: Plain | undefined): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value)
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
}
const change = ({ after, before, path }: Change): string => `  ${path}: ${shown(before)} → ${shown(after)}`

export const likelihoodCommand = (argv: ReadonlyArray<string>): number => {
  const [moments, a] = takeFlag(argv, "--moments")
  const [continuations, b] = takeFlag(a, "--continuations")
  const [within, c] = takeFlag(b, "--within")
  const mutant = takeMutant(c)
  const read = readRun(mutant)
  if (read === undefined || typeof mutant === "string") return 1
  const startedAt = performance.now()
  const seconds = Number.parseFloat(within ?? "120")
  const found = likelihoodOf(
    read.scenario,
    { ...read.options, seed: read.seeds[0]! },
    {
      moments: Number(moments ?? 10),
      continuations: Number(continuations ?? 6),
      watch: mutant[0],
      isTimeUp: () => performance.now() - startedAt > seconds * 1_000,
      onMoment: (moment) => showNote(bar(moment)),
    },
  )
  hideProgress()
  if (found === undefined) {
    console.error("all invariants held: there is nothing that could be likely")
    return 1
  }
  const [from, until] = found.rise
  console.log(
    [
      `${found.invariant}, as often as it fails when the rest is drawn again from`,
      ...found.moments.map((moment) => `  ${bar(moment)}`),
      `it became likely between ${(from.atMs / 1_000).toFixed(3)} s and ${(until.atMs / 1_000).toFixed(3)} s, in steps ${from.step} to ${until.step}`,
    ].join("\n"),
  )
  if (read.json !== undefined) writeFileSync(read.json, `${JSON.stringify(found, null, 1)}\n`)
  return 0
}

const bar = ({ atMs, failed, runs }: Moment): string =>
  `${(atMs / 1_000).toFixed(3).padStart(9)} s  ${"█".repeat(Math.round((20 * failed) / runs)).padEnd(20, "░")} ${failed} of ${runs}`
