/**
 * The compiled engine is XState, only faster: whatever happens to a machine, both engines come to the same state and hand
 * out the same commands and timers in the same order; and each step is the one that XState's own `transition` takes.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cast } from "../../../src/runtime/cast.ts"
import { compiledEngine } from "../../../src/runtime/engine/compiled.ts"
import { isReducer, type Logic } from "../../../src/runtime/engine/engine.ts"
import { xstateEngine } from "../../../src/runtime/engine/xstate.ts"
import { SeededRandom } from "../../../src/sim/dice.ts"
import { difference, differenceOfTable, moves, seeds, visit } from "../../support/engines.ts"
import { everyFeature, randomMachine } from "../../support/machines.ts"
import { type Plausible, plausible } from "../../support/plausible.ts"

const agrees = (name: string, subject: Plausible, numRuns: number) => {
  it(`${name}: the same on both engines`, () => {
    fc.assert(
      fc.property(seeds, moves, (inputSeed, played) => {
        expect(difference(compiledEngine, xstateEngine, subject, inputSeed, played)).toBeUndefined()
      }),
      { numRuns },
    )
  })

  it(`${name}: the compiled table takes the steps of XState's own transition`, () => {
    fc.assert(
      fc.property(seeds, moves, (inputSeed, played) => {
        expect(differenceOfTable(subject, inputSeed, played)).toBeUndefined()
      }),
      { numRuns: numRuns / 4 },
    )
  })
}

describe("both engines agree", () => {
  it("on every machine of the cast", () => {
    const machines = Object.entries(cast as Record<string, Logic>).filter(([, logic]) => !isReducer(logic))
    // by identity: looking into two machines, to see in what they differ, may never end
    const others = machines.filter(([kind, machine]) => (plausible as Partial<Record<string, Plausible>>)[kind]?.machine !== machine)
    expect(others.map(([kind]) => kind)).toEqual([])
    expect(Object.keys(plausible)).toHaveLength(machines.length)
  })

  for (const [kind, subject] of Object.entries(plausible)) agrees(kind, subject, 200)

  agrees("a machine that uses every supported feature", everyFeature, 400)

  it("on machines that nobody wrote", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), seeds, moves, (machineSeed, inputSeed, played) => {
        const subject = randomMachine(new SeededRandom(machineSeed, "machine"))
        expect(difference(compiledEngine, xstateEngine, subject, inputSeed, played)).toBeUndefined()
        expect(differenceOfTable(subject, inputSeed, played.slice(0, 10))).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  it("and the plausible events get every machine into every state it has", () => {
    for (const [kind, subject] of Object.entries(plausible)) {
      const visited = new Set<string>()
      fc.assert(
        fc.property(seeds, moves, (inputSeed, played) => visit(subject, inputSeed, played, visited)),
        { numRuns: 300 },
      )
      // nobody is ever seen knocking or starting: that is over with the first step
      expect([...visited].toSorted(), kind).toEqual(
        Object.keys(subject.machine.states)
          .filter((state) => state !== "knocking" && state !== "starting")
          .toSorted(),
      )
    }
  })
})
