import fc from "fast-check"
import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { developerOf, developerRequest, sdkRequest } from "../../support/clients.ts"
import { call, expectDiscreet, expectProblem, type Served, serveOn } from "./serving.ts"

let served: Served
beforeAll(async () => void (served = await serveOn()))
afterAll(() => served.stop())

const at = (path: string) => `${served.url}${path}`
const developer = developerOf(1)

describe("anything at all", () => {
  const paths = ["/v1/entities", "/v1/developers", "/v1/search"]
  const json = fc.jsonValue({ maxDepth: 5 })
  const known = [
    sdkRequest(developer, 50),
    developerRequest(developerOf(50)),
    { query: "contracts", tags: ["law"], max_results: 3, offset: 1 },
  ]
  const mutated = fc
    .constantFrom(...known)
    .chain((body) =>
      fc
        .record({ member: fc.constantFrom(...Object.keys(body)), value: json })
        .map(({ member, value }) => JSON.stringify({ ...body, [member]: value })),
    )
  const bodies = fc.oneof(
    json.map((value) => JSON.stringify(value)),
    fc.string({ unit: "binary" }),
    mutated,
  )

  it("gets an answer that is not ours to blame, and tells nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), bodies, async (path, body) => {
        const answer = await call(at(path), { method: "POST", body })
        expect(answer.status).toBeLessThan(500)
        expect(answer.json).toBeTypeOf("object")
        expectDiscreet(answer)
      }),
      { numRuns: 500 },
    )
  })

  it("also as a path, a method or a header", async () => {
    const segment = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 }).map(encodeURIComponent)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "HEAD", "DELETE", "PUT", "PATCH"),
        fc.constantFrom("entities", "developers", "search", "x"),
        segment,
        async (method, resource, id) => {
          const answer = await call(at(`/v1/${resource}/${id}`), {
            method,
            headers: { authorization: `Bearer ${id}`, "x-forwarded-for": id },
          })
          expect(answer.status).toBeLessThan(500)
          expectDiscreet(answer)
        },
      ),
      { numRuns: 200 },
    )
  })

  it("that is not HTTP is told so", async () => {
    const said = await new Promise<string>((done) => {
      let text = ""
      const socket = connect(served.port, "127.0.0.1", () => socket.write("HELLO\r\n\r\n"))
      socket
        .on("data", (chunk) => (text += chunk))
        .on("close", () => done(text))
        .on("error", () => done(text))
    })
    expect(said).toMatch(/^HTTP\/1\.1 400 /)
    expect(said).toContain('{"error":"invalid_request"')
  })
})

describe("rate limits", () => {
  it("refuse the eleventh registration and the hundred-and-first search, and say when to come back", async () => {
    const limited = await serveOn({ rateLimitRegister: 10, rateLimitSearch: 100 })
    try {
      const register = (i: number) => call(`${limited.url}${i % 2 === 0 ? "/v1/entities" : "/v1/developers"}`, { body: {} })
      const statuses = []
      for (let i = 0; i < 10; i++) statuses.push((await register(i)).status)
      expect(new Set(statuses)).toEqual(new Set([400]))
      const eleventh = await register(10)
      expectProblem(eleventh, 429, "rate_limited")
      expect(Number(eleventh.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(Number(eleventh.headers.get("retry-after"))).toBeLessThanOrEqual(120)
      const searches = []
      for (let i = 0; i < 101; i++) searches.push(await call(`${limited.url}/v1/search`, { body: { query: "x" } }))
      expect(searches.map((each) => each.status)).toEqual([...Array<number>(100).fill(200), 429])
      expect(searches[0]!.headers.get("x-ratelimit-limit")).toBe("100")
      expect(searches[0]!.headers.get("x-ratelimit-remaining")).toBe("99")
      // Nobody escapes by claiming to be somebody else, and reading is not limited.
      expect((await call(`${limited.url}/v1/search`, { body: { query: "x" }, headers: { "x-forwarded-for": "192.0.2.7" } })).status).toBe(
        429,
      )
      expect((await call(`${limited.url}/v1/info`)).status).toBe(200)
    } finally {
      await limited.stop()
    }
  })

  it("count clients behind a trusted proxy one by one", async () => {
    const proxied = await serveOn({ rateLimitSearch: 1, trustedProxies: ["127.0.0.0/8", "10.0.0.1"] })
    try {
      const search = (forwarded: string) =>
        call(`${proxied.url}/v1/search`, { body: { query: "x" }, headers: { "x-forwarded-for": forwarded } })
      expect((await search("192.0.2.1")).status).toBe(200)
      expect((await search("192.0.2.2, 10.0.0.1")).status).toBe(200)
      expect((await search("203.0.113.9, 192.0.2.1")).status).toBe(429)
    } finally {
      await proxied.stop()
    }
  })
})

describe("CORS for several origins", () => {
  it("answers each with its own, others with none", async () => {
    const several = await serveOn({ corsOrigins: ["https://a.example", "https://b.example"] })
    try {
      for (const [origin, allowed] of [
        ["https://a.example", "https://a.example"],
        ["https://b.example", "https://b.example"],
        ["https://c.example", null],
      ] as const) {
        for (const method of ["GET", "OPTIONS"]) {
          const answer = await call(`${several.url}/health`, { method, headers: { origin } })
          expect(answer.headers.get("access-control-allow-origin")).toBe(allowed)
          expect(answer.headers.get("vary")).toBe("Origin")
        }
      }
    } finally {
      await several.stop()
    }
  })
})

describe("listening", () => {
  it("fails with the address when the port is taken", async () => {
    await expect(serveOn({ port: served.port })).rejects.toMatchObject({
      _tag: "ListenFailed",
      address: `127.0.0.1:${served.port}`,
      reason: "EADDRINUSE",
    })
  })

  it("stops, and the port is free again", async () => {
    const first = await serveOn()
    await fetch(`${first.url}/health`)
    await first.stop()
    await expect(fetch(`${first.url}/health`)).rejects.toThrow("fetch failed")
    const second = await serveOn({ port: first.port })
    expect((await fetch(`${second.url}/health`)).status).toBe(200)
    await second.stop()
  })
})
