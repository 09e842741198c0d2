/** Handles and names over REST: every endpoint, with what developers sign, and every refusal (reference 1.6, 1.7; naming page). */
import { Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canonical, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { type Developer, developerOf, entityKeyOf, handleRequest, nameRequest, sdkRequest } from "../../support/clients.ts"
import { type ServedNode, servedNode } from "../../support/served-node.ts"
import { call, expectProblem } from "./serving.ts"

const records = new Map<string, ReadonlyArray<string>>()
const files = new Map<string, ReadonlyArray<string>>()
const scope = Scope.makeUnsafe()
let served: ServedNode
beforeAll(async () => {
  const witness = {
    recordsAt: (name: string) => Effect.succeed(records.get(name) ?? []),
    filesOf: (account: string) => Effect.succeed(files.get(account) ?? []),
  }
  served = await Effect.runPromise(Scope.provide(servedNode(71, {}, {}, Layer.empty, witness), scope))
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const at = (path: string) => `${served.url}${path}`
const put = (path: string, body: JsonObject) => call(at(path), { method: "PUT", body })
const remove = (path: string, developer: Developer, text: string) =>
  call(at(path), { method: "DELETE", headers: { authorization: `Bearer ${sign(developer.key, text)}` } })
const [alice, bob, carol] = [developerOf(1), developerOf(2), developerOf(3)]
const idOfAgent = (developer: Developer, index: number) => idOf("agent", entityKeyOf(developer, index).publicKey)
const [first, second] = [idOfAgent(alice, 0), idOfAgent(alice, 1)]
const verification = (developer: Developer, handle: string, method: string, proof: string) => ({
  method,
  proof,
  signature: sign(developer.key, canonical({ handle, method, proof })),
})

describe("handles", () => {
  it("are free, claimed, shown, and taken", async () => {
    expect((await call(at("/v1/handles/alice/available"))).json).toEqual({ handle: "alice", available: true })
    for (const handle of ["ab", "admin", "-x-", "A_b", "%00"]) {
      const { json, status } = await call(at(`/v1/handles/${handle}/available`))
      expect([status, json["available"], typeof json["reason"]]).toEqual([200, false, "string"])
    }
    const claimed = await call(at("/v1/handles"), { body: handleRequest(alice, "alice") })
    expect([claimed.status, claimed.json]).toMatchObject([
      201,
      { handle: "alice", developer_id: idOf("developer", alice.key.publicKey), message: "handle claimed successfully" },
    ])
    expect(claimed.json["dns_txt"]).toBe(`zns-verification=${claimed.json["verification_token"] as string}`)
    expect((await call(at("/v1/handles/alice"))).json).toMatchObject({
      handle: "alice",
      verified: false,
      verification_method: "",
      tier: "local",
    })
    expect((await call(at("/v1/handles/alice/available"))).json).toMatchObject({ available: false })
    expect((await call(at(`/v1/developers/${idOf("developer", alice.key.publicKey)}`))).json).toMatchObject({ dev_handle: "alice" })
    expectProblem(await call(at("/v1/handles"), { body: handleRequest(bob, "alice") }), 409, "conflict")
    expectProblem(await call(at("/v1/handles"), { body: handleRequest(alice, "other") }), 409, "conflict")
    expectProblem(await call(at("/v1/handles"), { body: handleRequest(bob, "ab") }), 400, "invalid_request", "handle")
    const foreign = { ...handleRequest(bob, "bobby"), developer_id: idOf("developer", alice.key.publicKey) }
    expectProblem(await call(at("/v1/handles"), { body: foreign }), 401, "unauthorized", "public_key")
    expectProblem(await call(at("/v1/handles/nobody")), 404, "not_found")
    expectProblem(await call(at("/v1/handles/%00")), 404, "not_found")
    expect((await call(at("/v1/handles/nobody/entities"))).json).toEqual([])
  })

  it("are verified by DNS and by GitHub, if the developer asks", async () => {
    await call(at("/v1/handles"), { body: handleRequest(bob, "bobby") })
    const path = "/v1/handles/bobby/verify"
    const body = verification(bob, "bobby", "dns", "bobby.example")
    expectProblem(await call(at(path), { body: { method: "dns", proof: "bobby.example" } }), 400, "invalid_request", "signature")
    expectProblem(await call(at(path), { body: verification(alice, "bobby", "dns", "bobby.example") }), 401, "unauthorized", "signature")
    expectProblem(await call(at(path), { body }), 400, "invalid_request", "proof")
    records.set("_zynd-verify.bobby.example", [bob.key.publicKey])
    expect((await call(at(path), { body })).json).toEqual({ handle: "bobby", message: "handle verified via dns" })
    expect((await call(at("/v1/handles/bobby"))).json).toMatchObject({
      verified: true,
      verification_method: "dns",
      verification_proof: "bobby.example",
    })

    const github = verification(bob, "bobby", "github", "bobby-hub")
    expectProblem(await call(at(path), { body: github }), 400, "invalid_request", "proof")
    files.set("bobby-hub", [`it is me: ${github.signature}`])
    expect((await call(at(path), { body: github })).status).toBe(200)
    expect((await call(at("/v1/handles/bobby"))).json).toMatchObject({ verification_method: "github" })

    const claimed = await call(at("/v1/handles"), { body: handleRequest(carol, "carol", { domain: "carol.example" }) })
    records.set("carol.example", ["other", claimed.json["dns_txt"] as string])
    // the claim names the domain: nothing more need be signed
    expect((await call(at("/v1/handles/carol/verify"), { body: { method: "dns", proof: "carol.example" } })).status).toBe(200)
    for (const proof of ["localhost", "10.0.0.1", "db.internal", "x", "a b.example"])
      expectProblem(await call(at(path), { body: verification(bob, "bobby", "dns", proof) }), 400, "invalid_request", "proof")
    expectProblem(await call(at("/v1/handles/nobody/verify"), { body }), 404, "not_found")
  })
})

describe("names", () => {
  beforeAll(async () => {
    for (const index of [0, 1]) await call(at("/v1/entities"), { body: sdkRequest(alice, index) })
    await call(at("/v1/entities"), { body: sdkRequest(bob, 0) })
  })

  it("are bound, shown and resolved", async () => {
    const free = "/v1/names/alice/weather/available"
    expect((await call(at(free))).json).toEqual({ developer: "alice", entity_name: "weather", available: true })
    const bound = await call(at("/v1/names"), { body: nameRequest(alice, { entity_id: first }) })
    const fqan = "registry.example/alice/weather"
    expect([bound.status, bound.json]).toEqual([
      201,
      { fqan, entity_id: first, current_version: 1, message: "name registered successfully" },
    ])
    expect((await call(at(free))).json).toMatchObject({ available: false, existing_entity_id: first })
    expect((await call(at("/v1/names/alice/Wrong!/available"))).json).toMatchObject({ available: false })
    expect((await call(at("/v1/names/alice/weather"))).json).toMatchObject({ fqan, entity_id: first, developer_handle: "alice" })
    expect((await call(at("/v1/handles/alice/entities"))).json).toMatchObject([{ fqan }])
    expect((await call(at(`/v1/entities/${first}`))).json).toMatchObject({ fqan, developer_handle: "alice" })
    expect((await call(at("/v1/resolve/alice/weather"))).json).toMatchObject({
      fqan,
      entity_id: first,
      agent_id: first,
      name: "weather",
      developer: "alice",
      current_version: 1,
      entity_url: "https://agent.example.com/a",
      status: "active",
      trust_score: 1,
      verification_tier: "self-claimed",
      versions: [{ version: 1, agent_id: first, updated_by: idOf("developer", alice.key.publicKey) }],
    })
    expect((await call(at("/v1/resolve/alice/weather?host=registry.example"))).status).toBe(200)
    for (const path of [
      "/v1/resolve/alice/weather?host=other.example",
      "/v1/names/alice/nothing",
      "/v1/resolve/%00/x",
      "/v1/names/alice/nothing/versions",
    ])
      expectProblem(await call(at(path)), 404, "not_found")
    expectProblem(await call(at("/v1/names"), { body: nameRequest(alice, { entity_id: first }) }), 409, "conflict")
    expectProblem(
      await call(at("/v1/names"), { body: nameRequest(bob, { entity_id: first, entity_name: "x" }) }),
      401,
      "unauthorized",
      "signature",
    )
    expectProblem(
      await call(at("/v1/names"), { body: nameRequest(alice, { entity_id: idOfAgent(bob, 0), entity_name: "x" }) }),
      403,
      "forbidden",
      "entity_id",
    )
  })

  it("get new versions, old ones back, and are given up", async () => {
    const path = "/v1/names/alice/weather"
    const rebind = nameRequest(alice, { entity_id: second, version: "v2" }, { current_version: 2, build_hash: "b2" })
    expectProblem(await put(path, { ...rebind }), 401, "unauthorized", "signature")
    expect((await put(path, { ...rebind, build_hash: "b2" })).json).toMatchObject({
      entity_id: second,
      current_version: 2,
      version: "v2",
      build_hash: "b2",
    })
    // the deployed form names no entity: it means the same one
    const { entity_id: _, ...relabel } = nameRequest(alice, { entity_id: second, version: "v3" }, { current_version: 3 })
    expect((await put(path, relabel)).json).toMatchObject({ entity_id: second, version: "v3" })
    const back = { ...nameRequest(alice, { entity_id: first }, { current_version: 4 }), to_version: 1 }
    expectProblem(await call(at(`${path}/rollback`), { body: { ...back, to_version: 9 } }), 404, "not_found")
    expectProblem(await call(at(`${path}/rollback`), { body: { ...back, to_version: "1" } }), 400, "invalid_request", "to_version")
    expect((await call(at(`${path}/rollback`), { body: back })).json).toMatchObject({ entity_id: first, current_version: 4 })
    expect((await call(at(`${path}/versions`))).json).toMatchObject([
      { version: 4, entity_id: first },
      { version: 3, entity_id: second, label: "v3" },
      { version: 2, entity_id: second, label: "v2", build_hash: "b2" },
      { version: 1, entity_id: first },
    ])
    expectProblem(await remove(path, bob, "release:registry.example/alice/weather"), 401, "unauthorized")
    expect((await remove(path, alice, "release:registry.example/alice/weather")).json).toEqual({ message: "name released" })
    expectProblem(await call(at(path)), 404, "not_found")
  })

  it("are given by a registration, as the SDKs ask for them", async () => {
    const body = sdkRequest(alice, 5, {}, { entity_name: "helper", version: "1.0.0" })
    const registered = await call(at("/v1/entities"), { body })
    expect([registered.status, registered.json["fqan"]]).toEqual([201, "registry.example/alice/helper"])
    expect((await call(at(`/v1/entities/${idOfAgent(alice, 5)}`))).json["fqan"]).toBe("registry.example/alice/helper")
    expect((await call(at("/v1/resolve/alice/helper"))).json).toMatchObject({ entity_id: idOfAgent(alice, 5), version: "1.0.0" })
    // a name that is taken, or none, is no error
    for (const entity_name of ["helper", "No Name"]) {
      const again = await call(at("/v1/entities"), { body: sdkRequest(alice, entity_name.length + 10, {}, { entity_name }) })
      expect([again.status, again.json["fqan"]]).toEqual([201, undefined])
    }
    // the developer may sign for it, and so it is told to others
    const signed = await call(at("/v1/names"), { body: nameRequest(alice, { entity_id: idOfAgent(alice, 5), entity_name: "helper" }) })
    expect([signed.status, signed.json["current_version"]]).toEqual([201, 2])
  })

  it("end with their handle, and nobody inherits them", async () => {
    expectProblem(await remove("/v1/handles/alice", bob, "release:alice"), 401, "unauthorized")
    expect((await remove("/v1/handles/alice", alice, "release:alice")).status).toBe(200)
    expect((await remove("/v1/handles/bobby", bob, "release:bobby")).status).toBe(200)
    await call(at("/v1/handles"), { body: handleRequest(bob, "alice") })
    expectProblem(await call(at("/v1/names/alice/helper")), 404, "not_found")
    expectProblem(await remove("/v1/names/alice/helper", bob, "release:registry.example/alice/helper"), 404, "not_found")
    expect((await call(at("/v1/handles/alice/entities"))).json).toEqual([])
  })
})
