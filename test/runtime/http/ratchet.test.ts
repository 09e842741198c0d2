/** Who has once signed a time is held to it (ruled, "Replay"); who has not may repeat itself byte for byte. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canonical, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { timedDeletionText } from "../../../src/protocol/records/ratchet.ts"
import { writeMoment } from "../../../src/protocol/time.ts"
import { developerOf, entityIdOf, entityKeyOf, homeOf, sdkRequest, wholeRequest } from "../../support/clients.ts"
import { call, expectProblem, type Served, serveOn } from "./serving.ts"

let served: Served
let here: string
beforeAll(async () => {
  served = await serveOn()
  here = (await call(`${served.url}/v1/info`)).json["registry_id"] as string
})
afterAll(() => served.stop())

const alice = developerOf(1)
const startMs = Date.now()
/** A time in the life of this test: milliseconds after its start, or before. */
const t = (ms: number) => writeMoment(startMs + ms)

const entity = (index: number) => {
  const id = entityIdOf(alice, index)
  const key = entityKeyOf(alice, index)
  const at = `${served.url}/v1/entities/${id}`
  return {
    register: (fields: JsonObject) => call(`${served.url}/v1/entities`, { body: wholeRequest(alice, index, fields) }),
    registerPlainly: () => call(`${served.url}/v1/entities`, { body: sdkRequest(alice, index) }),
    put: (said: JsonObject, by = key) => {
      const body = canonical(said)
      return call(at, { method: "PUT", body, headers: { authorization: `Bearer ${sign(by, body)}` } })
    },
    end: (stamp?: { readonly timestamp: string; readonly registry_id: string }, signed = stamp) => {
      const query = stamp === undefined ? "" : `?${new URLSearchParams(stamp).toString()}`
      const text = signed === undefined ? id : timedDeletionText(id, signed)!
      return call(`${at}${query}`, { method: "DELETE", headers: { authorization: `Bearer ${sign(key, text)}` } })
    },
    summary: async () => (await call(at)).json?.["summary"],
  }
}

describe("an entity that signs when", () => {
  it("takes only what is newer, for this registry, and not from the future", async () => {
    const agent = entity(0)
    expect((await agent.register({ home_registry: here, timestamp: t(0) })).status).toBe(201)
    const stamped = (ms: number, summary: string) => ({ registry_id: here, summary, timestamp: t(ms) })
    expect((await agent.put(stamped(10, "first"))).status).toBe(200)
    expect((await agent.put(stamped(20, "second"))).status).toBe(200)
    expectProblem(await agent.put(stamped(10, "first")), 401, "unauthorized", "timestamp")
    expectProblem(await agent.put(stamped(20, "second")), 401, "unauthorized", "timestamp")
    expectProblem(await agent.put({ summary: "unstamped" }), 401, "unauthorized", "timestamp")
    expectProblem(await agent.put({ ...stamped(30, "else"), registry_id: homeOf(3) }), 401, "unauthorized", "registry_id")
    expectProblem(await agent.put(stamped(3_600_000, "tomorrow")), 400, "invalid_request", "timestamp")
    expectProblem(await agent.put({ summary: "no registry", timestamp: t(30) }), 401, "unauthorized", "timestamp")
    expect(await agent.summary()).toBe("second")
  })

  it("is held to it by its developer's changes, too", async () => {
    const agent = entity(1)
    await agent.register({ home_registry: here, timestamp: t(0) })
    expectProblem(await agent.put({ codebase_hash: "ab" }, alice.key), 401, "unauthorized", "timestamp")
    expect((await agent.put({ codebase_hash: "ab", registry_id: here, timestamp: t(1) }, alice.key)).status).toBe(200)
  })

  it("cannot be ended by an old word, nor brought back by one", async () => {
    const agent = entity(2)
    const first = { home_registry: here, timestamp: t(0) }
    await agent.register(first)
    expectProblem(await agent.end(), 401, "unauthorized", "timestamp")
    expectProblem(await agent.end({ timestamp: t(-5), registry_id: here }), 401, "unauthorized", "timestamp")
    expectProblem(await agent.end({ timestamp: t(5), registry_id: homeOf(3) }), 401, "unauthorized", "registry_id")
    const [old, newer] = [
      { timestamp: t(5), registry_id: here },
      { timestamp: t(15), registry_id: here },
    ]
    expectProblem(await agent.end(newer, old), 401, "unauthorized")
    expect((await agent.end(old)).status).toBe(200)
    expectProblem(await agent.register(first), 401, "unauthorized", "timestamp")
    expectProblem(await agent.registerPlainly(), 401, "unauthorized", "timestamp")
    expect((await agent.register({ ...first, timestamp: t(10) })).status).toBe(201)
    expectProblem(await agent.end(old), 401, "unauthorized", "timestamp")
    expect((await agent.end(newer)).status).toBe(200)
  })
})

it("what the SDKs repeat stays possible: update A, B, A, and register, delete, register", async () => {
  const agent = entity(3)
  for (let life = 0; life < 2; life++) {
    expect((await agent.registerPlainly()).status).toBe(201)
    for (const summary of ["A", "B", "A"]) expect((await agent.put({ summary })).status).toBe(200)
    expect(await agent.summary()).toBe("A")
    expect((await agent.end()).status).toBe(200)
  }
})

it("a time of which the signature says nothing holds nobody", async () => {
  const agent = entity(4)
  const plain = sdkRequest(alice, 4, {}, { timestamp: t(0), home_registry: here })
  expect((await call(`${served.url}/v1/entities`, { body: plain })).status).toBe(201)
  expect((await agent.put({ summary: "A" })).status).toBe(200)
})
