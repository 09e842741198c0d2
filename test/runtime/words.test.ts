/**
 * What developers ask of a node beyond registering an entity: updates, handles, names and signs of life; and that another
 * node shows the same a moment later.
 */
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { proofHoldsOf, proofSubject } from "../../src/protocol/gossip/kinds/proof.ts"
import { canonical } from "../../src/protocol/identity/canonical-json.ts"
import { sign, verify } from "../../src/protocol/identity/ed25519.ts"
import { idOf, onWire } from "../../src/protocol/identity/id.ts"
import { inactiveAfterMs, nameTombstoneLifeMs, tombstoneLifeMs } from "../../src/protocol/limits.ts"
import { writeTime } from "../../src/protocol/time.ts"
import { defaultSettings, type NodeSettings } from "../../src/runtime/node-settings.ts"
import { withoutDht } from "../../src/runtime/node/dht.ts"
import type { Node } from "../../src/runtime/node-service.ts"
import { digestOf } from "../../src/sim/digest-watch.ts"
import { World } from "../../src/sim/world.ts"
import {
  type Developer,
  developerOf,
  developerRequest,
  entityIdOf,
  entityKeyOf,
  handleRequest,
  nameRequest,
  sdkRequest,
} from "../support/clients.ts"

type Service = Node["Service"]

const alice = developerOf(1)
const bob = developerOf(2)
const idOfDeveloper = (developer: Developer) => idOf("developer", developer.key.publicKey)
const bearer = (developer: Developer, text: string) => `Bearer ${sign(developer.key, text)}`

