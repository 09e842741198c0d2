/**
 * What deploy/ puts around a node, put around one, without containers: the services of docker-compose.yml with their variables, by the
 * words of the Dockerfile; Caddy before one of them; what Prometheus collects of it; and the systemd unit's command.
 *
 *   node .ci/services.ts FOLDER [postgres://…]      FOLDER: what the image holds. Without a URL the embedded database takes
 *                                                   PostgreSQL's place
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"

const [app, databaseUrl] = process.argv.slice(2)
if (app === undefined) throw new Error("which folder? node .ci/services.ts FOLDER")
const deploy = join(import.meta.dirname, "../deploy")
const scratch = mkdtempSync(join(tmpdir(), "agentdns-services-"))
const text = (file: string) => readFileSync(join(deploy, file), "utf8")
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })
const patienceMs = 60_000
const within = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const endMs = performance.now() + patienceMs
  while (!(await holds().catch(() => false))) {
    if (performance.now() > endMs) throw new Error(`not within ${patienceMs / 1_000} s: ${what}`)
    await sleep(200)
  }
  console.log(`ok     ${what}`)
}

type Env = Readonly<Record<string, string>>
const children: Array<ChildProcess> = []
const start = (command: string, words: ReadonlyArray<string>, env: Env, cwd = scratch) => {
  const child = spawn(command, words, {
    cwd,
    env: { PATH: process.env["PATH"], HOME: scratch, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  })
  children.push(child)
  return child
}
interface Ready {
  readonly http: string
  readonly mesh: string
  readonly child: ChildProcess
}
const ready = (child: ChildProcess): Promise<Ready> =>
  new Promise((served, failed) => {
    createInterface(child.stdout).on("line", (line) => {
      const said = JSON.parse(line) as { readonly event?: string } & Omit<Ready, "child">
      if (said.event === "ready") served({ http: said.http, mesh: said.mesh, child })
    })
    child.once("exit", (code, signal) => failed(new Error(`it ended before it served: ${code ?? signal}`)))
  })

// the words of the files ------------------------------------------------------------------------------------------------

interface Service {
  readonly environment?: Env
}
const composeFile = join(deploy, "docker-compose.yml")
const compose = JSON.parse(
  execFileSync("python3", ["-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", composeFile], {
    encoding: "utf8",
  }),
) as { readonly services: Readonly<Record<string, Service>> }
const inDockerfile = (word: string): ReadonlyArray<string> =>
  JSON.parse(new RegExp(`^${word} (\\[.*\\])$`, "m").exec(text("Dockerfile"))[1]) as ReadonlyArray<string>
const [program, ...entry] = [...inDockerfile("ENTRYPOINT"), ...inDockerfile("CMD")].map((word) => word.replace(/^\/app\b/, app))

/** A service of docker-compose.yml, where its neighbours are on this machine. */
const service = async (name: string, places: Env): Promise<Ready> => {
  const wanted = Object.entries(compose.services[name].environment).map(([key, value]) => [key, places[value] ?? value] as const)
  const kept = wanted.filter(([, value]) => value !== "")
  const own = {
    AGENTDNS_DATA_DIR: join(scratch, name),
    AGENTDNS_DATABASE_SCHEMA: `services_${process.pid}`,
    AGENTDNS_LISTEN: "127.0.0.1:0",
    AGENTDNS_MESH_LISTEN: "127.0.0.1:0",
    AGENTDNS_LOG: "json",
  }
  return ready(start(program, entry, { ...own, ...Object.fromEntries(kept) }))
}

try {
  const redisPort = await freePort()
  start("redis-server", ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", ""], {}).stdout.resume()
  const first = await service("agentdns", {
    "postgres://postgres:${PG_PW}@postgres:5432/agentdns": databaseUrl ?? "",
    "redis://redis:6379": `redis://127.0.0.1:${redisPort}`,
    agentdns: "127.0.0.1",
  })
  const second = await service("second", { "agentdns:4001": first.mesh, second: "127.0.0.1" })
  await within("the second service of docker-compose.yml is a peer of the first", async () => {
    const { peers } = (await (await fetch(`${first.http}/v1/network/peers`)).json()) as { readonly peers: ReadonlyArray<unknown> }
    return peers.length === 1
  })

  const http = await freePort()
  const caddy = start("caddy", ["run", "--config", join(deploy, "Caddyfile"), "--adapter", "caddyfile"], {
    AGENTDNS_HOST: `http://127.0.0.1:${http}`,
    AGENTDNS_UPSTREAM: new URL(second.http).host,
  })
  caddy.stdout.resume()
  await within("Caddy passes requests on", async () => (await fetch(`http://127.0.0.1:${http}/v1/info`)).ok)
  await within(
    "and WebSockets",
    () =>
      new Promise((open) => {
        const socket = new WebSocket(`ws://127.0.0.1:${http}/v1/ws/activity`)
        socket.addEventListener("message", () => (socket.close(), open(true)))
        socket.addEventListener("error", () => open(false))
      }),
  )

  const metrics = await (await fetch(`${first.http}/metrics`)).text()
  execFileSync("promtool", ["check", "metrics"], { input: metrics, stdio: ["pipe", "inherit", "inherit"] })
  console.log("ok     Prometheus reads /metrics")

  const unit = text("agentdns.service")
  const [, command] = /^ExecStart=(.*)$/m.exec(unit)
  const [run, ...words] = command.split(" ")
  const set = Object.fromEntries([...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
  const own = { AGENTDNS_DATA_DIR: join(scratch, "unit"), PATH: `${join(app, "node_modules/.bin")}:${process.env["PATH"]}` }
  const served = await ready(start(run, [...words, "--listen", "127.0.0.1:0", "--mesh-listen", "127.0.0.1:0"], { ...set, ...own }, app))
  const ended = new Promise((done) => served.child.once("exit", done))
  served.child.kill("SIGTERM")
  if ((await ended) !== 0) throw new Error("the unit's command does not end well")
  console.log("ok     the unit's command serves, and ends at SIGTERM")
} finally {
  for (const child of children) child.kill("SIGTERM")
  await sleep(1_000)
  for (const child of children) child.kill("SIGKILL")
  rmSync(scratch, { recursive: true, force: true })
}
