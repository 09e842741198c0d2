/**
 * `npm run sim -- sweep SCENARIO --grid NAME=A,B,C … [--seeds A..B] [FLAGS]`, or `sweep FILE.toml|FILE.json`: every
 * combination of parameters over seeds, on all cores.
 *
 *     --results FILE          rows as they are found; a sweep that was stopped goes on (default: in data/sweeps)
 *     --csv --json --html     the table; rows and points; the points as a picture, with those that no other beats
 *     --pareto A,B            figures that shall be small, or large with + in front; default latency against messages
 *     --workers N             processes
 *     --database-url URL      together with other machines that are given the same, over a queue in PostgreSQL
 */
import { readFileSync, writeFileSync } from "node:fs"
import { extname, join } from "node:path"
import { Effect, Result, Schema } from "effect"
import { parse } from "smol-toml"
import { ownFiles, readArguments, readLimits, readSeeds } from "../arguments.ts"
import { pageOf } from "../report/page.ts"
import { scenarios } from "../simulate.ts"
import { Grid, type GridRun, runsOf } from "../sweep/grid.ts"
import { sweepTogether } from "../sweep/queue.ts"
import { appendRow, csvOf, type Objective, paretoOf, readObjective, readRows, type Row, split, summariesOf } from "../sweep/results.ts"
import { takeTurns } from "../sweep/turns.ts"
import { currentCommit } from "./commit.ts"
import { coresHere, hasDied, makeHand } from "./pool.ts"
import { hideProgress, showProgress } from "./progress.ts"
import { takeFlag, takeFlags } from "./take-flag.ts"

/** 0 when every run has its row and all invariants held, 3 when some failed, 1 when it was used wrongly. */
export const sweepCommand = async (argv: ReadonlyArray<string>): Promise<number> => {
  const [paths, rest] = takeOutputs(argv)
  const grid = readGrid(rest)
  const seeds = typeof grid === "string" ? undefined : readSeeds(grid.seeds)
  const wrong = typeof grid === "string" ? grid : seeds === undefined ? `${grid.seeds} are no seeds` : wrongIn(grid)
  if (typeof grid === "string" || seeds === undefined || wrong !== undefined) {
    console.error(wrong)
    return 1
  }
  const commit = currentCommit()
  const runs = runsOf(grid, seeds, commit)
  const rows = await rowsOf(runs, grid, commit, paths)
  return conclude(grid, rows, paths)
}

interface Outputs {
  readonly results: string | undefined
  readonly csv: string | undefined
  readonly json: string | undefined
  readonly html: string | undefined
  readonly objectives: ReadonlyArray<Objective>
  readonly workers: number
  readonly databaseUrl: string | undefined
}

const takeOutputs = (argv: ReadonlyArray<string>): readonly [Outputs, ReadonlyArray<string>] => {
  const found: Record<string, string | undefined> = {}
  let rest = argv
  for (const flag of ["--results", "--csv", "--json", "--html", "--pareto", "--workers", "--database-url"]) {
    const [value, left] = takeFlag(rest, flag)
    found[flag] = value
    rest = left
  }
  const outputs: Outputs = {
    results: found["--results"],
    csv: found["--csv"],
    json: found["--json"],
    html: found["--html"],
    objectives: (found["--pareto"] ?? "gossip.p99Ms,gossip.messagesPerAnnouncement").split(",").map(readObjective),
    workers: Math.max(1, Number(found["--workers"] ?? coresHere) || 1),
    databaseUrl: found["--database-url"],
  }
  return [outputs, rest]
}

const decodeGrid = Schema.decodeUnknownResult(Grid)

const readGrid = (argv: ReadonlyArray<string>): Grid | string => {
  const [first = "", ...rest] = argv
  if (/\.(toml|json)$/.test(first)) {
    try {
      const text = readFileSync(first, "utf8")
      const read = decodeGrid(extname(first) === ".toml" ? parse(text) : JSON.parse(text))
      return Result.isSuccess(read) ? read.success : `${first}: ${read.failure.message}`
    } catch (cause) {
      return `${first} cannot be read: ${String(cause)}`
    }
  }
  const [axes, others] = takeFlags(rest, "--grid")
  const [seeds = "1", flags] = takeFlag(others, "--seeds")
  if (axes.length === 0) return "a sweep needs --grid NAME=A,B,C"
  const parsed = axes.map((axis) => /^([\w-]+)=(.+)$/.exec(axis))
  if (parsed.some((match) => match === null)) return "--grid is NAME=A,B,C"
  return {
    scenario: first,
    seeds,
    flags: Object.fromEntries(flags.flatMap((flag, i) => (i % 2 === 0 ? [[flag.replace(/^--/, ""), flags[i + 1] ?? ""]] : []))),
    grid: Object.fromEntries(parsed.map((match) => [match![1]!, match![2]!.split(",")])),
  }
}

