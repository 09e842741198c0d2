/** Every checker catches the bugs that were planted for it, and nothing is wrong without them. `npm run sim -- mutants` plants all. */
import { describe, expect, it } from "vitest"
import { alarmWithout, canary, hunt, mutantNamed, mutants, play } from "../../src/sim/mutants/mutants.ts"
import { exitCodeOf } from "../../src/sim/simulate.ts"

const cases: ReadonlyArray<readonly [caughtBy: string, mutant: string]> = [
  ["P1 convergence", "of all that was said in one second only the first counts"],
  ["P2 no takeover", "anybody may announce anything"],
  ["P3 hop bound", "forwarding never tires"],
  ["P4 pinned keys", "who was met before is forgotten"],
  ["P7 cheap before dear", "an announcement is another one after every hop"],
  ["P8 bounded memory", "addresses are remembered without bound"],
  ["P9 no resurrection", "tombstones are not looked at"],
  ["P10 no lost update", "the first word about a subject is the last"],
  ["P11 one digest", "of two words of one second the one that was heard first counts"],
  ["P12 in time", "ids are neither told nor answered"],
  ["P13 no false death", "silence is death, without suspicion"],
  ["P14 roles", "questions are not answered"],
  ["P17 one link", "of two that dial each other both links stay"],
  ["P18 no future", "timestamps are not looked at"],
  ["P19 answers prove themselves", "peers' answers are not verified"],
]
const seedsMax = 3

describe("a planted bug is caught:", () => {
  it.each(cases)("%s, when %s", (caughtBy, name) => {
    const mutant = mutantNamed(name)!
    const found: Array<string> = []
    for (let seed = 1; seed <= seedsMax && !found.includes(caughtBy); seed++) {
      expect(alarmWithout(mutant, seed), `seed ${seed} without the bug`).toBeUndefined()
      const result = play(mutant, seed, mutant.plant)
      expect(result.crash).toBeUndefined()
      found.push(...result.violations.map(({ invariant }) => invariant))
    }
    expect([...new Set(found)]).toContain(caughtBy)
  })

  it("a frame that ends the process, as a crash", () => {
    const mutant = mutantNamed("one frame ends the process")!
    const result = play(mutant, 1, mutant.plant)
    expect([exitCodeOf(result), result.crash?.reason]).toEqual([2, expect.stringContaining("cannot read")])
  })

  it("the canary, at once", () => {
    expect(hunt(canary, [1])).toMatchObject({ caught: true, seed: 1, tried: 1 })
  })
})

describe("the list of mutants", () => {
  it("is long, and each has a name of its own", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40)
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })
})
