/** A home that is offered a record of its own which it does not hold says again that it is gone (ruled). */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { defaultSettings } from "../../src/runtime/node.ts"
import { World } from "../../src/sim/world.ts"
import { client } from "../../src/sim/workload/clients.ts"

it("a home that lost its disk does not take its own records from others, and they let go of them", () => {
  const world = new World({ seed: 3, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const [home, other] = [world.addMachine(), world.addMachine()]
  const settings = { ...defaultSettings, version: "test", wantedPeers: 0 }
  const toHome = { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] }
  world.boot(home, settings)
  world.boot(other, toHome)
  world.run(2_000)
  const who = client(3, 1)
  world.perform(home, home.node!.service.registerEntity(who.registration))
  world.run(4_000)
  expect(world.perform(other, other.store.entity(who.entityId))).toBeDefined()

  world.crash(home)
  const forgetful = { ...home, store: makeMemoryStore(), node: undefined }
  world.machines[0] = forgetful
  world.boot(forgetful, settings)
  world.run(120_000)
  for (const machine of [forgetful, other]) expect(world.perform(machine, machine.store.entity(who.entityId))).toBeUndefined()

  // and the owner may register again
  const again = world.perform(forgetful, Effect.exit(forgetful.node!.service.registerEntity(who.registration)))
  expect(again._tag).toBe("Success")
  world.run(125_000)
  expect(world.perform(other, other.store.entity(who.entityId))).toBeDefined()
})
