/**
 * The stage: a world, what a scenario does in it, and what is found out about it.
 *
 * It lets clients ask, hears what nodes report, looks around every virtual second, and asks the checkers.
 */
import { Effect } from "effect"
import type { Happening } from "../actors/happening.ts"
import { type EntityId, idOf, type RegistryId } from "../protocol/identity/id.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import { secondsOf, writeTime } from "../protocol/time.ts"
import { compiledEngine } from "../runtime/engine/compiled.ts"
import { xstateEngine } from "../runtime/engine/xstate.ts"
import { defaultSettings, type NodeSettings } from "../runtime/node-settings.ts"
import { withoutDht } from "../runtime/node/dht.ts"
import type { Node } from "../runtime/node-service.ts"
import type { Checker, Finding } from "./checkers/checker.ts"
import { table } from "./checkers/k1-table.ts"
import { liveContactsStay } from "./checkers/k2-live-contacts-stay.ts"
import { provenValues } from "./checkers/k3-proven-values.ts"
import { convergence } from "./checkers/p1-convergence.ts"
import { noTakeover } from "./checkers/p2-no-takeover.ts"
import { hopBound } from "./checkers/p3-hop-bound.ts"
import { pinnedKeys } from "./checkers/p4-pinned-keys.ts"
import { cheapBeforeDear } from "./checkers/p7-cheap-before-dear.ts"
import { boundedMemory } from "./checkers/p8-bounded-memory.ts"
import { noResurrection } from "./checkers/p9-no-resurrection.ts"
import { noLostUpdate } from "./checkers/p10-no-lost-update.ts"
import { oneDigest } from "./checkers/p11-one-digest.ts"
import { inTime } from "./checkers/p12-in-time.ts"
import { noFalseDeath } from "./checkers/p13-no-false-death.ts"
import type { PlannedFault } from "./faults/fault.ts"
import { oneLink } from "./checkers/p17-one-link.ts"
import { noFuture } from "./checkers/p18-no-future.ts"
import { DigestWatch, lookEveryMs } from "./digest-watch.ts"
import { Deliveries, digestSection, gossipSection } from "./figures.ts"
import { drawLatency, usualLatency, writeLatency } from "./latency.ts"
import { Ledger, type Word } from "./ledger.ts"
import type { DigestSection, GossipSection, RunOptions, Violation } from "./scenario.ts"
import { gossipRules, lookupRules } from "./strategies.ts"
import { type Edges, graphOf, writeTopology } from "./topology.ts"
import { type Client, client } from "./workload/clients.ts"
import { type Machine, type Outage, type PortsOver, World } from "./world.ts"

/** What the run was given and what was drawn, for the banner. */
export type Drawn = Record<string, string | number>

/** Nodes of a simulation do what their scenario is about: no index, no DHT, no peers of their own choice, unless it says so. */
const quiet = {
  version: "simulated",
  indexes: false,
  dht: withoutDht,
  wantedPeers: 0,
  maxPeers: 200,
} satisfies Partial<NodeSettings>

/** What of the weather is said only where it was given. */
const weatherWords = ["jitter", "duplicate", "reorder", "corrupt", "split", "bandwidth", "gossip", "lookup"] as const

const violationsMax = 100
/** Machines that checkers look at in one virtual second. */
const lookedAtMax = 100

export class Stage {
  readonly options: RunOptions
  readonly world: World
  readonly drawn: Drawn
  /** Over the settings of every node: tests plant bugs here, to see the checkers catch them. */
  planted: Partial<NodeSettings> = {}
  /** A scenario may add its own. */
  readonly checkers: Array<Checker> = [
    convergence,
    noTakeover,
    hopBound,
    pinnedKeys,
    cheapBeforeDear,
    boundedMemory,
    noResurrection,
    noLostUpdate,
    oneDigest,
    inTime,
    noFalseDeath,
    oneLink,
    noFuture,
    table,
    liveContactsStay,
    provenValues,
  ]
  readonly ledger: Ledger
  readonly digests = new DigestWatch()
  /** When nothing keeps announcements from arriving in time. */
  prompt: { readonly fromMs: number; readonly untilMs: number; readonly withinMs: number } | undefined
  readonly violations: Array<Violation> = []
  /** Faults that were arranged, as they were drawn. */
  readonly faults: Array<PlannedFault> = []
  readonly #byzantine = new Set<Machine>()
  readonly #guests = new Set<Machine>()
  readonly #liarIds = new Set<RegistryId>()
  readonly #firstKeys = new Map<string, PublicKey>()
  readonly #deliveries = new Deliveries()
  /** How often checkers look around: a scenario of a day lets them look less often. */
  lookEveryMs = lookEveryMs
  /** Called at every look, for progress. */
  onProgress: (elapsedMs: number) => void = () => {}
  /** Called when a machine loses its disk. */
  readonly onDiskLoss: Array<(machine: Machine) => void> = []
  /** Called after every step, when somebody watches that closely. */
  onStep: (() => void) | undefined
  #branchStep: number
  #nextLookMs = 0
  #firstLookedAt = 0

