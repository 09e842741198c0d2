/**
 * Runs what the front page tells people to type, as it is printed, from a copy of the tree; only ports that it names are others here.
 * Every command of README.md must be among these, and each of these in README.md.
 *
 *   node .ci/readme.ts
 */
import { type ChildProcess, spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

const root = join(import.meta.dirname, "..")
const page = readFileSync(join(root, "README.md"), "utf8")
const copy = mkdtempSync(join(tmpdir(), "agentdns-readme-"))
const faults: Array<string> = []
const patienceMs = 120_000

/** Lines of code blocks, and words in the text, that begin as commands do. */
const commands = new Set(
  [...page.matchAll(/^(?:npm|npx) .*$|`((?:npm|npx) [^`]+)`/gm)].map(([line, inText]) => (inText ?? line).replace(/\s+#.*$/, "").trim()),
)

/** For each port that the page names a free one. */
const ports = new Map<string, number>()
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })
for (const [, named] of page.matchAll(/127\.0\.0\.1:(\d+)/g)) if (!ports.has(named)) ports.set(named, await freePort())
const here = (command: string) => command.replace(/127\.0\.0\.1:(\d+)/g, (_, named: string) => `127.0.0.1:${ports.get(named) ?? named}`)
const urlAt = (named: string) => `http://127.0.0.1:${ports.get(named)}`

const running: Array<ChildProcess> = []
const run = (command: string, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn("bash", ["-c", here(command)], {
    cwd: copy,
    detached: true,
    env: { PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`, HOME: copy, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  running.push(child)
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => void (said += text.toString()))
  const ended = new Promise<{ readonly code: number | null; readonly said: string }>((done) =>
    child.once("close", (code) => done({ code, said })),
  )
  return { child, ended, said: () => said }
}
const stop = (child: ChildProcess) => {
  try {
    // npm and what it started
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM")
  } catch {
    // it has ended
  }
}
const within = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const endMs = performance.now() + patienceMs
  while (!(await holds().catch(() => false))) {
    if (performance.now() > endMs) return void faults.push(`not within ${patienceMs / 1_000} s: ${what}`)
    await sleep(200)
  }
}

/** It ends well and says this. */
const says =
  (expected: RegExp, env: Readonly<Record<string, string>> = {}) =>
  async (command: string): Promise<void> => {
    const { code, said } = await run(command, env).ended
    if (code !== 0 || !expected.test(said)) faults.push(`${command} ended with ${code} and said ${JSON.stringify(said.slice(-600))}`)
  }
/** It is run anyway. */
const isStep =
  (step: string) =>
  async (command: string): Promise<void> => {
    if (!readFileSync(join(root, ".ci/run"), "utf8").includes(step)) faults.push(`${command} is no step of .ci/run`)
  }
/** Until it is stopped, with what else there is to see meanwhile. */
const serves =
  (commands: ReadonlyArray<string>, named: string, env: Readonly<Record<string, string>>, meanwhile: () => Promise<void>) => async () => {
    const nodes = commands.map((command) => run(command, env))
    await within(`${commands.at(-1)} serves`, async () => (await fetch(`${urlAt(named)}/ready`)).ok)
    for (const word of ["registry", "key", "page", "HTTP", "mesh", "data"])
      for (const node of nodes) if (!new RegExp(`^ +${word} +\\S`, "m").test(node.said())) faults.push(`a start does not say ${word}`)
    await meanwhile()
    for (const { child } of nodes) stop(child)
    await Promise.all(nodes.map(({ ended }) => ended))
  }

const start = "npm ci && npm start"
const mesh = [...commands].filter((command) => command.startsWith("npm start -- --data-dir"))
const atDefaults = { AGENTDNS_LISTEN: here("127.0.0.1:8080"), AGENTDNS_MESH_LISTEN: here("127.0.0.1:4001") }
const example = says(/ finds it /)
let isRegistered = false

const plan = new Map<string, (command: string) => Promise<void>>([
  ["npm ci && npm test", isStep('step "npm test"')],
  ["npm run check", isStep('step "npm run check"')],
  ["npm run sim -- fuzz --time 60s", isStep("npm --silent run sim -- fuzz --time")],
  ["npm run sim -- mutants", isStep("npm --silent run sim -- mutants")],
  ["npm run sim -- --list", says(/convergence/)],
  ["npm run sim -- convergence --nodes 200 --seed 42 --report run.html", says(/run\.html/)],
  // all of it takes a quarter of an hour
  ["npm run bench", (command) => says(/dht\.table/)(`${command} -- dht.table`)],
  ["npm start -- --help", says(/--database-url/)],
  ["npx zynd help", says(/dev-register/)],
  ["npx agentdns help", says(/doctor/)],
  [
    start,
    // its packages are those that CI's own npm ci brought
    serves(["npm start"], "8080", atDefaults, async () => {
      const url = urlAt("8080")
      await example(`npm run example -- --registry ${url}`)
      await says(/zns:dev:/, { ZYND_REGISTRY_URL: url })(developer)
      const { said } = await run(doctor, atDefaults).ended
      if (!/database/i.test(said)) faults.push(`${doctor} said ${JSON.stringify(said.slice(-600))}`)
      isRegistered = true
    }),
  ],
])
const developer = "npx zynd init && npx zynd dev-register --name Me"
const doctor = "npx agentdns doctor"
for (const command of ["npm start", "npm run example", developer, doctor])
  plan.set(command, async () => void (isRegistered || faults.push(`${command} was not run`)))
for (const command of mesh) plan.set(command, async () => {})
plan.set(
  mesh.at(-1),
  serves(mesh, "8082", {}, async () => {
    await within("a mesh of three", async () => {
      const { peers } = (await (await fetch(`${urlAt("8081")}/v1/network/peers`)).json()) as { readonly peers: ReadonlyArray<unknown> }
      return peers.length === 2
    })
    await example(`npm run example -- --registry ${urlAt("8080")}`)
    await within("what is registered at one is found at the others", async () => {
      const body = JSON.stringify({ query: "weather", federated: false })
      const answer = await fetch(`${urlAt("8082")}/v1/search`, { method: "POST", body, headers: { "content-type": "application/json" } })
      return ((await answer.json()) as { readonly results: ReadonlyArray<unknown> }).results.length > 0
    })
  }),
)

try {
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !["node_modules", ".git", "data"].some((name) => path === join(root, name)),
  })
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
  for (const [command, perform] of plan) {
    if (!commands.has(command)) faults.push(`README.md does not tell anybody to type: ${command}`)
    const startedAt = performance.now()
    const before = faults.length
    await perform(command)
    console.log(`${faults.length === before ? "ok    " : "FAILED"} ${command} (${Math.round((performance.now() - startedAt) / 1_000)} s)`)
  }
  for (const command of commands) if (!plan.has(command)) faults.push(`nobody tries what README.md tells people to type: ${command}`)
} finally {
  for (const child of running) stop(child)
  rmSync(copy, { recursive: true, force: true })
}
for (const fault of faults) console.log(fault)
process.exit(faults.length === 0 ? 0 : 1)
