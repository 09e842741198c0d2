/** After a split longer than a tombstone lives nothing deleted comes back, and what was registered meanwhile is everywhere (ruled: leases). */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { nameSubject } from "../../src/protocol/gossip/kinds/name.ts"
import { sign } from "../../src/protocol/identity/ed25519.ts"
import { withoutDht } from "../../src/runtime/node/dht.ts"
import { defaultSettings } from "../../src/runtime/node-settings.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { World } from "../../src/sim/world.ts"
import { developerOf, handleRequest, nameRequest, sdkRequest } from "../support/clients.ts"

const hour = 3_600_000

it("a split of 25 hours brings nothing back", () => {
  const world = new World({ seed: 11, codec: "fast", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const machines = Array.from({ length: 4 }, () => world.addMachine())
  const dials = [[], [0], [1, 0], [2, 0]]
  for (const [i, machine] of machines.entries()) {
    const bootstrap = dials[i]!.map((j) => ({ address: { host: `n${j}`, port: 4001 } }))
    // what is registered travels by gossip; looking after a DHT for a day would be most of the work
    world.boot(machine, { ...defaultSettings, version: "test", indexes: false, wantedPeers: 0, bootstrap, dht: withoutDht })
  }
  world.run(3_000)
  const [deleted, kept, left, right] = [1, 2, 3, 4].map((number) => client(11, number))
  const register = (i: number, who: typeof kept) =>
    world.perform(machines[i]!, machines[i]!.node!.service.registerEntity(who!.registration))
  register(0, deleted)
  register(0, kept)
  world.run(10_000)
  const shows = (i: number, who: typeof kept) => world.perform(machines[i]!, machines[i]!.store.entity(who!.entityId)) !== undefined
  expect([0, 1, 2, 3].map((i) => shows(i, deleted))).toEqual([true, true, true, true])

  // n0 and n1 here, n2 and n3 there
  world.network.cut(
    new Map([
      [2, 1],
      [3, 1],
    ]),
  )
  world.run(20_000)
  world.perform(machines[0]!, machines[0]!.node!.service.deregister(deleted!.entityId, deleted!.deletion))
  world.run(12 * hour)
  register(1, left)
  register(3, right)
  world.run(25.5 * hour)
  expect([2, 3].map((i) => shows(i, deleted))).toEqual([true, true])

  world.network.heal()
  world.run(25.5 * hour + 5 * 60_000)
  expect([0, 1, 2, 3].map((i) => shows(i, deleted))).toEqual([false, false, false, false])
  for (const who of [kept, left, right]) expect([0, 1, 2, 3].map((i) => shows(i, who))).toEqual([true, true, true, true])
})

it("a split of 31 days brings no name and no handle back", () => {
  const world = new World({ seed: 12, codec: "fast", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const machines = Array.from({ length: 3 }, () => world.addMachine())
  const boot = (i: number) => {
    // names live in stores; looking after an empty DHT for 31 days would be most of the work
    const bootstrap = ["n0", "n1"].slice(0, i).map((host) => ({ address: { host, port: 4001 } }))
    const host = i === 0 ? { registryHost: "zns01.example" } : {}
    world.boot(machines[i]!, { ...defaultSettings, version: "test", indexes: false, wantedPeers: 0, bootstrap, dht: withoutDht, ...host })
  }
  for (const i of machines.keys()) boot(i)
  world.run(3_000)
  const [alice, bob] = [developerOf(1), developerOf(2)]
  const node = machines[0]!.node!.service
  const said = <A, E>(ask: Effect.Effect<A, E>) => world.perform(machines[0]!, Effect.orDie(ask))
  for (const [who, handle] of [
    [alice, "alice"],
    [bob, "bob"],
  ] as const) {
    const entityId = said(node.registerEntity(sdkRequest(who, 0))).entity_id
    said(node.claimHandle(handleRequest(who, handle)))
    for (const name of ["weather", "maps"])
      said(node.bindName(nameRequest(who, { developer_handle: handle, entity_name: name, entity_id: entityId })))
  }
  world.run(10_000)
  const holds = (handle: string) =>
    machines.map((machine) => {
      const handles = world.perform(machine, machine.store.handles(handle)).length
      const names = world.perform(machine, machine.store.names({ handle })).map(({ name }) => name)
      return `${handles} ${names.sort().join(" ")}`
    })
  expect(holds("alice")).toEqual(["1 maps weather", "1 maps weather", "1 maps weather"])

  // n2 hears what n0 takes back, n1 does not; then each is alone (n2 without power) until n0 and n2 have forgotten it
  world.network.cut(new Map([[1, 1]]))
  world.run(20_000)
  said(node.releaseName("alice", "weather", `Bearer ${sign(alice.key, "release:zns01.example/alice/weather")}`))
  said(node.releaseHandle("bob", `Bearer ${sign(bob.key, "release:bob")}`))
  world.run(30_000)
  const healed = { alice: "1 maps", bob: "0 " }
  expect(holds("alice")).toEqual([healed.alice, "1 maps weather", healed.alice])
  world.crash(machines[2]!)
  world.run(31 * 24 * hour)
  world.network.cut(new Map(machines.map((_, side) => [side, side])))
  boot(2)
  world.run(31 * 24 * hour + 90_000)
  expect(world.perform(machines[2]!, machines[2]!.store.slots(nameSubject(node.registryId, "alice", "weather")))).toEqual([])
  expect(holds("bob")).toEqual([healed.bob, "1 maps weather", healed.bob])

  world.network.heal()
  world.run(31 * 24 * hour + 10 * 60_000)
  expect(holds("alice")).toEqual([healed.alice, healed.alice, healed.alice])
  expect(holds("bob")).toEqual([healed.bob, healed.bob, healed.bob])
})
