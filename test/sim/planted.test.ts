/** Every checker catches the bugs that were planted for it, and nothing else is wrong without them. */
import { describe, expect, it } from "vitest"
import { Hand } from "../../src/sim/byzantine/hand.ts"
import { idsPerMessageMax, missingIdsMax } from "../../src/protocol/limits.ts"
import type { ContentId } from "../../src/protocol/gossip/announcement.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { byzantine } from "../../src/sim/scenarios/byzantine.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { flood } from "../../src/sim/scenarios/flood.ts"
import { partition } from "../../src/sim/scenarios/partition.ts"
import { type RunResult, simulate } from "../../src/sim/simulate.ts"
import type { Stage } from "../../src/sim/stage.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { plantedBugs } from "../support/planted-bugs.ts"

const small: Partial<RunOptions> = { nodes: 12, records: 25, untilMs: 150_000 }

/** Pieces are lost, and what was lost must be there long before anybody reconciles. */
const lossy: Scenario = {
  ...convergence,
  name: "lossy",
  play: (stage) => {
    stage.mesh(8)
    stage.run(5_000)
    stage.prompt = { fromMs: 0, untilMs: Number.POSITIVE_INFINITY, withinMs: 8_000 }
    stage.registerMany(stage.options.records, 5_000)
    stage.run(stage.options.untilMs)
    return {}
  },
}

/** Two homes register one entity at the same moment, far from each other. */
const twoHomes: Scenario = {
  ...convergence,
  name: "two-homes",
  play: (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    const { machines } = stage.world
    for (let number = 0; number < stage.options.records; number++) {
      for (const home of [machines[number % 3]!, machines.at(-1 - (number % 3))!]) stage.register(home, client(stage.options.seed, number))
    }
    stage.digests.calmFromMs = 4_000
    stage.run(stage.options.untilMs)
    return {}
  },
}

/** A peer tells more ids than anybody can bring. */
const unbringable: Scenario = {
  ...convergence,
  name: "unbringable",
  play: (stage) => {
    const hand = new Hand()
    stage.mesh(4, {}, () => new Map([[0, hand.over]]))
    stage.markByzantine(stage.world.machines[0]!)
    stage.run(3_000)
    for (let batch = 0; batch <= (2 * missingIdsMax) / idsPerMessageMax; batch++) {
      const ids = Array.from(
        { length: idsPerMessageMax },
        (_, i) => (batch * idsPerMessageMax + i).toString(16).padStart(32, "0") as ContentId,
      )
      hand.say({ type: "IHAVE", ids })
    }
    stage.run(6_000)
    return {}
  },
}

interface Case {
  readonly bug: keyof typeof plantedBugs
  readonly caughtBy: string
  readonly scenario: Scenario
  readonly over: Partial<RunOptions>
  /** Where the forgers of the first few seeds try something else. */
  readonly firstSeed?: number
}

const cases: ReadonlyArray<Case> = [
  { bug: "the hop count is signed", caughtBy: "P1 convergence", scenario: convergence, over: { nodes: 25, records: 20, untilMs: 20_000 } },
  {
    bug: "nothing is remembered as seen",
    caughtBy: "P7 cheap before dear",
    scenario: partition,
    over: { ...small, faults: ["duplication"] },
  },
  {
    bug: "of all that was said in one second only the first counts",
    caughtBy: "P1 convergence",
    scenario: convergence,
    over: { nodes: 12, records: 20, untilMs: 60_000 },
  },
  { bug: "anybody may announce anything", caughtBy: "P2 no takeover", scenario: byzantine, over: { ...small, faults: ["forge"] } },
  {
    bug: "signatures are not looked at",
    caughtBy: "P2 no takeover",
    scenario: byzantine,
    over: { ...small, faults: ["forge"] },
    firstSeed: 9,
  },
  { bug: "tombstones are not looked at", caughtBy: "P9 no resurrection", scenario: partition, over: { ...small, faults: ["halves"] } },
  {
    bug: "the first word about a subject is the last",
    caughtBy: "P10 no lost update",
    scenario: partition,
    over: { ...small, faults: ["halves"] },
  },
  {
    bug: "whoever claims an entity first is its home",
    caughtBy: "P11 one digest",
    scenario: twoHomes,
    over: { nodes: 12, records: 6, untilMs: 90_000 },
  },
  { bug: "nobody reconciles", caughtBy: "P1 convergence", scenario: partition, over: { ...small, faults: ["halves"] } },
  {
    bug: "ids are not told, and not answered",
    caughtBy: "P12 in time",
    scenario: lossy,
    over: { nodes: 12, records: 20, loss: 0.05, untilMs: 90_000 },
  },
  {
    bug: "ids that nobody brings are remembered without bound",
    caughtBy: "P8 bounded memory",
    scenario: unbringable,
    over: { nodes: 6, records: 0 },
  },
  { bug: "all peers share one allowance", caughtBy: "P12 in time", scenario: flood, over: { nodes: 12, records: 60, untilMs: 110_000 } },
  {
    bug: "silence is death, without suspicion",
    caughtBy: "P13 no false death",
    scenario: convergence,
    // no records: while half of all is lost nobody owes anybody a record
    over: { nodes: 8, records: 0, loss: 0.5, untilMs: 600_000 },
  },
]

const seedsMax = 3
const run = ({ over, scenario }: Case, seed: number, plant: (stage: Stage) => void = () => {}): RunResult =>
  simulate(scenario, { ...defaultRun, ...scenario.defaults, ...over, seed }, plant)

describe("a planted bug is caught:", () => {
  it.each(cases)("$caughtBy, when $bug", (planted) => {
    const found: Array<string> = []
    const { firstSeed = 1 } = planted
    for (let seed = firstSeed; seed < firstSeed + seedsMax && !found.includes(planted.caughtBy); seed++) {
      expect(run(planted, seed).violations, `seed ${seed} without the bug`).toEqual([])
      const result = run(planted, seed, plantedBugs[planted.bug])
      expect(result.crash).toBeUndefined()
      found.push(...result.violations.map(({ invariant }) => invariant))
    }
    expect([...new Set(found)]).toContain(planted.caughtBy)
  })

  it("and no bug is left without a case", () => {
    expect(cases.map(({ bug }) => bug).sort()).toEqual(Object.keys(plantedBugs).sort())
  })
})