/** What a run of the grid would say of its flags, before any of them runs. */
const wrongIn = (grid: Grid): string | undefined => {
  for (const { argv } of runsOf(grid, [1], "")) {
    const read = readArguments([grid.scenario, ...argv], scenarios)
    if ("wrong" in read) return read.wrong
  }
  return undefined
}

const rowsOf = async (runs: ReadonlyArray<GridRun>, grid: Grid, commit: string, paths: Outputs): Promise<ReadonlyArray<Row>> => {
  const file = paths.results ?? join("data/sweeps", `${grid.scenario}-${runs[0]?.key.slice(0, 8) ?? "none"}.jsonl`)
  const before = split(runs, readRows(file))
  console.log(
    `sweep ${grid.scenario} · ${runs.length} runs${before.done.length > 0 ? `, ${before.done.length} of them done before` : ""} · ${paths.workers} processes · rows in ${file}`,
  )
  const startedAt = performance.now()
  let count = 0
  const done = (row: Row): void => {
    appendRow(file, row)
    showProgress(++count / before.left.length, performance.now() - startedAt)
  }
  const hands = Array.from({ length: paths.workers }, () => ({ hand: makeHand(), isBusy: false }))
  const perform = async (run: GridRun): Promise<Row> => {
    const free = hands.find(({ isBusy }) => !isBusy)!
    free.isBusy = true
    const row = await measure(free.hand, run, commit)
    free.isBusy = false
    return row
  }
  if (paths.databaseUrl === undefined) {
    const take = takeTurns(before.left, limitsTextOf)
    const work = async ({ hand }: (typeof hands)[number]) => {
      for (let turn = take(undefined); turn !== undefined; turn = take(turn.kind)) done(await measure(hand, turn.run, commit))
    }
    await Promise.all(hands.map(work))
  } else {
    const name = `${grid.scenario}-${runs[0]!.key}-${runs.length}`
    const rows = await Effect.runPromise(
      sweepTogether({ databaseUrl: paths.databaseUrl, name, runs, workers: paths.workers, perform, done }),
    )
    const mine = new Set(readRows(file).map(({ key }) => key))
    for (const row of rows) if (!mine.has(row.key)) appendRow(file, row)
  }
  for (const { hand } of hands) hand.release()
  hideProgress()
  console.log(`  ${count} runs here in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`)
  return split(runs, readRows(file)).done
}

/** A run with other limits needs another process. */
const limitsTextOf = ({ argv }: GridRun): string => takeFlag(argv, "--limits")[0] ?? ""

const measure = async (hand: ReturnType<typeof makeHand>, run: GridRun, commit: string): Promise<Row> => {
  const { argv, key, point, scenario, seed } = run
  const text = limitsTextOf(run)
  const answer = await hand.perform<"measure">({
    type: "measure",
    argv: [...scenarioFile(scenario), ...argv],
    limits: readLimits(text) ?? {},
  })
  const found = hasDied(answer) ? { figures: {}, failed: [answer.died.split("\n")[0]!] } : answer
  return { key, commit, scenario, seed, point, ...found }
}

/** A scenario of one's own is known to a worker by its file. */
const scenarioFile = (scenario: string): ReadonlyArray<string> => [ownFiles.get(scenario) ?? scenario]

const conclude = (grid: Grid, rows: ReadonlyArray<Row>, { csv, html, json, objectives }: Outputs): number => {
  const summaries = summariesOf(rows)
  const best = paretoOf(summaries, objectives)
  for (const one of summaries)
    console.log(
      `  ${best.has(one) ? "★" : " "} ${Object.entries(one.point)
        .map(([name, value]) => `${name} ${value}`)
        .join(" · ")
        .padEnd(
          44,
        )} ${objectives.map(({ figure }) => `${figure} ${rounded(one.mean[figure])}`).join(" · ")}${one.failedRuns > 0 ? ` · ${one.failedRuns} of ${one.runs} failed` : ""}`,
    )
  if (csv !== undefined) writeFileSync(csv, csvOf(rows))
  if (json !== undefined)
    writeFileSync(
      json,
      `${JSON.stringify({ grid, rows, points: summaries.map((one) => ({ ...one, isPareto: best.has(one) })) }, null, 1)}\n`,
    )
  if (html !== undefined) {
    const data = { grid, commit: rows[0]?.commit ?? "", objectives, points: summaries.map((one) => ({ ...one, isBest: best.has(one) })) }
    writeFileSync(html, pageOf(`sweep of ${grid.scenario}`, "sweep.html", ["theme.js", "sweep.js"], data))
  }
  return rows.some(({ failed }) => failed.length > 0) ? 3 : 0
}

const rounded = (value: number | undefined): string => (value === undefined ? "–" : String(Number(value.toPrecision(4))))