  constructor(options: RunOptions) {
    this.options = options
    this.#branchStep = options.branch?.step ?? Number.POSITIVE_INFINITY
    const { latency = usualLatency, latencyMs, loss, topology } = options
    this.drawn = {
      latency: latencyMs === undefined ? writeLatency(latency) : `${latencyMs} ms`,
      loss,
      ...Object.fromEntries(weatherWords.flatMap((word) => (options[word] === undefined ? [] : [[word, options[word]]]))),
      ...(topology !== undefined && { topology: writeTopology(topology) }),
    }
    this.world = new World({
      seed: options.seed,
      codec: options.codec,
      weather: {
        latencyMs: latencyMs === undefined ? drawLatency(latency) : () => latencyMs,
        jitter: options.jitter ?? (latencyMs === undefined ? 0.1 : 0),
        loss,
        duplicate: options.duplicate ?? 0,
        reorder: options.reorder ?? 0,
        ...(options.corrupt !== undefined && { corrupt: options.corrupt }),
        ...(options.split !== undefined && { split: options.split }),
        ...(options.bandwidth !== undefined && { bytesPerSecond: options.bandwidth * 1_000 }),
      },
    })
    this.ledger = new Ledger(this.world)
    this.world.onHappening = (machine, happening) => this.#hear(machine, happening)
  }

  // playing ----------------------------------------------------------------------------------------------------------

  settings(more: Partial<NodeSettings> = {}): NodeSettings {
    const engine = this.options.engine === "xstate" ? xstateEngine : compiledEngine
    const { gossip = "tree", lookup = "kademlia" } = this.options
    const settings: NodeSettings = { ...defaultSettings, ...quiet, dialect: "spec", engine, ...more, ...this.planted }
    return lookupRules.get(lookup)!(gossipRules.get(gossip)!(settings))
  }

  /** Machines and nodes in the topology of the options, else in a connected random graph of this degree; `portsOf` says which of them get other ports. */
  mesh(
    degree: number,
    more: Partial<NodeSettings> | ((machine: Machine) => Partial<NodeSettings>) = {},
    portsOf: (edges: Edges) => ReadonlyMap<number, PortsOver> = () => new Map(),
  ): Edges {
    const { nodes, topology = { kind: "random", degree } } = this.options
    if (topology.kind === "random") this.drawn["degree"] = topology.degree
    for (let i = 0; i < nodes; i++) this.world.addMachine()
    const edges = graphOf(topology, nodes, this.world.random("topology"))
    const ports = portsOf(edges)
    const dials = Map.groupBy(edges, ([dialler]) => dialler)
    for (const machine of this.world.machines) {
      const bootstrap = (dials.get(machine.index) ?? []).map(([, listener]) => ({ address: addressOf(this.world.machines[listener]!) }))
      this.world.boot(
        machine,
        this.settings({ ...(typeof more === "function" ? more(machine) : more), bootstrap }),
        ports.get(machine.index),
      )
    }
    return edges
  }

  /** Registers `count` entities at random nodes, spread over a time from now. */
  registerMany(count: number, overMs: number): void {
    const random = this.world.random("workload")
    for (let number = 0; number < count; number++) {
      const home = random.pick(this.honest())
      const afterMs = random.between(0, overMs)
      if (this.acts(number)) this.world.clock.at(afterMs, () => this.register(home, client(this.options.seed, number)))
    }
  }

  /** Does the client with this number do anything in this run? */
  acts(number: number): boolean {
    return this.options.clients?.includes(number) !== false
  }

  /** A client asks for a registration; an acknowledged one comes into the ledger. */
  register(home: Machine, client: Client, then: (word: Word) => void = () => {}): void {
    this.ledger.ask(client)
    this.#ask(
      home,
      client,
      (node) => node.registerEntity(client.registration),
      () => then(this.#acknowledge("registered", client, home)),
    )
  }

