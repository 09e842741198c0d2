/** After a split of 25 hours nothing deleted comes back, and what was registered meanwhile is everywhere (ruled: leases). */
import { expect, it } from "vitest"
import { defaultSettings } from "../../src/runtime/node.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { World } from "../../src/sim/world.ts"

const hour = 3_600_000

it("a split of 25 hours brings nothing back", { timeout: 60_000 }, () => {
  const world = new World({ seed: 11, codec: "fast", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const machines = Array.from({ length: 4 }, () => world.addMachine())
  const dials = [[], [0], [1, 0], [2, 0]]
  for (const [i, machine] of machines.entries()) {
    const bootstrap = dials[i]!.map((j) => ({ address: { host: `n${j}`, port: 4001 } }))
    world.boot(machine, { ...defaultSettings, version: "test", indexes: false, wantedPeers: 0, bootstrap })
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
