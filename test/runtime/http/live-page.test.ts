/** The live page: what its files are served with; and in a browser, against two nodes that know each other. */
import { Effect, Exit, References, Scope } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { developerOf, entityIdOf, handleRequest, nameRequest, sdkRequest } from "../../support/clients.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { servedNode, type ServedNode } from "../../support/served-node.ts"
import { call, expectProblem } from "./serving.ts"

const scope = Scope.makeUnsafe()
const within = <A>(made: Effect.Effect<A, unknown, Scope.Scope>, of: Scope.Scope = scope): Promise<A> =>
  Effect.runPromise(Scope.provide(made, of).pipe(Effect.provideService(References.MinimumLogLevel, "None")))
const end = (of: Scope.Closeable) => Effect.runPromise(Scope.close(of, Exit.void))

let near: ServedNode
let far: ServedNode
beforeAll(async () => {
  near = await within(servedNode(0xb1, { name: "Near", corsOrigins: [], rateLimitSearch: 12 }))
  const bootstrap = [{ address: near.running.address }]
  far = await within(servedNode(0xb2, { name: "Far" }, { bootstrap, wantedPeers: 1 }))
})
afterAll(() => end(scope))

const developer = developerOf(61)
const registered = async (index: number, fields: Parameters<typeof sdkRequest>[2], at = far) => {
  const answer = await call(`${at.url}/v1/entities`, { body: sdkRequest(developer, index, fields) })
  expect(answer.status, answer.text).toBe(201)
  return entityIdOf(developer, index)
}

describe("the live page's files", () => {
  it("come with a policy, are asked for anew, and are the same while they have not changed", async () => {
    const page = await fetch(`${near.url}/`)
    expect([page.status, page.headers.get("content-type"), page.headers.get("cache-control")]).toEqual([
      200,
      "text/html; charset=utf-8",
      "no-cache",
    ])
    const policy = page.headers.get("content-security-policy")!
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    expect(page.headers.get("x-content-type-options")).toBe("nosniff")
    const html = await page.text()
    expect(html).not.toMatch(/ on\w+=|<script>|<style|style=|https?:\/\//)
    const etag = page.headers.get("etag")!
    for (const known of [etag, etag.slice(2), `"other", ${etag}`, "*"]) {
      const same = await fetch(`${near.url}/`, { headers: { "if-none-match": known } })
      expect([same.status, await same.text()]).toEqual([304, ""])
    }
    expect((await fetch(`${near.url}/`, { headers: { "if-none-match": '"other"' } })).status).toBe(200)
    expect((await fetch(`${near.url}/`, { method: "HEAD" })).status).toBe(200)
  })

  it("are kept for ever, name only each other, and weigh less than 100 kB in all", async () => {
    const html = await (await fetch(`${near.url}/`)).text()
    const named = [...html.matchAll(/(?:href|src)="(assets\/[^"]+)"/g)].map(([, path]) => path!)
    expect(named.length).toBeGreaterThan(10)
    let bytes = Buffer.byteLength(html)
    for (const path of new Set(named)) {
      const file = await fetch(`${near.url}/${path}`)
      expect([path, file.status, file.headers.get("cache-control")]).toEqual([path, 200, "public, max-age=31536000, immutable"])
      expect([path, file.headers.get("content-encoding"), file.headers.get("vary")]).toEqual([
        path,
        "gzip",
        expect.stringContaining("Accept-Encoding"),
      ])
      bytes += Number(file.headers.get("content-length"))
      const text = await file.text()
      for (const [, imported] of text.matchAll(/^(?:import|export) .*from "(.+)"$|^} from "(.+)"$/gm))
        if (imported !== undefined) expect(named, `${path} imports ${imported}`).toContain(join(path, "..", imported))
    }
    expect(bytes).toBeLessThan(100_000)
    const plain = await fetch(`${near.url}/${named[1]}`, { headers: { "accept-encoding": "gzip;q=0" } })
    expect(plain.headers.get("content-encoding")).toBeNull()
  })

  it("are there for /docs, too, and nothing else is", async () => {
    const icon = await fetch(`${near.url}/favicon.ico`)
    expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/svg+xml"])
    for (const path of ["/assets/0/main.js", "/assets/", "/index.html", "/v1/nothing", "/assets/0/..%2f..%2fserver.ts"])
      expectProblem(await call(`${near.url}${path}`), 404, "not_found")
    const digest = /assets\/(\w+)\//.exec((await call(`${near.url}/`)).text)![1]
    for (const file of ["server.ts", "tsconfig.json", "index.html", "..%2fserver.ts", "__proto__"])
      expectProblem(await call(`${near.url}/assets/${digest}/${file}`), 404, "not_found")
    expectProblem(await call(`${near.url}/`, { method: "POST" }), 405, "method_not_allowed")
  })
})

