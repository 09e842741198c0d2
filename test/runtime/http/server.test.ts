import { Schema } from "effect"
import { request as httpRequest } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canonical, type Json, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf, onWire } from "../../../src/protocol/identity/id.ts"
import { requestBytesMax } from "../../../src/protocol/limits.ts"
import { Developer, Entity, Info, NetworkStatus, Peers, SearchResults } from "../../../src/runtime/http/documents.ts"
import type { ScoreBreakdown } from "../../../src/protocol/search/ranking.ts"
import { developerOf, developerRequest, entityKeyOf, homeOf, sdkRequest, wholeRequest } from "../../support/clients.ts"
import { type Answer, call, expectProblem, type Served, serveOn } from "./serving.ts"

let served: Served
beforeAll(async () => void (served = await serveOn()))
afterAll(() => served.stop())

const at = (path: string) => `${served.url}${path}`
const developer = developerOf(1)
const entityId = (index: number) => idOf("agent", entityKeyOf(developer, index).publicKey)

describe("developers", () => {
  it("register and are shown", async () => {
    const body = developerRequest(developerOf(20), { name: "R&D <labs>", profile_url: "https://labs.example/?a=1&b=2" })
    const id = idOf("developer", developerOf(20).key.publicKey)
    const answer = await call(at("/v1/developers"), { body })
    expect([answer.status, answer.json]).toEqual([201, { developer_id: id, message: "developer registered successfully" }])
    for (const path of [id, encodeURIComponent(id), onWire(id)]) {
      const shown = await call(at(`/v1/developers/${path}`))
      expect(shown.json).toMatchObject({
        developer_id: id,
        name: "R&D <labs>",
        home_registry: "registry.example",
        registered_at: expect.stringMatching(/^20\d\d-.*Z$/),
        schema_version: "1.0",
      })
      expect(shown.json["github"]).toBeUndefined()
    }
    expectProblem(await call(at("/v1/developers"), { body }), 409, "conflict")
    expectProblem(await call(at("/v1/developers"), { body: { ...body, name: "x" } }), 401, "unauthorized", "signature")
    expectProblem(await call(at("/v1/developers"), { body: { ...body, name: "" } }), 400, "invalid_request", "name")
    expectProblem(await call(at(`/v1/developers/zns:dev:${"0".repeat(32)}`)), 404, "not_found")
  })
})

