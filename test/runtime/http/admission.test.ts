/** Who is let in: restricted mode, the web hook, the browser flow's answer; the operator's peers; the feed; how ready it is. */
import { createDecipheriv, createHash } from "node:crypto"
import { Effect, Exit, Redacted, Schema, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { secretKeyOf, sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { sealed } from "../../../src/runtime/http/admin.ts"
import { Changes } from "../../../src/runtime/http/changes-api.ts"
import { NetworkStats } from "../../../src/runtime/http/documents.ts"
import { developerOf, developerRequest, entityKeyOf, handleRequest, sdkRequest } from "../../support/clients.ts"
import { identityVectors } from "../../support/identity-vectors.ts"
import { type ServedNode, servedNode } from "../../support/served-node.ts"
import { call, expectProblem } from "./serving.ts"

const authUrl = "https://let-in.example/login"
const scope = Scope.makeUnsafe()
let closed: ServedNode
let open: ServedNode
let alone: ServedNode
beforeAll(async () => {
  const webhookSecret = Redacted.make("whsec_of_tests")
  const restricted = { onboarding: { mode: "restricted", authUrl, webhookSecret } } as const
  const both = Effect.all([
    servedNode(81, restricted, { onboarding: "restricted" }),
    servedNode(82, { adminToken: Redacted.make("operator") }),
    servedNode(83),
  ])
  ;[closed, open, alone] = await Effect.runPromise(Scope.provide(both, scope))
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const hook = { authorization: "Bearer whsec_of_tests" }
const state = "0123456789abcdef0123456789abcdef"
/** As the deployed command lines do it (reference 9). */
const opened = (text: string, secret: string): Buffer => {
  const bytes = Buffer.from(text, "base64")
  const decipher = createDecipheriv("aes-256-gcm", createHash("sha256").update(secret).digest(), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  return Buffer.from(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString(), "base64")
}

describe("restricted", () => {
  const approve = (body: Parameters<typeof call>[1], headers: Readonly<Record<string, string>> = hook) =>
    call(`${closed.url}/v1/admin/developers/approve`, { ...body, headers })

  it("lets nobody in by itself, whatever it sends", async () => {
    for (const body of [developerRequest(developerOf(1)), "{", {}]) {
      const answer = await call(`${closed.url}/v1/developers`, { body })
      expect([answer.status, answer.json["error"], answer.json["auth_url"]]).toEqual([403, "forbidden", authUrl])
    }
    expectProblem(await call(`${closed.url}/v1/entities`, { body: sdkRequest(developerOf(1), 0) }), 403, "forbidden")
    expectProblem(await call(`${closed.url}/v1/handles`, { body: handleRequest(developerOf(1), "alice") }), 403, "forbidden")
    expect((await call(`${closed.url}/v1/info`)).json["developer_onboarding"]).toEqual({ mode: "restricted", auth_url: authUrl })
  })

  it("lets in whom the web hook brings, with a key of its own", async () => {
    const request = { body: developerRequest(developerOf(1)) }
    expect((await call(`${closed.url}/v1/developers`, { ...request, headers: { authorization: "Bearer whsec_of_nobody" } })).status).toBe(
      403,
    )
    expect((await call(`${closed.url}/v1/developers`, { ...request, headers: hook })).status).toBe(201)
    expect((await call(`${closed.url}/v1/entities`, { body: sdkRequest(developerOf(1), 0) })).status).toBe(201)
  })

  it("makes a key for whom the web hook approves, the same for the same state", async () => {
    const body = { name: "Dora", state, callback_port: 8123 }
    const answer = await approve({ body })
    expect(answer.status).toBe(201)
    const secret = opened(answer.json["private_key_enc"] as string, state)
    const key = secretKeyOf(secret.subarray(0, 32))
    expect([secret.length, answer.json["public_key"], answer.json["developer_id"]]).toEqual([
      64,
      key.publicKey,
      idOf("developer", key.publicKey),
    ])
    expect((await approve({ body })).json).toEqual(answer.json)
    expectProblem(await approve({ body: { ...body, name: "Other" } }), 409, "conflict")
    expect((await call(`${closed.url}/v1/developers/${answer.json["developer_id"] as string}`)).json["name"]).toBe("Dora")
    const dora = { seed: secret.subarray(0, 32), key }
    expect((await call(`${closed.url}/v1/entities`, { body: sdkRequest(dora, 0) })).status).toBe(201)
  })

  it("hides it as the deployed command lines open it", () => {
    const { onboarding } = identityVectors
    const plain = Buffer.from(onboarding.plaintext, "base64")
    expect(sealed(plain, onboarding.state, Buffer.from(onboarding.nonce_hex, "hex"))).toBe(onboarding.private_key_enc)
    expect(opened(onboarding.private_key_enc, onboarding.state).equals(plain)).toBe(true)
  })

  it("refuses everybody else, and what is no request", async () => {
    const body = { name: "Dora", state }
    for (const headers of [{}, { authorization: "Bearer " }, { authorization: "Bearer x" }, { authorization: "Basic whsec_of_tests" }])
      expectProblem(await approve({ body }, headers), 401, "unauthorized")
    expectProblem(await approve({ body: { state } }), 400, "invalid_request", "name")
    expectProblem(await approve({ body: { name: "x", state: "short" } }), 400, "invalid_request", "state")
    expectProblem(await approve({ body: "[]" }), 400, "invalid_request")
    expectProblem(await call(`${open.url}/v1/admin/developers/approve`, { body, headers: hook }), 503, "unavailable")
  })
})

describe("peers", () => {
  it("are named by the operator, and by nobody else", async () => {
    const path = `${open.url}/v1/network/peers`
    const body = { address: "127.0.0.1:1#ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" }
    expectProblem(await call(path, { body }), 401, "unauthorized")
    expectProblem(await call(path, { body, headers: hook }), 401, "unauthorized")
    expectProblem(await call(`${closed.url}/v1/network/peers`, { body, headers: { authorization: "Bearer operator" } }), 403, "forbidden")
    const named = (address: string) => call(path, { body: { address }, headers: { authorization: "Bearer operator" } })
    for (const address of ["nowhere", "a b:1", "x:1#ed25519:short", ""])
      expectProblem(await named(address), 400, "invalid_request", "address")
    expect((await named(`127.0.0.1:${closed.running.address.port}`)).status).toBe(201)
    for (let i = 0; i < 100 && (await Effect.runPromise(open.node.peers)).length === 0; i++)
      await new Promise((done) => setTimeout(done, 20))
    expect((await call(path)).json["peers"]).toMatchObject([{ registry_id: closed.node.registryId, direction: "out" }])
  })
})

describe("the feed of changes", () => {
  const read = async (query: string) => {
    const answer = await call(`${alone.url}/v1/changes${query}`)
    expect(answer.status).toBe(200)
    return Schema.decodeUnknownSync(Changes, { onExcessProperty: "error" })(answer.json)
  }

  it("tells all, in order, page after page, and goes on where it was", async () => {
    const eve = developerOf(5)
    for (const index of [0, 1, 2]) await call(`${alone.url}/v1/entities`, { body: sdkRequest(eve, index) })
    const ids = [0, 1, 2].map((index) => idOf("agent", entityKeyOf(eve, index).publicKey))
    const isOurs = ({ subject }: { readonly subject: string }) => ids.includes(subject as (typeof ids)[number])
    const all = await read("")
    expect(all.changes.filter(isOurs).map(({ deleted, subject }) => [subject, deleted])).toEqual(ids.map((id) => [id, false]))
    const paged: Array<string> = []
    let page = await read("?limit=1")
    for (; page.has_more; page = await read(`?limit=1&since=${page.next}`)) paged.push(...page.changes.map(({ id }) => id))
    expect([...paged, ...page.changes.map(({ id }) => id)]).toEqual(all.changes.map(({ id }) => id))

    const { next } = all
    expect((await read(`?since=${next}`)).changes).toEqual([])
    const text = ids[0]!
    await call(`${alone.url}/v1/entities/${text}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${sign(entityKeyOf(eve, 0), text)}` },
    })
    const later = await read(`?since=${next}`)
    expect(later.changes).toMatchObject([{ type: "tombstone", subject: text, deleted: true, registry_id: alone.node.registryId }])
    expect((await read(`?since=${later.next}`)).changes).toEqual([])
  })

  it("refuses what is no token of ours, and one that is too old to go on from", async () => {
    for (const since of ["x", "1.2.3.4", "-1", "1e3", `9.${"9".repeat(20)}.1`, `9.1.${"9".repeat(19)}`, "%00"])
      expectProblem(await call(`${alone.url}/v1/changes?since=${since}`), 400, "invalid_request", "since")
    expectProblem(await call(`${alone.url}/v1/changes?since=1000.0.5`), 410, "gone", "since")
    expectProblem(await call(`${alone.url}/v1/changes?limit=x`), 400, "invalid_request", "limit")
  })
})

describe("how it is", () => {
  it("is told", async () => {
    for (let i = 0; i < 100 && (await call(`${open.url}/ready`)).status !== 200; i++) await new Promise((done) => setTimeout(done, 100))
    expect((await call(`${open.url}/ready`)).json).toEqual({ status: "ready", phase: "serving", database: "ok", indexes: "complete" })
    await call(`${open.url}/v1/search`, { body: { query: "agent" } })
    const { json } = await call(`${open.url}/v1/network/stats`)
    const stats = Schema.decodeUnknownSync(NetworkStats, { onExcessProperty: "error" })(json)
    expect(stats.searches_per_hour).toBeGreaterThan(0)
    expect(stats.estimated_registries).toBeGreaterThan(0)
    expect((await call(`${open.url}/v1/categories`)).json).toEqual({ categories: expect.any(Array) })
    expect((await call(`${open.url}/v1/tags`)).json).toEqual({ tags: [] })
  })
})
