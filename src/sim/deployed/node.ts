/**
 * A model of the deployed node (`agentdns` 0.2.0) as a mesh peer, with the limits it was seen to have: signatures that cover
 * the hop count, so that what it passes on is dropped by the next of its kind; no catch-up; deduplication by id and second;
 * a search that waits for an answer which its own loop throws away, and falls silent (`link.ts`); and a list of connections
 * by id that loses one of two (`mesh-links.ts`).
 *
 * Bytes in, bytes out, and a clock: the simulator places it on its network, tests on sockets.
 */
import { secondsOf, writeTime } from "../../protocol/time.ts"
import { announce, announcement, type DeployedAnnouncement, dedupKeyOf, isSigned, maxHops } from "./announcement.ts"
import { DeployedDhtNode, randomHex } from "./dht.ts"
import { type DeployedFilter, filterFor, itemsOf, lower, matches, put, tokensOf } from "./filter.ts"
import { decode, type GoType } from "./go-json.ts"
import type { Ground, Link, Wire } from "./link.ts"
import { type DeployedSettings, MeshLinks } from "./mesh-links.ts"
import {
  type DeployedDhtRecord,
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

/** What its search answers over REST. */
export interface DeployedFindings {
  readonly results: ReadonlyArray<DeployedResult>
  /** Ids of the peers that were asked, and of those that did not answer in time, with what became of the question. */
  readonly asked: ReadonlyArray<string>
  readonly silent: ReadonlyMap<string, Fate>
}

/**
 * Of a question without an answer: nobody was there to write it to; others held the lock all the time; its two readers tore a
 * frame in pieces; the connection ended; another frame was read as the answer; or none came.
 */
export type Fate = "no link" | "locked" | "torn" | "link ended" | "another frame" | "no answer"

const askPatienceMs = 5_000
const searchPatienceMs = 1_500
const beatEveryMs = 30_000
const askedMax = 10
const filterRate = 0.01
const seenWindowMs = 300_000
/** A filter of more bits than a machine has memory ends the process. */
const fatalFilterBits = 2 ** 40

export class DeployedNode {
  readonly settings: DeployedSettings
  readonly records: DeployedRecords
  readonly dht: DeployedDhtNode
  readonly mesh: MeshLinks
  /** What ended its process. */
  diedOf: string | undefined
  /** Announcements that it threw away because no signature held. */
  refused = 0
  readonly #ground: Ground
  readonly #seen = new Map<string, number>()
  #filter: DeployedFilter
  #isBeating = false
  #owesBeat = false

  /** `records`: what it holds since an earlier start. */
  constructor(ground: Ground, settings: DeployedSettings, records = new DeployedRecords()) {
    this.#ground = ground
    this.records = records
    this.settings = settings
    this.#filter = filterFor(settings.expectedItems, filterRate)
    const mouth = { hello: () => this.#hello(), handle: (link: Link, said: Envelope, done: () => void) => this.#handle(link, said, done) }
    this.mesh = new MeshLinks(ground, settings, mouth)
    this.dht = new DeployedDhtNode(ground, settings.publicKey, (address, payload) => {
      const link = [...this.conns.values()].find((one) => one.address === address)
      link?.write("dht", payload)
      return link !== undefined
    })
  }

  /** By id, one for each. */
  get conns(): ReadonlyMap<string, Link> {
    return this.mesh.conns
  }

  /** Somebody has connected. */
  accept(wire: Wire): void {
    this.mesh.accept(wire)
  }

  /** Its process starts. */
  begin(): void {
    this.#every(beatEveryMs, () => {
      this.#beat()
      for (const address of this.settings.bootstrap) if (!this.mesh.knows(address)) this.mesh.dial(address)
    })
    this.#every(this.settings.rebuildEveryMs, () => this.#rebuild())
    this.#every(seenWindowMs, () => this.#sweep())
    for (const address of this.settings.bootstrap) this.mesh.bootstrap(address, 1_000)
  }

  /** Its process ends: its peers are told nothing but that the connections are over. */
  end(): void {
    this.diedOf ??= "stopped"
    this.mesh.end()
  }

  #every(periodMs: number, act: () => void): void {
    this.#ground.after(periodMs, () => {
      if (this.diedOf !== undefined) return
      act()
      this.#every(periodMs, act)
    })
  }

  // frames -------------------------------------------------------------------------------------------------------------

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
        if (said === undefined || said === null || !this.#take(said, link.registryId)) return done()
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
    const listed = this.mesh.peers.get(link.registryId)
    if (listed !== undefined) listed.lastSeen = this.#seconds()
    if (said.bloom_filter.length > 0 && said.bloom_size > 0) {
      if (said.bloom_size > fatalFilterBits) return this.#die(`a filter of ${said.bloom_size} bits`)
      this.mesh.filters.set(link.registryId, { bits: said.bloom_filter, size: said.bloom_size, hashes: said.bloom_hashes })
    }
    for (const address of said.peer_addrs ?? []) if (!this.mesh.knows(address)) this.mesh.dial(address)
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
    this.#broadcast(announced, "", then, (link) => this.settings.told?.(announced, link))
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
  #take(said: DeployedAnnouncement, via: string): boolean {
    if (said.hop_count >= said.max_hops) return false
    if (!isSigned(said, this.settings.check)) {
      this.refused++
      return false
    }
    const key = dedupKeyOf(said)
    if (this.#seen.has(key)) return false
    this.#seen.set(key, this.#ground.nowMs())
    return this.records.take(said, via)
  }

  #sweep(): void {
    const beforeMs = this.#ground.nowMs() - seenWindowMs
    for (const [key, atMs] of this.#seen) if (atMs < beforeMs) this.#seen.delete(key)
  }

  #broadcast(said: DeployedAnnouncement, except: string, then: () => void, told: (link: Link) => void = () => {}): void {
    const to = [...this.conns].filter(([id]) => id !== except).map(([, link]) => link)
    this.#sendAll(to, "gossip", `{"announcement":${announcement.write(said)}}`, then, told)
  }

  #sendAll(
    [first, ...rest]: ReadonlyArray<Link>,
    type: string,
    payload: string,
    then: () => void,
    told: (link: Link) => void = () => {},
  ): void {
    if (first === undefined) return then()
    first.send(type, payload, () => {
      if (first.isOpen) told(first)
      this.#sendAll(rest, type, payload, then, told)
    })
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
    const silent = new Map<string, Fate>()
    let left = peers.length
    const finish = () => done({ results, asked: peers, silent })
    if (left === 0) return finish()
    const id = randomHex(this.#ground.chance)
    const question = { request_id: id, request, origin_id: this.settings.registryId, ttl: 1 }
    for (const peer of peers) {
      let isWaiting = true
      let isWritten = false
      const take = (found: ReadonlyArray<DeployedResult> | Fate): void => {
        if (!isWaiting) return
        isWaiting = false
        timer.cancel()
        if (typeof found === "string") silent.set(peer, found)
        else results.push(...found.filter(({ entity_id }) => !results.some((one) => one.entity_id === entity_id)))
        if (--left === 0) finish()
      }
      const timer = this.#ground.after(searchPatienceMs, () => take(isWritten ? "no answer" : "locked"))
      this.#askOne(peer, search.write(question), () => (isWritten = true), take)
    }
  }

  /** The asker keeps the lock while it waits, however long that is. */
  #askOne(peer: string, payload: string, written: () => void, take: (found: ReadonlyArray<DeployedResult> | Fate) => void): void {
    const link = this.conns.get(peer)
    if (link === undefined) return take("no link")
    link.lock(() => {
      link.write("search", payload)
      written()
      link.readToo(askPatienceMs, (said) => {
        link.unlock()
        if (said?.type === "gossip") this.records.swallow(read(gossip, said.payload)?.announcement?.entity_id)
        const ack = said?.type === "search_ack" ? read(searchAck, said.payload) : undefined
        if (said === undefined) take(link.brokenBy === "torn" ? "torn" : "link ended")
        else take(ack === undefined ? "another frame" : (ack.results ?? []))
      })
    })
  }

  #relevant(asked: DeployedQuery): ReadonlyArray<string> {
    const words = [...tokensOf(asked.query), ...(asked.category === "" ? [] : [lower(asked.category)]), ...(asked.tags ?? []).map(lower)]
    const scoreOf = (id: string): number => {
      const filter = this.mesh.filters.get(id)
      return filter === undefined ? 1 : matches(filter, words)
    }
    return [...this.mesh.peers.keys()]
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

/** A payload that is missing decodes to nothing; one that is `null` to zeros. */
const read = <A>(type: GoType<A>, payload: unknown): A | undefined => (payload === undefined ? undefined : decode(type, payload))
