/**
 * The world: n nodes, one clock, one scheduler, one network, one seed.
 *
 * The nodes are the production ones (`runtime/node.ts`); only their ports are of this world. Nothing happens between two
 * wake-ups, computing takes no time, and nothing else decides an order.
 */
import { Cause, Clock, Context, Effect, Exit, type Fiber, Random, Scheduler, Scope } from "effect"
import type { Happening } from "../actors/happening.ts"
import { type SecretKey } from "../protocol/identity/ed25519.ts"
import { makeNode, type RunningNode } from "../runtime/node.ts"
import type { NodeSettings } from "../runtime/node-settings.ts"
import { Codec, Journal, type ListenFailed, RecordStore, Signer, type StoreFailed, Timers, Transport, Verifier } from "../runtime/ports.ts"
import { wireCodec } from "../runtime/codec.ts"
import { makeMemoryStore, type StoreInMemory } from "../runtime/store/memory.ts"
import { VirtualClock } from "./clock.ts"
import { makeRememberingCodec } from "./codec.ts"
import { type Ailment, ailing } from "./disk.ts"
import { SeededRandom } from "./dice.ts"
import { EventLog } from "./event-log.ts"
import { Gate } from "./gate.ts"
import { hostKey, makeRememberingVerifier, signerOf } from "./keys.ts"
import { MachineClock } from "./machine-clock.ts"
import { type Host, Network, type Weather } from "./network.ts"
import { TurnScheduler } from "./scheduler.ts"
import { Trace } from "./trace.ts"
import { Troubles } from "./troubles.ts"

export interface WorldOptions {
  readonly seed: number
  /** `wire`: every node writes and reads every byte. `fast`: the same bytes, remembered. */
  readonly codec: "wire" | "fast"
  readonly weather: Weather
}

/** A simulated machine: its disk outlives its node. */
export interface Machine extends Host {
  readonly secret: SecretKey
  readonly gate: Gate
  readonly clock: MachineClock
  /** Its disk; another one after it was lost. */
  store: StoreInMemory
  /** What is wrong with its disk now. */
  readonly ailments: Array<Ailment>
  /** Announcements from gossip that it was asked to believe: its dearest work. */
  believed: number
  node: RunningNode | undefined
  /** How its node was started last. */
  started: { readonly settings: NodeSettings; readonly ports: PortsOver } | undefined
  /** Ends of what keeps it down, and of what keeps it paused. */
  readonly outages: Array<() => void>
  readonly pauses: Array<() => void>
}

/** Puts other ports over a machine's own: what a liar needs. */
export type PortsOver = (ports: Context.Context<MachinePorts>) => Context.Context<MachinePorts>

export type MachinePorts = Codec | Journal | RecordStore | Signer | Timers | Transport | Verifier

/** How a node ends before its time. */
export interface Outage {
  /** Its disk is empty afterwards; its key is not: that is kept elsewhere. */
  readonly losesDisk?: boolean
  /** No connection is closed: its peers are left to find out. */
  readonly isSilent?: boolean
}

/** Something of ours went wrong inside: the run is over. */
export class Crash extends Error {
  readonly node: string

  constructor(node: string, cause: Cause.Cause<never>) {
    super(Cause.pretty(cause))
    this.node = node
  }
}

/** Somebody who keeps a service running waits so long before starting it again. */
const bootAgainMs = 1_000

export class World {
  readonly options: WorldOptions
  readonly clock = new VirtualClock()
  readonly turns = new TurnScheduler()
  readonly trace = new Trace()
  readonly troubles = new Troubles(this.clock)
  readonly network: Network
  readonly machines: Array<Machine> = []
  /** Hears what the nodes report. */
  onHappening: (machine: Machine, happening: Happening) => void = () => {}
  /** Everybody's. */
  verifier: Verifier["Service"]
  /** An empty disk. */
  makeStore: () => StoreInMemory = makeMemoryStore
  /** Over the ports of every node, as `makeStore` a place where bugs are planted (`mutants/`). */
  over: PortsOver = (own) => own
  #codec: Codec["Service"]
  readonly #programs = new Map<Machine, Effect.Effect<void, never, MachinePorts | Scope.Scope>>()
  readonly #scopes = new Map<Machine, Scope.Closeable>()
  isBranch = false
  #seed: number
  readonly #streams: Array<SeededRandom> = []
  /** No node was started again, and no clock jumped: nobody forgot what it has seen. */
  isSteady = true
  readonly #runAtOnce = Effect.runSyncExitWith(Context.make(Clock.Clock, this.clock))
  #crash: Crash | undefined

  constructor(options: WorldOptions) {
    this.options = options
    this.#seed = options.seed
    this.network = new Network(this.clock, this.random("network"), this.trace, options.weather, this.troubles)
    this.verifier = makeRememberingVerifier(options.codec === "fast")
    this.#codec = options.codec === "wire" ? wireCodec : makeRememberingCodec()
  }

