/**
 * Generated and mutated requests to every route that `/openapi.json` declares: no answer is our fault, none takes long, none
 * tells of the inside, and nothing changes for whoever has no authority (fast-check; the requests follow the declaration, so a
 * new route is under fire the day it is declared).
 */
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Json, JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { developerOf, developerRequest, entityIdOf, handleRequest, nameRequest, sdkRequest } from "../../support/clients.ts"
import { type ServedNode, servedNode } from "../../support/served-node.ts"
import { call, expectDiscreet } from "./serving.ts"

interface Route {
  readonly path: string
  readonly method: string
  readonly query: ReadonlyArray<string>
}

const scope = Scope.makeUnsafe()
let served: ServedNode
let routes: ReadonlyArray<Route>
const alice = developerOf(1)
const id = entityIdOf(alice, 0)
beforeAll(async () => {
  const adminToken = Redacted.make("operator")
  served = await Effect.runPromise(Scope.provide(servedNode(61, { adminToken }, {}, Layer.empty), scope))
  const { json } = await call(`${served.url}/openapi.json`)
  const paths = json["paths"] as unknown as Record<
    string,
    Record<string, { readonly parameters?: ReadonlyArray<{ readonly in: string; readonly name: string }> }>
  >
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      path,
      method: method.toUpperCase(),
      query: parameters.filter((one) => one.in === "query").map(({ name }) => name),
    })),
  )
  for (const [path, body] of [
    ["/v1/developers", developerRequest(alice)],
    ["/v1/entities", sdkRequest(alice, 0)],
    ["/v1/handles", handleRequest(alice, "alice")],
    ["/v1/names", nameRequest(alice, { entity_id: id })],
  ] as const)
    await call(`${served.url}${path}`, { body })
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

// what is sent ---------------------------------------------------------------------------------------------------------

const odd = fc.oneof(
  fc.constantFrom(
    "",
    "%00",
    "%ff",
    "..",
    "null",
    "-1",
    "1e9",
    "99999999999999999999",
    "'; DROP TABLE agents --",
    "\u2028",
    "😀",
    "a".repeat(300),
  ),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => (text.isWellFormed() ? encodeURIComponent(text) : "%ed%a0%80")),
)
const known = fc.constantFrom(
  id,
  encodeURIComponent(id),
  idOf("developer", alice.key.publicKey),
  "alice",
  "weather",
  `zns:${"0".repeat(32)}`,
  "registry.example",
)
const segment = fc.oneof({ weight: 3, arbitrary: known }, odd)
const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>
const requests: ReadonlyArray<JsonObject> = [
  sdkRequest(developerOf(2), 0),
  developerRequest(developerOf(2)),
  handleRequest(developerOf(2), "bobby"),
  nameRequest(alice, { entity_id: id }),
  { method: "dns", proof: "a.example", signature: sign(alice.key, "x") },
  { name: "Eve", state: "0123456789abcdef" },
  { query: "agent", tags: ["x"], max_results: 3, offset: 1, federated: false },
  { summary: "changed", signature: sign(developerOf(2).key, "x") },
  { to_version: 1, signature: sign(developerOf(2).key, "x") },
]
/** A request as clients send it, with one member spoilt: what is left of its signature is no authority any more. */
const spoilt = fc
  .constantFrom(...requests)
  .chain((body) =>
    fc
      .record({ member: fc.constantFrom(...Object.keys(body)), value: json })
      .map(({ member, value }): Json => ({ ...body, [member]: value })),
  )
const body = fc.oneof(
  spoilt.map((value) => JSON.stringify(value)),
  json.map((value) => JSON.stringify(value)),
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.constantFrom("", "{", "[".repeat(1_000), '{"__proto__":1}', '{"a":1e999}', '"\\ud800"'),
)
const authorization = fc.oneof(
  fc.constantFrom(
    "",
    "Bearer",
    "Bearer x",
    "Basic x",
    `Bearer ${sign(developerOf(2).key, id)}`,
    `Bearer-Dev ${sign(developerOf(2).key, id)}`,
    "Bearer \u00ff",
  ),
  fc.string({ unit: "binary-ascii", maxLength: 30 }).map((text) => `Bearer ${text.replace(/[^\x20-\x7e]/g, "")}`),
)

/** All that a stranger could want to change. */
const holdings = async (): Promise<unknown> => {
  const read = async (path: string) => (await call(`${served.url}${path}`)).json
  return [
    await read(`/v1/entities/${id}`),
    await read(`/v1/developers/${idOf("developer", alice.key.publicKey)}`),
    await read("/v1/handles/alice"),
    await read("/v1/names/alice/weather"),
  ]
}

describe("any request to any route", () => {
  it("is answered, is never our fault, and changes nothing without authority", async () => {
    const before = await holdings()
    expect(before).toMatchObject([{ entity_id: id }, { name: "Alice" }, { handle: "alice" }, { entity_name: "weather" }])
    const seen = new Set<string>()
    const one = fc.record({
      pick: fc.nat(),
      segments: fc.array(segment, { minLength: 3, maxLength: 3 }),
      body,
      authorization,
      query: fc.array(odd, { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(one, async (asked) => {
        const route = routes[asked.pick % routes.length]!
        seen.add(`${route.method} ${route.path}`)
        let next = 0
        const path = route.path.replace(/\{\w+\}/g, () => asked.segments[next++]! || "x")
        const query = asked.query.flatMap((value, i) =>
          route.query[i] === undefined ? [] : [`${route.query[i]}=${encodeURIComponent(value)}`],
        )
        const isSent = route.method === "POST" || route.method === "PUT"
        const answer = await call(`${served.url}${path}${query.length > 0 ? `?${query.join("&")}` : ""}`, {
          method: route.method,
          headers: { authorization: asked.authorization },
          signal: AbortSignal.timeout(5_000),
          ...(isSent && { body: asked.body }),
        })
        const told = `${route.method} ${path} ${answer.text}`
        expect([500, 501, 504], told).not.toContain(answer.status)
        // what cannot be looked at, or is not ready yet, is told so
        if (answer.status >= 500) expect(route.path, told).toMatch(/^\/(?:ready|v1\/admin\/|v1\/entities\/\{id\}\/card)/)
        if (answer.status >= 400 && route.method !== "HEAD") expect(answer.json["error"], told).toBeTypeOf("string")
        expectDiscreet(answer)
      }),
      { numRuns: 700 },
    )
    expect(await holdings()).toEqual(before)
    expect(seen.size).toBe(routes.length)
  })
})
