/** `npm run sim -- SCENARIO FLAGS`: runs seeds, one after the other, and says what came of them; `npm run sim -- TOOL FLAGS`. */
import "effect/schema/SchemaJITCompiler/enable"
import { writeFileSync } from "node:fs"
import { readArguments, readLimits, type SimArguments } from "./arguments.ts"
import { currentCommit } from "./cli/commit.ts"
import { useFastSignatures } from "./cli/fast-signatures.ts"
import { fidelityCommand } from "./cli/fidelity.ts"
import { fuzzCommand } from "./cli/fuzz.ts"
import { mutantsCommand } from "./cli/mutants.ts"
import { loadOwn } from "./cli/own-files.ts"
import { hideProgress, showProgress } from "./cli/progress.ts"
import { regressionsFolder, shrinkCommand, shrinkOne } from "./cli/shrink.ts"
import { sweepCommand } from "./cli/sweep.ts"
import { takeFlag } from "./cli/take-flag.ts"
import { againWithSmallHeap } from "./cli/small-heap.ts"
import { takeMutant } from "./cli/take-mutant.ts"
import { likelihoodCommand, travelCommand } from "./cli/travel.ts"
import { compareCommand, twiceCommand } from "./cli/twice.ts"
import { againWithLimits, type Limits } from "./cli/with-limits.ts"
import { linesOf } from "./divergence.ts"
import type { EventLog } from "./event-log.ts"
import { banner, replayOf, report } from "./print.ts"
import { watchForReport } from "./report/write-report.ts"
import { exitCodeOf, type RunResult, scenarios, simulate } from "./simulate.ts"
import type { Stage } from "./stage.ts"

/** What is no scenario. */
const commands: Readonly<Record<string, (argv: ReadonlyArray<string>) => number | Promise<number>>> = {
  shrink: shrinkCommand,
  travel: travelCommand,
  likelihood: likelihoodCommand,
  sweep: sweepCommand,
  mutants: mutantsCommand,
  fuzz: fuzzCommand,
  fidelity: fidelityCommand,
  twice: twiceCommand,
  compare: compareCommand,
}

const main = async (argv: ReadonlyArray<string>): Promise<number> => {
  const named = await loadOwn(argv)
  if ("wrong" in named) {
    console.error(named.wrong)
    return 1
  }
  const again = againWithLimits(limitsIn(named))
  if (again !== undefined) return again
  useFastSignatures()
  const [name = "", ...rest] = named
  return Object.hasOwn(commands, name) ? commands[name]!(rest) : play(named)
}

/** Numbers of the protocol that this command line wants to be others; whether they may is said where flags are read. */
const limitsIn = (argv: ReadonlyArray<string>): Limits | undefined => {
  const [text] = takeFlag(argv, "--limits")
  return text === undefined ? undefined : readLimits(text)
}

const play = (argv: ReadonlyArray<string>): number => {
  const taken = takeMutant(argv)
  if (typeof taken === "string") {
    console.error(taken)
    return 1
  }
  const [plant, flags, mutantFlag] = taken
  const read = readArguments(flags, scenarios)
  if ("wrong" in read) {
    console.error(read.wrong)
    return 1
  }
  if ("list" in read) {
    for (const { name, purpose } of scenarios) console.log(`${name.padEnd(14)} ${purpose}`)
    return 0
  }
  const again = againWithSmallHeap(read.options.nodes)
  if (again !== undefined) return again
  const commit = currentCommit()
  const isAlone = read.seeds.length === 1
  const run = (seed: number, reportFile?: string) => runOne(read, { seed, commit, plant, mutantFlag, reportFile })
  const runs = read.seeds.map((seed) => run(seed, isAlone ? read.report : undefined))
  if (read.report !== undefined && !isAlone) run(failedOf(runs)[0] ?? read.seeds[0]!, read.report)
  if (read.json !== undefined) writeFileSync(read.json, `${JSON.stringify(isAlone ? runs[0]!.json : severalAsJson(runs), null, 1)}\n`)
  const failed = failedOf(runs)[0]
  if (read.shrinkSeconds !== undefined && failed !== undefined)
    shrinkOne(read.scenario, { ...read.options, seed: failed }, read.shrinkSeconds, regressionsFolder, plant, mutantFlag)
  if (runs.length > 1)
    console.log(
      `${runs.length} seeds, ${failedOf(runs).length} failed${failedOf(runs)
        .map((seed) => ` ${seed}`)
        .join("")}`,
    )
  return Math.max(...runs.map(({ result }) => exitCodeOf(result)))
}

interface Run {
  readonly result: RunResult
  readonly json: object
}

interface Play {
  readonly seed: number
  readonly commit: string
  /** A bug that shall be in every node, and the flag that says which. */
  readonly plant: (stage: Stage) => void
  readonly mutantFlag: string
  readonly reportFile: string | undefined
}

const runOne = ({ scenario, options, seeds, trace }: SimArguments, { commit, mutantFlag, plant, reportFile, seed }: Play): Run => {
  const startedAt = performance.now()
  const replay = `${replayOf(scenario.name, { ...options, seed }, commit)}${mutantFlag}`
  let log: EventLog | undefined
  let writeReport: ReturnType<typeof watchForReport> | undefined
  const result = simulate(scenario, { ...options, seed }, (stage) => {
    plant(stage)
    if (reportFile !== undefined) writeReport = watchForReport(stage)
    if (trace !== undefined && seed === seeds[0]) log = stage.world.log ?? stage.world.record()
    let isPrinted = false
    stage.onProgress = (elapsedMs) => {
      if (!isPrinted) console.log(banner(scenario, stage.options, stage.drawn, commit))
      isPrinted = true
      showProgress(elapsedMs / options.untilMs, performance.now() - startedAt)
    }
  })
  const wallMs = performance.now() - startedAt
  hideProgress()
  console.log(report(result, wallMs, replay))
  if (reportFile !== undefined && writeReport !== undefined) {
    const bytes = writeReport(reportFile, scenario, result, commit, replay)
    console.log(`  report ${reportFile}: ${(bytes / 1e6).toFixed(1)} MB`)
  }
  if (log !== undefined && trace !== undefined) writeFileSync(trace, `${[...linesOf(log)].join("\n")}\n`)
  const { drawn: _, ...figures } = result
  const json = {
    ...figures,
    commit,
    wallMs: Math.round(wallMs),
    deliveredPerSecond: Math.round((result.delivered / wallMs) * 1_000),
    rssMb: Math.round(process.memoryUsage().rss / 1e6),
  }
  return { result, json }
}

const failedOf = (runs: ReadonlyArray<Run>) => runs.filter(({ result }) => exitCodeOf(result) !== 0).map(({ result }) => result.seed)

const severalAsJson = (runs: ReadonlyArray<Run>) => ({ runs: runs.map(({ json }) => json), failed: failedOf(runs) })

process.exitCode = await main(process.argv.slice(2))
