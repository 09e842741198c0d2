/** Scenarios as data: the example runs, is the same as JSON and in code, and what is wrong with a file is said in a sentence. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "smol-toml"
import { afterAll, beforeAll, expect, it } from "vitest"
import { loadOwn } from "../../src/sim/cli/own-files.ts"
import { readDescription } from "../../src/sim/described.ts"
import { run, scenario } from "../../src/sim/index.ts"
import type { Scenario } from "../../src/sim/scenario.ts"
import { scenarios } from "../../src/sim/simulate.ts"
import { keepBeating } from "../../src/sim/workload/beats.ts"
import { lifecycle } from "../../src/sim/workload/lifecycle.ts"

const example = join(import.meta.dirname, "../../examples/sim/two-continents.toml")
let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agentdns-sim-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const right = (given: unknown): Scenario => {
  const read = readDescription("a file", given)
  if (typeof read === "string") throw new Error(read)
  return read
}
const small = {
  name: "small",
  purpose: "to be short",
  nodes: 6,
  until: 120,
  latency: 30,
  workload: [{ kind: "lives", count: 5, from: 3, until: 40 }],
}

it("the example runs by its file, and is the same as JSON", async () => {
  const json = join(folder, "same.json")
  const given = { ...parse(readFileSync(example, "utf8")), name: "same" }
  writeFileSync(json, JSON.stringify(given))
  expect(await loadOwn([example, "--seed", "3"])).toEqual(["two-continents", "--seed", "3"])
  expect(await loadOwn(["shrink", json])).toEqual(["shrink", "same"])
  const [toml, other] = ["two-continents", "same"].map((name) =>
    run(
      scenarios.find((one) => one.name === name)!,
      { seed: 1, nodes: 12 },
    ),
  )
  expect([toml!.violations, toml!.digest!.distinct]).toEqual([[], 1])
  expect(other!.trace).toBe(toml!.trace)
})

it("what data say, code says the same way", () => {
  const code = scenario("small", "to be short", (stage) => {
    stage.mesh(8)
    lifecycle(stage, 5, 3_000, 40_000)
    keepBeating(stage, 40_000, 120_000)
    stage.run(120_000)
    return {}
  })
  const given = { nodes: 6, untilMs: 120_000, latencyMs: 30, records: 5, seed: 4 }
  expect(run(right(small), { seed: 4 }).trace).toBe(run(code, given).trace)
})

it("what is expected and does not come is a violation", () => {
  const violations = run(
    right({ ...small, expect: { "gossip.p50Ms": { most: 1 }, "gossip.coverage": { least: 1 }, "gossip.luck": { least: 0 } } }),
  ).violations
  expect(violations.map(({ detail }) => detail.replace(/\d+/, "…"))).toEqual(["gossip.p…Ms is 30", "gossip.luck is undefined"])
})

it.each([
  ["an unknown word", { ...small, node: 3 }, "node"],
  ["a fault that is none", { ...small, fault: [{ kind: "flu", at: 1, for: 2 }] }, "there is no fault flu"],
  [
    "a parameter that is none",
    { ...small, fault: [{ kind: "halves", at: 1, for: 2, machine: 3 }] },
    "the fault halves has no machine; it has machines",
  ],
  ["a machine that is not there", { ...small, fault: [{ kind: "halves", at: 1, for: 2, machines: [9] }] }, "names machine 9; there are 6"],
  ["an end that comes too soon", { ...small, until: 50 }, "until must be at least 115"],
  ["time that runs backwards", { ...small, workload: [{ kind: "lives", from: 9, until: 3 }] }, "cannot end at 3 s"],
  ["weather that is none", { ...small, latency: "slow" }, "latency cannot be slow"],
])("%s is refused in one sentence", (_, given, sentence) => {
  const read = readDescription("FILE", given)
  expect(read).toMatch(/^FILE: [^\n]+$/)
  expect(read).toContain(sentence)
})

it("a file that cannot be read, and one that takes a built-in name, are refused", async () => {
  const [broken, taken] = [join(folder, "broken.toml"), join(folder, "taken.json")]
  writeFileSync(broken, "name = ")
  writeFileSync(taken, JSON.stringify({ ...small, name: "churn" }))
  expect(await loadOwn([broken])).toMatchObject({ wrong: expect.stringContaining("cannot be read") as string })
  expect(await loadOwn([taken])).toMatchObject({ wrong: expect.stringContaining("there is a scenario churn already") as string })
})
