/** A run that failed once must not fail again: `npm run sim -- shrink` writes files that say so. */
import { expect, it } from "vitest"
import { defaultRun, type RunOptions } from "../../src/sim/scenario.ts"
import { scenarios, simulate } from "../../src/sim/simulate.ts"

/** All invariants hold, and the one that failed is named. */
export const holds = (invariant: string, scenario: string, options: Partial<RunOptions>): void => {
  it(`${invariant} holds in ${scenario}, seed ${options.seed}`, () => {
    const played = scenarios.find(({ name }) => name === scenario)
    if (played === undefined) throw new Error(`there is no scenario ${scenario}`)
    const { crash, violations } = simulate(played, { ...defaultRun, ...options })
    expect([crash, violations]).toEqual([undefined, []])
  })
}
