/** Lists, and developers as they change and end, over REST (reference 1.3, 1.4). */
import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canonical } from "../../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { Developer, Entity } from "../../../src/runtime/http/documents.ts"
import { type Developer as Client, developerOf, developerRequest, entityIdOf, sdkRequest } from "../../support/clients.ts"
import { call, expectProblem, type Served, serveOn } from "./serving.ts"

let served: Served
beforeAll(async () => void (served = await serveOn()))
afterAll(() => served.stop())

const at = (path: string) => `${served.url}${path}`
const [alice, bob] = [developerOf(1), developerOf(2)]
const id = idOf("developer", alice.key.publicKey)
const put = (body: string, by: Client, path = `/v1/developers/${id}`) =>
  call(at(path), { method: "PUT", body, headers: { authorization: `Bearer ${sign(by.key, body)}` } })

describe("lists", () => {
  beforeAll(async () => {
    for (const index of [0, 1, 2]) await call(at("/v1/entities"), { body: sdkRequest(alice, index, { category: `c${index % 2}` }) })
    const service = sdkRequest(alice, 3, { entity_type: "service", category: "c0" }, { service_endpoint: "https://s.example" })
    await call(at("/v1/entities"), { body: service })
  })
  const ids = async (query: string) => {
    const { json } = await call(at(`/v1/entities?${query}`))
    const entities = json["entities"] as unknown as ReadonlyArray<typeof Entity.Type>
    for (const entity of entities) Schema.decodeUnknownSync(Entity, { onExcessProperty: "error" })(entity)
    expect(json["count"]).toBe(entities.length)
    return entities.map(({ entity_id }) => entity_id)
  }

  it("are filtered before they are cut, and bounded", async () => {
    expect(await ids("")).toHaveLength(4)
    expect((await ids("category=c0&type=agent")).toSorted()).toEqual([0, 2].map((index) => entityIdOf(alice, index)).toSorted())
    expect(await ids("type=service")).toHaveLength(1)
    expect(await ids("category=nothing")).toEqual([])
    expect(await ids(`developer_id=${id}&status=active&limit=99999`)).toHaveLength(4)
    expect(await ids("limit=0")).toEqual([])
    const pages = [...(await ids("limit=2")), ...(await ids("limit=2&offset=2"))]
    expect(pages).toEqual(await ids("limit=4"))
    for (const [query, field] of [
      ["limit=-1", "limit"],
      ["limit=1e3", "limit"],
      ["offset=x", "offset"],
      ["offset=100001", "offset"],
      ["type=bot", "type"],
      ["status=asleep", "status"],
      ["developer_id=alice", "developer_id"],
      ["category=%00", "category"],
    ] as const)
      expectProblem(await call(at(`/v1/entities?${query}`)), 400, "invalid_request", field)
  })

  it("of a developer have both names that clients read", async () => {
    const { json } = await call(at(`/v1/developers/${id}/entities`))
    expect([json["developer_id"], json["count"], json["agents"]]).toEqual([id, 4, json["entities"]])
    expect((await call(at(`/v1/developers/zns:dev:${"0".repeat(32)}/entities`))).json).toMatchObject({ agents: [], count: 0 })
  })
})

describe("developers", () => {
  it("change what they say of themselves, and end", async () => {
    await call(at("/v1/developers"), { body: developerRequest(alice) })
    const change = await put(canonical({ name: "Alice & Co", github: "alice" }), alice)
    expect([change.status, change.json]).toMatchObject([200, { name: "Alice & Co", github: "alice", developer_id: id }])
    expect(Schema.decodeUnknownSync(Developer, { onExcessProperty: "error" })(change.json)).toEqual(change.json)
    // what is absent or null stays
    expect((await put('{"name": null, "profile_url": "https://a.example"}', alice)).json).toMatchObject({
      name: "Alice & Co",
      github: "alice",
    })
    expectProblem(await put("{}", bob), 401, "unauthorized")
    expectProblem(await put('{"name": ""}', alice), 400, "invalid_request", "name")
    expectProblem(await put("[]", alice), 400, "invalid_request")
    expectProblem(await put("{}", alice, `/v1/developers/zns:dev:${"0".repeat(32)}`), 404, "not_found")
    const end = (by: Client) =>
      call(at(`/v1/developers/${id}`), { method: "DELETE", headers: { authorization: `Bearer ${sign(by.key, id)}` } })
    expectProblem(await end(bob), 401, "unauthorized")
    expect((await end(alice)).json).toEqual({ message: "developer deregistered" })
    expectProblem(await end(alice), 404, "not_found")
    expect((await call(at("/v1/developers"), { body: { ...developerRequest(alice), handle: "alice" } })).json["message"]).toContain(
      "POST /v1/handles",
    )
    expect((await call(at("/v1/handles/alice"))).status).toBe(404)
  })
})
