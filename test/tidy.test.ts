/**
 * The shape of the code, as a test: which folder may import which, and where time, chance and the world may be touched.
 * When this fails, read the table in `support/tidy.ts`.
 *
 * Every rule is first shown a violation, so that an alarm that cannot ring is noticed.
 */
import { execFileSync } from "node:child_process"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { linesMax, placeOf, wrongAmbient, wrongImports, wrongText } from "./support/tidy.ts"

const root = join(import.meta.dirname, "..")
const read = (path: string): string => readFileSync(join(root, path), "utf8")
const slashes = (path: string): string => path.replaceAll("\\", "/")
const sources = globSync("src/**/*.{ts,mts,js,mjs,cjs}", { cwd: root }).map((path) => ({ path: slashes(path), text: read(path) }))

/** What is in git or about to be; without git (a tarball) all that is not installed. */
const files = (): ReadonlyArray<string> => {
  try {
    const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
      cwd: root,
      encoding: "utf8",
      stdio: "pipe",
    })
    return listed.split("\0").filter((path) => path !== "" && existsSync(join(root, path)))
  } catch {
    return globSync("{*,.ci/*,{src,test,bench,examples}/**/*.*}", { cwd: root, exclude: ["node_modules"], withFileTypes: false }).map(
      slashes,
    )
  }
}

describe("imports point inwards", () => {
  it("in every source file", () => {
    expect(sources.length).toBeGreaterThan(10)
    expect(sources.flatMap(({ path, text }) => wrongImports(path, text))).toEqual([])
  })

  const planted: ReadonlyArray<readonly [path: string, text: string]> = [
    ["src/protocol/oops.ts", `import "../runtime/ports.ts"`],
    ["src/protocol/oops.ts", `import type { Peer } from "../actors/peer.ts"`],
    ["src/protocol/oops.ts", `export * from "../actors/peer.ts"`],
    ["src/protocol/oops.ts", `export { peer } from "../actors/peer.ts"`],
    ["src/protocol/oops.ts", `export const late = () => import("../actors/peer.ts")`],
    ["src/protocol/oops.ts", "export const late = () => import(`../actors/peer.ts`)"],
    ["src/protocol/oops.ts", `export const late = (name: string) => import(name)`],
    ["src/protocol/oops.ts", `export type Peer = import("../actors/peer.ts").Peer`],
    ["src/protocol/oops.ts", `import { Effect } from "effect"`],
    ["src/protocol/oops.ts", `import * as E from "effect"`],
    ["src/protocol/oops.ts", `import * as Effect from "effect/Effect"`],
    ["src/protocol/oops.ts", `import { randomBytes } from "node:crypto"`],
    ["src/protocol/oops.ts", `import { readFileSync } from "node:fs"`],
    ["src/protocol/identity/oops.ts", `import { x } from "../../sim/world.ts"`],
    ["src/actors/oops.ts", `import { Effect } from "effect"`],
    ["src/actors/oops.ts", `import "../runtime/engine/engine.ts"`],
    ["src/runtime/oops.ts", `import { layer } from "./live/tcp.ts"`],
    ["src/runtime/oops.ts", `import { connect } from "node:net"`],
    ["src/runtime/oops.ts", `export const page = new URL("./http/page.html", import.meta.url)`],
    ["src/runtime/oops.ts", `export const where = import.meta.resolve("./live/tcp.ts")`],
    ["src/runtime/engine/oops.ts", `import "../store/sql.ts"`],
    ["src/runtime/oops.ts", `import "../sim/world.ts"`],
    ["src/runtime/live/oops.ts", `import "../store/sql.ts"`],
    ["src/runtime/http/oops.ts", `import "../live/clock.ts"`],
    ["src/runtime/store/oops.ts", `import "../http/server.ts"`],
    ["src/runtime/store/memory-oops.ts", `import "./sql.ts"`],
    ["src/runtime/store/shown.ts", `import "./sql.ts"`],
    ["src/runtime/main.ts", `import "../sim/world.ts"`],
    ["src/sim/oops.ts", `import "../runtime/live/tcp.ts"`],
    ["src/sim/oops.ts", `import "../runtime/live/ed25519.ts"`],
    ["src/sim/cli/oops.ts", `import "../../runtime/live/tcp.ts"`],
    ["src/runtime/live/ed25519.ts", `import "./tcp.ts"`],
    ["src/sim/oops.ts", `import "../runtime/store/sql.ts"`],
    ["src/sim/oops.ts", `import "../runtime/http/server.ts"`],
    ["src/sim/oops.ts", `import { connect } from "node:net"`],
    ["src/sim/oops.ts", `import "./report/page.ts"`],
    ["src/sim/oops.ts", `import "../../test/support/tidy.ts"`],
    ["src/oops.ts", `export {}`],
  ]
  it.each(planted)("would notice in %s: %s", (path, text) => {
    const wrong = wrongImports(path, text)
    expect(wrong).toHaveLength(1)
    expect(wrong[0]).toContain(path)
  })

  const allowed: ReadonlyArray<readonly [path: string, text: string]> = [
    ["src/protocol/fine.ts", `import { Schema, Result } from "effect"\nimport { hash } from "node:crypto"\nimport "./limits.ts"`],
    ["src/protocol/fine.ts", `// import "../runtime/ports.ts"\nexport const text = 'import "../runtime/ports.ts"'`],
    ["src/actors/fine.ts", `import { setup } from "xstate"\nimport "../protocol/limits.ts"`],
    ["src/runtime/fine.ts", `import "./engine/compile.ts"\nimport { Effect } from "effect"\nimport { x } from "effect/sql"`],
    ["src/runtime/store/fine.ts", `import "./memory-store.ts"\nexport const worker = new URL("./worker.ts", import.meta.url)`],
    ["src/runtime/cli/fine.ts", `import "../live/tcp.ts"\nimport "../http/server.ts"\nimport "node:fs"`],
    ["src/sim/fine.ts", `import "../runtime/store/memory-store.ts"\nimport "../runtime/ports.ts"`],
    ["src/sim/main.ts", `import "./report/page.ts"\nimport "node:fs"`],
    ["src/sim/cli/fine.ts", `import "../../runtime/live/ed25519.ts"`],
  ]
  it.each(allowed)("allows in %s: %s", (path, text) => {
    expect(wrongImports(path, text)).toEqual([])
  })
})

