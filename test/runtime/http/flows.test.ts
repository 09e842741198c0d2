/**
 * The 32 flows of the deployed SDKs (reference 11), with payloads as they send them: what each of them expects of a registry.
 * In order, on one registry: what one flow makes, a later one may use. Cards, sockets and search have suites of their own; here
 * is what the SDKs make of them. The key of developer "zero" and its signatures are those of the recorded vectors.
 */
import { Effect, Exit, Redacted, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canonical, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { prove } from "../../../src/protocol/identity/derivation.ts"
import { type SecretKey, sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { type Developer, developerOf, developerRequest, entityKeyOf, nameRequest, sdkRequest } from "../../support/clients.ts"
import { identityVectors } from "../../support/identity-vectors.ts"
import { type ServedNode, servedNode } from "../../support/served-node.ts"
import { type Answer, call, expectProblem } from "./serving.ts"

const scope = Scope.makeUnsafe()
let served: ServedNode
let closed: ServedNode
beforeAll(async () => {
  const onboarding = { mode: "restricted", authUrl: "https://let-in.example", webhookSecret: Redacted.make("whsec") } as const
  const limited = { onboarding, rateLimitRegister: 10, rateLimitSearch: 100 }
  const both = Effect.all([servedNode(91), servedNode(92, limited, { onboarding: "restricted" })])
  ;[served, closed] = await Effect.runPromise(Scope.provide(both, scope))
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const [zero, other] = [developerOf(0), developerOf(77)]
const at = (path: string) => `${served.url}${path}`
const idOfAgent = (developer: Developer, index: number) => idOf("agent", entityKeyOf(developer, index).publicKey)
const id = idOfAgent(zero, 0)
const vector = (name: string) => identityVectors.signing.find((one) => one.name === name)!
const post = (path: string, body: JsonObject) => call(at(path), { body })
const register = (body: JsonObject) => post("/v1/entities", body)
const get = async (path: string) => (await call(at(path))).json
const search = async (body: JsonObject) => (await post("/v1/search", body)).json as unknown as Found
interface Found {
  readonly results: ReadonlyArray<{ readonly entity_id: string; readonly score: number; readonly fqan?: string }>
  readonly total_found: number
  readonly has_more: boolean
}
/** As both SDKs update: the fields, signed; the signature among them; all of it signed in the header. */
const update = (path: string, key: SecretKey, fields: JsonObject, scheme = "Bearer", inside: SecretKey = key): Promise<Answer> => {
  const body = canonical({ ...fields, signature: sign(inside, canonical(fields)) })
  return call(at(path), { method: "PUT", body, headers: { authorization: `${scheme} ${sign(key, body)}` } })
}
const remove = (path: string, authorization: string) => call(at(path), { method: "DELETE", headers: { authorization } })
const [zeroKey, otherKey] = [entityKeyOf(zero, 0), entityKeyOf(other, 0)]
const tricky = { name: "R&D <bot> é — 😀", summary: 'summarises "contracts"\u2028and invoices', category: "legal" }

describe("the flows of the SDKs", () => {
  it("1: keys, ids and proofs are the same", () => {
    const derived = identityVectors.derivations.find((one) => one.developer === "zero" && one.index === 0 && one.domain === "zns:agent:")!
    expect([zeroKey.publicKey, id]).toEqual([derived.public_key, derived.agent_id])
    const { proof } = identityVectors.proofs.find((one) => one.developer === "zero" && one.index === 0)!
    expect(prove(zero.key, zeroKey.publicKey, 0)).toEqual(proof)
  })

  it("2, 3: registering, and again", async () => {
    const body = sdkRequest(zero, 0, tricky)
    const answer = await register(body)
    expect([answer.status, answer.json["entity_id"]]).toEqual([201, id])
    expect((await register(body)).status).toBe(409)
    // as requests writes it: ASCII, with spaces
    const ascii = JSON.stringify(sdkRequest(zero, 40, tricky)).replaceAll(
      /[\u007f-\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    expect((await call(at("/v1/entities"), { body: ascii.replaceAll('":', '": ') })).status).toBe(201)
    const { public_key, signature, signed_text } = vector("register_entity_tags_absent_go_client")
    const go = { ...(JSON.parse(signed_text) as JsonObject), public_key, signature }
    const { developer_id, developer_proof } = sdkRequest(zero, 0)
    expect((await register({ ...go, developer_id: developer_id!, developer_proof: developer_proof! })).status).toBe(409)
  })

  it("4: proofs that are none, developers that nobody knows", async () => {
    const body = sdkRequest(other, 1)
    const { developer_proof, ...unproven } = body
    expect((await register(unproven)).status).toBe(400)
    expect((await register({ ...body, developer_proof: sdkRequest(zero, 1)["developer_proof"]! })).status).toBe(400)
    expect((await register({ ...body, developer_proof: { ...(developer_proof as JsonObject), entity_index: 7 } })).status).toBe(401)
    expect((await register({ ...body, name: "x" })).status).toBe(401)
    expect((await register(body)).status).toBe(201)
    expectProblem(await call(`${closed.url}/v1/entities`, { body }), 403, "forbidden")
  })

  it("5: services", async () => {
    const service = sdkRequest(zero, 1, { entity_type: "service", name: "Text Transform" }, { service_endpoint: "https://svc.example.com" })
    expect((await register(service)).json["entity_id"]).toBe(idOf("service", entityKeyOf(zero, 1).publicKey))
    expect((await register(sdkRequest(zero, 2, { entity_type: "service" }))).status).toBe(400)
  })

  it("6: reading", async () => {
    for (const path of [id, encodeURIComponent(id)]) expect(await get(`/v1/entities/${path}`)).toMatchObject({ entity_id: id, ...tricky })
    expect((await call(at(`/v1/entities/zns:${"0".repeat(32)}`))).status).toBe(404)
  })

  it("7: updating", async () => {
    expect((await update(`/v1/entities/${id}`, zeroKey, { summary: "sonnets into haiku", tags: [] })).status).toBe(200)
    expect((await get(`/v1/entities/${id}`))["summary"]).toBe("sonnets into haiku")
    expect((await search({ query: "haiku" })).results[0]?.entity_id).toBe(id)
    expect((await update(`/v1/entities/${id}`, otherKey, { summary: "x" })).status).toBe(401)
    const { signature, signed_text } = vector("put_entity_authorization")
    const put = { method: "PUT", body: signed_text, headers: { authorization: `Bearer ${signature}` } }
    expect((await call(at(`/v1/entities/${id}`), put)).json).toMatchObject({
      name: "x",
      summary: "é <b>",
      entity_url: "https://agent.example.com/a",
    })
  })

  it("8: updating as the developer: what the entity signed or left unsigned, but nothing that only it may sign", async () => {
    const { signature, signed_text } = vector("put_entity_authorization_developer_key")
    const put = { method: "PUT", body: signed_text, headers: { authorization: `Bearer-Dev ${signature}` } }
    expect((await call(at(`/v1/entities/${id}`), put)).status).toBe(200)
    expect(
      (await update(`/v1/entities/${id}`, zero.key, { openapi_url: "https://a.example/o.json" }, "Bearer-Dev")).json["openapi_url"],
    ).toBe("https://a.example/o.json")
    expect((await update(`/v1/entities/${id}`, zero.key, { name: "by its developer" }, "Bearer-Dev", zeroKey)).json["name"]).toBe(
      "by its developer",
    )
    expectProblem(await update(`/v1/entities/${id}`, other.key, { openapi_url: "https://b.example" }, "Bearer-Dev"), 401, "unauthorized")
    expectProblem(await update(`/v1/entities/${id}`, zero.key, { name: "taken over" }, "Bearer-Dev"), 401, "unauthorized")
  })

  it("9 to 12: searching", async () => {
    for (let index = 100; index < 165; index++)
      await register(sdkRequest(zero, index, { name: `reader ${index}`, category: "readers", summary: "reads maps" }))
    const found = await search({ query: "maps", max_results: 10, federated: false, enrich: false })
    expect([typeof found.results[0]?.score, found.total_found, found.has_more]).toEqual(["number", 65, true])
    expect((await search({ query: "nothinglikeit" })).results).toEqual([])
    expect((await post("/v1/search", { query: "maps", skills: ["nlp", "vision"] })).status).toBe(200)
    const developer_id = idOf("developer", zero.key.publicKey)
    for (const filter of [{ developer_id }, { category: "readers" }]) expect((await search(filter)).total_found).toBeGreaterThanOrEqual(65)
    expect((await post("/v1/search", {})).status).toBe(400)
    const pages = await Promise.all([0, 25, 50].map((offset) => search({ query: "maps", max_results: 25, offset })))
    expect(pages.map((page) => [page.results.length, page.has_more])).toEqual([
      [25, true],
      [25, true],
      [15, false],
    ])
    expect(new Set(pages.flatMap(({ results }) => results.map(({ entity_id }) => entity_id))).size).toBe(65)
  })

  it("14: cards of who is unknown", async () => {
    expect((await call(at(`/v1/entities/zns:${"0".repeat(32)}/card`))).status).toBe(404)
  })

  it("15, 16: handles", async () => {
    const isFree = async (handle: string) => (await get(`/v1/handles/${handle}/available`))["available"]
    expect([await isFree("acme-corp"), await isFree("ab"), await isFree("admin")]).toEqual([true, false, false])
    const { signature, signed_text } = vector("claim_handle")
    const claim = { ...(JSON.parse(signed_text) as JsonObject), signature }
    expect((await post("/v1/handles", { ...claim, public_key: other.key.publicKey })).status).toBe(401)
    expect((await post("/v1/handles", claim)).status).toBe(201)
    expect(await isFree("acme-corp")).toBe(false)
  })

  it("17, 18, 21: names", async () => {
    const fqan = "registry.example/acme-corp/rd-bot"
    const { signature, signed_text } = vector("bind_name_no_tags_no_version")
    const { capability_tags: _, version: __, ...sent } = JSON.parse(signed_text) as JsonObject
    const bound = await post("/v1/names", { ...sent, signature })
    expect([bound.status, bound.json["fqan"]]).toEqual([201, fqan])
    expect((await post("/v1/names", { ...sent, signature })).status).toBe(409)
    const under = { developer_handle: "acme-corp", entity_id: id }
    expect((await post("/v1/names", nameRequest(other, { ...under, entity_name: "foreign" }))).status).toBe(401)
    const foreign = nameRequest(zero, { ...under, entity_name: "foreign", entity_id: idOfAgent(other, 1) })
    expect((await post("/v1/names", foreign)).status).toBe(403)
    const tagged = nameRequest(zero, { ...under, entity_name: "tagged", capability_tags: ["a & b", "<c>"], version: "1.0.0" })
    expect((await post("/v1/names", tagged)).status).toBe(201)
    // the TypeScript SDK signs an empty list and sends none
    const { capability_tags: ___, ...empty } = nameRequest(zero, { ...under, entity_name: "empty", capability_tags: [] })
    expect((await post("/v1/names", empty)).status).toBe(201)
    expect((await get("/v1/names/acme-corp/rd-bot/available"))["available"]).toBe(false)
    expect(await get("/v1/names/acme-corp/rd-bot")).toMatchObject({ fqan, entity_id: id })
    expect(await get("/v1/names/acme-corp/rd-bot/versions")).toMatchObject([{ version: 1, entity_id: id }])
    expect(await get("/v1/resolve/acme-corp/rd-bot")).toMatchObject({ fqan, entity_id: id, entity_url: "https://agent.example.com/a" })
  })

  it("19, 20: what an entity is called, and who is called so", async () => {
    for (const body of [
      { fqan: id, max_results: 1 },
      { query: id, max_results: 1, enrich: false },
    ])
      expect((await search(body)).results).toMatchObject([{ entity_id: id, fqan: "registry.example/acme-corp/empty" }])
    expect((await search({ fqan: "registry.example/acme-corp/rd-bot", max_results: 1 })).results).toMatchObject([
      { entity_id: id, score: 1 },
    ])
    expect((await search({ fqan: "registry.example/acme-corp/nobody" })).results).toEqual([])
  })

  it("22: ending an entity that has names", async () => {
    const { signature } = vector("delete_entity_authorization")
    expect((await remove(`/v1/entities/${id}`, `Bearer ${signature}`)).status).toBe(200)
    for (const path of [`/v1/entities/${id}`, "/v1/names/acme-corp/rd-bot", "/v1/resolve/acme-corp/tagged"])
      expect((await call(at(path))).status).toBe(404)
  })

  it("23: the same again and again is the owner's; the same with another endpoint is nobody's", async () => {
    const body = sdkRequest(zero, 3, { name: "again" }, { openapi_url: "https://a.example" })
    const path = `/v1/entities/${idOfAgent(zero, 3)}`
    const end = () => remove(path, `Bearer ${sign(entityKeyOf(zero, 3), idOfAgent(zero, 3))}`)
    for (let i = 0; i < 2; i++) {
      expect((await register(body)).status).toBe(201)
      for (const summary of ["A", "B", "A"]) expect((await update(path, entityKeyOf(zero, 3), { summary })).json["summary"]).toBe(summary)
      expect((await end()).status).toBe(200)
    }
    expectProblem(await register({ ...body, openapi_url: "https://evil.example" }), 401, "unauthorized", "signature")
    expectProblem(await register({ ...body, ...proofBy(other, entityKeyOf(zero, 3)) }), 401, "unauthorized", "signature")
    expect((await register(body)).status).toBe(201)
  })

  it("24, 25: the registry and its developers", async () => {
    expect(await get("/v1/info")).toMatchObject({ developer_onboarding: { mode: "open" } })
    expect(await get("/v1/network/status")).toMatchObject({ node_type: "full", local_agents: expect.any(Number) })
    expect(await get("/v1/categories")).toMatchObject({ categories: expect.arrayContaining(["readers", "tools"]) })
    expect(await get("/v1/tags")).toEqual({ tags: expect.any(Array) })
    const { public_key, signature, signed_text } = vector("register_developer_plain")
    expect((await post("/v1/developers", { ...(JSON.parse(signed_text) as JsonObject), public_key, signature })).status).toBe(201)
    expect(await get(`/v1/developers/${idOf("developer", zero.key.publicKey)}`)).toMatchObject({ name: "Alice", dev_handle: "acme-corp" })
    expect((await call(at(`/v1/developers/zns:dev:${"0".repeat(32)}`))).status).toBe(404)
    expect((await post("/v1/developers", developerRequest(other, { name: "Bob" }))).status).toBe(201)
  })

  it("26: an agent that starts twice", async () => {
    const agent = idOfAgent(zero, 50)
    expect((await call(at(`/v1/entities/${agent}`))).status).toBe(404)
    const started = await register(sdkRequest(zero, 50, { name: "My Agent" }, { entity_name: "my-agent" }))
    expect([started.status, started.json["fqan"]]).toEqual([201, "registry.example/acme-corp/my-agent"])
    // what it compares is as it sent it: it has nothing to update
    const shown = await get(`/v1/entities/${agent}`)
    expect(shown).toMatchObject({ name: "My Agent", entity_url: "https://agent.example.com/a", category: "tools", tags: [], summary: "" })
    expect(shown["fqan"]).toBe("registry.example/acme-corp/my-agent")
    expect((await update(`/v1/entities/${agent}`, entityKeyOf(zero, 50), { entity_url: "https://moved.example" })).status).toBe(200)
  })

  it("30: restricted", async () => {
    const asked = await call(`${closed.url}/v1/developers`, { body: developerRequest(zero) })
    expect([asked.status, asked.json["auth_url"]]).toEqual([403, "https://let-in.example"])
    const approve = (headers: Record<string, string>) =>
      call(`${closed.url}/v1/admin/developers/approve`, { body: { name: "Dora", state: "random-state-123" }, headers })
    expect((await approve({ authorization: "Bearer whsec" })).status).toBe(201)
    expect((await approve({ authorization: "Bearer other" })).status).toBe(401)
    expect((await approve({})).status).toBe(401)
  })

  it("31: too much in a minute", async () => {
    const many = async (path: string, body: JsonObject, count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => call(`${closed.url}${path}`, { body })))
      const over = answers.filter(({ status }) => status === 429)
      for (const answer of over) {
        expectProblem(answer, 429, "rate_limited")
        expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0)
      }
      expect(answers.every(({ headers }) => headers.has("x-ratelimit-limit") && headers.has("x-ratelimit-remaining"))).toBe(true)
      return over.length
    }
    // two registrations were asked for above
    expect(await many("/v1/names", {}, 9)).toBe(1)
    expect(await many("/v1/search", { query: "x" }, 101)).toBe(1)
  })

  it("32: preflights of pages", async () => {
    for (const path of ["/v1/entities", "/v1/names/a/b", "/nowhere"]) {
      const answer = await call(at(path), { method: "OPTIONS", headers: { origin: "https://page.example" } })
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "*"])
    }
  })

  it("two updates at once: both are there, one after the other, or one is told to try again", async () => {
    const path = `/v1/entities/${idOfAgent(zero, 50)}`
    for (let round = 0; round < 8; round++) {
      const fields = [{ summary: `one ${round}` }, { category: `two-${round}` }] as const
      const answers = await Promise.all(fields.map((said) => update(path, entityKeyOf(zero, 50), said)))
      expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true)
      const shown = await get(path)
      for (const [i, said] of fields.entries()) if (answers[i]!.status === 200) expect(shown).toMatchObject(said)
      expect(answers.some(({ status }) => status === 200)).toBe(true)
    }
  })
})

const proofBy = (developer: Developer, key: SecretKey): JsonObject => ({
  developer_id: idOf("developer", developer.key.publicKey),
  developer_proof: { ...prove(developer.key, key.publicKey, 0) },
})
