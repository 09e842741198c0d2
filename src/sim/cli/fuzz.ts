/**
 * `npm run sim -- fuzz --time 60s [--scenario a,b] [--first SEED] [--workers N] [--junit FILE] [--json FILE]`: fresh seeds on
 * all cores, until the time is up. A seed that fails is a bug report: it is printed as a card, and kept.
 */
import { randomInt } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { replayOf } from "../print.ts"
import { defaultRun, type RunOptions, type Scenario } from "../scenario.ts"
import { scenarios } from "../simulate.ts"
import { currentCommit } from "./commit.ts"
import type { Ran } from "./jobs.ts"
import { junitOf, whatOf } from "./junit.ts"
import { coresHere, type Died, hasDied, performAll } from "./pool.ts"
import { hideProgress, showNote } from "./progress.ts"
import { readFlags, wholeNumber } from "./read-flags.ts"

/** In turn. Where faults are drawn a run has 25 nodes and takes five virtual minutes; few records make room for many seeds. */
const swarm: Partial<RunOptions> = { nodes: 25, untilMs: 300_000, records: 15 }
const sizes: Readonly<Record<string, Partial<RunOptions>>> = {
  partition: swarm,
  churn: swarm,
  byzantine: swarm,
  convergence: { records: 30 },
  clients: { records: 15 },
}
const inTurn = ["partition", "churn", "frames", "convergence", "partition", "churn", "convergence", "byzantine", "clients"]
/** Words for several scenarios at once. */
const families: Readonly<Record<string, ReadonlyArray<string>>> = { gossip: ["partition", "churn", "byzantine", "flood", "convergence"] }
const failuresFolder = "sim-failures"
const timeDefaultMs = 60_000
/** A run that takes longer than this hangs. */
const patienceMs = 120_000

interface Options {
  readonly timeMs: number
  readonly chosen: ReadonlyArray<Scenario>
  readonly first: number
  readonly workers: number
  readonly junit: string | undefined
  readonly json: string | undefined
}

