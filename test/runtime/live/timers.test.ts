import { Context, Effect, Layer } from "effect"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { systemTimers } from "../../../src/runtime/live/timers.ts"
import { Timers } from "../../../src/runtime/ports.ts"

const timers = Context.get(Effect.runSync(Effect.scoped(Layer.build(systemTimers))), Timers)

describe("the machine's timers", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it("fire once, equal delays in the order they were set, and never when they were cancelled", () => {
    const fired: Array<number> = []
    const [, second] = [1, 2, 3].map((n) => timers.after(10, () => fired.push(n)))
    second!.cancel()
    second!.cancel()
    vi.advanceTimersByTime(9)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(100)
    expect(fired).toEqual([1, 3])
  })

  it("wait as long as they are told, though Node counts to 25 days only", () => {
    const day = 86_400_000
    const fired: Array<string> = []
    timers.after(90 * day, () => fired.push("ninety days"))
    const cancelled = timers.after(90 * day, () => fired.push("cancelled"))
    vi.advanceTimersByTime(60 * day)
    cancelled.cancel()
    vi.advanceTimersByTime(30 * day - 1)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(1)
    expect(fired).toEqual(["ninety days"])
  })
})
