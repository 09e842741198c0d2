/** Merging: in order, in batches, one at a time; what fails is told, and what is too much is refused at once. */
import { Clock, Context, Effect, Scheduler } from "effect"
import { describe, expect, it } from "vitest"
import { mergeBatchMax, waitingMergesMax } from "../../src/protocol/limits.ts"
import { makeMerger } from "../../src/runtime/merger.ts"
import { StoreFailed } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { VirtualClock } from "../../src/sim/clock.ts"
import { TurnScheduler } from "../../src/sim/scheduler.ts"
import { announcementOf } from "../support/mesh.ts"

/** A store that takes ten milliseconds a batch, on a clock of its own; the third one fails when it shall. */
const scene = ({ failing = [] as ReadonlyArray<number> } = {}) => {
  const clock = new VirtualClock()
  const turns = new TurnScheduler()
  const batches: Array<ReadonlyArray<string>> = []
  const followed: Array<string> = []
  let writing = 0
  const store = {
    ...makeMemoryStore(),
    merge: (announcements: ReadonlyArray<{ readonly id: string }>) =>
      Effect.gen(function* () {
        expect(++writing, "batches at one time").toBe(1)
        const number = batches.push(announcements.map(({ id }) => id))
        yield* Effect.sleep(10)
        writing--
        if (failing.includes(number)) return yield* new StoreFailed({ operation: "merge", reason: "planted" })
        return announcements.map((_, i) => ({ changed: i % 2 === 0 }))
      }),
  }
  const run = Effect.runForkWith(Context.make(Scheduler.Scheduler, turns).pipe(Context.add(Clock.Clock, clock)))
  const merger = makeMerger(
    store,
    () => 0,
    (effect) => {
      run(effect)
      turns.drain()
    },
    ({ id }) => void followed.push(id),
  )
  const done: Array<readonly [id: string, changed: boolean | undefined]> = []
  const merge = (id: string) => merger.merge({ ...announcementOf(2), id } as never, (outcome) => void done.push([id, outcome?.changed]))
  const runAll = () => {
    turns.drain()
    while (clock.step()) turns.drain()
  }
  return { merge, done, batches, followed, runAll, clock }
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)

describe("the merger", () => {
  it("writes the first at once, and what comes meanwhile as one batch", () => {
    const { merge, done, batches, followed, runAll, clock } = scene()
    names(5).forEach(merge)
    expect(done).toEqual([])
    runAll()
    expect(batches).toEqual([["0"], ["1", "2", "3", "4"]])
    expect(done).toEqual([
      ["0", true],
      ["1", true],
      ["2", false],
      ["3", true],
      ["4", false],
    ])
    expect([followed, clock.elapsedMs]).toEqual([names(5), 20])
  })

  it("keeps the order, and its batches bounded", () => {
    const { merge, done, batches, runAll } = scene()
    const all = names(1 + 3 * mergeBatchMax + 7)
    all.forEach(merge)
    runAll()
    expect(batches.map(({ length }) => length)).toEqual([1, mergeBatchMax, mergeBatchMax, mergeBatchMax, 7])
    expect(done.map(([id]) => id)).toEqual(all)
  })

  it("tells those whose batch failed, and goes on with the next", () => {
    const { merge, done, followed, runAll } = scene({ failing: [2] })
    names(1 + mergeBatchMax + 2).forEach(merge)
    runAll()
    const failed = done.filter(([, changed]) => changed === undefined).map(([id]) => id)
    expect(failed).toEqual(names(mergeBatchMax + 1).slice(1))
    expect(done).toHaveLength(1 + mergeBatchMax + 2)
    expect(followed).toHaveLength(3)
    merge("later")
    runAll()
    expect(done.at(-1)).toEqual(["later", true])
  })

  it("refuses at once what is more than may wait", () => {
    const { merge, done, runAll } = scene()
    names(1 + waitingMergesMax + 3).forEach(merge)
    expect(done).toEqual([
      [`${waitingMergesMax + 1}`, undefined],
      [`${waitingMergesMax + 2}`, undefined],
      [`${waitingMergesMax + 3}`, undefined],
    ])
    runAll()
    expect(done).toHaveLength(1 + waitingMergesMax + 3)
  })
})