  /** Logs what happens from now on; the run itself is the same. */
  record(): EventLog {
    const log = new EventLog(this.clock)
    this.clock.listener = log
    this.trace.log = log
    this.#codec = log.over(this.#codec)
    return log
  }

  get log(): EventLog | undefined {
    return this.trace.log
  }

  /** From here on everything that is drawn is drawn from another seed. Keys stay what they are. */
  branch(seed: number): void {
    this.#seed = seed
    this.isBranch = true
    for (const random of this.#streams) random.reseed(seed)
  }

  /** When something last happened to the network or a machine; 0 when nothing ever did. */
  get lastTroubleMs(): number {
    return Math.max(this.network.lastDisturbedMs, this.troubles.lastMs)
  }

  /** A stream of chance of its own. */
  random(stream: string): SeededRandom {
    const random = new SeededRandom(this.#seed, stream)
    // of a node there is one for each of its starts, and it draws at the start
    if (!stream.startsWith("node/")) this.#streams.push(random)
    return random
  }

  /** A machine with an empty disk, and no node yet. */
  addMachine(name = `n${this.machines.length}`): Machine {
    const secret = hostKey(this.options.seed, name)
    const gate = new Gate()
    const machine: Machine = {
      index: this.machines.length,
      name,
      secret,
      key: secret.publicKey,
      gate,
      clock: new MachineClock(this.clock, gate),
      store: this.makeStore(),
      ailments: [],
      believed: 0,
      node: undefined,
      started: undefined,
      outages: [],
      pauses: [],
    }
    this.machines.push(machine)
    return machine
  }

  /** The same machine, address and disk with another key. */
  replaceKey(machine: Machine, secret: SecretKey): Machine {
    const replaced: Machine = { ...machine, secret, key: secret.publicKey, node: undefined }
    this.machines[machine.index] = replaced
    return replaced
  }

  /** Starts a node on a machine: at once, unless its disk is slow. */
  boot(machine: Machine, settings: NodeSettings, ports: PortsOver = (own) => own): void {
    this.network.lighten(machine)
    this.log?.note("boot", machine.index, "")
    machine.started = { settings, ports }
    const scope = Scope.makeUnsafe()
    this.#scopes.set(machine, scope)
    const fiber = this.fork(machine, makeNode(settings).pipe(Effect.provideService(Scope.Scope, scope)))
    this.turns.drain()
    const exit = fiber.pollUnsafe()
    if (exit === undefined) fiber.addObserver((end) => this.#booted(machine, scope, end))
    else this.#booted(machine, scope, exit)
  }

  /** Whose disk fails as it starts ends, and is started again a little later, as by whoever keeps a service running. */
  #booted(machine: Machine, scope: Scope.Closeable, exit: Exit.Exit<RunningNode, ListenFailed | StoreFailed>): void {
    if (this.#scopes.get(machine) !== scope) return
    if (Exit.isSuccess(exit)) {
      machine.node = exit.value
      return
    }
    const [failure] = exit.cause.reasons
    if (failure?._tag !== "Fail" || failure.error._tag !== "StoreFailed")
      throw new Error(`${machine.name} did not start: ${Cause.pretty(exit.cause)}`)
    this.clock.at(0, () => this.#scopes.get(machine) === scope && this.crash(machine))
    this.clock.at(bootAgainMs, () => this.#bootAgain(machine))
  }

  /** As it was started before, unless it is down or runs. */
  #bootAgain(machine: Machine): void {
    if (machine.outages.length > 0 || this.#scopes.has(machine) || machine.started === undefined) return
    this.boot(machine, machine.started.settings, machine.started.ports)
  }

  /** Runs a program of one's own on a machine, in place of a node, until the machine goes down; after that from its start. */
  start(machine: Machine, program: Effect.Effect<void, never, MachinePorts | Scope.Scope>): void {
    this.network.lighten(machine)
    this.log?.note("boot", machine.index, "")
    const scope = Scope.makeUnsafe()
    this.#scopes.set(machine, scope)
    this.#programs.set(machine, program)
    // a machine that is down has no timers
    const whileUp = ({ after }: Timers["Service"]): Timers["Service"] => ({
      after: (delayMs, fire) => after(delayMs, () => this.#scopes.get(machine) === scope && fire()),
    })
    this.fork(machine, program.pipe(Effect.updateService(Timers, whileUp), Effect.provideService(Scope.Scope, scope)))
    this.turns.drain()
  }

  /** Ends a node in the middle of everything. */
  crash(machine: Machine, { isSilent = false, losesDisk = false }: Outage = {}): void {
    this.log?.note("crash", machine.index, losesDisk ? "with its disk" : isSilent ? "without a word" : "")
    if (isSilent) this.network.darken(machine)
    if (losesDisk) machine.store = this.makeStore()
    machine.gate.clear()
    const scope = this.#scopes.get(machine)
    if (scope === undefined) return
    this.#scopes.delete(machine)
    machine.node = undefined
    this.perform(machine, Scope.close(scope, Exit.void))
    this.network.dropAll(machine)
  }

  /** A crash that lasts until `restart`. Of several outages at once the last one to end brings the node back. */
  takeDown(machine: Machine, outage: Outage): void {
    this.isSteady = false
    machine.outages.push(this.shake(machine))
    this.crash(machine, outage)
  }

  /** Ends one outage; with the last of them the node starts as it was started before. */
  restart(machine: Machine): void {
    machine.outages.pop()?.()
    if (machine.outages.length > 0 || this.#scopes.has(machine)) return
    const program = this.#programs.get(machine)
    if (program !== undefined) this.start(machine, program)
    this.#bootAgain(machine)
  }

  /** Something may come between this machine and others until the function that comes back is called. */
  shake(machine: Machine): () => void {
    return this.troubles.begin(touching(machine))
  }

  /** Something is wrong with its disk until the function that comes back is called. */
  ail(machine: Machine, ailment: Ailment): () => void {
    // what could not be written is forgotten
    this.isSteady = false
    const endTrouble = this.shake(machine)
    machine.ailments.push(ailment)
    return () => {
      endTrouble()
      machine.ailments.splice(machine.ailments.indexOf(ailment), 1)
    }
  }

  /** Nothing happens on this machine until it is resumed as often. */
  pause(machine: Machine): void {
    this.log?.note("pause", machine.index, "")
    machine.pauses.push(this.shake(machine))
    machine.gate.pause()
  }

  resume(machine: Machine): void {
    this.log?.note("resume", machine.index, "")
    machine.pauses.pop()?.()
    machine.gate.resume()
  }

  /** Performs something that ends at once on a machine: what takes time is forked by whoever asks. */
  perform<A, E>(machine: Machine, effect: Effect.Effect<A, E, MachinePorts>): A {
    const fiber = this.fork(machine, effect)
    this.turns.drain()
    const exit = fiber.pollUnsafe()
    if (exit === undefined) throw new Error(`what ${machine.name} was asked did not end at once`)
    if (Exit.isSuccess(exit)) return exit.value
    throw new Error(`${machine.name}: ${Cause.pretty(exit.cause)}`)
  }

  /** Reads something that is there at once, without a turn of the world; its time, should it ask, is the world's. */
  look<A, E>(effect: Effect.Effect<A, E>): Exit.Exit<A, E> {
    return this.#runAtOnce(effect)
  }

  /** Starts something on a machine, in virtual time. */
  fork<A, E>(machine: Machine, effect: Effect.Effect<A, E, MachinePorts>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.#portsOf(machine))(effect)
  }

  /** Runs until a moment, `untilMs` after the start. `between` is called after every step. */
  run(untilMs: number, between: () => void = () => {}): void {
    this.turns.drain()
    while (this.clock.nextMs <= untilMs) {
      this.clock.step()
      this.turns.drain()
      if (this.#crash !== undefined) throw this.#crash
      between()
    }
    this.clock.moveTo(untilMs)
  }

  #portsOf(machine: Machine) {
    const { clock } = machine
    const scope = this.#scopes.get(machine)
    const own = Context.empty().pipe(
      Context.add(Scheduler.Scheduler, this.turns),
      Context.add(Clock.Clock, clock),
      Context.add(Random.Random, this.random(`node/${machine.name}/${this.clock.elapsedMs}`)),
      Context.add(Transport, this.network.transportOf(machine)),
      Context.add(Timers, {
        after: (delayMs, fire) => {
          const { log } = this
          const ring =
            log === undefined
              ? fire
              : () => {
                  log.note("timer", machine.index, "")
                  fire()
                }
          const wakeup = clock.at(delayMs, ring)
          return {
            cancel: () => {
              wakeup.fire = undefined
            },
          }
        },
      }),
      Context.add(Signer, signerOf(machine.secret)),
      Context.add(Verifier, {
        verify: this.verifier.verify,
        believe: (document, claimedId, nowMs) => {
          if (claimedId !== undefined) machine.believed++
          return this.verifier.believe(document, claimedId, nowMs)
        },
      }),
      Context.add(
        RecordStore,
        ailing(machine.store, machine.ailments, () => scope !== undefined && this.#scopes.get(machine) !== scope),
      ),
      Context.add(Codec, this.#codec),
      Context.add(Journal, {
        report: (happening) => this.onHappening(machine, happening),
        defect: (cause) => {
          this.#crash ??= new Crash(machine.name, cause)
        },
      }),
    )
    return this.over(machine.started === undefined ? own : machine.started.ports(own))
  }
}

const touching =
  ({ index }: Machine) =>
  (from: Host, to: Host) =>
    from.index === index || to.index === index
