/**
 * Three processes of one registry on one PostgreSQL, and a peer that watches: writers register at all three, the process that
 * holds the mesh is killed under load, again and again, and started anew. What was acknowledged must be there at every
 * process, be found at every process and reach the peer; the peer must never see the registry twice, and see it again within
 * ten seconds.
 *
 * In the end a block that is set at one holds at the others long before a sweep is due, and who follows the activity at one hears
 * of a beat at another.
 *
 *   node .ci/scale.ts KILLS postgres://… [OLDER]      OLDER: another version's src/runtime/main.ts. The three begin as that one, are
 *                                                     killed one after the other, and come back as this one: an upgrade under load
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { client } from "../src/sim/workload/clients.ts"

const [kills = "3", databaseUrl, older] = process.argv.slice(2)
if (databaseUrl === undefined) throw new Error("which server? node .ci/scale.ts KILLS postgres://…")
const takeoverMs = 10_000
const writersPerProcess = 2
const betweenKillsMs = 4_000
/** A tenth of the time between two sweeps. */
const newsMs = 6_000
const adminToken = `token-${process.pid}`

interface Process {
  readonly child: ChildProcess
  readonly url: string
  readonly name: string
  readonly program: string
  holdsMesh: boolean
}

const directory = mkdtempSync(join(tmpdir(), "agentdns-scale-"))
const main = join(import.meta.dirname, "../src/runtime/main.ts")
const faults: Array<string> = []
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })
const meshPort = await freePort()
const patience = ["--set", "api.rate_limit_register=1000000000", "--set", "api.rate_limit_search=1000000000"]

const running: Array<Process> = []
const start = (program: string, name: string, ...more: ReadonlyArray<string>): Promise<Process> => {
  const flags = ["--data-dir", join(directory, name), "--listen", "127.0.0.1:0", "--log", "json", ...patience, ...more]
  const child = spawn(process.execPath, [program, "start", ...flags], { stdio: ["ignore", "pipe", "inherit"] })
  return new Promise((ready, failed) => {
    let process: Process | undefined
    createInterface(child.stdout).on("line", (line) => {
      const said = JSON.parse(line) as { readonly event?: string; readonly http: string; readonly message?: string }
      if (said.event === "ready") {
        process = { child, name, program, url: said.http, holdsMesh: false }
        running.push(process)
        ready(process)
      }
      if (said.message === "this process holds the mesh now" && process !== undefined) process.holdsMesh = true
      if (said.message === "this process does not hold the mesh any more" && process !== undefined) process.holdsMesh = false
    })
    child.once("exit", (code, signal) => {
      if (process !== undefined) running.splice(running.indexOf(process), 1)
      failed(new Error(`${name} ended before it served: ${code ?? signal}`))
    })
  })
}
const identity = join(directory, "identity.json")
/** A busy machine may take longer than a start waits for its database; who looks after processes starts them again. */
const startSibling = (name: string, program = main, tries = 3): Promise<Process> =>
  startOnce(name, program).catch((error: unknown) => {
    if (tries === 1) throw error
    return startSibling(name, program, tries - 1)
  })
const startOnce = (name: string, program: string) =>
  start(
    program,
    name,
    "--identity",
    identity,
    "--mesh-listen",
    `127.0.0.1:${meshPort}`,
    "--database-url",
    databaseUrl,
    "--set",
    "database.shared=true",
    "--set",
    `server.admin_token=${adminToken}`,
    "--set",
    `database.schema=scale_${process.pid}`,
    "--bootstrap",
    peerMesh,
  )
const json = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T

/** Until it holds, or the time is over. */
const within = async (ms: number, holds: () => Promise<boolean>): Promise<boolean> => {
  const endMs = performance.now() + ms
  while (performance.now() < endMs) {
    if (await holds().catch(() => false)) return true
    await sleep(100)
  }
  return false
}

// the cast -------------------------------------------------------------------------------------------------------------

const peerPort = await freePort()
const peerMesh = `127.0.0.1:${peerPort}`
await new Promise((made) => spawn(process.execPath, [main, "init", "--dir", directory], { stdio: "ignore" }).once("exit", made))

let next = 0
const acknowledged = new Map<number, string>()
const work = { isOn: true }

const write = async (process: Process): Promise<void> => {
  while (work.isOn) {
    const number = next++
    const { entityId, registration } = client(11, number)
    const answer = await fetch(`${process.url}/v1/entities`, { method: "POST", body: JSON.stringify(registration) }).catch(() => undefined)
    if (answer === undefined) return
    if (answer.status !== 201) faults.push(`registration ${number} got ${answer.status}: ${await answer.text()}`)
    else acknowledged.set(number, entityId)
    await answer.body?.cancel().catch(() => {})
    await sleep(20)
  }
}