describe("entities", () => {
  it("register, are shown by every spelling of their id, and end", async () => {
    const body = sdkRequest(
      developer,
      0,
      { name: "R&D <bot> é — 😀", summary: "line\u2028sep", tags: ["legal"] },
      { entity_pricing: { base_price_usd: 0.5, currency: "USD" } },
    )
    const id = entityId(0)
    const answer = await call(at("/v1/entities"), { body })
    expect([answer.status, answer.json]).toEqual([201, { entity_id: id, message: "agent registered successfully" }])
    for (const path of [id, encodeURIComponent(id), onWire(id)]) {
      const shown = await call(at(`/v1/entities/${path}`))
      expect(shown.status).toBe(200)
      expect(shown.json).toMatchObject({
        entity_id: id,
        name: "R&D <bot> é — 😀",
        summary: "line\u2028sep",
        tags: ["legal"],
        entity_url: "https://agent.example.com/a",
        owner: body["developer_id"],
        developer_proof: body["developer_proof"],
        entity_index: 0,
        signature: body["signature"],
        ttl: 86_400,
        status: "active",
        entity_type: "agent",
        registered_at: expect.stringMatching(/^20\d\d-.*Z$/),
        home_registry: "registry.example",
        home_registry_id: homeOf(200),
        tier: "local",
        entity_pricing: { base_price_usd: 0.5, currency: "USD" },
      })
    }
    expect((await call(at(`/v1/developers/${body["developer_id"] as string}`))).json["name"]).toBe("")
    expectProblem(await call(at("/v1/entities"), { body }), 409, "conflict")

    const end = (authorization?: string) =>
      call(at(`/v1/entities/${encodeURIComponent(id)}`), {
        method: "DELETE",
        ...(authorization !== undefined && { headers: { authorization } }),
      })
    expectProblem(await end(), 401, "unauthorized")
    expectProblem(await end(`Bearer ${sign(entityKeyOf(developer, 1), id)}`), 401, "unauthorized")
    expect(await end(`Bearer ${sign(entityKeyOf(developer, 0), id)}`)).toMatchObject({
      status: 200,
      json: { entity_id: id, message: "agent deregistered" },
    })
    expectProblem(await end(`Bearer ${sign(entityKeyOf(developer, 0), id)}`), 404, "not_found")
    expectProblem(await call(at(`/v1/entities/${id}`)), 404, "not_found")
  })

  it("are read whole: a signature may cover members that nobody knows", async () => {
    const answer = await call(at("/v1/entities"), {
      body: wholeRequest(developer, 1, { invented: { deeply: [1, { nested: null }] }, tags: ["x"] }),
    })
    expect(answer.status).toBe(201)
  })

  it("are read whatever the body's spelling and type", async () => {
    const escaped = JSON.stringify(sdkRequest(developer, 2, { name: "größe" }))
      .replaceAll("ö", "\\u00f6")
      .replaceAll('":', '": ')
    expect((await call(at("/v1/entities"), { body: escaped, headers: { "content-type": "text/plain" } })).status).toBe(201)
  })

  const good = sdkRequest(developer, 3, { name: "other" })
  const refusals: ReadonlyArray<readonly [string, Json, number, string, string | undefined]> = [
    ["a changed name", { ...good, name: "x" }, 401, "unauthorized", "signature"],
    ["another key's signature", { ...good, signature: sign(developer.key, "x") }, 401, "unauthorized", "signature"],
    [
      "a broken proof",
      { ...good, developer_proof: { ...(good["developer_proof"] as JsonObject), entity_index: 9 } },
      401,
      "unauthorized",
      "developer_proof",
    ],
    ["no proof", { ...good, developer_proof: null }, 400, "invalid_request", "developer_proof"],
    [
      "the developer id of another key",
      { ...good, developer_id: idOf("developer", developerOf(9).key.publicKey) },
      400,
      "invalid_request",
      "developer_id",
    ],
    ["a summary of 201", sdkRequest(developer, 3, { summary: "x".repeat(201) }), 400, "invalid_request", "summary"],
    ["a service without an endpoint", sdkRequest(developer, 3, { entity_type: "service" }), 400, "invalid_request", "service_endpoint"],
    ["no JSON", "{", 400, "invalid_request", undefined],
    ["JSON and more", "{} {}", 400, "invalid_request", undefined],
    ["a list", "[]", 400, "invalid_request", undefined],
    ["null", "null", 400, "invalid_request", undefined],
    ["a text", '"x"', 400, "invalid_request", undefined],
    ["nothing", " ", 400, "invalid_request", undefined],
    ["deep nesting, open", "[".repeat(100_000), 400, "invalid_request", undefined],
    ["deep nesting, closed", "[".repeat(100_000) + "]".repeat(100_000), 400, "invalid_request", undefined],
    ["deep nesting inside", `{"entity_pricing":${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}}`, 400, "invalid_request", undefined],
  ]
  it.each(refusals)("are refused: %s", async (_, body, status, error, field) => {
    expectProblem(await call(at("/v1/entities"), { body }), status, error, field)
    expect((await call(at(`/v1/entities/${entityId(3)}`))).status).toBe(404)
  })

  it("are refused when they are too large, announced or not", async () => {
    expectProblem(await call(at("/v1/entities"), { body: JSON.stringify({ name: "x".repeat(requestBytesMax) }) }), 413, "too_large")
    const unannounced = await new Promise<number | string>((done) => {
      const request = httpRequest(at("/v1/entities"), { method: "POST" }, (response) => done(response.resume().statusCode!))
      request.on("error", (error) => done(error.message))
      for (let i = 0; i < 10; i++) request.write("x".repeat(100_000))
      request.end()
    })
    expect(unannounced).toBe(413)
  })
})