  /** An owner asks its home to change what was registered there to what this client says. */
  update({ home }: Word, client: Client, then: (word: Word) => void = () => {}): void {
    const { authorization, body } = client.update!
    this.ledger.ask(client)
    this.#ask(
      home,
      client,
      (node) => node.updateEntity(client.entityId, body, authorization),
      () => then(this.#acknowledge("registered", client, home)),
    )
  }

  /** An owner asks its home to delete what was registered there. */
  deregister({ client, home }: Word, then: (word: Word) => void = () => {}): void {
    this.#ask(
      home,
      client,
      (node) => node.deregister(client.entityId, client.deletion),
      () => then(this.#acknowledge("deleted", client, home)),
    )
  }

  /** An entity says at its home that it lives. What comes of it is not waited for. */
  beat({ client, home }: Word): void {
    const machine = this.world.machines[home.index]!
    const timestamp = writeTime(secondsOf(this.world.clock.currentTimeMillisUnsafe()))
    machine.gate.pass(() => {
      if (machine.node === undefined) return
      this.world.fork(machine, Effect.ignore(machine.node.service.beat(client.entityId, timestamp, client.beat(timestamp))))
    })
  }

  /** Nobody answers for a machine that is down; one that is paused answers later. */
  #ask<A, E>(home: Machine, { entityId }: Client, request: (node: Node["Service"]) => Effect.Effect<A, E>, onGranted: () => void): void {
    const machine = this.world.machines[home.index]!
    const answered = this.ledger.await(entityId)
    const granted = () => {
      answered()
      onGranted()
    }
    machine.gate.pass(() => {
      if (machine.node === undefined) answered()
      else
        this.world.fork(
          machine,
          Effect.matchEffect(request(machine.node.service), {
            onFailure: () => Effect.sync(answered),
            onSuccess: () => Effect.sync(granted),
          }),
        )
    })
  }

  run(untilMs: number): void {
    this.world.run(untilMs, () => {
      if (this.world.clock.elapsedMs >= this.#nextLookMs) this.#look()
      if (this.world.clock.steps >= this.#branchStep) this.#branch()
      this.onStep?.()
    })
    this.#look()
  }

  #branch(): void {
    this.#branchStep = Number.POSITIVE_INFINITY
    this.world.branch(this.options.branch!.seed)
  }

  markByzantine(machine: Machine): void {
    this.#byzantine.add(machine)
    this.#liarIds.add(idOf("registry", machine.key))
  }

  /** A machine for something else than a node of ours (`world.start`): it is asked nothing and owes nothing. */
  addGuest(name: string): Machine {
    const machine = this.world.addMachine(name)
    this.#guests.add(machine)
    return machine
  }

  takeDown(index: number, outage: Outage): void {
    const machine = this.world.machines[index]!
    if (outage.losesDisk === true) {
      const honest = this.world.machines.filter((other) => this.isHonest(other))
      this.ledger.loseDisk(machine, honest)
      for (const lose of this.onDiskLoss) lose(machine)
    }
    this.world.takeDown(machine, outage)
  }

  restart(index: number): void {
    this.world.restart(this.world.machines[index]!)
  }

  /** Asks the checkers what is still owed. */
  finish(): void {
    for (const checker of this.checkers)
      for (const finding of checker.end?.(this) ?? []) this.#violated(checker, finding, checker.hear === undefined ? "liveness" : "safety")
  }

  // looking ----------------------------------------------------------------------------------------------------------

  isHonest(machine: Machine): boolean {
    return !this.isByzantine(machine) && !this.isGuest(machine)
  }

  isByzantine(machine: Machine): boolean {
    return this.#byzantine.has(machine)
  }

  isGuest(machine: Machine): boolean {
    return this.#guests.has(machine)
  }

  /** Living, honest, and of a role that holds everything. */
  honest(): ReadonlyArray<Machine> {
    return this.world.machines.filter((machine) => machine.node !== undefined && this.isHonest(machine) && isHolder(machine))
  }

  /** A scenario's own finding. */
  violate(kind: Violation["kind"], invariant: string, finding: Finding): void {
    this.#violated({ invariant }, finding, kind)
  }

  /** What is registered now, as far as clients were told. */
  get records(): ReadonlyArray<Word> {
    return this.ledger.words("registered")
  }

  /** What a node shows of an entity. */
  shownBy(machine: Machine, id: EntityId): EntityEntry | undefined {
    return machine.store.shownNow(id)
  }

  /** (record, living honest node) pairs that are owed. */
  missing(): ReadonlyArray<{ readonly record: Word; readonly machine: Machine }> {
    return this.pairs("registered").flatMap(({ word, machine, shown }) => (shown === undefined ? [{ record: word, machine }] : []))
  }

  /** What every living honest node shows of what clients were told last. */
  pairs(kind: Word["kind"]): ReadonlyArray<{ readonly word: Word; readonly machine: Machine; readonly shown: EntityEntry | undefined }> {
    const honest = this.honest()
    return this.ledger
      .words(kind)
      .flatMap((word) => honest.map((machine) => ({ word, machine, shown: this.shownBy(machine, word.client.entityId) })))
  }

  /**
   * Why this may be shown of it instead of the last word. Besides what the ledger knows: a liar claims it as its own, as
   * the entity once signed it and to have registered it earlier, and nobody can tell (a known limit, `src/protocol/README.md`).
   */
  explanationOf(word: Word, shown: EntityEntry | undefined): string | undefined {
    const isClaimed = word.kind === "registered" && shown?.contested === true && this.#liarIds.has(shown.record.home_registry)
    return this.ledger.explanationOf(word) ?? (isClaimed ? "a liar claims it as its own" : undefined)
  }

  /** The key that this machine met at this address first; remembers `met` when there was none. */
  firstKeyAt(machine: Machine, address: string, met: PublicKey): PublicKey {
    const where = `${machine.name} ${address}`
    const first = this.#firstKeys.get(where)
    if (first === undefined) this.#firstKeys.set(where, met)
    return first ?? met
  }

  gossipSection(): GossipSection {
    return gossipSection(this, this.#deliveries)
  }

  digestSection(): DigestSection {
    return digestSection(this)
  }

  #acknowledge(kind: Word["kind"], client: Client, home: Machine): Word {
    const word = this.ledger.acknowledge(kind, client, home)
    this.world.trace.note(`${kind} ${client.entityId} at ${home.name} ${word.atMs}`)
    this.world.log?.note("word", home.index, kind, [client.entityId])
    return word
  }

  #look(): void {
    const nowMs = this.world.clock.elapsedMs
    this.#nextLookMs = nowMs + this.lookEveryMs
    this.onProgress(nowMs)
    this.digests.look(this.honest(), nowMs)
    const honest = this.#someOf(this.honest())
    for (const checker of this.checkers) {
      if (checker.look === undefined) continue
      for (const machine of honest) {
        const finding = checker.look(this, machine)
        if (finding !== undefined) this.#violated(checker, finding, "safety")
      }
    }
  }

  /** All of a few, of many some others every time. */
  #someOf(machines: ReadonlyArray<Machine>): ReadonlyArray<Machine> {
    if (machines.length <= lookedAtMax) return machines
    this.#firstLookedAt = (this.#firstLookedAt + lookedAtMax) % machines.length
    return machines.slice(this.#firstLookedAt, this.#firstLookedAt + lookedAtMax)
  }

  #hear(machine: Machine, happening: Happening): void {
    this.world.log?.note("report", machine.index, happening.type, "subject" in happening ? [happening.subject] : [])
    if (happening.type === "gossip.accepted" && this.isHonest(machine)) {
      const word = this.ledger.wordOn(happening.subject)
      this.#deliveries.count(happening.hopCount, word === undefined ? undefined : this.world.clock.elapsedMs - word.atMs)
    }
    for (const checker of this.checkers) {
      const finding = checker.hear?.(this, machine, happening)
      if (finding !== undefined) this.#violated(checker, finding, "safety")
    }
  }

  #noteViolation(invariant: string, { node, detail }: Finding): void {
    const log = this.world.log
    log?.note("violation", this.world.machines.find(({ name }) => name === node)?.index ?? -1, invariant, log.namedIn(detail))
  }

  #violated({ invariant }: Checker, finding: Finding, kind: Violation["kind"]): void {
    this.#noteViolation(invariant, finding)
    if (this.violations.length < violationsMax) this.violations.push({ kind, invariant, atMs: this.world.clock.elapsedMs, ...finding })
  }
}

export const addressOf = (machine: Machine) => ({ host: machine.name, port: 4001 })

const isHolder = ({ started }: Machine): boolean => started === undefined || started.settings.role === "full"
