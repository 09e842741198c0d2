/**
 * A model of the deployed node (`agentdns` 0.2.0) as a mesh peer, with the limits it was seen to have: signatures that cover
 * the hop count, so that what it passes on is dropped by the next of its kind; no catch-up; deduplication by id and second;
 * a search that waits for an answer which its own loop throws away, and falls silent (`link.ts`); and a list of connections
 * by id that loses one of two (`#over`).
 *
 * Bytes in, bytes out, and a clock: the simulator places it on its network, tests on sockets.
 */
import type { verifyRaw } from "../../protocol/identity/ed25519.ts"
import { secondsOf, writeTime } from "../../protocol/time.ts"
import { announce, type DeployedAnnouncement, dedupKeyOf, isSigned, maxHops } from "./announcement.ts"
import { announcement as announcementType } from "./announcement.ts"
import { DeployedDhtNode, randomHex } from "./dht.ts"
import { type DeployedFilter, filterFor, itemsOf, lower, matches, put, tokensOf } from "./filter.ts"
import { decode, type GoType } from "./go-json.ts"
import { type Ground, Link, type Wire } from "./link.ts"
import {
  type DeployedDhtRecord,
  type DeployedHello,
  type DeployedQuery,
  type DeployedResult,
  type Envelope,
  gossip,
  heartbeat,
  hello,
  search,
  searchAck,
  searchRequest,
} from "./messages.ts"
import { type DeployedEntity, DeployedRecords, entityOf } from "./records.ts"

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

/** What its search answers over REST. */
export interface DeployedFindings {
  readonly results: ReadonlyArray<DeployedResult>
  /** Peers asked, and those that answered in time. */
  readonly asked: number
  readonly answered: number
}

const helloPatienceMs = 10_000
const readPatienceMs = 90_000
const askPatienceMs = 5_000
const searchPatienceMs = 1_500
const beatEveryMs = 30_000
const redialMaxMs = 60_000
const askedMax = 10
const lookToRegisterMs = 1
const filterRate = 0.01
const seenWindowMs = 300_000
/** A filter of more bits than a machine has memory ends the process. */
const fatalFilterBits = 2 ** 40

export class DeployedNode {
  readonly settings: DeployedSettings
  readonly records = new DeployedRecords()
  readonly dht: DeployedDhtNode
  /** By id, one for each: of two links with one peer the later. */
  readonly conns = new Map<string, Link>()
  /** What it lists. */
  readonly peers = new Map<string, ListedPeer>()
  /** Connections of any kind that it still reads. */
  readonly links = new Set<Link>()
  /** What ended its process. */
  diedOf: string | undefined
  /** Announcements that it threw away because no signature held. */
  refused = 0
  readonly #ground: Ground
  readonly #filters = new Map<string, DeployedFilter>()
  readonly #seen = new Map<string, number>()
  #filter: DeployedFilter
  #isBeating = false
  #owesBeat = false

  constructor(ground: Ground, settings: DeployedSettings) {
    this.#ground = ground
    this.settings = settings
    this.#filter = filterFor(settings.expectedItems, filterRate)
    this.dht = new DeployedDhtNode(ground, settings.publicKey, (address, payload) => {
      const link = [...this.conns.values()].find((one) => one.address === address)
      link?.write("dht", payload)
      return link !== undefined
    })
  }

