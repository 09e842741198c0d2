/** What a stranger's URL can make us do: loopback servers, an injected resolver, and no other network. */
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { redirectsMax } from "../../../src/protocol/limits.ts"
import { isPublicAddress } from "../../../src/runtime/live/public-address.ts"
import { publicWeb } from "../../../src/runtime/live/public-web.ts"
import type { WebRequest } from "../../../src/runtime/web.ts"

const asked: Array<string> = []
const pages: Record<string, RequestListener> = {
  "/card": (_, response) => response.setHeader("etag", '"1"').end('{"a":1}'),
  "/etag": ({ headers }, response) => (headers["if-none-match"] === '"1"' ? response.writeHead(304).end() : response.end("{}")),
  "/large": (_, response) => response.end("x".repeat(101)),
  "/endless": (_, response) => {
    for (let i = 0; i < 30; i++) response.write("x".repeat(10))
    response.end()
  },
  "/drip": (_, response) => void response.write("{"),
  "/silent": () => {},
  "/gzip": (_, response) => response.setHeader("content-encoding", "gzip").end("x"),
  "/binary": (_, response) => response.end(Buffer.from([0xff, 0xfe])),
  "/error": (_, response) => response.writeHead(500).end("{}"),
  "/there": (_, response) => response.writeHead(302, { location: "/card" }).end(),
  "/loop": (_, response) => response.writeHead(302, { location: "/loop" }).end(),
  "/inside": (_, response) => response.writeHead(307, { location: `http://inside.example:${port}/card` }).end(),
  "/literal": (_, response) => response.writeHead(301, { location: `http://127.0.0.2:${port}/card` }).end(),
  "/file": (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
}
const server = createServer((request, response) => {
  asked.push(request.url!)
  pages[request.url!]!(request, response)
})
let port = 0
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const names: Readonly<Record<string, ReadonlyArray<string>>> = {
  "here.example": ["127.0.0.1"],
  "inside.example": ["127.0.0.2"],
  "mixed.example": ["127.0.0.1", "127.0.0.2"],
  "nowhere.example": [],
}
const resolved: Array<string> = []
const resolve = (host: string) => {
  resolved.push(host)
  const addresses = names[host]
  return addresses === undefined ? Promise.reject(new Error("ENOTFOUND")) : Promise.resolve(addresses)
}
/** 127.0.0.1 stands for the public internet, 127.0.0.2 for what is inside. */
const web = publicWeb({ isAllowed: (address) => address === "127.0.0.1", resolve })
const get = (url: string, more: Partial<WebRequest> = {}, from = web) =>
  Effect.runPromise(
    Effect.match(from.get({ url, bytesMax: 100, patienceMs: 5_000, ...more }), {
      onFailure: ({ why }) => why,
      onSuccess: (answer) => answer,
    }),
  )
const at = (path: string, host = "here.example") => `http://${host}:${port}${path}`

describe("a document", () => {
  it("is fetched from the addresses that were resolved, once", async () => {
    resolved.length = 0
    expect(await get(at("/card"))).toEqual({ type: "document", text: '{"a":1}', etag: '"1"' })
    expect(await get(at("/there"))).toMatchObject({ text: '{"a":1}' })
    expect(resolved).toEqual(["here.example", "here.example", "here.example"])
    expect(await get(at("/etag"), { etag: '"1"' })).toEqual({ type: "unchanged" })
  })

  it("is bounded in size and time, and is text", async () => {
    expect(await get(at("/large"))).toBe("too-large")
    expect(await get(at("/endless"))).toBe("too-large")
    expect(await get(at("/drip"), { patienceMs: 60 })).toBe("not-in-time")
    expect(await get(at("/silent"), { patienceMs: 60 })).toBe("not-in-time")
    for (const [path, why] of [
      ["/gzip", "not-there"],
      ["/binary", "not-text"],
      ["/error", "not-there"],
      ["/file", "not-there"],
    ] as const)
      expect(await get(at(path))).toBe(why)
    asked.length = 0
    expect(await get(at("/loop"))).toBe("too-many-redirects")
    expect(asked.length).toBe(redirectsMax + 1)
  })

  it("is not fetched from where it must not be, not by a name, not by a redirect, not by a spelling", async () => {
    asked.length = 0
    for (const url of [at("/card", "inside.example"), at("/card", "mixed.example"), at("/card", "127.0.0.2"), at("/card", "2130706434")])
      expect(await get(url)).toBe("address-not-public")
    expect(asked).toEqual([])
    expect(await get(at("/inside"))).toBe("address-not-public")
    expect(await get(at("/literal"))).toBe("address-not-public")
    expect(asked).toEqual(["/inside", "/literal"])
    expect(await get(at("/card", "nowhere.example"))).toBe("no-answer")
    expect(await get(at("/card", "unknown.example"))).toBe("no-answer")
    for (const url of ["file:///etc/passwd", "javascript:1", "x", `http://user:word@here.example:${port}/card`])
      expect(await get(url)).toBe("not-there")
  })

  it("is not fetched from this machine with the addresses that are public", async () => {
    asked.length = 0
    const strict = publicWeb({ isAllowed: isPublicAddress, resolve: async () => ["127.0.0.1"] })
    const hosts = [
      "here.example",
      "localhost",
      "127.0.0.1",
      "127.1",
      "0x7f000001",
      "017700000001",
      "0.0.0.0",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::]",
    ]
    for (const host of hosts) expect([host, await get(at("/card", host), {}, strict)]).toEqual([host, "address-not-public"])
    expect(asked).toEqual([])
  })
})

describe("public addresses", () => {
  it("are those that nobody set aside", () => {
    const inside =
      "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.255 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 ::ffff:7f00:1 fe80::1 fc00::1 fd12::1 ff02::1 64:ff9b::7f00:1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 100::1 example 1.2.3"
    const outside =
      "1.1.1.1 8.8.8.8 93.184.215.14 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 223.255.255.255 2606:4700::1111 2a00::1 2001:4860:4860::8888"
    expect(inside.split(" ").filter(isPublicAddress)).toEqual([])
    expect(outside.split(" ").filter((address) => !isPublicAddress(address))).toEqual([])
  })
})