const browserFile = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((file) => existsSync(file))
const audit = readFileSync(join(import.meta.dirname, "../../support/page-audit.js"), "utf8")

describe.skipIf(browserFile === undefined)("the live page in a browser (skipped where no Chromium is installed)", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserFile!, args: ["--no-sandbox"] })
  })
  afterAll(() => browser?.close())

  const opened = async (url: string, path = "#/", options: BrowserContextOptions = {}) => {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 }, reducedMotion: "reduce", ...options })
    page.setDefaultTimeout(60_000)
    const wrong: Array<string> = []
    page.on("pageerror", ({ message }) => wrong.push(message))
    page.on("console", (message) => wrong.push(message.text()))
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== url) wrong.push(request.url())
    })
    await page.goto(`${url}/${path}`)
    return { page, wrong }
  }
  const faults = async (page: Page) => await page.evaluate<ReadonlyArray<string>>(audit)

  it("shows who it is, its peer, and at once what happens elsewhere", async () => {
    const { page, wrong } = await opened(near.url)
    await page.locator("h1", { hasText: "Near" }).waitFor()
    expect(await page.title()).toBe("Near")
    await page.locator("section.who").getByText(near.node.registryId).waitFor()
    const row = page.locator("tbody tr", { hasText: far.node.registryId.slice(13, 21) })
    await row.locator("td", { hasText: /\d ms$/ }).waitFor()
    const { json } = await call(`${near.url}/v1/network/registries`)
    expect(json["registries"]).toMatchObject([{ registry_id: far.node.registryId, is_peer: true, stale: false }])
    expect(await page.locator(".mesh svg").getAttribute("aria-label")).toContain("1 peer")
    await page.locator(".pills", { hasText: "live" }).waitFor()

    await registered(0, { name: "<img src=x onerror=alert(1)>", summary: "<b>knows</b> tides", category: "weather", tags: ["<i>"] })
    await page.locator(".events a", { hasText: "<img src=x onerror=alert(1)>" }).click()
    await page.locator("h1", { hasText: "<img src=x" }).waitFor()
    expect(await page.title()).toBe("<img src=x onerror=alert(1)> · Near")
    expect(await page.locator("main").textContent()).toContain("<b>knows</b> tides")
    expect(await faults(page)).toEqual([])
    await page.goBack()
    await page.locator("h1", { hasText: "Near" }).waitFor()
    expect(await page.evaluate("document.activeElement.tagName")).toBe("H1")
    expect(wrong).toEqual([])
    await page.close()
  })

  it("is searched and read with keys alone", async () => {
    const id = await registered(1, { name: "tide teller", summary: "high and low water", category: "weather" })
    const { page, wrong } = await opened(far.url)
    await page.locator("h1", { hasText: "Far" }).waitFor()
    await page.keyboard.press("Tab")
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content")
    await page.keyboard.press("Enter")
    expect(await page.evaluate("document.activeElement.id")).toBe("main")
    await page.keyboard.press("/")
    await page.keyboard.type("tide teller")
    await page.locator(".result h2", { hasText: "tide teller" }).waitFor()
    expect(await page.evaluate("document.activeElement.id")).toBe("query")
    expect(await page.locator(".result").first().locator(".bar-row").count()).toBe(5)
    await page.locator(".result a").first().focus()
    await page.keyboard.press("Enter")
    await page.locator("h1", { hasText: "tide teller" }).waitFor()
    expect(new URL(page.url()).hash).toBe(`#/entity/${encodeURIComponent(id)}`)
    await page.getByText("Trust in its home registry").waitFor()
    await page.goBack()
    await page.locator(".result h2", { hasText: "tide teller" }).waitFor()
    expect(await page.locator("#query").inputValue()).toBe("tide teller")
    expect(wrong).toEqual([])
    await page.close()
  })

  it("reads well in either colours, on a desk and on a phone", async () => {
    const id = await registered(2, { name: "n".repeat(100), summary: "w".repeat(200), tags: ["long".repeat(12)] })
    await call(`${far.url}/v1/handles`, { body: handleRequest(developer, "alice") })
    await call(`${far.url}/v1/names`, { body: nameRequest(developer, { entity_id: id }) })
    const paths = [
      ["#/", ".figures dd"],
      ["#/search?category=tools", ".result"],
      [`#/entity/${id}`, ".bar-row"],
      [`#/developer/${idOf("developer", developer.key.publicKey)}`, ".list"],
      ["#/handle/alice", ".list"],
      ["#/name/registry.example/alice/weather", ".list"],
      ["#/peers", "tbody tr"],
      [`#/registry/${near.node.registryId}`, ".facts"],
      ["#/activity", ".events li"],
      ["#/nowhere", ".empty"],
    ] as const
    for (const options of [
      { colorScheme: "dark", viewport: { width: 390, height: 844 } },
      { colorScheme: "light", viewport: { width: 1_280, height: 900 } },
    ] as const) {
      const { page, wrong } = await opened(far.url, "#/", options)
      for (const [path, sign] of paths) {
        await page.evaluate(`location.hash = ${JSON.stringify(path)}`)
        await page.locator(sign).first().waitFor()
        expect([path, options.colorScheme, await faults(page)]).toEqual([path, options.colorScheme, []])
      }
      const background = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor")
      const before = await background()
      await page.locator("#theme").click()
      expect(await background()).not.toBe(before)
      expect(await faults(page)).toEqual([])
      await page.reload()
      expect(await background()).not.toBe(before)
      expect(wrong).toEqual([])
      await page.close()
    }
  })

  it("stays small and quick to read with a thousand peers and a flood of events, and stands still when it is told to", async () => {
    const digits = (i: number) => i.toString(16).padStart(32, "0")
    const known = (await call(`${far.url}/v1/network/peers`)).json["peers"] as unknown as ReadonlyArray<object>
    const peers = Array.from({ length: 1_000 }, (_, i) => ({ ...known[0], registry_id: `zns:registry:${digits(i)}`, latency_ms: i / 5 }))
    let tell: (happening: object) => void = () => {}
    const { page, wrong } = await opened(far.url, "#/nowhere", { viewport: { width: 390, height: 844 } })
    await page.route("**/v1/network/peers", (route) => route.fulfill({ json: { peers } }))
    await page.route("**/ready", (route) =>
      route.fulfill({ json: { status: "ready", phase: "serving", database: "ok", indexes: "filling" } }),
    )
    await page.routeWebSocket("**/v1/ws/activity*", (socket) => {
      tell = (happening) => socket.send(JSON.stringify({ timestamp: new Date().toISOString(), data: {}, ...happening }))
      tell({ id: "0", type: "connected" })
    })
    await page.reload()
    await page.evaluate("location.hash = '#/'")
    await page.locator(".mesh .node").nth(999).waitFor()
    await page.locator(".pills", { hasText: "indexes still fill" }).waitFor()
    expect(await page.locator("tbody tr").count()).toBeLessThan(20)
    await page.locator("tbody a").nth(3).focus()
    for (let i = 1; i <= 700; i++) tell({ id: String(i), type: "name_resolved", data: { fqan: `host.example/alice/name-${i}` } })
    await page.getByText("host.example/alice/name-700").waitFor()
    expect(await page.locator(".events li").count()).toBeLessThanOrEqual(50)
    await page.getByRole("button", { name: "Pause" }).press("Enter")
    for (let i = 701; i <= 707; i++) tell({ id: String(i), type: "name_resolved", data: { fqan: `host.example/alice/name-${i}` } })
    await page.getByRole("button", { name: "Go on (7 new)" }).waitFor()
    expect(await page.getByText("name-707").count()).toBe(0)
    await page.getByRole("button", { name: "Go on (7 new)" }).press("Enter")
    await page.getByText("name-707").waitFor()
    expect(await faults(page)).toEqual([])
    expect(wrong).toEqual([])
    await page.close()
  })

  it("says when there were too many searches, and goes on by itself", async () => {
    for (let i = 0; i < 13; i++) await call(`${near.url}/v1/search`, { body: { query: "tide" } })
    const { page } = await opened(near.url, "#/search?q=tide")
    await page.getByText(/Too many searches from your address\. This one goes on by itself in \d+ s/).waitFor()
    await page.close()
  })

  it("says that the node is away, and finds it again", async () => {
    const own = Scope.makeUnsafe()
    const lonely = await within(servedNode(0xb3, { name: "Lonely" }), own)
    const { page } = await opened(lonely.url)
    await page.getByText("No peers.").waitFor()
    await page.getByText("Nothing happened yet.").waitFor()
    expect(await faults(page)).toEqual([])
    await end(own)
    await page.locator("#banner", { hasText: "does not answer" }).waitFor()
    const again = Scope.makeUnsafe()
    await within(servedNode(0xb3, { name: "Lonely", port: Number(new URL(lonely.url).port) }), again)
    await page.locator(".pills", { hasText: "live" }).waitFor()
    await expect.poll(() => page.locator("#banner").textContent(), { timeout: 60_000 }).toBe("")
    await page.close()
    await end(again)
  })
})
