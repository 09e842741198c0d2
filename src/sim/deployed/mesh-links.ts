/**
 * Whom the deployed node is connected with: greetings, a list by id, and what goes wrong with two links of one id. It looks
 * whether it lists somebody and registers a moment later, and it forgets by id, whichever of two links ended.
 */
import type { verifyRaw } from "../../protocol/identity/ed25519.ts"
import type { DeployedAnnouncement } from "./announcement.ts"
import type { DeployedFilter } from "./filter.ts"
import { decode } from "./go-json.ts"
import { type Ground, Link, type Wire } from "./link.ts"
import { type DeployedHello, type Envelope, hello } from "./messages.ts"

export interface DeployedSettings {
  readonly name: string
  readonly publicKey: string
  readonly registryId: string
  readonly sign: (message: string) => string
  readonly listenPort: number
  readonly bootstrap: ReadonlyArray<string>
  readonly maxPeers: number
  /** What its filter is sized for (500,000 by default), and how often it is made anew (300 s). */
  readonly expectedItems: number
  readonly rebuildEveryMs: number
  readonly check?: typeof verifyRaw
  /** Hears of every announcement of its own that it wrote to a peer. */
  readonly told?: (said: DeployedAnnouncement, link: Link) => void
}

export interface ListedPeer {
  readonly registryId: string
  readonly name: string
  readonly address: string
  readonly publicKey: string
  readonly agentCount: number
  /** Whole seconds. */
  lastSeen: number
}

/** What a node says first, and what it makes of what it is told: `done` when it reads on. */
export interface Mouth {
  readonly hello: () => string
  readonly handle: (link: Link, said: Envelope, done: () => void) => void
}

const helloPatienceMs = 10_000
const readPatienceMs = 90_000
const redialMaxMs = 60_000
const lookToRegisterMs = 1

export class MeshLinks {
  /** By id, one for each: of two links with one peer the later. */
  readonly conns = new Map<string, Link>()
  /** What it lists. */
  readonly peers = new Map<string, ListedPeer>()
  /** Connections of any kind that it still reads. */
  readonly all = new Set<Link>()
  /** Of those listed, as far as they said one. */
  readonly filters = new Map<string, DeployedFilter>()
  readonly #ground: Ground
  readonly #settings: DeployedSettings
  readonly #mouth: Mouth
  #isOver = false

  constructor(ground: Ground, settings: DeployedSettings, mouth: Mouth) {
    this.#ground = ground
    this.#settings = settings
    this.#mouth = mouth
  }

  /** The process ends. */
  end(): void {
    this.#isOver = true
    for (const link of this.all) link.close()
  }

  /** Somebody has connected. */
  accept(wire: Wire): void {
    if (this.#isOver) return wire.close()
    const link = this.#open(wire)
    link.read(helloPatienceMs, (said) => {
      const greeting = greetingIn(said)
      if (greeting === undefined || greeting.registry_id === this.#settings.registryId) return this.#drop(link)
      link.write("hello", this.#mouth.hello())
      if (this.conns.has(greeting.registry_id)) return this.#drop(link)
      // it has looked, and registers a moment later: whoever comes in between by another link stays as well
      this.#ground.after(lookToRegisterMs, () => this.#register(link, greeting, hostPort(wire.remoteHost, greeting.listen_port)))
    })
  }

  /** Dials it until that succeeds once, waiting twice as long each time. */
  bootstrap(address: string, waitMs: number): void {
    this.dial(address, (isThere) => {
      if (isThere || this.#isOver) return
      this.#ground.after(waitMs, () => this.bootstrap(address, Math.min(redialMaxMs, 2 * waitMs)))
    })
  }

  dial(address: string, done: (isThere: boolean) => void = () => {}): void {
    if (this.#isOver) return
    this.#ground.dial(address, (wire) => {
      if (wire === undefined) return done(false)
      if (this.#isOver) return wire.close()
      const link = this.#open(wire)
      link.write("hello", this.#mouth.hello())
      link.read(helloPatienceMs, (said) => {
        const greeting = greetingIn(said)
        if (greeting === undefined || greeting.registry_id === this.#settings.registryId) {
          this.#drop(link)
          return done(false)
        }
        if (this.conns.has(greeting.registry_id)) this.#drop(link)
        else this.#register(link, greeting, hostPort(address.slice(0, address.lastIndexOf(":")), greeting.listen_port))
        return done(true)
      })
    })
  }

  #open(wire: Wire): Link {
    const link = new Link(this.#ground, wire)
    this.all.add(link)
    link.open()
    return link
  }

  #drop(link: Link): void {
    this.all.delete(link)
    link.close()
  }

  #register(link: Link, greeting: DeployedHello, address: string): void {
    link.registryId = greeting.registry_id
    link.name = greeting.name
    link.address = address
    this.conns.set(link.registryId, link)
    if (this.peers.size >= this.#settings.maxPeers) this.#evictOldest()
    const { agent_count: agentCount, name, public_key: publicKey, registry_id: registryId } = greeting
    this.peers.set(registryId, { registryId, name, address, publicKey, agentCount, lastSeen: Math.floor(this.#ground.nowMs() / 1_000) })
    this.#readOn(link)
  }

  /** The loop. */
  #readOn(link: Link): void {
    link.read(readPatienceMs, (said) => {
      if (said === undefined || this.#isOver) return this.#over(link)
      this.#mouth.handle(link, said, () => this.#readOn(link))
    })
  }

  /** The connection is forgotten by its id, also when that stands for another one by now: the other becomes a ghost. */
  #over(link: Link): void {
    this.#drop(link)
    this.conns.delete(link.registryId)
    this.peers.delete(link.registryId)
    this.filters.delete(link.registryId)
  }

  #evictOldest(): void {
    const [oldest] = [...this.peers.values()].sort((a, b) => a.lastSeen - b.lastSeen)
    if (oldest === undefined) return
    this.peers.delete(oldest.registryId)
    this.filters.delete(oldest.registryId)
  }

  knows(address: string): boolean {
    return [...this.conns.values()].some((link) => link.address === address)
  }
}

const greetingIn = (said: Envelope | undefined): DeployedHello | undefined =>
  said?.type === "hello" && said.payload !== undefined ? decode(hello, said.payload) : undefined

const hostPort = (host: string, port: number): string => `${host}:${port}`
