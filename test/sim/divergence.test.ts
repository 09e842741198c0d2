/** Two runs of one seed are the same event for event; where something else decides, the first event that differs is named. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { compareCommand } from "../../src/sim/cli/twice.ts"
import { divergenceOf, linesOf, tellDivergence } from "../../src/sim/divergence.ts"
import type { EventLog } from "../../src/sim/event-log.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"

/** The events of a run, as text. */
const textOf = (plant: (stage: Stage) => void = () => {}, seed = 3): ReadonlyArray<string> => {
  let log: EventLog | undefined
  simulate(convergence, { ...defaultRun, nodes: 5, records: 3, untilMs: 15_000, seed }, (stage) => {
    log = stage.world.record()
    plant(stage)
  })
  return [...linesOf(log!)]
}

it("a seed is the same run twice, event for event", () => {
  const text = textOf()
  expect(text.length).toBeGreaterThan(100)
  expect(divergenceOf(text, textOf())).toBeUndefined()
})

it("what a process remembers from one run to the next is found, at the first event that it decides", () => {
  // a planted source of other chance: how often this process has played
  let played = 0
  const remembering = ({ world }: Stage): void => {
    const isLate = played++ > 0
    world.clock.at(4_000, () => {
      if (isLate) world.crash(world.machines[2]!)
    })
  }
  const [one, other] = [textOf(remembering), textOf(remembering)]
  const divergence = divergenceOf(one, other)!
  expect([divergence.other, divergence.one === divergence.other]).toEqual([expect.stringMatching(/ 4000 ms crash n2 /), false])
  expect(one.slice(0, divergence.line - 1)).toEqual(other.slice(0, divergence.line - 1))
  expect(divergence.before).toEqual(one.slice(divergence.line - 4, divergence.line - 1))
  expect(tellDivergence(divergence)[0]).toBe(`they part at event ${divergence.line}:`)
})

it("a run that is over sooner differs there, too", () => {
  expect(divergenceOf(["a", "b"], ["a"])).toEqual({ line: 2, before: ["a"], one: "b", other: undefined })
  expect(divergenceOf(["a"], ["a", "b"])).toEqual({ line: 2, before: ["a"], one: undefined, other: "b" })
  expect(divergenceOf([], [])).toBeUndefined()
})

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agentdns-sim-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it("two files are compared", () => {
  const said = vi.spyOn(console, "log").mockImplementation(() => {})
  const wrong = vi.spyOn(console, "error").mockImplementation(() => {})
  const files = [3, 3, 4].map((seed, i) => {
    const file = join(folder, `${i}`)
    writeFileSync(file, textOf(undefined, seed).join("\n"))
    return file
  })
  expect([compareCommand(files.slice(0, 2)), compareCommand(files.slice(1)), compareCommand(files)]).toEqual([0, 2, 1])
  expect(said.mock.calls.map(([text]) => String(text).split("\n")[0])).toEqual([
    "the same, event for event",
    expect.stringMatching(/^they part at event \d+:$/),
  ])
  expect([wrong.mock.calls.length, readFileSync(files[0]!, "utf8").includes("deliver")]).toEqual([1, true])
  said.mockRestore()
  wrong.mockRestore()
})
