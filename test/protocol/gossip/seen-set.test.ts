/** The seen-set: an id is seen for the whole window, forgotten soon after, and there are never too many of them. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as SeenSet from "../../../src/protocol/gossip/seen-set.ts"
import { seenIdsMax, seenWindowMs } from "../../../src/protocol/limits.ts"

const minuteMs = 60_000
/** What happens: some time passes, then an id is added, of few so that they come again. */
const steps = fc.array(fc.record({ afterMs: fc.oneof(fc.nat(2_000), fc.nat(3 * minuteMs), fc.nat(12 * minuteMs)), id: fc.nat(20) }), {
  maxLength: 60,
})

describe("the seen-set", () => {
  it("knows an id for at least the window from when it was first added", () => {
    fc.assert(
      fc.property(fc.nat(10 * minuteMs), steps, (startMs, played) => {
        const seen = SeenSet.empty()
        const addedMs = new Map<string, number>()
        let nowMs = startMs
        for (const { afterMs, id } of played) {
          nowMs += afterMs
          const name = `${id}`
          // what is known already is not added again: it would never be forgotten while it keeps coming
          if (!SeenSet.has(seen, name)) addedMs.set(name, nowMs)
          SeenSet.add(seen, name, nowMs)
          for (const [known, atMs] of addedMs)
            if (nowMs - atMs < seenWindowMs) expect(SeenSet.has(seen, known), `${known} after ${nowMs - atMs} ms`).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  it("forgets it at most two minutes later, when something else is added", () => {
    fc.assert(
      fc.property(fc.nat(10 * minuteMs), steps, (startMs, played) => {
        const seen = SeenSet.empty()
        const addedMs = new Map<string, number>()
        let nowMs = startMs
        played.forEach(({ afterMs }, number) => {
          nowMs += afterMs
          SeenSet.add(seen, `${number}`, nowMs)
          addedMs.set(`${number}`, nowMs)
          for (const [known, atMs] of addedMs) if (nowMs - atMs >= seenWindowMs + 2 * minuteMs) expect(SeenSet.has(seen, known)).toBe(false)
          expect(seen.size).toBe([...addedMs.keys()].filter((known) => SeenSet.has(seen, known)).length)
        })
      }),
      { numRuns: 300 },
    )
  })

  it("never knew what was not added", () => {
    const seen = SeenSet.empty()
    expect(SeenSet.has(seen, "a")).toBe(false)
    SeenSet.add(seen, "a", 0)
    expect([SeenSet.has(seen, "a"), SeenSet.has(seen, "b")]).toEqual([true, false])
  })

  it("holds no more than its bound, and forgets the oldest minute first", () => {
    const seen = SeenSet.empty()
    const perMinute = seenIdsMax / 4
    for (let minute = 0; minute < 4; minute++) for (let i = 0; i < perMinute; i++) SeenSet.add(seen, `${minute}/${i}`, minute * minuteMs)
    expect(seen.size).toBe(seenIdsMax)
    SeenSet.add(seen, "one more", 3 * minuteMs)
    expect(seen.size).toBe(seenIdsMax - perMinute + 1)
    expect([SeenSet.has(seen, "0/0"), SeenSet.has(seen, "1/0"), SeenSet.has(seen, "one more")]).toEqual([false, true, true])
  })

  it("survives more ids in one minute than it holds", () => {
    const seen = SeenSet.empty()
    for (let i = 0; i <= seenIdsMax + 10; i++) SeenSet.add(seen, `${i}`, 0)
    expect(seen.size).toBeLessThanOrEqual(seenIdsMax)
    SeenSet.add(seen, "last", 0)
    expect(SeenSet.has(seen, "last")).toBe(true)
  })

  it("is not confused by a clock that goes back", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ atMs: fc.nat(20 * minuteMs), id: fc.nat(30) }), { maxLength: 40 }), (played) => {
        const seen = SeenSet.empty()
        for (const { atMs, id } of played) {
          SeenSet.add(seen, `${id}`, atMs)
          expect(SeenSet.has(seen, `${id}`)).toBe(true)
          expect(seen.size).toBe(seen.buckets.reduce((sum, { ids }) => sum + ids.size, 0))
        }
      }),
    )
  })
})
