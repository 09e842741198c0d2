/** The simulated network keeps the same promises as TLS, on virtual time; and it makes the weather it is told to. */
import { Clock, Context, Effect, Exit, Scheduler, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import type { SecretKey } from "../../src/protocol/identity/ed25519.ts"
import type { Connection, Transport } from "../../src/runtime/ports.ts"
import { VirtualClock } from "../../src/sim/clock.ts"
import { SeededRandom } from "../../src/sim/dice.ts"
import { type Host, Network, type Weather } from "../../src/sim/network.ts"
import { TurnScheduler } from "../../src/sim/scheduler.ts"
import { Trace } from "../../src/sim/trace.ts"
import { transportContract } from "../runtime/transport-contract.ts"
import { keyOf } from "../support/builders.ts"

const calm: Weather = { latencyMs: () => 10, jitter: 0, loss: 0, duplicate: 0, reorder: 0 }

/** A world of a network and nothing else. */
const makeWorld = (weather: Weather = calm, seed = 1) => {
  const clock = new VirtualClock()
  const turns = new TurnScheduler()
  const trace = new Trace()
  const network = new Network(clock, new SeededRandom(seed, "network"), trace, weather)
  const context = Context.make(Scheduler.Scheduler, turns).pipe(Context.add(Clock.Clock, clock))
  const hosts: Array<Host> = []
  const host = (key: SecretKey): Host => {
    const added = { index: hosts.length, name: `h${hosts.length}`, key: key.publicKey }
    hosts.push(added)
    return added
  }
  /** Until nothing is under way any more. */
  const runAll = () => {
    turns.drain()
    while (clock.step()) turns.drain()
  }
  const run = <A, E>(effect: Effect.Effect<A, E>): A => {
    const fiber = Effect.runForkWith(context)(effect)
    turns.drain()
    while (fiber.pollUnsafe() === undefined && clock.step()) turns.drain()
    const exit = fiber.pollUnsafe()
    if (exit === undefined) throw new Error("it waits for what never comes")
    if (Exit.isSuccess(exit)) return exit.value
    throw new Error(`it failed: ${String(exit.cause)}`)
  }
  return { clock, turns, trace, network, context, host, run, runAll }
}

// every test of the contract gets a world of its own
let current = makeWorld()
transportContract(
  "the simulated network",
  Effect.sync(() => ({
    join: (key: SecretKey): Effect.Effect<Transport["Service"], never, Scope.Scope> =>
      Effect.sync(() => current.network.transportOf(current.host(key))),
    nobody: { host: "nobody", port: 4001 },
    settle: Effect.sleep(7),
  })),
  (test) => {
    current = makeWorld()
    current.run(Effect.scoped(test))
  },
)

describe("the simulated network", () => {
  const connected = (weather: Weather = calm, seed = 1) => {
    const world = makeWorld(weather, seed)
    const [near, far] = [world.host(keyOf(1)), world.host(keyOf(2))]
    const heard: Array<{ readonly atMs: number; readonly text: string }> = []
    const closed: Array<number> = []
    Effect.runForkWith(world.context)(
      Effect.scoped(
        Effect.andThen(
          world.network.transportOf(far).listen((connection) => {
            connection.open({
              bytes: (bytes) => void heard.push({ atMs: world.clock.elapsedMs, text: Buffer.from(bytes).toString() }),
              closed: () => void closed.push(world.clock.elapsedMs),
            })
          }),
          Effect.never,
        ),
      ),
    )
    world.turns.drain()
    const connection = world.run(Effect.orDie(world.network.transportOf(near).dial({ host: far.name, port: 4001 })))
    const ended: Array<number> = []
    connection.open({ bytes: () => {}, closed: () => void ended.push(world.clock.elapsedMs) })
    return { ...world, near, far, connection, heard, closed, ended }
  }
  const send = (connection: Connection, count: number) => {
    for (let i = 0; i < count; i++) connection.write(Buffer.from(`${i}`))
  }

  it("takes two round trips to connect, and one way to arrive", () => {
    const { clock, connection, heard, runAll } = connected()
    expect(clock.elapsedMs).toBe(40)
    connection.write(Buffer.from("hello"))
    runAll()
    expect(heard).toEqual([{ atMs: 50, text: "hello" }])
  })

  it("keeps pieces in order, however their latency jitters", () => {
    const { connection, heard, runAll } = connected({ ...calm, jitter: 5 })
    send(connection, 200)
    runAll()
    expect(heard.map(({ text }) => text)).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`))
  })

  it("loses, doubles and reorders when it shall, and counts what it lost", () => {
    const lossy = connected({ ...calm, loss: 0.3 })
    send(lossy.connection, 1_000)
    lossy.runAll()
    expect(lossy.heard.length + lossy.network.lost).toBe(1_000)
    expect(Math.abs(lossy.network.lost - 300)).toBeLessThan(80)

    const doubling = connected({ ...calm, duplicate: 1 })
    send(doubling.connection, 3)
    doubling.runAll()
    expect(doubling.heard.map(({ text }) => text)).toEqual(["0", "0", "1", "1", "2", "2"])

    const mixing = connected({ ...calm, reorder: 0.5 })
    send(mixing.connection, 50)
    mixing.runAll()
    const texts = mixing.heard.map(({ text }) => Number(text))
    expect(texts).toHaveLength(50)
    expect(texts).not.toEqual(texts.toSorted((a, b) => a - b))
  })

  it("lets nothing through a cut, neither pieces nor dials nor the news of an end, and everything after it heals", () => {
    const { closed, connection, far, heard, near, network, run, runAll, context, turns } = connected()
    network.cut(new Map([[far.index, 1]]))
    expect(network.reaches(near, far)).toBe(false)
    connection.write(Buffer.from("lost"))
    runAll()
    expect(heard).toEqual([])
    const dial = Effect.runForkWith(context)(network.transportOf(near).dial({ host: far.name, port: 4001 }))
    turns.drain()
    runAll()
    expect(dial.pollUnsafe()).toBe(undefined)
    network.heal()
    connection.write(Buffer.from("found"))
    runAll()
    expect(heard.map(({ text }) => text)).toEqual(["found"])
    expect(run(Effect.orDie(network.transportOf(near).dial({ host: far.name, port: 4001 }))).remoteKey).toBe(far.key)
    network.cut(new Map([[far.index, 1]]))
    connection.close()
    runAll()
    expect(closed).toEqual([])
  })

  it("ends all of a host's connections when it crashes", () => {
    const { closed, connection, ended, near, network, runAll } = connected()
    network.dropAll(near)
    runAll()
    expect([closed.length, ended.length]).toEqual([1, 1])
    connection.write(Buffer.from("nobody hears this"))
    runAll()
    expect(closed).toHaveLength(1)
  })

  it("takes as long one way as a matrix says, and as long back", () => {
    const { clock, connection, heard, runAll } = connected({ ...calm, latencyMs: (_, from, to) => [10 + from, 40 + to] })
    expect(clock.elapsedMs).toBe(102)
    connection.write(Buffer.from("hello"))
    runAll()
    expect(heard).toEqual([{ atMs: 112, text: "hello" }])
  })

  it("carries no more than its width, in order, and tells the writer what waits", () => {
    const { clock, connection, heard, runAll } = connected({ ...calm, bytesPerSecond: 1_000 })
    const fromMs = clock.elapsedMs
    for (const length of [100, 300, 100]) connection.write(new Uint8Array(length))
    expect(connection.queuedBytes()).toBe(500)
    runAll()
    expect(heard.map(({ atMs, text }) => [atMs - fromMs, text.length])).toEqual([
      [110, 100],
      [410, 300],
      [510, 100],
    ])
    expect(connection.queuedBytes()).toBe(0)
  })

  it("cuts a stream up and joins it, and loses no byte of it", () => {
    const { connection, heard, runAll } = connected({ ...calm, split: 1 })
    send(connection, 50)
    runAll()
    const whole = Array.from({ length: 50 }, (_, i) => `${i}`).join("")
    expect([heard.map(({ text }) => text).join(""), heard.length < 50]).toEqual([whole, true])
  })

  it("is the same from the same seed, and another from another", () => {
    const digest = (seed: number) => {
      const world = connected({ ...calm, latencyMs: (random) => random.between(1, 50), jitter: 1, loss: 0.1 }, seed)
      send(world.connection, 200)
      world.runAll()
      return world.trace.digest()
    }
    expect(digest(1)).toBe(digest(1))
    expect(digest(1)).not.toBe(digest(2))
  })
})
