/** Each kind of fault does what its file says, and stops when it is over. That all is whole after it: `faults.test.ts`. */
import { Cause, Effect, Exit, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { RecordStore } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { ailing } from "../../src/sim/disk.ts"
import { SeededRandom } from "../../src/sim/dice.ts"
import type { FaultKind, Parameters } from "../../src/sim/faults/fault.ts"
import { clockJump } from "../../src/sim/faults/clock-jump.ts"
import { clockStrobe } from "../../src/sim/faults/clock-strobe.ts"
import { failingStore } from "../../src/sim/faults/failing-store.ts"
import { fullDisk } from "../../src/sim/faults/full-disk.ts"
import { halfOpen } from "../../src/sim/faults/half-open.ts"
import { refusal } from "../../src/sim/faults/refusal.ts"
import { reset } from "../../src/sim/faults/reset.ts"
import { faultNames, happen } from "../../src/sim/faults/schedule.ts"
import { slowDisk } from "../../src/sim/faults/slow-disk.ts"
import { slowReader } from "../../src/sim/faults/slow-reader.ts"
import { splitting } from "../../src/sim/faults/splitting.ts"
import { swizzleClog } from "../../src/sim/faults/swizzle-clog.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { addressOf, Stage } from "../../src/sim/stage.ts"
import { client } from "../../src/sim/workload/clients.ts"
import type { Machine } from "../../src/sim/world.ts"

/** Two nodes, the second of which dials the first, and a fault from the tenth second to the fortieth. */
const during = <P extends Parameters>(kind: FaultKind<P>, parameters: P) => {
  const stage = new Stage({ ...defaultRun, nodes: 2, seed: 5, latencyMs: 20 })
  const { world } = stage
  const [listener, dialler] = [world.addMachine(), world.addMachine()]
  const ends: Array<string> = []
  const hear = world.onHappening
  world.onHappening = (machine, happening) => {
    hear(machine, happening)
    if (happening.type === "peer.disconnected")
      ends.push(`${machine.name} ${happening.reason} ${Math.round(world.clock.elapsedMs / 1_000)} s`)
  }
  world.boot(listener, stage.settings())
  world.boot(dialler, stage.settings({ bootstrap: [{ address: addressOf(listener) }] }))
  happen(stage, kind, { atMs: 10_000, forMs: 30_000 }, parameters)
  stage.run(10_000)
  const ask = (machine: Machine, number: number) =>
    world.fork(machine, machine.node!.service.registerEntity(client(5, number).registration))
  const shows = (machine: Machine, number: number) => stage.shownBy(machine, client(5, number).entityId) !== undefined
  const answer = <A, E>(fiber: { pollUnsafe: () => Exit.Exit<A, E> | undefined }): string => {
    const exit = fiber.pollUnsafe()
    if (exit === undefined) return "waits"
    if (Exit.isSuccess(exit)) return "done"
    const error: unknown = Cause.squash(exit.cause)
    return (error as { readonly _tag?: string })._tag ?? String(error)
  }
  return { stage, world, listener, dialler, ends, ask, shows, answer }
}

it("there are at least twenty kinds", () => expect(new Set(faultNames).size).toBeGreaterThanOrEqual(20))

describe("a disk", () => {
  it("that is slow makes a client wait, and is as fast as ever after it", () => {
    const { answer, ask, listener, stage } = during(slowDisk, { machines: [0], leastMs: 1_500, mostMs: 1_500, stream: 1 })
    const first = ask(listener, 1)
    stage.run(11_000)
    expect(answer(first)).toBe("waits")
    stage.run(39_000)
    expect(answer(first)).toBe("done")
    stage.run(41_000)
    const second = ask(listener, 2)
    stage.world.turns.drain()
    expect(answer(second)).toBe("done")
  })

  it("that fails is a typed failure to a client, nothing is changed, and what was missed comes later", () => {
    const { answer, ask, dialler, listener, shows, stage } = during(failingStore, { machines: [0], share: 1, stream: 1 })
    const [refused, granted] = [ask(listener, 1), ask(dialler, 2)]
    stage.run(39_000)
    expect([answer(refused), answer(granted)]).toEqual(["StoreFailed", "done"])
    expect([shows(listener, 1), shows(dialler, 1), shows(listener, 2), shows(dialler, 2)]).toEqual([false, false, false, true])
    stage.run(110_000)
    expect(shows(listener, 2)).toBe(true)
  })

  it("that is full can be read", () => {
    const { answer, ask, listener, shows, stage, world } = during(fullDisk, { machines: [0] })
    const refused = ask(listener, 1)
    const reading = world.fork(listener, listener.node!.service.status)
    world.turns.drain()
    expect([answer(refused), answer(reading), shows(listener, 1)]).toEqual(["StoreFailed", "done", false])
    stage.run(41_000)
    ask(listener, 3)
    expect(shows(listener, 3)).toBe(true)
  })

  it("that fails at a start lets its node start again until it does not", () => {
    const { listener, stage, world } = during(failingStore, { machines: [0], share: 1, stream: 1 })
    stage.run(11_000)
    world.takeDown(listener, {})
    world.restart(listener)
    stage.run(30_000)
    expect(listener.node).toBeUndefined()
    stage.run(45_000)
    expect(listener.node).toBeDefined()
  })

  it("that is slow at a start lets its node start late; a node that ended meanwhile never comes", () => {
    const { listener, stage, world } = during(slowDisk, { machines: [0], leastMs: 500, mostMs: 500, stream: 1 })
    stage.run(11_000)
    world.takeDown(listener, {})
    world.restart(listener)
    expect(listener.node).toBeUndefined()
    world.takeDown(listener, {})
    stage.run(20_000)
    expect(listener.node).toBeUndefined()
    world.restart(listener)
    stage.run(39_000)
    expect(listener.node).toBeDefined()
  })

  it("is felt in every request of the port", async () => {
    const store = makeMemoryStore()
    const full = ailing(store, [{ random: new SeededRandom(1, "disk"), failing: 1 }], () => false)
    const gone = ailing(store, [], () => true)
    // looking without asking is no request
    const { shownNow: _, ...port } = store
    expect(Object.keys(full).sort()).toEqual(Object.keys(port).sort())
    for (const [name, operation] of Object.entries(full) as Array<[keyof RecordStore["Service"], unknown]>) {
      const request = (
        typeof operation === "function" ? (operation as (...given: ReadonlyArray<unknown>) => unknown)([], 0) : operation
      ) as Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown>
      const run: Effect.Effect<unknown, unknown> = Stream.isStream(request) ? Stream.runDrain(request) : request
      expect(await Effect.runPromise(Effect.flip(run)), name).toMatchObject({ _tag: "StoreFailed", operation: name })
    }
    expect(Effect.runFork(gone.counts).pollUnsafe()).toBeUndefined()
  })
})

describe("a clock", () => {
  it("that jumps shows other times, and the right one in the end", () => {
    const { listener, stage } = during(clockJump, { machines: [0], everyMs: 5_000, stream: 1 })
    const shown = new Set<number>()
    for (let atMs = 10_500; atMs < 40_000; atMs += 5_000) {
      stage.run(atMs)
      shown.add(listener.clock.skewMs)
    }
    expect(shown.size).toBe(6)
    for (const skewMs of shown) expect(Math.abs(skewMs)).toBeLessThanOrEqual(240_000)
    stage.run(41_000)
    expect(listener.clock.skewMs).toBe(0)
  })

  it("that flickers shows two times in turn, and the right one in the end", () => {
    const { listener, stage } = during(clockStrobe, { machines: [0], skewMs: -90_000, everyMs: 700 })
    const shown: Array<number> = []
    for (let i = 0; i < 4; i++) {
      stage.run(10_100 + i * 700)
      shown.push(listener.clock.skewMs)
    }
    expect(shown).toEqual([-90_000, 0, -90_000, 0])
    stage.run(41_000)
    expect(listener.clock.skewMs).toBe(0)
  })
})

describe("a connection", () => {
  it("that is reset ends at both ends, and is made again", () => {
    const { ends, stage } = during(reset, { machines: [0], everyMs: 60_000, share: 1, stream: 1 })
    stage.run(11_000)
    expect(ends.toSorted()).toEqual(["n0 reset 10 s", "n1 reset 10 s"])
    stage.run(100_000)
    expect(stage.world.network.connectionsOf(stage.world.machines[0]!)).toBe(1)
  })

  it("that is half open ends at one end, and at the other when that next says something", () => {
    const { ends, stage } = during(halfOpen, { machines: [1], share: 1, stream: 1 })
    stage.run(10_500)
    expect(ends).toEqual(["n1 timed out 10 s"])
    stage.run(80_000)
    expect(ends[1]).toMatch(/^n0 (?:reset|duplicate)/)
  })

  it("is refused, while those that are there go on", () => {
    const { ends, listener, stage, world } = during(refusal, { machines: [0] })
    stage.run(15_000)
    expect(ends).toEqual([])
    world.network.resetSome(listener, () => true)
    stage.run(39_000)
    expect(world.network.connectionsOf(listener)).toBe(0)
    stage.run(120_000)
    expect(world.network.connectionsOf(listener)).toBe(1)
  })

  it("that is thin carries what it can, and the rest queues, where the writer sees it", () => {
    const { ask, dialler, listener, shows, stage } = during(slowReader, { machines: [0], kilobytesPerSecond: 2 })
    for (let number = 1; number <= 12; number++) ask(dialler, number)
    stage.run(10_500)
    const early = [1, 12].map((number) => shows(listener, number))
    stage.run(30_000)
    expect([early, [1, 12].map((number) => shows(listener, number))]).toEqual([
      [false, false],
      [true, true],
    ])
  })

  it("whose stream is cut up and joined says the same", () => {
    const { ask, dialler, ends, listener, shows, stage } = during(splitting, { machines: [], share: 1 })
    const before = stage.world.network.delivered
    for (let number = 1; number <= 12; number++) ask(dialler, number)
    stage.run(12_000)
    const numbers = Array.from({ length: 12 }, (_, i) => i + 1)
    expect([numbers.every((number) => shows(listener, number)), ends]).toEqual([true, []])
    expect(stage.world.network.delivered - before).toBeLessThan(12)
  })
})

it("a swizzle holds one machine after the other, and lets them go in another order", () => {
  const stage = new Stage({ ...defaultRun, nodes: 4, seed: 3 })
  stage.mesh(2)
  happen(stage, swizzleClog, { atMs: 5_000, forMs: 10_000 }, { machines: [0, 1], cloggedAtMs: [0, 1_000], freedBeforeMs: [2_000, 0] })
  const { machines, network } = stage.world
  const isFree = (machine: number) => network.isWhole(machines[machine]!, machines[3]!)
  const seen = [5_500, 6_500, 13_500, 15_500].map((atMs) => {
    stage.run(atMs)
    return [isFree(0), isFree(1)]
  })
  expect(seen).toEqual([
    [false, true],
    [false, false],
    [true, false],
    [true, true],
  ])
})

it("what is drawn of each kind has its machines go together with what each of them is given", () => {
  const { cloggedAtMs, freedBeforeMs, machines } = swizzleClog.draw(new SeededRandom(4, "x"), 20)
  expect([cloggedAtMs.length, freedBeforeMs.length]).toEqual([machines.length, machines.length])
})

it("several faults at once set a clock no further wrong than one may, and leave it right", () => {
  const { clock } = new Stage({ ...defaultRun, nodes: 1 }).world.addMachine()
  for (const [byMs, skewMs] of [
    [200_000, 200_000],
    [200_000, 240_000],
    [-200_000, 200_000],
    [-500_000, -240_000],
    [300_000, 0],
  ] as const) {
    clock.shift(byMs)
    expect(clock.skewMs).toBe(skewMs)
  }
})
