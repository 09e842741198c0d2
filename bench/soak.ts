/**
 * `npm run bench -- soak [--minutes M]`: a node at work, for a while. Entities register, change, beat, are found and end, again
 * and again; two peers are stopped or killed and come back; and what is looked for is what a short test does not show: memory
 * that grows, errors that nobody can explain, answers that become slow.
 *
 * The population is fixed, so that a node which forgets what is over holds the same in the end as in the beginning.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Client, client, topics } from "../src/sim/workload/clients.ts"
import { startNode, type StartedNode } from "./http/started-node.ts"

const population = 200
/** Entities that keep a WebSocket open and beat; they stay. */
const beating = 20
const seed = 10
/** Between two of a kind, in milliseconds. */
const pace = { write: 50, search: 40, read: 25, beat: 1_000, restart: 20_000, sample: 2_000 }
/** Of the time: what starts up is not looked at. */
const warmUp = 0.3

type Kind = "register" | "update" | "deregister" | "search" | "federated" | "read"

interface Notes {
  readonly latencies: Map<Kind, Array<number>>
  readonly explained: Map<string, number>
  readonly unexplained: Map<string, number>
  readonly memory: Array<{ readonly atMs: number; readonly bytes: number }>
  beats: number
  restarts: number
}

interface Peer {
  readonly directory: string
  node: StartedNode | undefined
}

