/** Frames that are made wrong end nothing but their own connection; and what a fuzz run writes can be read. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { wireCodec } from "../../src/runtime/codec.ts"
import type { Ran } from "../../src/sim/cli/jobs.ts"
import { junitOf } from "../../src/sim/cli/junit.ts"
import { SeededRandom } from "../../src/sim/dice.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { frames } from "../../src/sim/scenarios/frames.ts"
import { exitCodeOf, simulate } from "../../src/sim/simulate.ts"
import { inPieces, mutilated } from "../../src/sim/workload/mutilate.ts"
import { announcementOf, gossipOf, heartbeatOf, helloOf } from "../support/mesh.ts"

const whole = [helloOf(1), heartbeatOf(1), gossipOf(announcementOf(1))].map((message) => wireCodec.write(message))

describe("a frame made wrong", () => {
  it("is read, or refused, and the reader never throws; in pieces it says the same as whole", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...whole), (seed, frame) => {
        const random = new SeededRandom(seed, "frame")
        const bytes = mutilated(random, frame)
        const pieces = inPieces(random, bytes)
        expect(Buffer.concat(pieces).equals(Buffer.from(bytes))).toBe(true)
        const atOnce = wireCodec.reader()(bytes)
        const read = wireCodec.reader()
        const said = pieces.map((piece) => read(piece))
        expect(said.flatMap(({ messages }) => messages.map(({ type }) => type))).toEqual(atOnce.messages.map(({ type }) => type))
        expect(said.find(({ fault }) => fault !== undefined)?.fault).toBe(atOnce.fault)
      }),
      { numRuns: 300 },
    )
  })

  it("stops no mesh", () => {
    const result = simulate(frames, { ...defaultRun, ...frames.defaults, nodes: 5, records: 8, untilMs: 60_000, seed: 2 })
    expect([result.violations, result.crash, exitCodeOf(result), result.gossip!.coverage]).toEqual([[], undefined, 0, 1])
  })
})

describe("JUnit XML", () => {
  it("names each seed, and says of a failure what it was and how to replay it", () => {
    const ran: Ran = {
      scenario: "churn",
      options: { ...defaultRun, seed: 7 },
      exitCode: 4,
      trace: "",
      delivered: 1,
      virtualMs: 1,
      violations: [{ kind: "liveness", invariant: "P1 convergence", atMs: 5, node: "n1", detail: 'does not show <"x">' }],
      drawn: {},
    }
    const text = junitOf([{ ...ran, exitCode: 0, violations: [] }, ran], "c0ffee")
    expect(text).toContain('tests="2" failures="1"')
    expect(text).toContain("does not show &lt;&quot;x&quot;&gt;")
    expect(text).toContain("npm run sim -- churn --nodes 25 --seed 7")
  })
})