describe("time, chance and the world come in through ports", () => {
  it("in every source file", () => {
    expect(sources.flatMap(({ path, text }) => wrongAmbient(path, text))).toEqual([])
  })

  const ways = [
    "Date.now()",
    `Date["now"]()`,
    "new Date()",
    "Date()",
    "const { now } = Date",
    "const clock = Date",
    "[0].map(Date.now)",
    "Math.random()",
    "const { random } = Math",
    "performance.now()",
    "process.hrtime()",
    "process.nextTick(f)",
    "setTimeout(f, 1)",
    "setInterval(f, 1)",
    "setImmediate(f)",
    "queueMicrotask(f)",
    "const later = setTimeout",
    "globalThis.setTimeout(f)",
    "crypto.randomUUID()",
    "node.randomBytes(4)",
    "crypto.getRandomValues(b)",
    "new MessageChannel()",
    "AbortSignal.timeout(5)",
    "Effect.runPromise(e)",
    "Effect.runSync(e)",
    "Effect.runFork(e)",
    "Effect.runPromiseExit(e)",
    "DateTime.nowUnsafe()",
    `import { randomUUID } from "node:crypto"`,
    `import { setTimeout as later } from "node:timers/promises"`,
    `import "node:perf_hooks"`,
    `import { webcrypto } from "crypto"`,
    `import { generateKeyPairSync } from "node:crypto"`,
    "eval(text)",
    "f({ setTimeout })",
  ]
  it.each(ways)("would notice: %s", (way) => {
    for (const path of [
      "src/protocol/oops.ts",
      "src/actors/oops.ts",
      "src/runtime/oops.ts",
      "src/runtime/store/oops.ts",
      "src/runtime/http/oops.ts",
      "src/sim/oops.ts",
    ]) {
      const wrong = wrongAmbient(path, way)
      expect(wrong.length, path).toBeGreaterThan(0)
      expect(wrong[0]).toContain(path)
    }
    for (const path of ["src/runtime/live/fine.ts", "src/runtime/cli/fine.ts", "src/runtime/main.ts", "src/sim/main.ts"])
      expect(wrongAmbient(path, way)).toEqual([])
  })

  it.each(["async () => 1", "await f()", "Promise.resolve()", "Effect.promise(f)", "process.env", "fetch(url)", "console.log(1)"])(
    "would notice outside the leaves: %s",
    (way) => {
      for (const path of ["src/protocol/oops.ts", "src/actors/oops.ts", "src/runtime/engine/oops.ts", "src/sim/oops.ts"])
        expect(wrongAmbient(path, way), path).toHaveLength(1)
    },
  )

  it.each([
    "new Date(at * 1_000)",
    "Date.parse(text)",
    "Date.UTC(2026, 1)",
    "x instanceof Date",
    "Math.floor(1.5)",
    "Effect.runForkWith(services)(e)",
    "Clock.currentTimeMillis",
    "// Date.now()",
    "const text = 'Math.random()'",
    "interface Clock { readonly setTimeout: (f: () => void) => number }",
    "clock.setTimeout(f, 1)",
    "f({ setTimeout: g })",
  ])("allows anywhere: %s", (way) => {
    expect(wrongAmbient("src/protocol/fine.ts", way)).toEqual([])
  })

  it("lets only the command line print", () => {
    expect(wrongAmbient("src/runtime/http/oops.ts", "console.log(1)")).toEqual(["src/runtime/http/oops.ts uses console"])
    expect(wrongAmbient("src/runtime/cli/fine.ts", "console.log(1)")).toEqual([])
  })
})

