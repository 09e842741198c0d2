/** Spans of a node as a collector gets them: what was done is there, what it was about is not; without a collector nothing is wrapped. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Activity, makeActivity } from "../../src/runtime/activity.ts"
import { HandleWitness } from "../../src/runtime/handle-witness.ts"
import { HttpListener, layer as httpServer } from "../../src/runtime/http/server.ts"
import { routeOf, wordsOf } from "../../src/runtime/http/spans.ts"
import { otlp } from "../../src/runtime/live/telemetry.ts"
import { Node } from "../../src/runtime/node-service.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { traced, tracedService, untraced } from "../../src/runtime/tracing.ts"
import { developerOf, entityIdOf, sdkRequest } from "../support/clients.ts"
import { realNode } from "../support/real-nodes.ts"
import { blindWitness, call, settings } from "./http/serving.ts"

interface Span {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind: number
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: unknown }>
}

const bodies: Array<string> = []
const heads: Array<string | undefined> = []
const collector = createServer((request, response) => {
  let body = ""
  request.on("data", (chunk: Buffer) => (body += chunk.toString()))
  request.on("end", () => {
    heads.push(request.headers.authorization)
    bodies.push(body)
    response.end("{}")
  })
})
beforeAll(() => new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve)))
afterAll(() => new Promise<void>((resolve) => void collector.close(() => resolve())))

const spansIn = (body: string) =>
  (
    JSON.parse(body) as { resourceSpans: ReadonlyArray<{ scopeSpans: ReadonlyArray<{ spans: ReadonlyArray<Span> }> }> }
  ).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))

describe("with a collector", () => {
  it("it gets requests, what they led to, and the store's work, and no word of what they were about", async () => {
    const scope = Scope.makeUnsafe()
    const developer = developerOf(63)
    const telemetry = otlp({
      endpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`,
      headers: Redacted.make("authorization=Bearer%20s3cret"),
      serviceName: "a node",
      version: "1.2.3",
    })
    const serving = Effect.gen(function* () {
      const other = yield* realNode(0x6401, makeMemoryStore())
      const store = tracedService("store", makeMemoryStore())
      const { service } = yield* realNode(0x6402, store, { bootstrap: [{ address: other.address }], spanned: traced })
      const ports = Layer.mergeAll(
        Layer.succeed(Node, tracedService("node", service)),
        Layer.sync(Activity, () => makeActivity("run", () => 0)),
        Layer.succeed(HandleWitness, blindWitness),
      )
      return Context.get(yield* Layer.build(Layer.provide(httpServer({ ...settings, isTraced: true }), ports)), HttpListener).url
    })
    const built = await Effect.runPromise(Scope.provide(Layer.build(telemetry), scope))
    const url = await Effect.runPromise(Scope.provide(serving, scope).pipe(Effect.provideContext(built)))
    await call(`${url}/v1/entities`, { body: sdkRequest(developer, 0, { name: "xylophone tuner" }) })
    await call(`${url}/v1/search`, { body: { query: "zither repair", federated: true } })
    await call(`${url}/v1/entities/${entityIdOf(developer, 0)}?hello=qanun`)
    await call(`${url}/v1/handles/lute/available`)
    await Effect.runPromise(Scope.close(scope, Exit.void))

    const spans = bodies.flatMap(spansIn)
    const byName = new Map(spans.map((span) => [span.name, span]))
    for (const name of ["POST /v1/entities", "POST /v1/search", "GET /v1/entities/:id", "GET /v1/handles/:id/available"])
      expect(byName.get(name), name).toMatchObject({ kind: 2 })
    for (const name of ["node.registerEntity", "node.search", "mesh.fan-out", "store.register", "store.slots"])
      expect(byName.has(name), name).toBe(true)
    const parentOf = (name: string) => spans.find(({ spanId }) => spanId === byName.get(name)!.parentSpanId)?.name
    expect([parentOf("node.registerEntity"), parentOf("node.search")]).toEqual(["POST /v1/entities", "POST /v1/search"])
    const status = byName.get("POST /v1/entities")!.attributes.find(({ key }) => key === "http.response.status_code")
    expect(status?.value).toMatchObject({ intValue: 201 })
    expect(heads.every((head) => head === "Bearer s3cret")).toBe(true)
    expect(bodies.join()).toContain("a node")
    const aboutOf = ["xylophone", "zither", "qanun", "lute", entityIdOf(developer, 0), "s3cret"]
    for (const secret of aboutOf) expect(bodies.join()).not.toContain(secret)
  })
})

describe("without one", () => {
  it("nothing is wrapped", () => {
    const work = Effect.succeed(1)
    expect(untraced("x", work)).toBe(work)
  })
})

describe("a route", () => {
  const words = wordsOf(["/v1/entities/:id/card", "/v1/search", "/docs"])
  it.each([
    ["/v1/entities/zns:ab/card?x=1", "/v1/entities/:id/card"],
    ["/v1/search", "/v1/search"],
    ["/secret/path", "/:id/:id"],
    ["/", "/"],
    [`/${"a/".repeat(50)}`, "/:id/:id/:id/:id/:id/:id/:id"],
  ])("of %s is %s", (url, route) => expect(routeOf(words, url)).toBe(route))
})
