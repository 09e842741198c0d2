/** Roles among simulated nodes: a bootnode introduces and holds nothing, a light node holds what it chose, a gateway asks. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { World } from "../../src/sim/world.ts"
import { defaultSettings, type NodeSettings } from "../../src/runtime/node-settings.ts"
import { withoutDht } from "../../src/runtime/node/dht.ts"
import { Refused } from "../../src/runtime/node-service.ts"
import { client } from "../../src/sim/workload/clients.ts"

const calm = { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 }
const settings = (more: Partial<NodeSettings>): NodeSettings => ({
  ...defaultSettings,
  version: "test",
  dht: withoutDht,
  wantedPeers: 0,
  ...more,
})
const at = (name: string) => ({ address: { host: name, port: 4001 } })

/** full n0 — bootnode n1 — full n2; light n3 and gateway n4 at n2. */
const mixed = () => {
  const world = new World({ seed: 7, codec: "wire", weather: calm })
  const machines = Array.from({ length: 5 }, () => world.addMachine())
  world.boot(machines[0]!, settings({}))
  world.boot(machines[1]!, settings({ role: "bootnode", bootstrap: [at("n0")] }))
  world.boot(machines[2]!, settings({ bootstrap: [at("n1")] }))
  world.boot(machines[3]!, settings({ role: "light", bootstrap: [at("n2")] }))
  world.boot(machines[4]!, settings({ role: "gateway", bootstrap: [at("n2")] }))
  world.run(3_000)
  return { world, machines }
}

describe("roles", () => {
  it("a bootnode passes gossip on, holds nothing and takes no writes", () => {
    const { world, machines } = mixed()
    const who = client(7, 1)
    world.perform(machines[0]!, machines[0]!.node!.service.registerEntity(who.registration))
    world.run(5_000)
    expect(world.perform(machines[2]!, machines[2]!.store.entity(who.entityId))).toBeDefined()
    expect(world.perform(machines[1]!, machines[1]!.store.entity(who.entityId))).toBeUndefined()
    const refused = world.perform(machines[1]!, Effect.flip(machines[1]!.node!.service.registerEntity(client(7, 2).registration)))
    expect(refused).toBeInstanceOf(Refused)
    expect(refused).toMatchObject({ code: "forbidden" })
  })

  it("a gateway holds nothing and reads from others; a light node keeps what it was asked for", () => {
    const { world, machines } = mixed()
    const who = client(7, 1)
    world.perform(machines[0]!, machines[0]!.node!.service.registerEntity(who.registration))
    world.run(5_000)
    for (const [reader, keeps] of [
      [machines[4]!, false],
      [machines[3]!, true],
    ] as const) {
      expect(world.perform(reader, reader.store.entity(who.entityId))).toBeUndefined()
      const reading = world.fork(reader, reader.node!.service.entity(who.entityId))
      world.run(world.clock.elapsedMs + 2_000)
      expect(reading.pollUnsafe()).toMatchObject({ _tag: "Success", value: { record: { entity_id: who.entityId } } })
      expect(world.perform(reader, reader.store.entity(who.entityId)) !== undefined).toBe(keeps)
    }
  })

  it("a light node holds the categories it chose", () => {
    const world = new World({ seed: 8, codec: "wire", weather: calm })
    const [full, light] = [world.addMachine(), world.addMachine()]
    world.boot(full, settings({}))
    world.boot(
      light,
      settings({ role: "light", bootstrap: [at("n0")], selection: { categories: new Set(["tools"]), developers: new Set() } }),
    )
    world.run(2_000)
    world.perform(full, full.node!.service.registerEntity(client(8, 1).registration))
    world.run(4_000)
    expect(world.perform(light, light.store.entity(client(8, 1).entityId))).toMatchObject({ tier: "gossip" })
  })
})
