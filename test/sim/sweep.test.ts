/** A sweep: every combination once, rows that outlive their process, and the points that are worth it. */
import { spawnSync } from "node:child_process"
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { gossipHopsMax } from "../../src/protocol/limits.ts"
import { readArguments, readLimits } from "../../src/sim/arguments.ts"
import { scenarios } from "../../src/sim/simulate.ts"
import { type Grid, type GridRun, pointsOf, runsOf } from "../../src/sim/sweep/grid.ts"
import { sweepTogether } from "../../src/sim/sweep/queue.ts"
import {
  appendRow,
  csvOf,
  figuresOf,
  paretoOf,
  readObjective,
  readRows,
  type Row,
  split,
  summariesOf,
} from "../../src/sim/sweep/results.ts"
import { takeTurns } from "../../src/sim/sweep/turns.ts"

const grid: Grid = { scenario: "convergence", seeds: "1..2", flags: { records: 3 }, grid: { gossipHopsMax: [2, 10], loss: [0, "0.1"] } }
const runs = runsOf(grid, [1, 2], "c0ffee")
const rowOf = ({ key, point, scenario, seed }: GridRun, figures: Row["figures"] = {}, failed: ReadonlyArray<string> = []): Row => ({
  key,
  commit: "c0ffee",
  scenario,
  seed,
  point,
  figures,
  failed,
})

describe("a grid", () => {
  it("is every combination over every seed, each with a key of its own", () => {
    expect(pointsOf(grid)).toEqual([
      { gossipHopsMax: 2, loss: 0 },
      { gossipHopsMax: 2, loss: "0.1" },
      { gossipHopsMax: 10, loss: 0 },
      { gossipHopsMax: 10, loss: "0.1" },
    ])
    expect([runs.length, new Set(runs.map(({ key }) => key)).size]).toEqual([8, 8])
    expect(new Set([...runs, ...runsOf(grid, [1, 2], "another commit")].map(({ key }) => key)).size).toBe(16)
  })

  it("says flags as a command line does, and numbers of the protocol as limits", () => {
    const read = readArguments(["convergence", ...runs.at(-1)!.argv], scenarios)
    expect(read).toMatchObject({ seeds: [2], options: { records: 3, loss: 0.1, limits: { gossipHopsMax: 10 } } })
    expect([readLimits("gossipHopsMax=3,lazyPeriodMs=50"), readLimits("nonsense=3"), readLimits("gossipHopsMax=many")]).toEqual([
      { gossipHopsMax: 3, lazyPeriodMs: 50 },
      undefined,
      undefined,
    ])
  })
})

describe("turns", () => {
  it("keep every worker at one kind of run while there is any, and spread them over the kinds", () => {
    const take = takeTurns(["a1", "a2", "a3", "b1", "b2", "c1"], (run) => run[0]!)
    const taken: Record<string, Array<string>> = { left: [], right: [] }
    const kinds: Record<string, string | undefined> = {}
    for (const worker of ["left", "right", "right", "left", "right", "left", "left", "right"]) {
      const turn = take(kinds[worker])
      kinds[worker] = turn?.kind
      taken[worker]!.push(turn?.run ?? "nothing")
    }
    expect(taken).toEqual({ left: ["a1", "a2", "a3", "nothing"], right: ["b1", "b2", "c1", "nothing"] })
  })
})

describe("rows", () => {
  let folder = ""
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "agentdns-sweep-"))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("are found again, also after a writer was stopped in the middle of one", () => {
    const file = join(folder, "deep/rows.jsonl")
    expect(split(runs, readRows(file))).toEqual({ done: [], left: runs })
    appendRow(file, rowOf(runs[3]!))
    appendFileSync(file, `{"key":"${runs[4]!.key}","fig`)
    appendRow(file, rowOf(runs[0]!))
    const { done, left } = split(runs, readRows(file))
    expect([done.map(({ key }) => key), left.length]).toEqual([[runs[0]!.key, runs[3]!.key], 6])
  })

  it("are a table that every reader takes", () => {
    const rows = [rowOf(runs[0]!, { "a.b": 1 }), rowOf(runs[2]!, { "a.b": 2.5, c: 3 }, ["P1 convergence", 'said "no", twice'])]
    expect(csvOf(rows)).toBe(
      [
        "commit,scenario,seed,gossipHopsMax,loss,a.b,c,violations,failed",
        "c0ffee,convergence,1,2,0,1,,0,",
        'c0ffee,convergence,1,2,0.1,2.5,3,2,"P1 convergence; said ""no"", twice"',
        "",
      ].join("\n"),
    )
    expect(figuresOf({ a: { b: 1, c: { d: true } }, e: "text", f: [1], g: 0 })).toEqual({ "a.b": 1, "a.c.d": 1, g: 0 })
  })

  it("come to points, of which those are worth it that no other beats and that broke nothing", () => {
    const figures = [
      [1, 9],
      [3, 3],
      [4, 4],
      [0, 0],
    ] as const
    const rows = runs.map((run, i) => rowOf(run, { slow: figures[i >> 1]![0], dear: figures[i >> 1]![1] + (i % 2) }, i === 7 ? ["P1"] : []))
    const summaries = summariesOf(rows)
    expect(summaries[0]).toMatchObject({ runs: 2, failedRuns: 0, mean: { slow: 1, dear: 9.5 }, least: { dear: 9 }, most: { dear: 10 } })
    const best = (...objectives: ReadonlyArray<string>) =>
      [...paretoOf(summaries, objectives.map(readObjective))].map((one) => summaries.indexOf(one))
    expect([best("slow", "dear"), best("slow"), best("+slow"), best("+slow", "dear")]).toEqual([[0, 1], [0], [2], [1, 2]])
  })

  it("tell numbers of the protocol that are others in one process only", () => {
    const file = join(folder, "run.json")
    const main = join(import.meta.dirname, "../../src/sim/main.ts")
    const flags = ["convergence", "--nodes", "20", "--records", "3", "--until", "8", "--limits", "gossipHopsMax=2", "--json", file]
    const { status, stderr } = spawnSync(process.execPath, [main, ...flags], { encoding: "utf8" })
    expect([status, stderr]).toEqual([0, ""])
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ gossip: { lastHop: 2 }, violations: [] })
    expect(gossipHopsMax).toBe(10)
  })
})

const server = process.env["AGENTDNS_TEST_POSTGRES_URL"]

describe.skipIf(server === undefined)("a sweep of two machines (skipped where no PostgreSQL server is named)", () => {
  it("does every run once, and both see all rows", async () => {
    const work = (name: string) => {
      const done: Array<string> = []
      const rows = sweepTogether({
        databaseUrl: server!,
        name: `test-${process.pid}`,
        runs,
        workers: 2,
        perform: (run) => new Promise((resolve) => setTimeout(() => resolve(rowOf(run, { by: name === "one" ? 1 : 2 })), 20)),
        done: ({ key }) => done.push(key),
      })
      return Effect.runPromise(rows).then((all) => ({ all, done }))
    }
    const [one, other] = await Promise.all([work("one"), work("other")])
    expect([...one.done, ...other.done].sort()).toEqual(runs.map(({ key }) => key).sort())
    const keys = (rows: ReadonlyArray<Row>) => rows.map(({ key, figures }) => `${key} ${figures["by"]}`).sort()
    expect([keys(one.all).length, keys(one.all)]).toEqual([runs.length, keys(other.all)])
  })
})
