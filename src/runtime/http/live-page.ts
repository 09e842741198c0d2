/**
 * `/`: the live page, and the files that it is made of (`page/`), as they are in the folder: plain modules, nothing built.
 *
 * The page itself is asked for anew each time and answered with 304 while it is the same. All that it loads lies under a path
 * with the digest of the whole, so that a browser keeps it for ever and never mixes two versions. It loads nothing from
 * elsewhere: its policy forbids it to. Everything is read and compressed once, when somebody first asks.
 */
import { Effect, Layer } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Problem } from "./problems.ts"

const folder = join(import.meta.dirname, "page")

/** Paths of GET that this answers. */
export const livePagePaths = ["/", "/favicon.ico", "/assets/:digest/:file"] as const

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
}

/** Scripts that are no modules. */
const plainScripts: ReadonlySet<string> = new Set(["theme.js", "uplot.js"])

interface Asset {
  readonly type: string
  readonly plain: Uint8Array
  readonly packed: Uint8Array
}

interface LivePage {
  readonly digest: string
  readonly page: Asset
  readonly icon: Asset
  readonly files: ReadonlyMap<string, Asset>
}

const assetOf = (name: string, text: string): Asset => {
  const plain = Buffer.from(text)
  return { type: types[name.split(".").at(-1)!]!, plain, packed: gzipSync(plain, { level: 9 }) }
}

const load = (): LivePage => {
  const uplot = createRequire(import.meta.url).resolve("uplot/dist/uPlot.iife.min.js")
  const texts = new Map<string, string>([
    ["uplot.js", readFileSync(uplot, "utf8")],
    ["uplot.css", readFileSync(join(uplot, "../uPlot.min.css"), "utf8")],
    ...readdirSync(folder)
      .filter((name) => /\.(css|js|svg)$/.test(name))
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), "utf8")] as const),
  ])
  const html = readFileSync(join(folder, "index.html"), "utf8")
  const digest = createHash("sha256")
    .update(JSON.stringify([html, ...texts]))
    .digest("hex")
    .slice(0, 16)
  const modules = [...texts.keys()].filter((name) => name.endsWith(".js") && !plainScripts.has(name))
  const preloads = modules.map((name) => `<link rel="modulepreload" href="assets/${digest}/${name}" />`).join("\n    ")
  return {
    digest,
    page: assetOf("index.html", html.replace("<!--preloads-->", () => preloads).replaceAll("{assets}", `assets/${digest}`)),
    icon: assetOf("icon.svg", texts.get("icon.svg")!),
    files: new Map([...texts].map(([name, text]) => [name, assetOf(name, text)])),
  }
}

/** Only what this node itself serves; no page may frame it. */
const policy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ")

const guarded = {
  "content-security-policy": policy,
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
}

export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = Layer.effectDiscard(
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const loaded = yield* Effect.cached(Effect.sync(load))
    yield* router.add("GET", "/", (request) =>
      Effect.map(loaded, ({ digest, page }) => {
        // weak: packed or not, it says the same
        const etag = `W/"${digest}"`
        const headers = { ...guarded, etag, "cache-control": "no-cache" }
        return namesTag(request.headers["if-none-match"], etag)
          ? HttpServerResponse.empty({ status: 304, headers })
          : answerOf(request, page, headers)
      }),
    )
    yield* router.add("GET", "/favicon.ico", (request) =>
      Effect.map(loaded, ({ icon }) => answerOf(request, icon, { "cache-control": "public, max-age=86400" })),
    )
    yield* router.add("GET", "/assets/:digest/:file", (request) =>
      Effect.flatMap(Effect.all([loaded, HttpRouter.params]), ([{ digest, files }, params]) => {
        const file = params["digest"] === digest ? files.get(params["file"] ?? "") : undefined
        return file === undefined
          ? Effect.succeed(HttpServerResponse.jsonUnsafe(notFound, { status: 404 }))
          : Effect.succeed(answerOf(request, file, { "cache-control": "public, max-age=31536000, immutable" }))
      }),
    )
  }),
)

const notFound: Problem = { error: "not_found", message: "there is nothing at this path" }

const namesTag = (header: string | undefined, etag: string): boolean =>
  header === "*" || (header ?? "").split(",").some((each) => each.trim().replace(/^(?!W\/)/, "W/") === etag)

const answerOf = (
  { headers: asked }: HttpServerRequest.HttpServerRequest,
  { packed, plain, type }: Asset,
  headers: Readonly<Record<string, string>>,
) => {
  const isPacked = /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))[^,]*)?(,|$)/.test(asked["accept-encoding"] ?? "")
  return HttpServerResponse.uint8Array(isPacked ? packed : plain, {
    contentType: type,
    headers: { ...headers, vary: "Accept-Encoding", ...(isPacked && { "content-encoding": "gzip" }) },
  })
}
