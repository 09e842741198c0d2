/** The simulator as a library: what its page says runs, and a world of one's own is as good as a built-in one. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import ownFault from "../../examples/sim/own-fault.ts"
import ownNodes from "../../examples/sim/own-nodes.ts"
import ownRule from "../../examples/sim/own-rule.ts"
import { loadOwn } from "../../src/sim/cli/own-files.ts"
import { run, sliceOf, Timers, world } from "../../src/sim/index.ts"
import { logOf } from "../../src/sim/travel.ts"
import { defaultRun } from "../../src/sim/scenario.ts"

describe("an example", () => {
  it("with nodes of its own holds, and notices when they cannot agree", () => {
    const held = run(ownNodes, { nodes: 9, untilMs: 10_000, seed: 3 })
    expect([held.violations, held.delivered > 20, run(ownNodes, { nodes: 9, untilMs: 10_000, seed: 3 }).trace]).toEqual([
      [],
      true,
      held.trace,
    ])
    expect(run(ownNodes, { nodes: 9, untilMs: 10_000, seed: 3, loss: 0.9 }).violations[0]!.invariant).toBe("the largest is known")
  })

  it("with a rule of its own is found wrong by our checkers", () => {
    expect(run(ownRule, { seed: 7 }).violations.map(({ invariant }) => invariant)).toContain("P1 convergence")
  })

  it("with a fault and a checker of its own is found wrong by that", () => {
    const { drawn, violations } = run(ownFault, { seed: 7 })
    expect(Object.keys(drawn)).toContain("unplugged 5.0–20.0 s")
    expect(new Set(violations.map(({ invariant }) => invariant))).toEqual(new Set(["nobody is late"]))
    const slice = sliceOf(logOf(ownFault, { ...defaultRun, ...ownFault.defaults, seed: 7 }))!
    expect(slice.events.at(-1)).toMatchObject({ kind: "violation" })
  })

  it.each(["own-fault.ts", "own-nodes.ts", "own-rule.ts"])("is some thirty lines: %s", (name) => {
    const text = readFileSync(join(import.meta.dirname, "../../examples/sim", name), "utf8")
    const lines = text.slice(text.indexOf("*/") + 3).split("\n")
    expect(lines.filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(35)
  })
})

it("a program of one's own runs until its machine goes down, and from its start when it is back", () => {
  const own = world({ seed: 2 })
  const machine = own.addMachine()
  const rung: Array<number> = []
  own.start(
    machine,
    Effect.map(Timers, ({ after }) => {
      const ring = () => {
        if (own.clock.elapsedMs > 0) rung.push(own.clock.elapsedMs)
        after(1_000, ring)
      }
      ring()
    }),
  )
  own.run(2_500)
  own.takeDown(machine, {})
  own.run(5_000)
  own.restart(machine)
  own.run(7_500)
  expect(rung).toEqual([1_000, 2_000, 5_000, 6_000, 7_000])
})

it("a file is a scenario by its name", async () => {
  const file = join(import.meta.dirname, "../../examples/sim/own-nodes.ts")
  expect(await loadOwn([file, "--nodes", "3"])).toEqual(["own-nodes", "--nodes", "3"])
  expect(await loadOwn(["shrink", "./nothing.ts"])).toMatchObject({ wrong: expect.stringContaining("./nothing.ts") as string })
})