try {
  const peer = await start(main, "peer", "--mesh-listen", peerMesh)
  const first = await startSibling("one", older)
  await Promise.all([startSibling("two", older), startSibling("three", older)])
  const self = (await json<{ readonly registry_id: string }>(`${first.url}/v1/info`)).registry_id

  interface Peers {
    readonly peers: ReadonlyArray<{ readonly registry_id: string }>
  }
  const seen = async () =>
    (await json<Peers>(`${peer.url}/v1/network/peers`)).peers.filter(({ registry_id }) => registry_id === self).length
  const watching = (async () => {
    while (work.isOn) {
      if ((await seen().catch(() => 0)) > 1) faults.push("the peer sees the registry twice")
      if (running.filter(({ holdsMesh }) => holdsMesh).length > 1) faults.push("two processes hold the mesh")
      await sleep(50)
    }
  })()
  if (!(await within(takeoverMs, async () => (await seen()) === 1))) faults.push("the registry does not come into the mesh")

  const writers: Array<Promise<unknown>> = []
  const writeAt = (process: Process) => writers.push(...Array.from({ length: writersPerProcess }, () => write(process)))
  running.filter(({ name }) => name !== "peer").forEach(writeAt)
  for (let kill = 0; kill < Number(kills); kill++) {
    await sleep(betweenKillsMs)
    const holder = running.find(({ holdsMesh }) => holdsMesh)
    if (holder === undefined) {
      faults.push("nobody holds the mesh")
      break
    }
    const victim = running.find(({ program }) => program === older) ?? holder
    const gone = new Promise((done) => victim.child.once("exit", done))
    victim.child.kill("SIGKILL")
    await gone
    const killedAt = performance.now()
    if (!(await within(takeoverMs, async () => (await seen()) === 1 && running.some(({ holdsMesh }) => holdsMesh))))
      faults.push(`nobody took over from ${victim.name} within ${takeoverMs} ms`)
    console.log(`${victim.name} was killed; the registry is back in the mesh after ${Math.round(performance.now() - killedAt)} ms`)
    writeAt(await startSibling(`${victim.name}+`))
  }
  await sleep(betweenKillsMs)
  work.isOn = false
  await Promise.all([...writers, watching])

  const siblings = running.filter(({ name }) => name !== "peer")
  for (const { name, url } of running) {
    const missing = async () => {
      const lost: Array<number> = []
      for (const [number, id] of acknowledged) if ((await fetch(`${url}/v1/entities/${id}`)).status !== 200) lost.push(number)
      return lost
    }
    if (!(await within(takeoverMs, async () => (await missing()).length === 0)))
      faults.push(`${(await missing()).length} of ${acknowledged.size} acknowledged registrations are not at ${name}`)
  }
  const last = [...acknowledged.values()].at(-1)!
  for (const { name, url } of siblings) {
    const found = async () => {
      const answer = await fetch(`${url}/v1/search`, { method: "POST", body: JSON.stringify({ query: last, federated: false }) })
      return ((await answer.json()) as { readonly results: ReadonlyArray<unknown> }).results.length === 1
    }
    if (!(await within(takeoverMs, found))) faults.push(`${name} does not find the last registration`)
  }

  // news, told by the first and heard by the others
  const [teller, ...hearers] = siblings
  const one = client(11, [...acknowledged.keys()].at(-1)!)
  const beats = hearers.map(({ url }) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/ws/activity?types=entity_heartbeat`)
    const heard = { isOpen: false, beats: 0 }
    socket.addEventListener("open", () => (heard.isOpen = true))
    socket.addEventListener("message", ({ data }) => (heard.beats += String(data).includes(one.entityId) ? 1 : 0))
    return heard
  })
  if (!(await within(newsMs, async () => beats.every(({ isOpen }) => isOpen)))) faults.push("the activity cannot be followed")
  const line = new WebSocket(`${teller.url.replace("http", "ws")}/v1/entities/${one.entityId}/ws`)
  await new Promise((opened) => line.addEventListener("open", opened, { once: true }))
  const timestamp = `${new Date().toISOString().slice(0, 19)}Z`
  line.send(JSON.stringify({ timestamp, signature: one.beat(timestamp) }))
  if (!(await within(newsMs, async () => beats.every((heard) => heard.beats === 1)))) faults.push("a beat at one is not told at the others")

  const ask = (method: string, path: string, body?: string) =>
    fetch(`${teller.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      ...(body !== undefined && { body }),
    })
  const statuses = async () => Promise.all(hearers.map(async ({ url }) => (await fetch(`${url}/v1/entities/${one.entityId}`)).status))
  const blockedAt = performance.now()
  const blocked = await ask("POST", "/v1/admin/blocks", JSON.stringify({ subject: one.entityId, reason: "scale" }))
  if (!blocked.ok) faults.push(`blocking got ${blocked.status}`)
  if (!(await within(newsMs, async () => (await statuses()).every((status) => status === 404))))
    faults.push("a block at one does not hold at the others")
  console.log(`a block holds at the others after ${Math.round(performance.now() - blockedAt)} ms`)
} finally {
  for (const { child } of running) child.kill("SIGKILL")
  rmSync(directory, { recursive: true, force: true })
}
console.log(`${kills} kills, ${acknowledged.size} registrations acknowledged, ${faults.length} faults`)
for (const one of faults.slice(0, 20)) console.log(one)
if (faults.length > 0 || acknowledged.size === 0) process.exit(1)
