/** How machines are connected, and how long links take, by what a command line says. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readArguments } from "../../src/sim/arguments.ts"
import { loadOwn } from "../../src/sim/cli/own-files.ts"
import { SeededRandom } from "../../src/sim/dice.ts"
import { drawLatency, readLatency, writeLatency } from "../../src/sim/latency.ts"
import { replayOf } from "../../src/sim/print.ts"
import { defaultRun, type RunOptions } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { scenarios, simulate } from "../../src/sim/simulate.ts"
import { graphOf, isConnected, readTopology, writeTopology } from "../../src/sim/topology.ts"

const degreesOf = (nodes: number, text: string) => {
  const degrees = Array.from({ length: nodes }, () => 0)
  for (const edge of graphOf(readTopology(text)!, nodes, new SeededRandom(3, "x"))) for (const end of edge) degrees[end]!++
  return degrees
}

describe("a topology", () => {
  const texts = ["random:8", "ring", "grid", "small-world:4,0.2", "clustered:5"]

  it("is connected, names only machines that are there, and each pair once", () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.integer({ min: 2, max: 60 }), fc.nat(), (text, nodes, seed) => {
        const edges = graphOf(readTopology(text)!, nodes, new SeededRandom(seed, "x"))
        expect(isConnected(new Set(Array.from({ length: nodes }, (_, i) => i)), edges)).toBe(true)
        expect(new Set(edges.map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`)).size).toBe(edges.length)
        for (const [a, b] of edges) expect(a !== b && a < nodes && b < nodes).toBe(true)
      }),
    )
  })

  it("has the shape of its name", () => {
    expect(new Set(degreesOf(12, "ring"))).toEqual(new Set([2]))
    expect(degreesOf(9, "grid")).toEqual([2, 3, 2, 3, 4, 3, 2, 3, 2])
    expect(degreesOf(50, "random:8").reduce((sum, degree) => sum + degree, 0)).toBe(400)
    expect(new Set(degreesOf(20, "small-world:4,0"))).toEqual(new Set([4]))
    const between = graphOf(readTopology("clustered:4")!, 40, new SeededRandom(1, "x")).filter(
      ([a, b]) => Math.floor(a / 10) !== Math.floor(b / 10),
    )
    expect([between.length > 0, between.length <= 8]).toEqual([true, true])
  })

  it("is written as it is read", () => {
    for (const text of texts) expect(writeTopology(readTopology(text)!)).toBe(text)
    for (const text of ["tree", "ring:4", "random:8,1", "clustered:0", "small-world:4,2", ""])
      expect(readTopology(text), text).toBeUndefined()
  })
})

describe("a latency", () => {
  it("is within its bounds, and written as it is read", () => {
    const draw = drawLatency(readLatency("uniform:20..80")!)
    const drawn = Array.from({ length: 500 }, (_, i) => draw(new SeededRandom(i, "x"), 0, 1) as number)
    expect([Math.min(...drawn) >= 20, Math.max(...drawn) <= 80, Math.max(...drawn) - Math.min(...drawn) > 50]).toEqual([true, true, true])
    for (const text of ["uniform:20..80", "log-normal:30,0.2"]) expect(writeLatency(readLatency(text)!)).toBe(text)
    for (const text of ["uniform:80..20", "normal:3", "uniform:20", "log-normal:1e9"]) expect(readLatency(text), text).toBeUndefined()
  })
})

describe("files", () => {
  let folder = ""
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "agentdns-sim-"))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const read = async (...argv: ReadonlyArray<string>) => {
    const named = await loadOwn(argv)
    const given = "wrong" in named ? named : readArguments(named, scenarios)
    return "wrong" in given
      ? given.wrong
      : "options" in given
        ? ({ ...given.options, seed: given.seeds[0]! } satisfies RunOptions)
        : "a list"
  }

  it("of measured latencies and of links are what a run is made of, and its replay line names them", async () => {
    const matrix = file("places.csv", "# between three places\n1, 40, 90\n45, 1, 60\n90, 60, 1\n")
    const links = file("links.json", "[[0,1],[1,2],[2,3],[3,0]]")
    const options = await read("convergence", "--records", "3", "--until", "20", "--latency", matrix, "--topology", links)
    if (typeof options === "string") throw new Error(options)
    expect([options.nodes, options.latency?.kind]).toEqual([4, "matrix"])
    const result = simulate(convergence, options)
    expect([result.violations, result.gossip!.coverage]).toEqual([[], 1])
    const replay = replayOf("convergence", options, "x").split("npm run sim -- ")[1]!
    const again = await read(...replay.split(" "))
    expect(simulate(convergence, again as RunOptions).trace).toBe(result.trace)
  })

  it("that are something else are refused in one sentence", async () => {
    expect(await read("convergence", "--latency", file("short.csv", "1,2\n3\n"))).toContain("--latency cannot be")
    expect(await read("convergence", "--topology", file("words.txt", "a b\n"))).toContain("--topology cannot be")
    expect(await read("convergence", "--topology", join(folder, "nothing.txt"))).toContain("cannot be read")
  })
})

it("all that the weather can be given is drawn from, printed, and given back", async () => {
  const flags =
    "--latency uniform:5..60 --jitter 0.5 --duplicate 0.05 --reorder 0.05 --corrupt 0.001 --split 0.2 --bandwidth 200 --topology grid"
  const read = readArguments(["convergence", "--nodes", "9", "--records", "4", "--until", "90", ...flags.split(" ")], scenarios)
  if (!("options" in read)) throw new Error(JSON.stringify(read))
  const { topology: _, ...plain } = read.options
  const options = { ...plain, seed: 1 }
  expect(read.options).toMatchObject({
    jitter: 0.5,
    duplicate: 0.05,
    corrupt: 0.001,
    split: 0.2,
    bandwidth: 200,
    topology: { kind: "grid" },
  })
  const [calm, rough] = [simulate(convergence, { ...defaultRun, nodes: 9, records: 4, untilMs: 90_000 }), simulate(convergence, options)]
  expect([rough.violations, rough.trace === calm.trace]).toEqual([[], false])
  for (const flag of flags.split(" --")) expect(replayOf("convergence", { ...read.options, seed: 1 }, "x")).toContain(flag)
})
