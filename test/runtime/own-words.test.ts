/** A home that is offered a record of its own which it does not hold says again that it is gone (ruled). */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { defaultSettings } from "../../src/runtime/node-settings.ts"
import { withoutDht } from "../../src/runtime/node/dht.ts"
import { type Machine, World } from "../../src/sim/world.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { secondsOf } from "../../src/protocol/time.ts"
import { signerOf } from "../../src/sim/keys.ts"
import { deployedWord } from "../support/deployed-words.ts"
import { digestOf } from "../../src/sim/digest-watch.ts"

it("a home that lost its disk does not take its own records from others, and they let go of them", () => {
  const world = new World({ seed: 3, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const [home, other] = [world.addMachine(), world.addMachine()]
  const settings = { ...defaultSettings, version: "test", dht: withoutDht, wantedPeers: 0 }
  const toHome = { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] }
  world.boot(home, settings)
  world.boot(other, toHome)
  world.run(2_000)
  const who = client(3, 1)
  world.perform(home, home.node!.service.registerEntity(who.registration))
  world.run(4_000)
  expect(world.perform(other, other.store.entity(who.entityId))).toBeDefined()

  world.crash(home, { losesDisk: true })
  world.boot(home, settings)
  world.run(120_000)
  for (const machine of [home, other]) expect(world.perform(machine, machine.store.entity(who.entityId))).toBeUndefined()

  // and the owner may register again
  const again = world.perform(home, Effect.exit(home.node!.service.registerEntity(who.registration)))
  expect(again._tag).toBe("Success")
  world.run(125_000)
  expect(world.perform(other, other.store.entity(who.entityId))).toBeDefined()
})

it("a home takes back what it said as a deployed node, and ends none of it", () => {
  const world = new World({ seed: 3, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const [home, other] = [world.addMachine(), world.addMachine()]
  const settings = { ...defaultSettings, version: "test", dht: withoutDht, wantedPeers: 0 }
  world.boot(home, settings)
  world.boot(other, { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] })
  const nowMs = world.clock.currentTimeMillisUnsafe()
  const said = { type: "agent_announce", action: "register", entity_id: client(3, 1).entityId, name: "before" }
  const word = deployedWord({ ...signerOf(home.secret), secret: home.secret }, said, secondsOf(nowMs))
  world.perform(other, other.store.merge([word], nowMs))
  world.crash(other, {})
  world.boot(other, { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] })
  world.run(120_000)
  for (const machine of [home, other]) expect(world.perform(machine, machine.store.slots(word.subject))).toEqual([word])

  // what registers then proves itself
  world.perform(home, home.node!.service.registerEntity(client(3, 1).registration))
  world.run(125_000)
  for (const machine of [home, other])
    expect(world.perform(machine, machine.store.entity(client(3, 1).entityId))?.record.public_key).not.toBe("")
})

describe("a home that lost its disk and speaks before it hears", () => {
  /** The home loses its disk while nobody reaches it; `before` it does, and `after`, and then they hear of each other. */
  const forgets = (before: (home: Machine, world: World) => void, after: (home: Machine, world: World) => void) => {
    const world = new World({ seed: 3, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
    const [home, other] = [world.addMachine(), world.addMachine()]
    const settings = { ...defaultSettings, version: "test", dht: withoutDht, wantedPeers: 0 }
    world.boot(home, settings)
    world.boot(other, { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] })
    world.run(2_000)
    before(home, world)
    world.run(10_000)
    const heal = world.network.disturb({ isCut: true })
    world.crash(home, { losesDisk: true })
    world.run(20_000)
    world.boot(home, settings)
    after(home, world)
    world.run(30_000)
    heal()
    world.run(200_000)
    const shown = [home, other].map((machine) => world.perform(machine, machine.store.entity(client(3, 1).entityId))?.record.summary)
    const slots = [home, other].map((machine) => world.perform(machine, machine.store.slots(client(3, 1).entityId)).map(({ id }) => id))
    expect(slots[0]).toEqual(slots[1])
    return shown
  }
  const register = (version: number) => (home: Machine, world: World) =>
    void world.perform(home, home.node!.service.registerEntity(client(3, 1, version).registration))
  const registerAndDelete = (home: Machine, world: World) => {
    register(0)(home, world)
    world.run(5_000)
    world.perform(home, home.node!.service.deregister(client(3, 1).entityId, client(3, 1).deletion))
  }
  const again = client(3, 1, 1).registration["summary"]

  it("is believed in what it registered again", () => {
    expect(forgets(register(0), register(1))).toEqual([again, again])
  })

  it("is believed in what it registered again after its deletion", () => {
    expect(forgets(registerAndDelete, register(1))).toEqual([again, again])
  })

  it("takes its own deletions back", () => {
    expect(forgets(registerAndDelete, () => {})).toEqual([undefined, undefined])
  })
})

it("six homes of one entity end with one digest, and the next in rank finds a place when another lets go", () => {
  const world = new World({ seed: 4, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const machines = Array.from({ length: 7 }, () => world.addMachine())
  const boot = (i: number) =>
    world.boot(machines[i]!, {
      ...defaultSettings,
      version: "test",
      wantedPeers: 0,
      bootstrap: i === 0 ? [] : [{ address: { host: `n${i - 1}`, port: 4001 } }],
    })
  for (const i of machines.keys()) boot(i)
  world.run(5_000)
  const who = client(4, 1)
  for (const i of [0, 1, 2, 3, 4, 5]) {
    world.perform(machines[i]!, machines[i]!.node!.service.registerEntity(who.registration))
    world.run(10_000 + i * 5_000)
  }
  const homes = () => machines.map((machine) => world.perform(machine, machine.store.slots(who.entityId)).map(({ origin }) => origin))
  const idOfHome = (i: number) => machines[i]!.node!.service.registryId
  world.run(100_000)
  expect(new Set(machines.map(digestOf)).size).toBe(1)
  // the last machine is home to nothing: it keeps four; the fifth and the sixth home keep their own beside
  const kept = [0, 1, 2, 3].map(idOfHome)
  expect(homes()).toEqual([kept, kept, kept, kept, [...kept, idOfHome(4)], [...kept, idOfHome(5)], kept])

  world.crash(machines[1]!, { losesDisk: true })
  boot(1)
  world.run(400_000)
  expect(new Set(machines.map(digestOf)).size).toBe(1)
  // the second home says that it holds it no more, which takes no place, and the fifth comes in
  expect(new Set(homes()[6])).toEqual(new Set([0, 1, 2, 3, 4].map(idOfHome)))
})
