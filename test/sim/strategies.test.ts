/** Rules by name do what their names say, and can be compared. */
import { expect, it } from "vitest"
import { gossipRules } from "../../src/sim/index.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { readArguments, type SimArguments } from "../../src/sim/arguments.ts"
import { scenarios, simulate } from "../../src/sim/simulate.ts"

const run = (gossip?: string) =>
  simulate(convergence, { ...defaultRun, nodes: 20, records: 20, untilMs: 30_000, seed: 2, ...(gossip !== undefined && { gossip }) })

it("a tree carries no copy twice, a flood many, and who tells ids alone is slow", () => {
  const [tree, plumtree, flood, lazy] = ["tree", "plumtree", "flood", "lazy"].map((name) => {
    const { gossip, violations } = run(name)
    // what is told by ids alone comes late, and by comparing as well: checkers of our own rule may say so
    expect([name, name === "lazy" ? [] : violations, gossip!.coverage]).toEqual([name, [], 1])
    return gossip!
  })
  expect(run().gossip).toEqual(tree)
  expect(tree!.redundancy).toBeLessThan(plumtree!.redundancy)
  expect(plumtree!.redundancy).toBeLessThan(flood!.redundancy)
  expect(lazy!.redundancy).toBeLessThan(flood!.redundancy)
  expect(lazy!.p50Ms).toBeGreaterThan(3 * flood!.p50Ms)
})

it("a rule of one's own is known by its name, and an unknown one is refused", () => {
  expect(readArguments(["convergence", "--gossip", "mine"], scenarios)).toMatchObject({ wrong: "--gossip cannot be mine" })
  gossipRules.set("mine", gossipRules.get("flood")!)
  const read = readArguments(["convergence", "--gossip", "mine", "--lookup", "wide"], scenarios) as SimArguments
  expect([read.options.gossip, read.options.lookup]).toEqual(["mine", "wide"])
  expect(run("mine").trace).toBe(run("flood").trace)
  gossipRules.delete("mine")
})
