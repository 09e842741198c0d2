/** The allowance: never more than the rate and one second's worth, in any window of time, and never less for long. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Allowance from "../../../src/protocol/gossip/allowance.ts"

const rates = fc.constantFrom(1, 7, 100, 2_500)
const waits = fc.array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(5_000)), { maxLength: 300 })

/** Wants one at each moment; when each was granted. */
const granted = (perSecond: number, gapsMs: ReadonlyArray<number>): ReadonlyArray<number> => {
  const times: Array<number> = []
  let nowMs = 1_000
  let allowance = Allowance.full(perSecond, nowMs)
  for (const gapMs of gapsMs) {
    nowMs += gapMs
    const current = Allowance.refilled(allowance, nowMs)
    if (current.left < 1) continue
    allowance = Allowance.spend(current, 1)
    times.push(nowMs)
  }
  return times
}

describe("an allowance", () => {
  it("is never more than the rate and one second's worth, in any window", () => {
    fc.assert(
      fc.property(rates, waits, (perSecond, gapsMs) => {
        const times = granted(perSecond, gapsMs)
        for (let i = 0; i < times.length; i++) {
          for (let j = i; j < times.length; j++)
            expect(j - i + 1).toBeLessThanOrEqual(perSecond + (perSecond * (times[j]! - times[i]!)) / 1_000 + 1e-6)
        }
      }),
      { numRuns: 50 },
    )
  })

  it("grants all that comes no faster than its rate", () => {
    fc.assert(
      fc.property(rates, fc.array(fc.nat(50), { maxLength: 100 }), (perSecond, slack) => {
        const gapsMs = slack.map((extra) => Math.ceil(1_000 / perSecond) + extra)
        expect(granted(perSecond, gapsMs)).toHaveLength(gapsMs.length)
      }),
    )
  })

  it("is full again after a second, and never more than full", () => {
    fc.assert(
      fc.property(rates, fc.nat(1_000), fc.integer({ min: 1_000, max: 1e9 }), (perSecond, spent, waitedMs) => {
        const emptied = Allowance.spend(Allowance.full(perSecond, 5), Math.min(spent, perSecond))
        expect(Allowance.refilled(emptied, 5 + waitedMs).left).toBe(perSecond)
      }),
    )
  })

  it("gains nothing from being looked at often, nor from a clock that goes back", () => {
    fc.assert(
      fc.property(rates, fc.array(fc.integer({ min: -3_000, max: 500 }), { minLength: 1, maxLength: 40 }), (perSecond, movesMs) => {
        let often = Allowance.spend(Allowance.full(perSecond, 10_000), perSecond)
        let nowMs = 10_000
        let latestMs = nowMs
        for (const moveMs of movesMs) {
          nowMs = Math.max(0, nowMs + moveMs)
          latestMs = Math.max(latestMs, nowMs)
          often = Allowance.refilled(often, nowMs)
        }
        expect(often.left).toBeLessThanOrEqual(Math.min(perSecond, (perSecond * (latestMs - 10_000)) / 1_000) + 1e-6)
      }),
    )
  })
})
