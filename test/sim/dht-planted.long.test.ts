/** Bugs that others made in their DHTs, planted here: each must be caught, by the checker that is meant to. */
import { describe, expect, it } from "vitest"
import { dhtMutants } from "../../src/sim/mutants/dht-mutants.ts"
import type { Mutant } from "../../src/sim/mutants/mutant.ts"
import { play } from "../../src/sim/mutants/mutants.ts"

const catchers: Readonly<Record<string, string>> = {
  "whoever comes last takes the place of whoever was heard longest ago": "K2 live contacts stay",
  "nobody waits for a place": "K2 live contacts stay",
  "a bucket has no end": "K1 table",
  "values are not proven before they are kept": "K3 proven values",
  "what has expired is kept": "K3 proven values",
  "a lookup ends with its third answer": "K4 found",
  "a lookup goes one way only": "K4 found",
}

/** One for each network that bugs are planted in. */
const trials = [...new Map(dhtMutants.map((mutant) => [mutant.trial, mutant])).values()]
const alarms = (mutant: Mutant, plant = mutant.plant) => {
  const { crash, violations } = play(mutant, 1, plant)
  expect(crash).toBeUndefined()
  return violations.map(({ invariant }) => invariant)
}

describe("a bug planted in the DHT is caught", () => {
  it.each(trials)("and nothing is without $name", (mutant) => {
    expect(alarms(mutant, () => {})).toEqual([])
  })

  it.each(dhtMutants)("$name", (mutant) => {
    expect(alarms(mutant)).toContain(catchers[mutant.name])
  })
})
