/** Searching with peers, in a mesh: what the pages promise of a healthy one, and that hung and lying peers cost only their own answers. */
import { describe, expect, it } from "vitest"
import { queryPatienceMs } from "../../src/protocol/limits.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { federated } from "../../src/sim/scenarios/federated.ts"
import { simulate } from "../../src/sim/simulate.ts"

const run = (over: object) => simulate(federated, { ...defaultRun, ...federated.defaults, nodes: 24, untilMs: 13_000, seed: 1, ...over })

describe("a search among two dozen nodes", () => {
  it("is answered within half a second by a healthy mesh (mesh page), and finds what one index would", () => {
    const { federated: found, violations } = run({ hung: 0, lying: 0 })
    expect(violations).toEqual([])
    expect(found!.p95Ms).toBeLessThanOrEqual(500)
    expect(found!.recall10).toBeGreaterThan(0.95)
    expect(found!.pruned).toBeGreaterThan(0.8)
  })

  it("loses only what the hung and the lying would have answered", () => {
    const { federated: found, violations } = run({ hung: 0.1, lying: 0.1 })
    expect(violations).toEqual([])
    expect(found!.p99Ms).toBeLessThanOrEqual(queryPatienceMs + 100)
    expect(found!.recall10).toBeGreaterThan(0.95)
  })
})
