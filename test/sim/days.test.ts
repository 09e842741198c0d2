/** Scenarios of many virtual days, cut to a day and a half: `npm run sim -- naming` and `liveness` take thirty. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { storing } from "../../src/sim/mutants/mutant.ts"
import { defaultRun, type Scenario } from "../../src/sim/scenario.ts"
import { liveness } from "../../src/sim/scenarios/liveness.ts"
import { naming } from "../../src/sim/scenarios/naming.ts"
import { simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"

const hourMs = 3_600_000
const play = (scenario: Scenario, hours: number, watch: (stage: Stage) => void = () => {}) =>
  simulate(scenario, { ...defaultRun, ...scenario.defaults, nodes: 3, records: 3, untilMs: hours * hourMs, seed: 4 }, watch)

it("for hours names mean what their owners bound", () => {
  const { crash, drawn, violations } = play(naming, 6)
  expect([crash, violations]).toEqual([undefined, []])
  expect(Number(drawn["resolved"])).toBeGreaterThan(5)
})

it("for hours all know who lives; and notice when nobody looks", () => {
  const { crash, drawn, violations } = play(liveness, 6)
  expect([crash, violations]).toEqual([undefined, []])
  expect(Number(drawn["checks"])).toBeGreaterThan(2)
  const blind = storing(() => ({ silentSince: () => Effect.succeed([]) }))
  expect(play(liveness, 6, blind).violations[0]?.invariant).toBe("P25 signs of life")
})