describe("search", () => {
  beforeAll(async () => {
    for (let index = 100; index < 130; index++)
      await call(at("/v1/entities"), {
        body: sdkRequest(developer, index, { name: `reader ${index}`, summary: "summarises contracts", category: "legal", tags: ["law"] }),
      })
  })

  it("finds by words, filters, and pages", async () => {
    const first = await call(at("/v1/search"), { body: { query: "contracts", max_results: 10 } })
    expect([first.status, first.json["total_found"], first.json["offset"], first.json["has_more"]]).toEqual([200, 30, 0, true])
    const results = (answer: Answer) =>
      answer.json["results"] as unknown as ReadonlyArray<{
        readonly entity_id: string
        readonly score: number
        readonly score_breakdown: ScoreBreakdown
      }>
    const { score, score_breakdown: of } = results(first)[0]!
    expect(Object.keys(of)).toEqual(["text_relevance", "semantic_similarity", "trust_score", "freshness", "availability"])
    expect(score).toBeCloseTo(
      0.3 * of.text_relevance + 0.3 * of.semantic_similarity + 0.2 * of.trust_score + 0.1 * of.freshness + 0.1 * of.availability,
      9,
    )
    expect(results(first)[0]).toMatchObject({
      score_breakdown: { text_relevance: 1 },
      category: "legal",
      entity_url: "https://agent.example.com/a",
      status: "active",
    })
    const all = new Set(results(first).map((each) => each.entity_id))
    for (const offset of [10, 20])
      for (const each of results(await call(at("/v1/search"), { body: { query: "contracts", max_results: 10, offset } })))
        all.add(each.entity_id)
    expect(all.size).toBe(30)
    for (const filter of [
      { category: "legal" },
      { tags: ["LAW"] },
      { entity_type: "agent", category: "legal" },
      { developer_id: idOf("developer", developer.key.publicKey), category: "legal" },
    ]) {
      expect((await call(at("/v1/search"), { body: filter })).json["total_found"]).toBe(30)
    }
    expect((await call(at("/v1/search"), { body: { category: "nothing like it" } })).json).toMatchObject({
      results: [],
      total_found: 0,
      offset: 0,
      has_more: false,
      search_stats: { peers_queried: 0, peers_answered: 0, federated_results: 0 },
    })
  })

  it("takes what SDKs send: flags it does not know, nulls, an id as query or fqan, handles that do not exist", async () => {
    const id = entityId(100)
    for (const body of [
      { query: id, enrich: false },
      { fqan: id, max_results: 1 },
      { query: onWire(id), skills: null, category: null },
    ]) {
      expect((await call(at("/v1/search"), { body })).json["results"]).toMatchObject([{ entity_id: id }])
    }
    for (const body of [{ fqan: "registry.example/ann/reader" }, { developer_handle: "ann" }])
      expect((await call(at("/v1/search"), { body })).json["results"]).toEqual([])
  })

  it("refuses what asks for nothing, or for something of a wrong type", async () => {
    expectProblem(await call(at("/v1/search"), { body: {} }), 400, "invalid_request")
    expectProblem(await call(at("/v1/search"), { body: { query: " ", federated: true } }), 400, "invalid_request")
    expectProblem(await call(at("/v1/search"), { body: { query: 7 } }), 400, "invalid_request", "query")
    expectProblem(await call(at("/v1/search"), { body: { query: "x".repeat(1_001) } }), 400, "invalid_request", "query")
    expectProblem(await call(at("/v1/search"), { body: { query: "x", tags: "law" } }), 400, "invalid_request", "tags")
    expectProblem(await call(at("/v1/search"), { body: { query: "x", max_results: "many" } }), 400, "invalid_request", "max_results")
    expectProblem(await call(at("/v1/search"), { body: { developer_id: "ann" } }), 400, "invalid_request", "developer_id")
    expectProblem(await call(at("/v1/search"), { body: { query: "x", skills: [7] } }), 400, "invalid_request", "skills")
    expectProblem(await call(at("/v1/search"), { body: { query: "x", min_trust_score: 2 } }), 400, "invalid_request", "min_trust_score")
  })
})

