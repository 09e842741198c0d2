import fc from "fast-check"
import { expect, it } from "vitest"
import { isOver, type RateWindow, take, windowMs } from "../../src/runtime/rate-window.ts"

const limits = fc.integer({ min: 1, max: 20 })
const gaps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20_000 })), { maxLength: 80 })

/** The moments at which requests were granted, when they came after these gaps. */
const granted = (limit: number, after: ReadonlyArray<number>): ReadonlyArray<number> => {
  let window: RateWindow | undefined
  let nowMs = 0
  return after.flatMap((gap) => {
    nowMs += gap
    const ruling = take(window, limit, nowMs)
    window = ruling.window
    return ruling.isGranted ? [nowMs] : []
  })
}

it("grants the limit at once, and not one more", () => {
  fc.assert(fc.property(limits, (limit) => granted(limit, Array<number>(limit + 5).fill(0)).length === limit))
})

it("never grants more than twice the limit in a minute, nor more than the limit in a steady stream", () => {
  fc.assert(
    fc.property(limits, gaps, (limit, after) => {
      const moments = granted(limit, after)
      for (const from of moments) expect(moments.filter((at) => at >= from && at < from + windowMs).length).toBeLessThan(2 * limit)
    }),
  )
  const steady = granted(10, Array<number>(600).fill(1_000))
  expect(steady.length / 10).toBeLessThanOrEqual(11)
})

it("grants the next one after the time it says, and not before", () => {
  fc.assert(
    fc.property(limits, gaps, (limit, after) => {
      let window: RateWindow | undefined
      let nowMs = 0
      for (const gap of after) {
        nowMs += gap
        const ruling = take(window, limit, nowMs)
        window = ruling.window
        if (ruling.isGranted) continue
        expect(take(window, limit, nowMs + ruling.waitMs).isGranted).toBe(true)
        if (ruling.waitMs > 1) expect(take(window, limit, nowMs + ruling.waitMs - 2).isGranted).toBe(false)
      }
    }),
  )
})

it("forgets an address that was quiet for two minutes", () => {
  const { window } = take(undefined, 1, 0)
  expect(isOver(window, 2 * windowMs - 1)).toBe(false)
  expect(take(window, 1, 2 * windowMs)).toMatchObject({ isGranted: true, remaining: 0 })
})

it("a limit of nothing grants nothing", () => expect(take(undefined, 0, 0).isGranted).toBe(false))
