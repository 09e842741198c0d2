/** Virtual time: earlier first, equal times in the order they were set, and nothing moves it but a step. */
import { Clock, Context, Effect, Fiber, Scheduler } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { VirtualClock } from "../../src/sim/clock.ts"
import { TurnScheduler } from "../../src/sim/scheduler.ts"

describe("virtual time", () => {
  it("wakes in the order of time, and equal times in the order they were set, whoever was cancelled", () => {
    const plans = fc.array(fc.record({ delayMs: fc.oneof(fc.nat(20), fc.nat(100_000)), isCancelled: fc.boolean() }), { maxLength: 2_000 })
    fc.assert(
      fc.property(plans, (planned) => {
        const clock = new VirtualClock()
        const woken: Array<number> = []
        const wakeups = planned.map(({ delayMs }, number) => clock.at(delayMs, () => void woken.push(number)))
        planned.forEach(({ isCancelled }, number) => {
          if (isCancelled) wakeups[number]!.fire = undefined
        })
        while (clock.step());
        const expected = planned
          .map(({ delayMs, isCancelled }, number) => ({ delayMs, isCancelled, number }))
          .filter(({ isCancelled }) => !isCancelled)
          .toSorted((a, b) => a.delayMs - b.delayMs || a.number - b.number)
          .map(({ number }) => number)
        expect(woken).toEqual(expected)
        expect(clock.elapsedMs).toBe(Math.max(0, ...planned.map(({ delayMs }) => delayMs)))
        expect(clock.nextMs).toBe(Number.POSITIVE_INFINITY)
      }),
      { numRuns: 40 },
    )
  })

  it("keeps that order while what wakes sets more, and never goes back", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 60 }), (delays) => {
        const clock = new VirtualClock()
        const woken: Array<{ readonly dueMs: number; readonly turn: number }> = []
        let turns = 0
        let next = 0
        const set = (): void => {
          for (const delayMs of delays[next++] ?? []) {
            const due = { dueMs: clock.elapsedMs + delayMs, turn: turns++ }
            clock.at(delayMs, () => {
              expect(clock.elapsedMs).toBe(due.dueMs)
              woken.push(due)
              set()
            })
          }
        }
        set()
        while (clock.step());
        expect(woken).toHaveLength(turns)
        expect(woken).toEqual(woken.toSorted((a, b) => a.dueMs - b.dueMs || a.turn - b.turn))
      }),
      { numRuns: 100 },
    )
  })

  it("counts whole milliseconds, rounded up, and takes no delay below nothing", () => {
    const clock = new VirtualClock()
    const at: Array<number> = []
    for (const delayMs of [0.2, 1, 1.1, -5, 0]) clock.at(delayMs, () => void at.push(clock.elapsedMs))
    while (clock.step());
    expect(at).toEqual([0, 0, 1, 1, 2])
  })

  it("passes to a moment at which nothing happens, and not back", () => {
    const clock = new VirtualClock()
    clock.moveTo(500)
    clock.moveTo(100)
    expect([clock.elapsedMs, clock.currentTimeMillisUnsafe(), clock.monotonicTimeNanosUnsafe()]).toEqual([
      500,
      clock.startMs + 500,
      500_000_000n,
    ])
    expect(clock.step()).toBe(false)
  })

  it("lets fibers sleep, and forgets the sleep of an interrupted one", () => {
    const clock = new VirtualClock()
    const turns = new TurnScheduler()
    const world = Context.make(Scheduler.Scheduler, turns).pipe(Context.add(Clock.Clock, clock))
    const woken: Array<string> = []
    const sleeper = (name: string, ms: number) =>
      Effect.runForkWith(world)(
        Effect.andThen(
          Effect.sleep(ms),
          Effect.sync(() => void woken.push(`${name} ${clock.elapsedMs}`)),
        ),
      )
    sleeper("long", 500)
    const interrupted = sleeper("interrupted", 200)
    sleeper("short", 100)
    sleeper("for ever", Number.POSITIVE_INFINITY)
    turns.drain()
    expect(woken).toEqual([])
    Effect.runForkWith(world)(Fiber.interrupt(interrupted))
    turns.drain()
    while (clock.step()) turns.drain()
    expect(woken).toEqual(["short 100", "long 500"])
  })
})