/** The worst exit code of all runs (`simulate.ts`); 1 for wrong usage. */
export const fuzzCommand = async (argv: ReadonlyArray<string>): Promise<number> => {
  const options = readOptions(argv)
  if (typeof options === "string") {
    console.error(options)
    return 1
  }
  const commit = currentCommit()
  const { chosen, first, timeMs, workers } = options
  console.log(`sim fuzz · seeds from ${first} · commit ${commit} · ${timeMs / 1_000} s on ${workers} cores`)
  console.log(`  ${[...new Set(chosen.map(({ name }) => name))].join(" · ")}`)
  const startedAt = performance.now()
  const runs: Array<Ran> = []
  await performAll<"run">(
    jobs(options, () => performance.now() - startedAt < timeMs),
    (job, answer) => {
      const ran = hasDied(answer) ? lost(job, answer) : answer
      runs.push(ran)
      if (ran.exitCode !== 0) reportFailure(ran, commit)
      const seconds = (performance.now() - startedAt) / 1_000
      const left = Math.max(0, timeMs / 1_000 - seconds)
      showNote(
        `${runs.length} seeds · ${((runs.length / seconds) * 60).toFixed(0)} a minute · ${failedOf(runs).length} failed · ${left.toFixed(0)} s left`,
      )
    },
    { workers, patienceMs },
  )
  hideProgress()
  const seedsPerMinute = (runs.length / (performance.now() - startedAt)) * 60_000
  console.log(`  ${runs.length} seeds, ${seedsPerMinute.toFixed(0)} a minute, ${failedOf(runs).length} failed`)
  if (options.junit !== undefined) writeFileSync(options.junit, junitOf(runs, commit))
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(summary(runs, seedsPerMinute, commit), null, 1)}\n`)
  return Math.max(0, ...runs.map(({ exitCode }) => exitCode))
}

const readOptions = (argv: ReadonlyArray<string>): Options | string => {
  const flags = readFlags(argv, ["--time", "--scenario", "--first", "--workers", "--junit", "--json"])
  if (typeof flags === "string") return flags
  const timeMs = readTime(flags["--time"] ?? `${timeDefaultMs / 1_000}s`)
  if (timeMs === undefined) return "--time is a time, as 60s, 10m or 2h"
  const names = (flags["--scenario"]?.split(",") ?? inTurn).flatMap((name) => families[name] ?? [name])
  const chosen = names.map((name) => scenarios.find((one) => one.name === name))
  const unknown = names[chosen.indexOf(undefined)]
  if (unknown !== undefined) return `there is no scenario ${unknown}; --list shows them`
  const first = wholeNumber(flags["--first"] ?? String(1 + randomInt(1_000_000_000)), 0, 2 ** 32)
  if (first === undefined) return "--first is the first seed"
  const workers = wholeNumber(flags["--workers"] ?? String(coresHere), 1, 256)
  if (workers === undefined) return "--workers is a number of processes"
  return { timeMs, chosen: chosen.filter((one) => one !== undefined), first, workers, junit: flags["--junit"], json: flags["--json"] }
}

const readTime = (text: string): number | undefined => {
  const match = /^(\d{1,6})(s|m|h)?$/.exec(text)
  return match === null ? undefined : Number(match[1]) * { s: 1_000, m: 60_000, h: 3_600_000 }[(match[2] ?? "s") as "s" | "m" | "h"]
}

/** One seed after the other, each with the next scenario. */
function* jobs({ chosen, first }: Options, goesOn: () => boolean) {
  for (let i = 0; goesOn(); i++) {
    const { defaults, name } = chosen[i % chosen.length]!
    yield { type: "run" as const, scenario: name, options: { ...defaultRun, ...defaults, ...sizes[name], seed: first + i } }
  }
}

/** A run whose process died, or took too long, is a crash like any other. */
const lost = ({ options, scenario }: Pick<Ran, "options" | "scenario">, { died }: Died): Ran => ({
  scenario,
  options,
  exitCode: 2,
  trace: "",
  delivered: 0,
  virtualMs: 0,
  violations: [],
  drawn: {},
  crash: { node: "world", reason: died },
})

const reportFailure = (ran: Ran, commit: string): void => {
  hideProgress()
  console.log(card(ran, commit))
  mkdirSync(failuresFolder, { recursive: true })
  const file = join(failuresFolder, `${ran.scenario}-${ran.options.seed}.json`)
  writeFileSync(file, `${JSON.stringify({ ...ran, commit, replay: replayOf(ran.scenario, ran.options, commit) }, null, 1)}\n`)
}

const card = (ran: Ran, commit: string): string => {
  const [first] = ran.violations
  return [
    `  ┌ ${whatOf(ran)}`,
    `  │ when    ${first === undefined ? "–" : `${(first.atMs / 1_000).toFixed(3)} s`}`,
    `  │ who     ${first?.node ?? ran.crash?.node ?? "–"} ${first?.detail ?? ran.crash?.reason.split("\n")[0] ?? ""}`,
    `  │ seed    ${ran.options.seed} of ${ran.scenario}, commit ${commit}`,
    `  └ replay  ${replayOf(ran.scenario, ran.options, commit)}`,
  ].join("\n")
}

const failedOf = (runs: ReadonlyArray<Ran>) => runs.filter(({ exitCode }) => exitCode !== 0)

const summary = (runs: ReadonlyArray<Ran>, seedsPerMinute: number, commit: string) => ({
  commit,
  seedsPerMinute: Math.round(seedsPerMinute * 10) / 10,
  violations: failedOf(runs).flatMap(({ violations }) => violations),
  failed: failedOf(runs).map(({ options, scenario }) => ({ scenario, seed: options.seed })),
  runs: runs.map(({ delivered, exitCode, options, scenario, trace }) => ({ scenario, seed: options.seed, exitCode, delivered, trace })),
})