describe("the node itself", () => {
  it("tells how it is", async () => {
    expect((await call(at("/health"))).json).toEqual({ status: "ok" })
    expect((await call(at("/v1/info"))).json).toEqual({
      registry_id: homeOf(200),
      public_key: developerOf(200).key.publicKey,
      name: "test registry",
      version: "1.2.3",
      registry_host: "registry.example",
      developer_onboarding: { mode: "open" },
    })
    expect((await call(at("/v1/network/status"))).json).toMatchObject({
      registry_id: homeOf(200),
      uptime: "1h2m3.4s",
      peer_count: 1,
      gossip_entries: 0,
      node_type: "full",
      dht: {
        contacts: 4,
        buckets: { 0: 3, 2: 1 },
        stored_values: 5,
        own_values: 2,
        lookups: { found: 6, missing: 1, contacts: 9, questions: 321 },
      },
    })
    expect((await call(at("/v1/network/peers"))).json["peers"]).toMatchObject([
      { registry_id: homeOf(201), agent_count: 7, address: "192.0.2.1:4001" },
    ])
  })

  it("counts for Prometheus", async () => {
    const page = await call(at("/metrics"))
    expect(page.status).toBe(200)
    expect(page.headers.get("content-type")).toContain("version=0.0.4")
    const lines = page.text.trimEnd().split("\n")
    expect(
      lines.every((line) => /^# TYPE \w+ (gauge|counter)$|^# HELP \w+ \S.*$|^\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.]+$/.test(line)),
    ).toBe(true)
    expect(page.text).toContain(`agentdns_peer_verdicts_total{peer="${homeOf(201)}",verdict="accept"} 3`)
    expect(page.text).toContain('agentdns_dht_lookups_total{result="found"} 6')
  })

  it("describes itself in OpenAPI, and on a page", async () => {
    const { json } = await call(at("/openapi.json"))
    expect(json["openapi"]).toMatch(/^3\.1/)
    expect(Object.keys(json["paths"] as JsonObject)).toEqual(
      expect.arrayContaining([
        "/health",
        "/ready",
        "/v1/categories",
        "/v1/developers",
        "/v1/developers/{id}",
        "/v1/developers/{id}/entities",
        "/v1/entities",
        "/v1/entities/{id}",
        "/v1/entities/{id}/card",
        "/v1/entities/{id}/ws",
        "/v1/handles",
        "/v1/handles/{handle}",
        "/v1/handles/{handle}/available",
        "/v1/handles/{handle}/entities",
        "/v1/handles/{handle}/verify",
        "/v1/heartbeat",
        "/v1/info",
        "/v1/names",
        "/v1/names/{developer}/{name}",
        "/v1/names/{developer}/{name}/available",
        "/v1/names/{developer}/{name}/rollback",
        "/v1/names/{developer}/{name}/versions",
        "/v1/network/peers",
        "/v1/network/status",
        "/v1/resolve/{developer}/{name}",
        "/v1/search",
        "/v1/tags",
        "/v1/ws/activity",
      ]),
    )
    const list = (json["paths"] as unknown as Record<string, Record<string, JsonObject>>)["/v1/entities"]!["get"]!
    expect(list).toMatchObject({
      summary: "list entities",
      parameters: expect.arrayContaining([expect.objectContaining({ description: "agent or service" })]),
    })
    const responses = (json["paths"] as unknown as Record<string, Record<string, { readonly responses: JsonObject }>>)["/v1/entities"]![
      "post"
    ]!.responses
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(["201", "400", "401", "409", "413", "429", "503"]))
    for (let i = 0; i < 2; i++) {
      const page = await call(at("/docs"))
      expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")])
    }
  })
})

describe("every answer", () => {
  it("is what its schema says, no less and no more", async () => {
    const body = sdkRequest(
      developer,
      60,
      { entity_type: "service", summary: "schemas" },
      {
        service_endpoint: "https://s.example",
        openapi_url: "https://s.example/o.json",
        entity_pricing: { rates: { call: 1 } },
        capability_summary: { skills: ["x"] },
      },
    )
    const { json } = await call(at("/v1/entities"), { body })
    const answers: ReadonlyArray<readonly [Schema.Codec<unknown, unknown>, Answer]> = [
      [Entity, await call(at(`/v1/entities/${json["entity_id"] as string}`))],
      [Developer, await call(at(`/v1/developers/${body["developer_id"] as string}`))],
      [SearchResults, await call(at("/v1/search"), { body: { query: "schemas" } })],
      [Info, await call(at("/v1/info"))],
      [NetworkStatus, await call(at("/v1/network/status"))],
      [Peers, await call(at("/v1/network/peers"))],
    ]
    for (const [schema, answer] of answers) {
      expect(answer.status).toBe(200)
      expect(Schema.decodeUnknownSync(schema, { onExcessProperty: "error" })(answer.json)).toEqual(answer.json)
    }
  })
})

