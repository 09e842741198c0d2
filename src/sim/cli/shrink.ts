/**
 * `npm run sim -- shrink SCENARIO --seed S [FLAGS] [--within SECONDS] [--out FOLDER] [--mutant NAME]`: makes a failing run smaller, and
 * writes it as a regression test. `--shrink SECONDS` does the same with the first seed that fails.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { readArguments } from "../arguments.ts"
import { firstViolation, sliceOf } from "../causes.ts"
import type { EventLog } from "../event-log.ts"
import { replayOf } from "../print.ts"
import { regressionName, regressionText, sizeOf } from "../regression.ts"
import type { RunOptions, Scenario } from "../scenario.ts"
import { shrink } from "../shrink.ts"
import { scenarios, simulate } from "../simulate.ts"
import type { Stage } from "../stage.ts"
import { tellSlice } from "../tell.ts"
import { currentCommit } from "./commit.ts"
import { hideProgress, showNote } from "./progress.ts"
import { takeFlag } from "./take-flag.ts"
import { takeMutant } from "./take-mutant.ts"

export const regressionsFolder = "test/sim/regressions"
const withinDefault = 60

/** 0 when it was made smaller, 1 when it was used wrongly or the run does not fail. */
export const shrinkCommand = (argv: ReadonlyArray<string>): number => {
  const [within, rest] = takeFlag(argv, "--within")
  const [folder = regressionsFolder, others] = takeFlag(rest, "--out")
  const mutant = takeMutant(others)
  if (typeof mutant === "string") {
    console.error(mutant)
    return 1
  }
  const [watch, flags, planted] = mutant
  const read = readArguments(flags, scenarios)
  const seconds = within === undefined ? withinDefault : Number.parseFloat(within)
  if ("list" in read || "wrong" in read || !(seconds > 0)) {
    console.error("wrong" in read ? read.wrong : `--within ${within} is no time`)
    return 1
  }
  for (const seed of read.seeds) if (shrinkOne(read.scenario, { ...read.options, seed }, seconds, folder, watch, planted)) return 0
  console.error("nothing to make smaller: all invariants held")
  return 1
}

/** False when the run does not fail. */
export const shrinkOne = (
  scenario: Scenario,
  from: RunOptions,
  seconds: number,
  folder: string,
  watch: (stage: Stage) => void = () => {},
  /** The flag that plants a bug: without it the run does not fail. */
  planted = "",
): boolean => {
  const startedAt = performance.now()
  const shrunk = shrink(scenario, from, {
    isTimeUp: () => performance.now() - startedAt > seconds * 1_000,
    watch,
    onStep: (options, runs) => showNote(`${runs} runs · ${sizeOf(options)}`),
  })
  hideProgress()
  if (shrunk === undefined) return false
  let log: EventLog | undefined
  simulate(scenario, shrunk.options, (stage) => {
    watch(stage)
    log = stage.world.record()
  })
  const slice = sliceOf(log!, firstViolation(log!, shrunk.violation.invariant))
  const commit = currentCommit()
  const found = { scenario: scenario.name, from, commit, shrunk, slice }
  const file = join(folder, regressionName(found))
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, regressionText(found, supportFrom(folder)))
  console.log(
    [
      `  ${shrunk.violation.invariant}: ${shrunk.violation.node} ${shrunk.violation.detail}`,
      `  smaller: ${sizeOf(from)} → ${sizeOf(shrunk.options)}, in ${shrunk.runs} runs${shrunk.isDone ? "" : "; there was no time for more"}`,
      ...(slice === undefined ? [] : tellSlice(slice, (machine) => `n${machine}`).map((line) => `  ${line}`)),
      `  replay: ${replayOf(scenario.name, shrunk.options, commit)}${planted}`,
      `  regression test: ${file}`,
    ].join("\n"),
  )
  return true
}

/** Where `holds` is, seen from a folder: the file runs wherever it is put. */
const supportFrom = (folder: string): string => {
  const path = relative(resolve(folder), join(import.meta.dirname, "..", "..", "..", "test", "support", "regression.ts"))
  return path.replaceAll("\\", "/")
}
