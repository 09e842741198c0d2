/** Machines that pause, lose power or show another time, and a network that is disturbed: each does what its fault says. */
import { Clock, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { defaultSettings } from "../../src/runtime/node-settings.ts"
import { VirtualClock } from "../../src/sim/clock.ts"
import type { Disturbance } from "../../src/sim/disturbance.ts"
import { Gate } from "../../src/sim/gate.ts"
import { type Machine, World } from "../../src/sim/world.ts"
import { Troubles } from "../../src/sim/troubles.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { keyOf } from "../support/builders.ts"

/** Two machines, the second of which dials the first; connected after two seconds. */
const pair = () => {
  const world = new World({ seed: 5, codec: "fast", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const [listener, dialler] = [world.addMachine(), world.addMachine()]
  const ends: Array<string> = []
  world.onHappening = (machine, happening) => {
    if (happening.type === "peer.disconnected")
      ends.push(`${machine.name} ${happening.reason} ${Math.round(world.clock.elapsedMs / 1_000)} s`)
  }
  world.boot(listener, { ...defaultSettings, version: "test", wantedPeers: 0 })
  world.boot(dialler, { ...defaultSettings, version: "test", wantedPeers: 0, bootstrap: [{ address: { host: "n0", port: 4001 } }] })
  world.run(2_000)
  const register = (machine: Machine, number: number) =>
    world.perform(machine, machine.node!.service.registerEntity(client(5, number).registration))
  const shows = (machine: Machine, number: number) => world.perform(machine, machine.store.entity(client(5, number).entityId)) !== undefined
  return { world, listener, dialler, ends, register, shows }
}

describe("a machine", () => {
  it("that is paused does nothing until it goes on, and then everything in order", () => {
    const { dialler, ends, listener, register, shows, world } = pair()
    world.pause(listener)
    world.pause(listener)
    register(dialler, 1)
    world.run(12_000)
    world.resume(listener)
    world.run(14_000)
    expect(shows(listener, 1)).toBe(false)
    world.resume(listener)
    expect(shows(listener, 1)).toBe(true)
    world.run(60_000)
    expect(ends).toEqual([])
  })

  it("shows its own time of day, and measures time as all do", () => {
    const { dialler, register, world } = pair()
    dialler.clock.shift(-180_000)
    const { at, took } = world.perform(
      dialler,
      Effect.gen(function* () {
        const clock = yield* Clock.Clock
        return { at: clock.currentTimeMillisUnsafe(), took: clock.monotonicTimeNanosUnsafe() }
      }),
    )
    expect([at - world.clock.currentTimeMillisUnsafe(), took]).toEqual([-180_000, 2_000_000_000n])
    expect(register(dialler, 1).registered_at * 1_000).toBe(world.clock.startMs + 2_000 - 180_000)
  })

  it("that loses its power tells nobody, and answers with a reset when it is back", () => {
    const { dialler, ends, listener, world } = pair()
    world.takeDown(listener, { isSilent: true })
    world.run(20_000)
    expect(ends).toEqual([])
    world.restart(listener)
    world.run(60_000)
    expect(ends).toEqual([expect.stringMatching(/^n1 reset /)])
    expect(world.perform(dialler, dialler.node!.service.peers)).toHaveLength(1)
  })

  it("is back when the last of its outages ends, with an empty disk if it lost that", () => {
    const { listener, register, shows, world } = pair()
    register(listener, 1)
    world.takeDown(listener, {})
    world.takeDown(listener, { losesDisk: true })
    world.restart(listener)
    expect(listener.node).toBeUndefined()
    world.restart(listener)
    expect(listener.node).toBeDefined()
    expect([shows(listener, 1), world.isSteady]).toEqual([false, false])
  })
})

describe("a disturbed network", () => {
  const during = (disturbance: Disturbance) => {
    const { dialler, listener, register, shows, world } = pair()
    const end = world.network.disturb(disturbance)
    register(dialler, 1)
    register(listener, 2)
    world.run(5_000)
    const before = [shows(listener, 1), shows(dialler, 2)]
    end()
    world.run(5_100)
    return { before, after: [shows(listener, 1), shows(dialler, 2)] }
  }

  it("loses what is cut, in one direction only if it says so", () => {
    expect(during({ isCut: true })).toEqual({ before: [false, false], after: [false, false] })
    expect(during({ isCut: true, touches: (from) => from.name === "n1" })).toEqual({ before: [false, true], after: [false, true] })
  })

  it("lets go of all that it held in the end", () => {
    expect(during({ isHeld: true })).toEqual({ before: [false, false], after: [true, true] })
  })

  it("does not disturb what it does not touch", () => {
    expect(during({ isCut: true, touches: (from) => from.name === "n9" }).before).toEqual([true, true])
  })
})

describe("troubles", () => {
  it("say how long two machines had none, in either direction, and count what overlaps once", () => {
    const clock = new VirtualClock()
    const troubles = new Troubles(clock)
    const [a, b] = ["a", "b"].map((name, index) => ({ index, name, key: keyOf(1).publicKey }))
    const at = (ms: number, act: () => void) => {
      clock.moveTo(ms)
      act()
    }
    const ends: Array<() => void> = []
    at(10_000, () => ends.push(troubles.begin((from, to) => from.name === "a" && to.name === "b")))
    at(15_000, () => ends.push(troubles.begin((from) => from.name === "b")))
    at(20_000, () => ends[0]!())
    at(30_000, () => ends[1]!())
    at(40_000, () => ends.push(troubles.begin((from) => from.name === "c")))
    clock.moveTo(50_000)
    expect(troubles.calmMs(a!, b!, 50_000)).toBe(30_000)
    expect(troubles.calmMs(b!, a!, 25_000)).toBe(20_000)
    expect(troubles.calmMs(a!, b!, 10_000)).toBe(10_000)
  })
})

describe("a gate", () => {
  it("keeps the order even of what happens while it opens", () => {
    const gate = new Gate()
    const seen: Array<number> = []
    gate.pause()
    gate.pass(() => {
      seen.push(1)
      gate.pause()
    })
    gate.pass(() => seen.push(2))
    gate.resume()
    gate.pass(() => seen.push(3))
    expect(seen).toEqual([1])
    gate.resume()
    expect(seen).toEqual([1, 2, 3])
    gate.pause()
    gate.pass(() => seen.push(4))
    gate.clear()
    gate.resume()
    expect(seen).toEqual([1, 2, 3])
  })
})