describe("an entity that was read a moment ago", () => {
  it("is told in the same words, and anew when it changed", async () => {
    const { json } = await call(at("/v1/entities"), { body: sdkRequest(developer, 61) })
    const id = json["entity_id"] as string
    const path = at(`/v1/entities/${id}`)
    const read = async (url: string, init: RequestInit = {}) => {
      const response = await fetch(url, init)
      const { connection: _, date: __, "keep-alive": ___, ...headers } = Object.fromEntries(response.headers)
      return { status: response.status, headers, text: await response.text() }
    }
    const first = await read(path)
    expect(first.status).toBe(200)
    expect(await read(path)).toEqual(first)
    expect(await read(at(`/v1/entities/${encodeURIComponent(id)}`))).toEqual(first)
    expect((await read(path, { headers: { origin: "https://page.example" } })).text).toBe(first.text)
    expect((await read(path, { method: "HEAD" })).text).toBe("")
    expect((await read(`${path}?x=1`)).text).toBe(first.text)
    const change = canonical({ summary: "changed" })
    const authorization = `Bearer ${sign(entityKeyOf(developer, 61), change)}`
    expect((await call(path, { method: "PUT", body: change, headers: { authorization } })).status).toBe(200)
    expect((await call(path)).json["summary"]).toBe("changed")
    await call(path, { method: "DELETE", headers: { authorization: `Bearer ${sign(entityKeyOf(developer, 61), id)}` } })
    expect((await read(path)).status).toBe(404)
  })
})

describe("every path", () => {
  it("is 404 where there is nothing, 405 where another method is meant", async () => {
    for (const path of [
      "/v1",
      "/v2/search",
      "/v1/entities/a/b",
      "/v1/search/",
      "/V1/info",
      `/v1/entities/${"x".repeat(5_000)}`,
      "/v1/entities/",
      "//v1/info",
    ]) {
      expectProblem(await call(at(path)), 404, "not_found")
    }
    for (const path of [
      "/v1/entities/%00",
      "/v1/entities/%zz",
      "/v1/entities/%ff",
      "/v1/developers/%F0%9F",
      "/v1/entities/..",
      "/v1/entities/'; DROP TABLE agents --",
    ]) {
      const answer = await call(at(path))
      expect([400, 404]).toContain(answer.status)
      expectProblem(answer, answer.status, answer.status === 400 ? "invalid_request" : "not_found")
    }
    const wrong = await call(at("/v1/search"))
    expectProblem(wrong, 405, "method_not_allowed")
    expect(wrong.headers.get("allow")).toBe("POST")
    expect((await call(at("/v1/entities/x"), { method: "PATCH" })).headers.get("allow")).toBe("DELETE, GET, HEAD, PUT")
    expect((await call(at("/docs"), { method: "POST" })).status).toBe(405)
  })

  it("answers HEAD as GET, without the body", async () => {
    const head = await call(at("/v1/info"), { method: "HEAD" })
    expect([head.status, head.text, Number(head.headers.get("content-length")) > 0]).toEqual([200, "", true])
    expect((await fetch(at("/v1/entities/nothing"), { method: "HEAD" })).status).toBe(404)
  })

  it("answers OPTIONS", async () => {
    for (const path of ["/v1/search", "/nothing/here"]) {
      const answer = await call(at(path), { method: "OPTIONS", headers: { origin: "https://page.example" } })
      expect([answer.status, answer.text, answer.headers.get("access-control-allow-origin")]).toEqual([204, "", "*"])
      expect(answer.headers.get("access-control-allow-methods")).toContain("DELETE")
      expect(answer.headers.get("access-control-allow-headers")).toBe("Content-Type, Authorization")
    }
    expect((await call(at("/nothing"))).headers.get("access-control-allow-origin")).toBe("*")
  })
})

describe("trouble inside", () => {
  const paths: ReadonlyArray<readonly [string, Json | undefined]> = [
    ["/v1/entities/x", undefined],
    ["/v1/developers/x", undefined],
    ["/v1/network/status", undefined],
    ["/v1/entities", {}],
    ["/v1/developers", {}],
    ["/v1/search", { query: "x" }],
  ]
  it.each(paths)("%s tells a fixed sentence", async (path, body) => {
    try {
      served.trouble = "store"
      expectProblem(await call(at(path), body === undefined ? {} : { body }), 503, "unavailable")
      served.trouble = "defect"
      expectProblem(await call(at(path), body === undefined ? {} : { body }), 500, "internal")
    } finally {
      served.trouble = "none"
    }
  })
})