/** Two nodes that know each other. */
const mesh = (over: Partial<NodeSettings> = {}) => {
  const world = new World({ seed: 5, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const machines = [world.addMachine(), world.addMachine()]
  const settings = { ...defaultSettings, version: "test", dht: withoutDht, wantedPeers: 0, ...over }
  world.boot(machines[0]!, { ...settings, registryHost: "zns01.example" })
  world.boot(machines[1]!, { ...settings, bootstrap: [{ address: { host: "n0", port: 4001 } }] })
  world.run(2_000)
  const service = (i: number): Service => machines[i]!.node!.service
  const on =
    (i: number) =>
    <A, E>(ask: (node: Service) => Effect.Effect<A, E>): A =>
      world.perform(machines[i]!, Effect.orDie(ask(service(i))))
  const refusal = <A, E>(ask: (node: Service) => Effect.Effect<A, E>): string => {
    const exit = world.perform(machines[0]!, Effect.exit(ask(service(0))))
    if (Exit.isSuccess(exit)) return "granted"
    const [reason] = exit.cause.reasons
    return reason?._tag === "Fail" ? (reason.error as { readonly code: string }).code : String(reason)
  }
  let untilMs = 2_000
  const pass = (ms: number) => {
    untilMs += ms
    world.run(untilMs)
  }
  return { world, machines, here: on(0), there: on(1), refusal, pass, now: () => Math.floor(world.clock.currentTimeMillisUnsafe() / 1_000) }
}

describe("updating an entity", () => {
  it("takes the body that its key signed, and every node shows it", () => {
    const { here, pass, refusal, there } = mesh()
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    const id = entityIdOf(alice, 0)
    const body = ` { "name": "new \\u00e9 name", "tags": ["a"], "service_endpoint": "https://s.example", "ttl": null, "unknown": 1 } `
    const signature = sign(entityKeyOf(alice, 0), body)
    expect(refusal((node) => node.updateEntity(id, body, undefined))).toBe("unauthorized")
    expect(refusal((node) => node.updateEntity(id, `${body} `, `Bearer ${signature}`))).toBe("unauthorized")
    expect(refusal((node) => node.updateEntity(entityIdOf(alice, 9), body, `Bearer ${signature}`))).toBe("not_found")
    const updated = here((node) => node.updateEntity(id, body, `Bearer ${signature}`))
    expect(updated).toMatchObject({ name: "new é name", tags: ["a"], service_endpoint: "https://s.example", summary: "" })
    pass(1_000)
    expect(there((node) => node.entity(id)).record).toEqual({ ...updated })
    // A, B, A: what SDKs repeat stays possible; and overshadowed changes do not pile up
    const texts = ["one", "two", "one"].map((name) => JSON.stringify({ name }))
    for (const text of texts) here((node) => node.updateEntity(id, text, `Bearer ${sign(entityKeyOf(alice, 0), text)}`))
    pass(5_000)
    const shown = there((node) => node.entity(id)).record
    expect(shown.name).toBe("one")
    expect(shown.changes.map(({ text }) => text)).toEqual([body, texts[2]])
  })

  it("takes from a developer what the entity left unsigned, and nothing else", () => {
    const { here, pass, refusal, there } = mesh()
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    const id = entityIdOf(alice, 0)
    const body = JSON.stringify({ service_endpoint: "https://s.example" })
    here((node) => node.updateEntity(id, body, `Bearer-Dev ${sign(alice.key, body)}`))
    pass(1_000)
    expect(there((node) => node.entity(id)).record.service_endpoint).toBe("https://s.example")
    const named = JSON.stringify({ name: "taken" })
    expect(refusal((node) => node.updateEntity(id, named, `Bearer-Dev ${sign(alice.key, named)}`))).toBe("unauthorized")
    expect(refusal((node) => node.updateEntity(id, body, `Bearer-Dev ${sign(bob.key, body)}`))).toBe("unauthorized")
  })

  it("refuses what is none", () => {
    const { here, refusal } = mesh()
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    const id = entityIdOf(alice, 0)
    const cases = [
      "",
      "[]",
      "{",
      '{"name":""}',
      '{"entity_url":""}',
      '{"tags":[1]}',
      '{"ttl":"x"}',
      `{"public_key":"${bob.key.publicKey}"}`,
      '{"home_registry":"zns:registry:00000000000000000000000000000000"}',
      `{"name":"${"x".repeat(101)}"}`,
    ]
    for (const body of cases)
      expect(
        refusal((node) => node.updateEntity(id, body, `Bearer ${sign(entityKeyOf(alice, 0), body)}`)),
        body,
      ).toBe("invalid_request")
  })
})

describe("developers", () => {
  it("register, change and leave, here and there", () => {
    const { here, pass, refusal, there } = mesh()
    const id = idOfDeveloper(alice)
    here((node) => node.registerDeveloper(developerRequest(alice)))
    expect(refusal((node) => node.registerDeveloper(developerRequest(alice)))).toBe("conflict")
    pass(1_000)
    expect(there((node) => node.developer(id))).toMatchObject({ tier: "gossip", record: { name: "Alice" } })
    const body = '{"name":"Alicia","github":"ali"}'
    expect(refusal((node) => node.updateDeveloper(id, body, bearer(bob, body)))).toBe("unauthorized")
    here((node) => node.updateDeveloper(id, body, bearer(alice, body)))
    pass(1_000)
    expect(there((node) => node.developer(id)).record).toMatchObject({ name: "Alicia", github: "ali", profile_url: "" })
    expect(refusal((node) => node.deleteDeveloper(id, bearer(bob, id)))).toBe("unauthorized")
    here((node) => node.deleteDeveloper(id, bearer(alice, id)))
    pass(1_000)
    expect(refusal((node) => node.developer(id))).toBe("not_found")
    expect(() => there((node) => node.developer(id))).toThrow("no such")
    // the same key may register again at once
    here((node) => node.registerDeveloper(developerRequest(alice, { name: "Again" })))
    pass(1_000)
    expect(there((node) => node.developer(onWire(id))).record.name).toBe("Again")
  })
})

describe("developers whom only an entity introduced", () => {
  it("are known everywhere, without a name, until they say who they are", () => {
    const { here, machines, pass, there, world } = mesh()
    const id = idOfDeveloper(alice)
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    pass(1_000)
    expect(there((node) => node.developer(id))).toMatchObject({ tier: "gossip", record: { name: "", public_key: alice.key.publicKey } })
    here((node) => node.registerDeveloper(developerRequest(alice)))
    pass(1_000)
    expect(there((node) => node.developer(id)).record).toMatchObject({ name: "Alice" })
    // once: another entity, and another registry, have nothing to add
    here((node) => node.registerEntity(sdkRequest(alice, 1)))
    there((node) => node.registerEntity(sdkRequest(alice, 2)))
    pass(1_000)
    expect(new Set(machines.map(digestOf)).size).toBe(1)
    expect(machines.map((machine) => world.perform(machine, machine.store.slots(id)).length)).toEqual([1, 1])
  })

  it("who left are not introduced again", () => {
    const { here, pass, there } = mesh()
    const id = idOfDeveloper(alice)
    here((node) => node.registerDeveloper(developerRequest(alice)))
    here((node) => node.deleteDeveloper(id, bearer(alice, id)))
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    pass(1_000)
    expect(() => there((node) => node.developer(id))).toThrow("no such")
  })
})

describe("handles", () => {
  it("are claimed, verified and given up by their developer only", () => {
    const { here, machines, pass, refusal, world } = mesh()
    expect(refusal((node) => node.claimHandle(handleRequest(alice, "ab")))).toBe("invalid_request")
    expect(refusal((node) => node.claimHandle(handleRequest(alice, "admin")))).toBe("invalid_request")
    expect(refusal((node) => node.claimHandle({ ...handleRequest(alice, "alice"), public_key: bob.key.publicKey }))).toBe("unauthorized")
    expect(refusal((node) => node.claimHandle({ ...handleRequest(alice, "alice"), signature: sign(bob.key, "x") }))).toBe("unauthorized")
    here((node) => node.claimHandle(handleRequest(alice, "alice")))
    expect(refusal((node) => node.claimHandle(handleRequest(bob, "alice")))).toBe("conflict")
    expect(refusal((node) => node.claimHandle(handleRequest(alice, "other")))).toBe("conflict")
    expect(here((node) => node.developer(idOfDeveloper(alice)))).toMatchObject({ tier: "local", handle: { handle: "alice" } })

    const asked: Array<string> = []
    const isProven = ({ method, proof }: { readonly method: string; readonly proof: string }) =>
      Effect.sync(() => asked.push(`${method} ${proof}`) > 1)
    const said = { handle: "alice", method: "dns", proof: "alice.example" }
    const request = { method: "dns", proof: "alice.example", signature: sign(alice.key, canonical(said)) }
    expect(refusal((node) => node.verifyHandle("alice", { ...request, signature: sign(bob.key, canonical(said)) }, isProven))).toBe(
      "unauthorized",
    )
    expect(refusal((node) => node.verifyHandle("alice", request, isProven))).toBe("invalid_request")
    here((node) => node.verifyHandle("alice", request, isProven))
    expect(asked).toEqual(["dns alice.example", "dns alice.example"])
    pass(1_000)
    const heard = world.perform(machines[1]!, machines[1]!.store.handles("alice"))
    expect(heard).toMatchObject([{ tier: "gossip", verification: { method: "dns", proof: "alice.example" } }])

    expect(refusal((node) => node.releaseHandle("alice", bearer(bob, "release:alice")))).toBe("unauthorized")
    here((node) => node.releaseHandle("alice", bearer(alice, "release:alice")))
    expect(refusal((node) => node.releaseHandle("alice", bearer(alice, "release:alice")))).toBe("not_found")
    here((node) => node.claimHandle(handleRequest(bob, "alice")))
  })

  it("of a developer who left go to nobody else while it is remembered", () => {
    const { here, machines, now, pass, refusal, world } = mesh()
    here((node) => node.claimHandle(handleRequest(alice, "alice")))
    here((node) => node.deleteDeveloper(idOfDeveloper(alice), bearer(alice, idOfDeveloper(alice))))
    expect(refusal((node) => node.claimHandle(handleRequest(bob, "alice")))).toBe("conflict")
    here((node) => node.claimHandle(handleRequest(alice, "alice")))
    here((node) => node.deleteDeveloper(idOfDeveloper(alice), bearer(alice, idOfDeveloper(alice))))
    pass(100_000)
    const forgetting = machines[0]!.store.expire(now() * 1_000 + nameTombstoneLifeMs)
    expect(world.perform(machines[0]!, forgetting).length).toBeGreaterThan(0)
    here((node) => node.claimHandle(handleRequest(bob, "alice")))
  })
})

describe("names", () => {
  const ready = () => {
    const made = mesh()
    for (const index of [0, 1]) made.here((node) => node.registerEntity(sdkRequest(alice, index)))
    made.here((node) => node.registerEntity(sdkRequest(bob, 0)))
    made.here((node) => node.claimHandle(handleRequest(alice, "alice")))
    return made
  }
  const [first, second] = [entityIdOf(alice, 0), entityIdOf(alice, 1)]

  it("are bound, rebound, rolled back and released, and resolved on every node", () => {
    const { here, pass, refusal, there } = ready()
    expect(refusal((node) => node.bindName(nameRequest(bob, { entity_id: first })))).toBe("unauthorized")
    expect(refusal((node) => node.bindName(nameRequest(alice, { entity_id: entityIdOf(bob, 0) })))).toBe("forbidden")
    expect(refusal((node) => node.bindName(nameRequest(alice, { entity_id: entityIdOf(alice, 5) })))).toBe("not_found")
    expect(refusal((node) => node.bindName(nameRequest(alice, { entity_id: first, entity_name: "No!" })))).toBe("invalid_request")
    expect(refusal((node) => node.bindName(nameRequest(alice, { entity_id: first, developer_handle: "nobody" })))).toBe("not_found")
    expect(here((node) => node.bindName(nameRequest(alice, { entity_id: first })))).toMatchObject({ version: 1, host: "zns01.example" })
    expect(refusal((node) => node.bindName(nameRequest(alice, { entity_id: first })))).toBe("conflict")

    // the deployed body alone is not enough for another version: it could be an old one
    expect(refusal((node) => node.rebindName("alice", "weather", nameRequest(alice, { entity_id: second })))).toBe("unauthorized")
    here((node) => node.rebindName("alice", "weather", nameRequest(alice, { entity_id: second }, { current_version: 2 })))
    pass(1_000)
    expect(there((node) => node.resolveName("alice", "weather"))).toMatchObject({
      isProvisional: true,
      name: { entityId: second, version: 2 },
      entity: { record: { entity_id: second } },
    })

    const back = nameRequest(alice, { entity_id: first }, { current_version: 3 })
    expect(refusal((node) => node.rollbackName("alice", "weather", 9, back))).toBe("not_found")
    here((node) => node.rollbackName("alice", "weather", 1, back))
    expect(refusal((node) => node.rollbackName("alice", "weather", 1, back))).toBe("unauthorized")
    expect(here((node) => node.resolveName("alice", "weather"))).toMatchObject({
      isProvisional: false,
      name: { entityId: first, version: 3 },
    })

    const release = "release:zns01.example/alice/weather"
    expect(refusal((node) => node.releaseName("alice", "weather", bearer(bob, release)))).toBe("unauthorized")
    here((node) => node.releaseName("alice", "weather", bearer(alice, release)))
    pass(1_000)
    expect(refusal((node) => node.resolveName("alice", "weather"))).toBe("not_found")
    expect(() => there((node) => node.resolveName("alice", "weather"))).toThrow("no such")
    // the count goes on
    expect(here((node) => node.bindName(nameRequest(alice, { entity_id: first }))).version).toBe(4)
  })

  it("end with their entity and with their handle", () => {
    const { here, pass, refusal, there } = ready()
    here((node) => node.bindName(nameRequest(alice, { entity_id: first, capability_tags: [] })))
    here((node) => node.bindName(nameRequest(alice, { entity_id: second, entity_name: "maps", capability_tags: ["a&b"], version: "v1" })))
    here((node) => node.deregister(first, `Bearer ${sign(entityKeyOf(alice, 0), first)}`))
    pass(1_000)
    expect(() => there((node) => node.resolveName("alice", "weather"))).toThrow("no such")
    expect(there((node) => node.resolveName("alice", "maps")).name).toMatchObject({ label: "v1", tags: ["a&b"] })
    here((node) => node.releaseHandle("alice", bearer(alice, "release:alice")))
    pass(1_000)
    expect(() => there((node) => node.resolveName("alice", "maps"))).toThrow("no such")
    // the next holder of the handle inherits nothing
    here((node) => node.claimHandle(handleRequest(bob, "alice")))
    expect(refusal((node) => node.resolveName("alice", "maps"))).toBe("not_found")
    expect(refusal((node) => node.releaseName("alice", "maps", bearer(bob, "release:zns01.example/alice/maps")))).toBe("not_found")
  })

  it("need a host", () => {
    const { machines, there, world } = ready()
    const elsewhere = machines[1]!.node!.service
    there((node) => node.claimHandle(handleRequest(alice, "alice")))
    const exit = world.perform(machines[1]!, Effect.exit(elsewhere.bindName(nameRequest(alice, { entity_id: first }))))
    expect(Exit.isFailure(exit)).toBe(true)
  })
})

describe("signs of life", () => {
  const beatAt = (atSeconds: number) => {
    const timestamp = writeTime(atSeconds)
    return [timestamp, sign(entityKeyOf(alice, 0), timestamp)] as const
  }
  const id = entityIdOf(alice, 0)

  it("count once each, within a minute of our clock, by the entity's key", () => {
    const { here, now, refusal } = mesh()
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    const at = now()
    expect(here((node) => node.beat(id, ...beatAt(at)))).toEqual({ isCounted: true, hasBecomeActive: false })
    expect(here((node) => node.beat(id, ...beatAt(at))).isCounted).toBe(false)
    expect(refusal((node) => node.beat(id, ...beatAt(at - 61)))).toBe("invalid_request")
    expect(refusal((node) => node.beat(id, ...beatAt(at + 61)))).toBe("invalid_request")
    expect(refusal((node) => node.beat(id, "noon", beatAt(at)[1]))).toBe("invalid_request")
    expect(refusal((node) => node.beat(id, writeTime(at + 1), beatAt(at)[1]))).toBe("unauthorized")
    expect(refusal((node) => node.beat(entityIdOf(bob, 0), ...beatAt(at)))).toBe("not_found")
    expect(here((node) => node.beat(id, ...beatAt(at + 1))).isCounted).toBe(true)
  })

  it("who falls silent is inactive everywhere, and active again with the next one", () => {
    const { here, now, pass, there } = mesh()
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    pass(inactiveAfterMs - 60_000)
    expect(there((node) => node.entity(id)).status).toBe("active")
    pass(180_000)
    expect(here((node) => node.entity(id)).status).toBe("inactive")
    expect(there((node) => node.entity(id)).status).toBe("inactive")
    const beat = here((node) => node.beat(id, ...beatAt(now())))
    expect(beat).toEqual({ isCounted: true, hasBecomeActive: true })
    pass(1_000)
    expect(there((node) => node.entity(id))).toMatchObject({ status: "active" })
    // who left and comes back is not the one who fell silent
    pass(600_000)
    expect(there((node) => node.entity(id)).status).toBe("inactive")
    here((node) => node.deregister(id, `Bearer ${sign(entityKeyOf(alice, 0), id)}`))
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    pass(1_000)
    expect(there((node) => node.entity(id)).status).toBe("active")
  })

  it("a restart does not turn the living into the dead", () => {
    const { here, machines, now, pass, world } = mesh()
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    world.crash(machines[0]!)
    pass(3_600_000)
    world.boot(machines[0]!, { ...defaultSettings, version: "test", dht: withoutDht, wantedPeers: 0 })
    pass(60_000)
    const beats = () => here((node) => node.beat(id, ...beatAt(now())))
    expect(beats().isCounted).toBe(true)
    pass(inactiveAfterMs - 60_000)
    expect(beats().isCounted).toBe(true)
    pass(120_000)
    expect(here((node) => node.entity(id)).status).toBe("active")
    pass(inactiveAfterMs)
    expect(here((node) => node.entity(id)).status).toBe("inactive")
  })
})

describe("registries", () => {
  it("prove who they are, eight hours at a time, and see each other", () => {
    const { here, machines, pass, refusal, there, world } = mesh()
    const proof = here((node) => node.proof)
    expect(proof).toMatchObject({ domain: "zns01.example", registryId: here((node) => Effect.succeed(node.registryId)) })
    expect(proofHoldsOf(proof, verify)).toBe(true)
    expect(here((node) => node.proof)).toEqual(proof)
    const observation = {
      subject: proof.registryId,
      period: proof.issuedAt,
      valid: 5,
      invalid: 0,
      answers: 1,
      uptime: 1_000,
      layers: ["proof" as const],
    }
    there((node) => node.attest(observation))
    expect(refusal((node) => node.attest(observation))).toBe("conflict")
    pass(1_000)
    const heard = machines[1]!.store
    expect(world.perform(machines[1]!, heard.registriesAt("zns01.example"))).toEqual([proof.registryId])
    expect(world.perform(machines[0]!, machines[0]!.store.attestations(proof.registryId))).toMatchObject([{ observation }])
    // names under a proven host are no longer provisional
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    here((node) => node.claimHandle(handleRequest(alice, "alice")))
    here((node) => node.bindName(nameRequest(alice, { entity_id: entityIdOf(alice, 0) })))
    pass(1_000)
    expect(there((node) => node.resolveName("alice", "weather")).isProvisional).toBe(false)
    pass(8 * 3_600_000)
    expect(here((node) => node.proof)).toEqual(proof)
    pass(1_000)
    const [slot] = world.perform(machines[1]!, heard.slots(proofSubject(proof.registryId)))
    expect(slot!.at).toBeGreaterThan(proof.issuedAt)
  })
})

describe("what is over", () => {
  it("with a lost disk: handles, names and developers are let go of by those who still hold them, and may be claimed again", () => {
    const { here, machines, pass, there, world } = mesh()
    here((node) => node.registerDeveloper(developerRequest(alice)))
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    here((node) => node.claimHandle(handleRequest(alice, "alice")))
    here((node) => node.bindName(nameRequest(alice, { entity_id: entityIdOf(alice, 0) })))
    pass(2_000)
    expect(there((node) => node.resolveName("alice", "weather")).name.tier).toBe("gossip")
    const { settings } = machines[0]!.started!
    world.crash(machines[0]!, { losesDisk: true })
    world.boot(machines[0]!, settings)
    pass(180_000)
    const other = machines[1]!.store
    expect(world.perform(machines[1]!, other.handles("alice"))).toEqual([])
    expect(world.perform(machines[1]!, other.names({}))).toEqual([])
    expect(world.perform(machines[1]!, other.developer(idOfDeveloper(alice)))).toBeUndefined()

    here((node) => node.registerDeveloper(developerRequest(alice)))
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    here((node) => node.claimHandle(handleRequest(alice, "alice")))
    here((node) => node.bindName(nameRequest(alice, { entity_id: entityIdOf(alice, 0) }, { current_version: 2 })))
    pass(180_000)
    expect(there((node) => node.resolveName("alice", "weather")).name).toMatchObject({ version: 2, tier: "gossip" })
    expect(there((node) => node.developer(idOfDeveloper(alice))).record.name).toBe("Alice")
  })

  it("is forgotten by every node, and their sets are the same", () => {
    const { here, machines, pass, world } = mesh()
    here((node) => node.registerEntity(sdkRequest(alice, 0)))
    const id = entityIdOf(alice, 0)
    here((node) => node.deregister(id, `Bearer ${sign(entityKeyOf(alice, 0), id)}`))
    pass(tombstoneLifeMs + 180_000)
    for (const machine of machines) expect(world.perform(machine, machine.store.slots(id))).toEqual([])
  })
})