export const soak = async (argv: ReadonlyArray<string>): Promise<number> => {
  const minutes = argv[0] === "--minutes" ? Number(argv[1]) : 10
  if (argv.length % 2 === 1 || !(minutes > 0)) {
    console.error("soak takes --minutes M")
    return 1
  }
  const directory = mkdtempSync(join(tmpdir(), "agentdns-soak-"))
  const notes: Notes = { latencies: new Map(), explained: new Map(), unexplained: new Map(), memory: [], beats: 0, restarts: 0 }
  const hear = (event: string) => {
    if (event === "defect") count(notes.unexplained, "a node reports a defect")
  }
  const steady = await startNode(join(directory, "steady"), { hear })
  const peers: ReadonlyArray<Peer> = ["first", "second"].map((name) => ({ directory: join(directory, name), node: undefined }))
  const begin = (peer: Peer) => startNode(peer.directory, { hear, flags: ["--bootstrap", steady.mesh] })
  for (const peer of peers) peer.node = await begin(peer)
  console.log(`soak: ${minutes} minutes, ${population} entities, three nodes; one of two peers goes away every ${pace.restart / 1_000} s`)

  const until = performance.now() + minutes * 60_000
  const isOver = () => performance.now() >= until
  try {
    const work = new Work(steady, peers, notes)
    await work.registerBeating()
    await Promise.all([
      every(pace.write, isOver, () => work.write()),
      every(pace.search, isOver, () => work.search()),
      every(pace.read, isOver, () => work.read()),
      every(pace.beat, isOver, () => work.beat()),
      every(pace.sample, isOver, () => work.sample()),
      restarting(peers, begin, notes, isOver),
    ])
    work.end()
    return await report(notes, minutes, await together(steady, peers))
  } finally {
    for (const node of [steady, ...peers.flatMap((peer) => peer.node ?? [])]) await node.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** One after the other at this pace; a slow answer delays the next one only. */
const every = async (paceMs: number, isOver: () => boolean, act: () => Promise<void>): Promise<void> => {
  while (!isOver()) {
    const startedAt = performance.now()
    await act()
    await sleep(Math.max(0, paceMs - (performance.now() - startedAt)))
  }
}

const restarting = async (peers: ReadonlyArray<Peer>, begin: (peer: Peer) => Promise<StartedNode>, notes: Notes, isOver: () => boolean) => {
  for (let round = 0; ; round++) {
    const wakeAt = performance.now() + pace.restart
    while (performance.now() < wakeAt) {
      if (isOver()) return
      await sleep(200)
    }
    const peer = peers[round % peers.length]!
    const { node } = peer
    peer.node = undefined
    await node?.stop(round % 3 === 2 ? "SIGKILL" : "SIGTERM")
    peer.node = await begin(peer)
    notes.restarts++
  }
}

/** What clients do, and what they are told. */
class Work {
  readonly #steady: StartedNode
  readonly #peers: ReadonlyArray<Peer>
  readonly #notes: Notes
  /** How often each has registered, and whether it is there. */
  readonly #lives = new Map<number, { version: number; isThere: boolean }>()
  readonly #sockets: Array<{ readonly socket: WebSocket; readonly client: Client }> = []
  #writes = 0
  #asked = 0

  constructor(steady: StartedNode, peers: ReadonlyArray<Peer>, notes: Notes) {
    this.#steady = steady
    this.#peers = peers
    this.#notes = notes
  }

  async registerBeating(): Promise<void> {
    for (let number = 0; number < beating; number++) {
      const one = client(seed, number)
      await this.#ask("register", this.#steady.url, "POST", "/v1/entities", JSON.stringify(one.registration))
      const socket = new WebSocket(`${this.#steady.url.replace("http", "ws")}/v1/entities/${one.entityId}/ws`)
      socket.addEventListener("close", ({ code }) => {
        if (!this.#isEnding) count(this.#notes.unexplained, `a heartbeat's connection ended (${code})`)
      })
      await new Promise((opened) => socket.addEventListener("open", opened, { once: true }))
      this.#sockets.push({ socket, client: one })
    }
  }
  #isEnding = false

  /** Registers, changes, ends: the next of the population, whatever is its turn. */
  async write(): Promise<void> {
    const number = beating + (this.#writes++ % (population - beating))
    const life = this.#lives.get(number) ?? { version: 0, isThere: false }
    this.#lives.set(number, life)
    if (!life.isThere) {
      const one = client(seed, number, life.version)
      life.isThere = await this.#ask("register", this.#steady.url, "POST", "/v1/entities", JSON.stringify(one.registration))
    } else if (this.#writes % 3 === 0) {
      const one = client(seed, number, life.version)
      life.isThere = !(await this.#ask("deregister", this.#steady.url, "DELETE", `/v1/entities/${one.entityId}`, undefined, one.deletion))
    } else {
      const one = client(seed, number, ++life.version)
      const { authorization, body } = one.update!
      await this.#ask("update", this.#steady.url, "PUT", `/v1/entities/${one.entityId}`, body, authorization)
    }
  }

  async search(): Promise<void> {
    const federated = this.#asked++ % 5 === 0
    const body = JSON.stringify({ query: topics[this.#asked % topics.length], max_results: 10, federated })
    await this.#ask(federated ? "federated" : "search", this.#steady.url, "POST", "/v1/search", body)
    // peers are asked too, as far as they are there
    const peer = this.#peers[this.#asked % this.#peers.length]!
    if (peer.node !== undefined && this.#asked % 10 === 0)
      await this.#ask("search", peer.node.url, "POST", "/v1/search", body, undefined, peer)
  }

  async read(): Promise<void> {
    const one = client(seed, this.#asked % beating)
    await this.#ask("read", this.#steady.url, "GET", `/v1/entities/${one.entityId}`)
  }

  async beat(): Promise<void> {
    for (const { client, socket } of this.#sockets) {
      const timestamp = `${new Date().toISOString().slice(0, 19)}Z`
      socket.send(JSON.stringify({ timestamp, signature: client.beat(timestamp) }))
      this.#notes.beats++
    }
  }

  async sample(): Promise<void> {
    const page = await (await fetch(`${this.#steady.url}/metrics`)).text()
    const bytes = Number(/^process_resident_memory_bytes (\d+)/m.exec(page)?.[1])
    this.#notes.memory.push({ atMs: performance.now(), bytes })
  }

  end(): void {
    this.#isEnding = true
    for (const { socket } of this.#sockets) socket.close()
  }

  /** True when it was granted. `peer`: whom it is asked of may go away in the middle. */
  async #ask(kind: Kind, url: string, method: string, path: string, body?: string, authorization?: string, peer?: Peer): Promise<boolean> {
    const startedAt = performance.now()
    const wrong = (what: string) => {
      const isExplained = peer !== undefined && peer.node?.url !== url
      count(isExplained ? this.#notes.explained : this.#notes.unexplained, `${kind}: ${isExplained ? "a peer went away" : what}`)
      return false
    }
    try {
      const headers = { "content-type": "application/json", ...(authorization !== undefined && { authorization }) }
      const answer = await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body }) })
      const text = await answer.text()
      if (!answer.ok) return wrong(`${answer.status} ${text.slice(0, 120)}`)
      const taken = this.#notes.latencies.get(kind) ?? []
      this.#notes.latencies.set(kind, taken)
      taken.push(performance.now() - startedAt)
      return true
    } catch (error) {
      const { cause } = error as Error
      return wrong(cause instanceof Error ? cause.message : (error as Error).message)
    }
  }
}

/** Do all three hold as many entities in the end? Asked for a minute. */
const together = async (steady: StartedNode, peers: ReadonlyArray<Peer>): Promise<ReadonlyArray<number>> => {
  let counts: ReadonlyArray<number> = []
  for (let i = 0; i < 60; i++) {
    counts = await Promise.all(
      [steady, ...peers.map(({ node }) => node!)].map(async ({ url }) => {
        const { gossip_entries, local_agents } = (await (await fetch(`${url}/v1/network/status`)).json()) as Record<string, number>
        return gossip_entries! + local_agents!
      }),
    )
    if (new Set(counts).size === 1) break
    await sleep(1_000)
  }
  return counts
}

const report = async (
  { beats, explained, latencies, memory, restarts, unexplained }: Notes,
  minutes: number,
  held: ReadonlyArray<number>,
) => {
  console.log(`\n  asked of it, in ms          count      p50      p99      max`)
  for (const [kind, taken] of latencies) {
    const sorted = taken.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1).padStart(9)
    console.log(`  ${kind.padEnd(22)}${String(sorted.length).padStart(9)}${at(0.5)}${at(0.99)}${at(1)}`)
  }
  console.log(`  beats ${beats}, restarts of peers ${restarts}, entities held in the end ${held.join(", ")}`)
  const told = (all: ReadonlyMap<string, number>) => [...all].map(([what, times]) => `\n    ${times} × ${what}`).join("")
  console.log(`  errors explained: ${sum(explained)}${told(explained)}`)
  console.log(`  errors unexplained: ${sum(unexplained)}${told(unexplained)}`)

  const warm = memory.slice(Math.floor(memory.length * warmUp))
  const megabytes = warm.map(({ bytes }) => bytes / 1_048_576)
  const slope = slopeOf(
    warm.map(({ atMs }) => atMs / 60_000),
    megabytes,
  )
  const [early, late] = [megabytes.slice(0, megabytes.length >> 1), megabytes.slice(megabytes.length >> 1)].map(median)
  const growth = (late! - early!) / early!
  console.log(
    `  memory ${early!.toFixed(0)} → ${late!.toFixed(0)} MB (medians of two halves, after the first ${Math.round(warmUp * minutes * 60)} s), slope ${slope.toFixed(2)} MB/min`,
  )
  const wrong = [
    ...(sum(unexplained) > 0 ? ["errors that nobody can explain"] : []),
    ...(new Set(held).size > 1 ? ["the nodes do not hold the same"] : []),
    ...(growth > growthMax ? [`memory grew by ${(growth * 100).toFixed(0)} %`] : []),
  ]
  console.log(wrong.length === 0 ? "  all is well" : `  NOT WELL: ${wrong.join("; ")}`)
  return wrong.length === 0 ? 0 : 1
}

/** From one half to the other. */
const growthMax = 0.1

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((total, one) => total + one, 0)
const count = (counts: Map<string, number>, what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** Of the line of least squares. */
const slopeOf = (xs: ReadonlyArray<number>, ys: ReadonlyArray<number>): number => {
  const mean = (values: ReadonlyArray<number>) => values.reduce((total, one) => total + one, 0) / values.length
  const [x, y] = [mean(xs), mean(ys)]
  const over = xs.reduce((total, one, i) => total + (one - x) * (ys[i]! - y), 0)
  return over / xs.reduce((total, one) => total + (one - x) ** 2, 0)
}
