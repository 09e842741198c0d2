/**
 * Kills a node in the middle of writes, again and again, and looks whether it kept its word: whatever it acknowledged is there
 * after the restart, whatever it did not is there whole or not at all, and nobody repairs anything by hand.
 *
 *   node .ci/kill.ts [TIMES] [postgres://…]      without a URL: the embedded database
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { client } from "../src/sim/workload/clients.ts"

const [times = "50", databaseUrl] = process.argv.slice(2)
const writers = 8
/** The longest time for which a node is let live, in milliseconds; each round another. */
const longestMs = 400

const directory = mkdtempSync(join(tmpdir(), "agentdns-kill-"))
const main = join(import.meta.dirname, "../src/runtime/main.ts")
let node: ChildProcess | undefined

const started = (): Promise<string> => {
  const flags = ["--data-dir", directory, "--listen", "127.0.0.1:0", "--mesh-listen", "127.0.0.1:0", "--log", "json"]
  const more = ["--set", "api.rate_limit_register=1000000000", ...(databaseUrl === undefined ? [] : ["--database-url", databaseUrl])]
  const child = spawn(process.execPath, [main, "start", ...flags, ...more], { stdio: ["ignore", "pipe", "inherit"] })
  node = child
  return new Promise((ready, failed) => {
    createInterface(child.stdout).on("line", (line) => {
      const said = JSON.parse(line) as { readonly event?: string; readonly http: string }
      if (said.event === "ready") ready(said.http)
    })
    child.once("exit", (code, signal) => failed(new Error(`the node ended before it served: ${code ?? signal}`)))
  })
}

const lives = () => node?.exitCode === null

let next = 0
const acknowledged = new Set<number>()
const asked = new Set<number>()

/** Registers one entity after the other, until the node is gone. */
const write = async (url: string): Promise<void> => {
  for (;;) {
    const number = next++
    asked.add(number)
    const body = JSON.stringify(client(7, number).registration)
    const answer = await fetch(`${url}/v1/entities`, { method: "POST", body }).catch(() => undefined)
    if (answer === undefined) return
    if (answer.status !== 201) throw new Error(`registration ${number} got ${answer.status}: ${await answer.text()}`)
    acknowledged.add(number)
  }
}

/** What is wrong with this entity now; it is settled afterwards. */
const fault = async (url: string, number: number): Promise<string | undefined> => {
  const { entityId, registration } = client(7, number)
  const shown = await fetch(`${url}/v1/entities/${entityId}`)
  if (shown.status !== 200) return acknowledged.has(number) ? `${entityId} was acknowledged and is ${shown.status}` : undefined
  const entity = (await shown.json()) as Record<string, unknown>
  const wrong = ["name", "summary", "category", "public_key", "developer_id"].find((field) => entity[field] !== registration[field])
  if (wrong !== undefined) return `${entityId} has another ${wrong}`
  const developer = await fetch(`${url}/v1/developers/${entity["developer_id"] as string}`)
  if (developer.status !== 200) return `${entityId} is without its developer`
  const again = await fetch(`${url}/v1/entities`, { method: "POST", body: JSON.stringify(registration) })
  if (again.status !== 409) return `${entityId} is there and could be registered again: ${again.status}`
  acknowledged.add(number)
  return undefined
}

const faults: Array<string> = []
try {
  for (let round = 0; round <= Number(times); round++) {
    const url = await started()
    for (const number of asked) {
      const found = await fault(url, number)
      if (found !== undefined) faults.push(found)
    }
    // what was not there after all is asked for again; what was there is known
    asked.clear()
    if (round % 10 === 0) console.log(`after ${round} kills: ${acknowledged.size} of ${next} registrations are here`)
    if (round === Number(times)) {
      for (const number of acknowledged) if ((await fault(url, number)) !== undefined) faults.push(`entity ${number} is lost in the end`)
      break
    }
    const writing = Promise.all(Array.from({ length: writers }, () => write(url)))
    // in every other round the time begins with the first acknowledgement: on a busy machine nothing else would be there to lose
    const before = acknowledged.size
    if (round % 2 === 0) while (acknowledged.size === before && lives()) await sleep(5)
    await sleep(50 + ((round * 7_919) % longestMs))
    const gone = new Promise((done) => node!.once("exit", done))
    node!.kill("SIGKILL")
    await gone
    await writing
  }
} finally {
  node?.kill("SIGKILL")
  rmSync(directory, { recursive: true, force: true })
}
console.log(`${times} kills, ${next} registrations asked for, ${acknowledged.size} held, ${faults.length} faults`)
for (const one of faults.slice(0, 20)) console.log(one)
if (faults.length > 0 || acknowledged.size === 0) process.exit(1)