describe("files are in order", () => {
  it("in wording and size", () => {
    const wrong = files()
      .filter((path) => !/\.(png|gz|lockb)$/.test(path))
      .flatMap((path) => wrongText(path, read(path)))
    expect(wrong).toEqual([])
  })

  const planted: ReadonlyArray<readonly [path: string, text: string]> = [
    ["test/oops.test.ts", ["it", "only(1)"].join(".")],
    ["test/oops.test.ts", ["it.effect", "only(1)"].join(".")],
    ["src/protocol/oops.ts", `// ${["TO", "DO"].join("")} later`],
    ["README.md", ["FIX", "ME"].join("")],
    ["README.md", ["see ", "home", "somebody/notes"].join("/")],
    [".ci/run", ["cd ", "tmp", "here"].join("/")],
    [".npmrc", ["registry", "https://example.org"].join("=")],
    ["package-lock.json", [`"resolved"`, `"https://example.org/a.tgz"`].join(": ")],
    ["src/protocol/oops.ts", "\n".repeat(linesMax + 1)],
  ]
  it.each(planted)("would notice in %s", (path, text) => {
    const wrong = wrongText(path, text)
    expect(wrong).toHaveLength(1)
    expect(wrong[0]).toContain(path)
  })

  it.each(["src/protocol", "src/actors", "src/runtime", "src/sim", "bench"])("%s says what it is", (folder) => {
    expect(existsSync(join(root, folder, "README.md")), `${folder}/README.md`).toBe(true)
  })

  it("every source file has one place", () => {
    expect(placeOf("src/runtime/engine/compile.ts")).toBe("src/runtime")
    expect(placeOf("src/runtime/live/tcp.ts")).toBe("src/runtime/live")
    expect(placeOf("src/sim/main.ts")).toBe("src/sim/main.ts")
    expect(placeOf("src/sim/scenarios/tofu.ts")).toBe("src/sim")
  })
})
