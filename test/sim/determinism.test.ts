/**
 * A seed is a run: the same in another process, with either codec and either engine. Everything that is found in the
 * simulator is worth only as much as this.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readArguments, type SimArguments } from "../../src/sim/arguments.ts"
import { defaultRun, type RunOptions } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { exitCodeOf, scenarios, simulate } from "../../src/sim/simulate.ts"

const options: RunOptions = { ...defaultRun, nodes: 8, records: 15, untilMs: 20_000 }
const traceOf = (over: Partial<RunOptions>, scenario = convergence) => simulate(scenario, { ...options, ...over }).trace

describe("a run", () => {
  it("is the same twice, and another with another seed", () => {
    expect(traceOf({ seed: 3 })).toBe(traceOf({ seed: 3 }))
    expect(traceOf({ seed: 3 })).not.toBe(traceOf({ seed: 4 }))
  })

  it("is another with anything else that is given", () => {
    const traces = [{}, { nodes: 9 }, { records: 16 }, { loss: 0.05 }, { latencyMs: 50 }, { untilMs: 40_000 }].map((over) =>
      traceOf({ seed: 3, ...over }),
    )
    expect(new Set(traces).size).toBe(traces.length)
  })

  const lossy = { seed: 5, loss: 0.1 }
  // the claims are made of other scenarios, for many virtual hours
  it.each(scenarios.filter(({ name }) => name !== "spec-claims"))(
    "of $name is the same with every byte written and read or remembered, on the compiled engine and on XState",
    (scenario) => {
      // a flood of few is as much of one, and half the work
      const over = { ...lossy, ...(scenario.name === "flood" && { nodes: 6 }) }
      const trace = traceOf(over, scenario)
      // both at once; each by itself is held against it in faults.test.ts, on the scenarios in which most happens
      expect(traceOf({ ...over, codec: "wire", engine: "xstate" }, scenario)).toBe(trace)
    },
  )
})

describe("npm run sim", () => {
  let folder = ""
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "agentdns-sim-"))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const main = join(import.meta.dirname, "../../src/sim/main.ts")
  const run = (...flags: ReadonlyArray<string>) =>
    new Promise<{ readonly code: number | null; readonly out: string; readonly wrong: string }>((resolve, reject) => {
      const child = spawn(process.execPath, [main, ...flags], { stdio: ["ignore", "pipe", "pipe"] })
      let [out, wrong] = ["", ""]
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()))
      child.stderr.on("data", (chunk: Buffer) => (wrong += chunk.toString()))
      child.on("error", reject)
      child.on("close", (code) => resolve({ code, out, wrong }))
    })
  const jsonOf = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Readonly<Record<string, unknown>>

  it("gives the same trace in two processes, and says what it found as JSON", async () => {
    const flags = (file: string) => ["convergence", "--nodes", "12", "--seed", "3", "--json", join(folder, file)]
    const [one, other] = await Promise.all([run(...flags("one.json")), run(...flags("other.json"))])
    expect([one.code, other.code, one.wrong]).toEqual([0, 0, ""])
    const { commit, deliveredPerSecond, rssMb, wallMs, ...found } = jsonOf("one.json")
    const { commit: _c, deliveredPerSecond: _d, rssMb: _r, wallMs: _w, ...again } = jsonOf("other.json")
    expect(found).toEqual(again)
    expect(found).toMatchObject({
      scenario: "convergence",
      seed: 3,
      nodes: 12,
      engine: "compiled",
      virtualMs: 60_000,
      violations: [],
      gossip: { coverage: 1 },
    })
    for (const number of [deliveredPerSecond, rssMb, wallMs]) expect(number).toBeGreaterThan(0)
    expect([typeof commit, typeof found["trace"]]).toEqual(["string", "string"])
    expect(one.out).toContain("all invariants held")
  })

  it("ends with 4 when something owed did not come, and prints the line that replays it, which does", async () => {
    const failed = await run(
      "convergence",
      "--nodes",
      "6",
      "--records",
      "3",
      "--loss",
      "1",
      "--until",
      "10",
      "--latency",
      "20",
      "--seed",
      "9",
      "--json",
      join(folder, "failed.json"),
    )
    expect(failed.code).toBe(4)
    expect(failed.out).toContain("LIVENESS P1 convergence")
    const replay = /replay: git checkout \S+ && npm run sim -- (.+)/.exec(failed.out)![1]!
    const read = readArguments(replay.split(" "), scenarios) as SimArguments
    const again = simulate(read.scenario, { ...read.options, seed: read.seeds[0]! })
    expect([exitCodeOf(again), again.trace]).toEqual([4, jsonOf("failed.json")["trace"]])
  })

  it("runs several seeds, and names those that failed", async () => {
    const { code, out } = await run(
      "convergence",
      "--nodes",
      "4",
      "--records",
      "2",
      "--until",
      "8",
      "--seeds",
      "1..3",
      "--json",
      join(folder, "several.json"),
    )
    expect([code, out.includes("3 seeds, 0 failed")]).toEqual([0, true])
    const { runs, failed } = jsonOf("several.json") as unknown as {
      readonly runs: ReadonlyArray<{ readonly seed: number }>
      readonly failed: ReadonlyArray<number>
    }
    expect([runs.map(({ seed }) => seed), failed]).toEqual([[1, 2, 3], []])
  })

  it("ends with 1 when it is used wrongly, and says how in one sentence", async () => {
    const { code, out, wrong } = await run("nonsense")
    expect([code, out, wrong]).toEqual([1, "", "there is no scenario nonsense; --list shows them\n"])
  })
})

describe("flags of the simulator", () => {
  const wrong = (...argv: ReadonlyArray<string>) => {
    const read = readArguments(argv, scenarios)
    return "wrong" in read ? read.wrong : undefined
  }

  it.each([
    [[]],
    [["nonsense"]],
    [["convergence", "--nonsense", "1"]],
    [["convergence", "--seed"]],
    [["convergence", "--seed", "x"]],
    [["convergence", "--seeds", "5..1"]],
    [["convergence", "--seeds", "0..99999999"]],
    [["convergence", "--nodes", "0"]],
    [["convergence", "--nodes", "2.5"]],
    [["convergence", "--loss", "1.1"]],
    [["convergence", "--loss", ""]],
    [["convergence", "--until", "-1"]],
    [["convergence", "--engine", "steam"]],
  ])("refuses %j in one sentence", (argv) => {
    expect(wrong(...argv)).toMatch(/^.{5,}$/)
  })

  it("reads what is right", () => {
    expect(
      readArguments(["convergence", "--nodes", "7", "--seeds", "3..5", "--loss", "0.5", "--latency", "0", "--engine", "xstate"], scenarios),
    ).toMatchObject({
      scenario: { name: "convergence" },
      seeds: [3, 4, 5],
      options: { nodes: 7, loss: 0.5, latencyMs: 0, engine: "xstate" },
    })
    expect(readArguments(["--list"], scenarios)).toEqual({ list: true })
    expect(wrong("tofu", "--seed", "0")).toBe(undefined)
  })
})