  /** Its process starts. */
  begin(): void {
    this.#every(beatEveryMs, () => {
      this.#beat()
      for (const address of this.settings.bootstrap) if (!this.#knows(address)) this.#dial(address)
    })
    this.#every(this.settings.rebuildEveryMs, () => this.#rebuild())
    this.#every(seenWindowMs, () => this.#sweep())
    for (const address of this.settings.bootstrap) this.#bootstrap(address, 1_000)
  }

  /** Its process ends: its peers are told nothing but that the connections are over. */
  end(): void {
    this.diedOf ??= "stopped"
    for (const link of this.links) link.close()
  }

  #every(periodMs: number, act: () => void): void {
    this.#ground.after(periodMs, () => {
      if (this.diedOf !== undefined) return
      act()
      this.#every(periodMs, act)
    })
  }

  // links ------------------------------------------------------------------------------------------------------------

  /** Somebody has connected. */
  accept(wire: Wire): void {
    if (this.diedOf !== undefined) return wire.close()
    const link = this.#open(wire)
    link.read(helloPatienceMs, (said) => {
      const greeting = greetingIn(said)
      if (greeting === undefined || greeting.registry_id === this.settings.registryId) return this.#drop(link)
      link.write("hello", this.#hello())
      if (this.conns.has(greeting.registry_id)) return this.#drop(link)
      // it has looked, and registers a moment later: whoever comes in between by another link stays as well
      this.#ground.after(lookToRegisterMs, () => this.#register(link, greeting, hostPort(wire.remoteHost, greeting.listen_port)))
    })
  }

  #bootstrap(address: string, waitMs: number): void {
    this.#dial(address, (isThere) => {
      if (isThere || this.diedOf !== undefined) return
      this.#ground.after(waitMs, () => this.#bootstrap(address, Math.min(redialMaxMs, 2 * waitMs)))
    })
  }

  #dial(address: string, done: (isThere: boolean) => void = () => {}): void {
    if (this.diedOf !== undefined) return
    this.#ground.dial(address, (wire) => {
      if (wire === undefined) return done(false)
      if (this.diedOf !== undefined) return wire.close()
      const link = this.#open(wire)
      link.write("hello", this.#hello())
      link.read(helloPatienceMs, (said) => {
        const greeting = greetingIn(said)
        if (greeting === undefined || greeting.registry_id === this.settings.registryId) {
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
    this.links.add(link)
    link.open()
    return link
  }

  #drop(link: Link): void {
    this.links.delete(link)
    link.close()
  }

  #register(link: Link, greeting: DeployedHello, address: string): void {
    link.registryId = greeting.registry_id
    link.name = greeting.name
    link.address = address
    this.conns.set(link.registryId, link)
    if (this.peers.size >= this.settings.maxPeers) this.#evictOldest()
    const { agent_count: agentCount, name, public_key: publicKey, registry_id: registryId } = greeting
    this.peers.set(registryId, { registryId, name, address, publicKey, agentCount, lastSeen: this.#seconds() })
    this.#readOn(link)
  }

  /** The loop. */
  #readOn(link: Link): void {
    link.read(readPatienceMs, (said) => {
      if (said === undefined || this.diedOf !== undefined) return this.#over(link)
      this.#handle(link, said, () => this.#readOn(link))
    })
  }

  /** The connection is forgotten by its id, also when that stands for another one by now: the other becomes a ghost. */
  #over(link: Link): void {
    this.#drop(link)
    this.conns.delete(link.registryId)
    this.peers.delete(link.registryId)
    this.#filters.delete(link.registryId)
  }

  #evictOldest(): void {
    const [oldest] = [...this.peers.values()].sort((a, b) => a.lastSeen - b.lastSeen)
    if (oldest === undefined) return
    this.peers.delete(oldest.registryId)
    this.#filters.delete(oldest.registryId)
  }

  #knows(address: string): boolean {
    return [...this.conns.values()].some((link) => link.address === address)
  }

  #hello(): string {
    const { listenPort, name, publicKey, registryId } = this.settings
    const said = { registry_id: registryId, name, public_key: publicKey, agent_count: this.records.own.size }
    return hello.write({ ...hello.zero, ...said, version: "0.1.0", listen_port: listenPort })
  }

  #handle(link: Link, { payload, type }: Envelope, done: () => void): void {
    switch (type) {
      case "heartbeat":
        this.#hearBeat(link, payload)
        return done()
      case "gossip": {
        const said = read(gossip, payload)?.announcement
        if (said === undefined || said === null || !this.#take(said)) return done()
        return this.#broadcast({ ...said, hop_count: said.hop_count + 1 }, link.registryId, done)
      }
      case "search":
        return this.#answer(link, payload, done)
      case "dht": {
        const reply = this.dht.hear(payload)
        const listed = this.conns.get(link.registryId)
        if (reply === undefined || listed === undefined) return done()
        return listed.send("dht", reply, done)
      }
      default:
        // a search_ack here is one that the asker did not get; everything else is only logged
        return done()
    }
  }

  // heartbeats -------------------------------------------------------------------------------------------------------

  /** One after the other: who cannot be written to keeps the rest waiting. A tick that comes meanwhile is remembered once. */
  #beat(): void {
    if (this.#isBeating) {
      this.#owesBeat = true
      return
    }
    this.#isBeating = true
    const { bits, hashes, size } = this.#filter
    const said = { registry_id: this.settings.registryId, agent_count: this.records.own.size }
    const addresses = [...this.conns.values()].map(({ address }) => address)
    const filter = { bloom_filter: bits, bloom_size: size, bloom_hashes: hashes }
    const payload = heartbeat.write({ ...said, ...filter, peer_addrs: addresses })
    this.#sendAll([...this.conns.values()], "heartbeat", payload, () => {
      this.#isBeating = false
      if (!this.#owesBeat) return
      this.#owesBeat = false
      this.#beat()
    })
  }

  #hearBeat(link: Link, payload: unknown): void {
    const said = read(heartbeat, payload)
    if (said === undefined) return
    const listed = this.peers.get(link.registryId)
    if (listed !== undefined) listed.lastSeen = this.#seconds()
    if (said.bloom_filter.length > 0 && said.bloom_size > 0) {
      if (said.bloom_size > fatalFilterBits) return this.#die(`a filter of ${said.bloom_size} bits`)
      this.#filters.set(link.registryId, { bits: said.bloom_filter, size: said.bloom_size, hashes: said.bloom_hashes })
    }
    for (const address of said.peer_addrs ?? []) if (!this.#knows(address)) this.#dial(address)
  }

  #rebuild(): void {
    this.#filter = filterFor(this.settings.expectedItems, filterRate)
    for (const entity of this.records.live) for (const item of itemsOf(entity)) put(this.#filter, item)
  }

  /** Is the filter that it says now without a single bit? */
  get isFilterEmpty(): boolean {
    return this.#filter.bits.every((byte) => byte === 0)
  }

  // announcements ----------------------------------------------------------------------------------------------------

  /** Says something about what is its own, as REST requests make it do; `then` when the request would be answered. */
  say(said: Partial<DeployedAnnouncement>, then: () => void = () => {}): DeployedAnnouncement {
    const announced = announce(this.settings, {
      home_registry: this.settings.registryId,
      timestamp: writeTime(secondsOf(this.#ground.nowMs())),
      max_hops: maxHops,
      ...said,
    })
    this.#keepOwn(announced)
    // only its own entities are in the set: its developers, names and proofs are taken for remote ones when they come back
    if (announced.type === "agent_announce") this.#seen.set(dedupKeyOf(announced), this.#ground.nowMs())
    this.#broadcast(announced, "", then)
    return announced
  }

  #keepOwn(said: DeployedAnnouncement): void {
    if (said.type !== "agent_announce") return
    const { own } = this.records
    const known = own.get(said.entity_id)
    if (said.action === "register" || said.action === "update") own.set(said.entity_id, entityOf(said))
    else if (said.action === "agent_status" && known !== undefined) own.set(said.entity_id, { ...known, status: said.status })
    else if (said.action === "deregister") own.delete(said.entity_id)
  }

  /** Stores it. False: it goes no farther. */
  #take(said: DeployedAnnouncement): boolean {
    if (said.hop_count >= said.max_hops) return false
    if (!isSigned(said, this.settings.check)) {
      this.refused++
      return false
    }
    const key = dedupKeyOf(said)
    if (this.#seen.has(key)) return false
    this.#seen.set(key, this.#ground.nowMs())
    return this.records.take(said)
  }

  #sweep(): void {
    const beforeMs = this.#ground.nowMs() - seenWindowMs
    for (const [key, atMs] of this.#seen) if (atMs < beforeMs) this.#seen.delete(key)
  }

  #broadcast(said: DeployedAnnouncement, except: string, then: () => void): void {
    const to = [...this.conns].filter(([id]) => id !== except).map(([, link]) => link)
    this.#sendAll(to, "gossip", `{"announcement":${announcementType.write(said)}}`, then)
  }

  #sendAll([first, ...rest]: ReadonlyArray<Link>, type: string, payload: string, then: () => void): void {
    if (first === undefined) then()
    else first.send(type, payload, () => this.#sendAll(rest, type, payload, then))
  }

  // reading and searching --------------------------------------------------------------------------------------------

  /** What GET shows: its own, what it heard of, and what the DHT says. */
  entity(id: string, done: (shown: DeployedEntity | DeployedDhtRecord | undefined) => void): void {
    const known = this.records.entity(id)
    if (known !== undefined) done(known)
    else this.dht.find(id, done)
  }

  /** A federated search: at most ten of the peers whose filter has one of the words, each for 1.5 s. */
  search(asked: Partial<DeployedQuery>, done: (findings: DeployedFindings) => void): void {
    const request = { ...searchRequest.zero, ...asked, federated: true }
    const results = [...this.records.search(request)]
    const peers = this.#relevant(request)
    let [left, answered] = [peers.length, 0]
    const finish = () => done({ results, asked: peers.length, answered })
    if (left === 0) return finish()
    const id = randomHex(this.#ground.chance)
    const question = { request_id: id, request, origin_id: this.settings.registryId, ttl: 1 }
    for (const peer of peers) {
      let isWaiting = true
      const take = (found: ReadonlyArray<DeployedResult> | undefined): void => {
        if (!isWaiting) return
        isWaiting = false
        timer.cancel()
        if (found !== undefined) answered++
        results.push(...(found ?? []).filter(({ entity_id }) => !results.some((one) => one.entity_id === entity_id)))
        if (--left === 0) finish()
      }
      const timer = this.#ground.after(searchPatienceMs, () => take(undefined))
      this.#askOne(peer, search.write(question), take)
    }
  }

  /** The asker keeps the lock while it waits, however long that is. */
  #askOne(peer: string, payload: string, take: (found: ReadonlyArray<DeployedResult> | undefined) => void): void {
    const link = this.conns.get(peer)
    if (link === undefined) return take(undefined)
    link.lock(() => {
      link.write("search", payload)
      link.readToo(askPatienceMs, (said) => {
        link.unlock()
        const ack = said?.type === "search_ack" ? read(searchAck, said.payload) : undefined
        take(ack === undefined ? undefined : (ack.results ?? []))
      })
    })
  }

  #relevant(asked: DeployedQuery): ReadonlyArray<string> {
    const words = [...tokensOf(asked.query), ...(asked.category === "" ? [] : [lower(asked.category)]), ...(asked.tags ?? []).map(lower)]
    const scoreOf = (id: string): number => {
      const filter = this.#filters.get(id)
      return filter === undefined ? 1 : matches(filter, words)
    }
    return [...this.peers.keys()]
      .map((id) => ({ id, score: scoreOf(id) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, askedMax)
      .map(({ id }) => id)
  }

  #answer(link: Link, payload: unknown, done: () => void): void {
    const asked = read(search, payload)
    if (asked === undefined) return done()
    if (asked.request === null) return this.#die("a search without a request")
    const { request_id, request } = asked
    const results = this.records.search(request)
    const listed = this.conns.get(link.registryId)
    if (listed === undefined) return done()
    return listed.send("search_ack", searchAck.write({ request_id, results, stats: null }), done)
  }

  #die(reason: string): void {
    this.diedOf ??= reason
    this.end()
  }

  #seconds(): number {
    return Math.floor(this.#ground.nowMs() / 1_000)
  }
}

const greetingIn = (said: Envelope | undefined): DeployedHello | undefined =>
  said?.type === "hello" ? read(hello, said.payload) : undefined

/** A payload that is missing decodes to nothing; one that is `null` to zeros. */
const read = <A>(type: GoType<A>, payload: unknown): A | undefined => (payload === undefined ? undefined : decode(type, payload))

const hostPort = (host: string, port: number): string => `${host}:${port}`
