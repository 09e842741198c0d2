/**
 * The simulated network: the `Transport` port of every host, on one clock.
 *
 * A connection carries what one `write` gave as one piece, after the link's latency, in order unless reordering is drawn;
 * a piece can be lost or doubled, and everything between two hosts on different sides of a cut is lost. (TCP would send it
 * again: a loss here is a piece that TCP gave up.) What comes to a connection that its end does not know any more is
 * answered by a reset. Keys are proven as TLS proves them: by the host's own.
 */
import { Effect } from "effect"
import type { PublicKey } from "../protocol/identity/key.ts"
import { type Address, writeAddress } from "../protocol/mesh/address.ts"
import { type Connection, ListenFailed, PeerUnreachable, type Transport } from "../runtime/ports.ts"
import type { Wakeup } from "./agenda.ts"
import type { VirtualClock } from "./clock.ts"
import { End, type Line, passGate } from "./connection-end.ts"
import type { SeededRandom } from "./dice.ts"
import { type Conditions, conditionsOf, corrupted, type Disturbance } from "./disturbance.ts"
import type { Gate } from "./gate.ts"
import type { DrawLatency } from "./latency.ts"
import type { Trace } from "./trace.ts"
import { Troubles } from "./troubles.ts"

/** How long a piece that will be cut up waits for others to go with it. */
const gatheredMs = 5

/** How a link treats what it carries. Probabilities per piece. */
export interface Weather {
  /** One-way latency of a new link. */
  readonly latencyMs: DrawLatency
  /** Share of the latency by which single pieces differ. */
  readonly jitter: number
  readonly loss: number
  readonly duplicate: number
  readonly reorder: number
  /** What a connection carries at most, each way; without it a line is as wide as can be. */
  readonly bytesPerSecond?: number
  /** Shares of pieces that arrive changed, and that arrive cut up and joined with others. */
  readonly corrupt?: number
  readonly split?: number
}

export interface Host {
  readonly index: number
  /** Its name is its address. */
  readonly name: string
  readonly key: PublicKey
  /** Where what arrives waits while the host is paused. */
  readonly gate?: Gate
}

interface Listening {
  readonly host: Host
  readonly accept: (connection: Connection) => void
}

export class Network implements Line {
  readonly #clock: VirtualClock
  readonly #random: SeededRandom
  readonly #trace: Trace
  readonly #listening = new Map<string, Listening>()
  /** Side of the cut each host is on; hosts of the same side reach each other. */
  #sides: ReadonlyMap<number, number> = new Map()
  /** Open ends, by their host. */
  readonly #ends = new Map<Host, Set<End>>()
  readonly #disturbances = new Set<Disturbance>()
  #held: Array<{ readonly from: Host; readonly to: Host; readonly arrive: () => void }> = []
  readonly #troubles: Troubles
  /** Hosts without power. */
  readonly #dark = new Set<number>()
  weather: Weather
  /** When the last disturbance ended; infinity while there is one. */
  lastDisturbedMs = 0
  /** Pieces that arrived. */
  delivered = 0
  lost = 0
  corrupted = 0

  constructor(clock: VirtualClock, random: SeededRandom, trace: Trace, weather: Weather, troubles = new Troubles(clock)) {
    this.#troubles = troubles
    this.#clock = clock
    this.#random = random
    this.#trace = trace
    this.weather = weather
  }

  /** Cuts the network into sides; what nobody names is side 0. */
  cut(sides: ReadonlyMap<number, number>): void {
    this.#sides = sides
  }

  heal(): void {
    this.#sides = new Map()
  }

  /** Disturbs it until the function that comes back is called. */
  disturb(disturbance: Disturbance): () => void {
    const one: Disturbance = { ...disturbance }
    this.#disturbances.add(one)
    this.lastDisturbedMs = Number.POSITIVE_INFINITY
    const { corrupt = 0, isCut = false, isHeld = false, touches = () => true } = one
    const endTrouble = corrupt > 0 || isCut || isHeld ? this.#troubles.begin(touches) : () => {}
    return () => {
      this.#disturbances.delete(one)
      if (this.#disturbances.size === 0) this.lastDisturbedMs = this.#clock.elapsedMs
      // a stream that was changed may never be understood again
      if (corrupt === 0) endTrouble()
      const freed = this.#held.filter(({ from, to }) => !this.#isHeld(from, to))
      this.#held = this.#held.filter((piece) => !freed.includes(piece))
      for (const { arrive } of freed) arrive()
    }
  }

  /** What one host sees of it. `key`: what it proves to others. */
  transportOf(host: Host): Transport["Service"] {
    return {
      dial: (address) => this.#dial(host, address),
      listen: (accept) =>
        Effect.acquireRelease(
          Effect.suspend(() => {
            const address: Address = { host: host.name, port: 4001 }
            const text = writeAddress(address)
            if (this.#listening.has(text)) return Effect.fail(new ListenFailed({ address: text, reason: "taken" }))
            this.#listening.set(text, { host, accept })
            return Effect.succeed(address)
          }),
          (address) => Effect.sync(() => this.#listening.delete(writeAddress(address))),
        ),
    }
  }

  /** Ends every connection of a host, as a crash does. */
  dropAll(host: Host): void {
    for (const end of this.#endsOf(host)) end.close()
  }

  /** Takes a host's power: its connections end without a word, and nothing answers for it. */
  darken(host: Host): void {
    this.#dark.add(host.index)
    for (const end of this.#endsOf(host)) end.vanish()
  }

  /** The power is back. */
  lighten(host: Host): void {
    this.#dark.delete(host.index)
  }

  /** Open connections that end at this host, or go from it to the other one. */
  connectionsOf(host: Host, other?: Host): number {
    if (other === undefined) return this.#endsOf(host).size
    let count = 0
    for (const end of this.#endsOf(host)) if (end.other!.host === other) count++
    return count
  }

  #endsOf(host: Host): Set<End> {
    const known = this.#ends.get(host)
    if (known !== undefined) return known
    const ends = new Set<End>()
    this.#ends.set(host, ends)
    return ends
  }

  /** Resets connections of a host: both ends learn of it, the other one a little later. */
  resetSome(host: Host, isStruck: () => boolean): void {
    for (const end of this.#endsOf(host)) {
      if (!isStruck()) continue
      end.end("reset")
      this.#reset(end, end.other!)
    }
  }

  /** Connections of a host end there, and the other end is not told: it is left half open. */
  forgetSome(host: Host, isStruck: () => boolean): void {
    for (const end of this.#endsOf(host)) if (isStruck()) end.end("timed out")
  }

  reaches(from: Host, to: Host): boolean {
    if ((this.#sides.get(from.index) ?? 0) !== (this.#sides.get(to.index) ?? 0)) return false
    if (this.#dark.size > 0 && (this.#dark.has(from.index) || this.#dark.has(to.index))) return false
    for (const { isCut, touches } of this.#disturbances) if (isCut === true && touches?.(from, to) !== false) return false
    return true
  }

  /** Do pieces go both ways, and at once? */
  isWhole(a: Host, b: Host): boolean {
    return this.reaches(a, b) && this.reaches(b, a) && !this.#isHeld(a, b) && !this.#isHeld(b, a)
  }

  #isHeld(from: Host, to: Host): boolean {
    for (const { isHeld, touches } of this.#disturbances) if (isHeld === true && touches?.(from, to) !== false) return true
    return false
  }

  #isRefusedBy(host: Host): boolean {
    for (const { refuses } of this.#disturbances) if (refuses?.(host) === true) return true
    return false
  }

  #dial(from: Host, address: Address): Effect.Effect<Connection, PeerUnreachable> {
    return Effect.callback((resume) => {
      const text = writeAddress(address)
      const target = this.#listening.get(text)?.host.index ?? from.index
      const drawn = this.weather.latencyMs(this.#random, from.index, target)
      const thereMs = Math.max(1, typeof drawn === "number" ? drawn : drawn[0])
      const backMs = Math.max(1, typeof drawn === "number" ? drawn : drawn[1])
      // SYN there and back, then TLS there and back
      const wakeup = this.#clock.at(2 * (thereMs + backMs), () => {
        const there = this.#listening.get(text)
        if (there === undefined || this.#isRefusedBy(there.host))
          return resume(Effect.fail(new PeerUnreachable({ address: text, reason: "refused" })))
        if (!this.isWhole(from, there.host)) return undefined // nobody ever answers
        const near = new End(this, from, there.host, thereMs)
        const far = new End(this, there.host, from, backMs)
        near.other = far
        far.other = near
        this.#endsOf(from).add(near)
        this.#endsOf(there.host).add(far)
        passGate(there.host, () => far.isOpen && there.accept(far))
        passGate(from, () => resume(Effect.succeed(near)))
        return undefined
      })
      return Effect.sync(() => {
        wakeup.fire = undefined
      })
    })
  }

  /** Nothing cuts, darkens or disturbs: nobody has to be asked. */
  get #isCalm(): boolean {
    return this.#disturbances.size === 0 && this.#sides.size === 0 && this.#dark.size === 0
  }

  /** Called by an end: carries one piece to the other. */
  carry(from: End, to: End, bytes: Uint8Array): void {
    const conditions: Conditions = this.#disturbances.size === 0 ? this.weather : this.#conditions(from.host, to.host)
    const { loss, duplicate, reorder, corrupt = 0, split = 0 } = conditions
    if (from.gathered !== undefined || this.#random.isTrue(split)) return this.#gather(from, to, bytes)
    const copies = this.#random.isTrue(duplicate) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random.isTrue(loss)) {
        this.#lose(from, to, bytes)
        continue
      }
      const isLate = this.#random.isTrue(reorder)
      const inOrderMs = this.#arrivalMs(from, conditions, bytes.length, isLate)
      const piece = this.#random.isTrue(corrupt) ? this.#corrupt(bytes) : bytes
      this.#send(inOrderMs, new Piece(this, from, to, piece, bytes.length, this.#trace.sumOf(piece), false))
    }
  }

  /** When a piece that is written now arrives: after what is before it on the line, unless that may be overtaken. */
  #arrivalMs(from: End, { bytesPerSecond, delayMs = 0, reorder }: Conditions, bytes: number, isLate: boolean): number {
    const nowMs = this.#clock.elapsedMs
    let waitMs = delayMs
    if (bytesPerSecond !== undefined && bytesPerSecond < Number.POSITIVE_INFINITY) {
      from.busyUntilMs = Math.max(from.busyUntilMs, nowMs) + (bytes / bytesPerSecond) * 1_000
      waitMs += from.busyUntilMs - nowMs
    }
    const latencyMs = waitMs + from.latencyMs * (1 + this.weather.jitter * this.#random.next()) * (isLate ? 3 : 1)
    from.lastArrivalMs = Math.max(Math.ceil(nowMs + latencyMs), reorder > 0 ? 0 : from.lastArrivalMs)
    return from.lastArrivalMs
  }

  #send(atMs: number, piece: Piece): void {
    piece.to.inFlight += piece.writtenBytes
    this.#clock.wake(atMs - this.#clock.elapsedMs, piece)
  }

  /** Keeps what is written for a moment; then it goes out as one stream, cut where chance will have it. */
  #gather(from: End, to: End, bytes: Uint8Array): void {
    if (from.gathered !== undefined) return void from.gathered.push(bytes)
    from.gathered = [bytes]
    this.#clock.at(gatheredMs, () => {
      const stream = new Uint8Array(Buffer.concat(from.gathered!))
      from.gathered = undefined
      const conditions = this.#conditions(from.host, to.host)
      if (this.#random.isTrue(conditions.loss)) return this.#lose(from, to, stream)
      for (let at = 0; at < stream.length;) {
        const until = Math.min(stream.length, at + 1 + this.#random.below(stream.length))
        const part = stream.subarray(at, until)
        this.#send(
          this.#arrivalMs(from, { ...conditions, reorder: 0 }, part.length, false),
          new Piece(this, from, to, part, part.length, this.#trace.sumOf(part), true),
        )
        at = until
      }
    })
  }

  /** Called by a piece whose time has come. */
  arrive(piece: Piece): void {
    const { from, to, bytes, sum } = piece
    if (!this.#isCalm && !this.#letsPass(piece)) return
    if (!to.isOpen) return this.#reset(to, from)
    this.delivered++
    this.#trace.deliver(this.#clock.elapsedMs, piece.fromIndex, to.host.index, sum)
    to.receive(bytes)
  }

  #letsPass(piece: Piece): boolean {
    const [from, to] = [piece.from.host, piece.to.host]
    if (!this.reaches(from, to)) {
      this.#lose(piece.from, piece.to, piece.bytes)
      // nothing that comes after a part that is missing can be understood: TCP would not show it
      if (piece.isPart) piece.to.end("reset")
    } else if (!this.#isHeld(from, to)) return true
    else this.#held.push({ from, to, arrive: () => this.arrive(piece) })
    return false
  }

  /** Nobody knows that connection here: says so to the end that still does. */
  #reset(end: End, other: End): void {
    if (!other.isOpen) return
    this.#clock.at(end.latencyMs, () => {
      if (this.reaches(end.host, other.host)) other.end("reset")
    })
  }

  #lose(from: End, to: End, bytes: Uint8Array): void {
    this.lost++
    this.#trace.log?.lose(from.host.index, to.host.index, bytes)
  }

  #conditions(from: Host, to: Host): Conditions {
    return conditionsOf(this.weather, this.#disturbances, from, to)
  }

  #corrupt(bytes: Uint8Array): Uint8Array {
    this.corrupted++
    return corrupted(bytes, this.#random)
  }

  /** Called by an end that was closed: the other learns of it after the latency. */
  ended(end: End): void {
    this.forget(end)
    const other = end.other!
    this.#clock.at(Math.max(end.latencyMs, end.lastArrivalMs - this.#clock.elapsedMs), () => {
      if (this.reaches(end.host, other.host)) other.end("closed")
    })
  }

  forget(end: End): void {
    this.#ends.get(end.host)?.delete(end)
  }
}

/** One piece on its way. There are a hundred thousand at a time, so it is its own wake-up. */
class Piece implements Wakeup {
  readonly from: End
  /** Of the sender's host: what most pieces need to know of it, at hand. */
  readonly fromIndex: number
  readonly to: End
  readonly bytes: Uint8Array
  /** What the trace makes of the bytes, reckoned where a frame that goes to many comes by once. */
  readonly sum: number
  /** A part of a stream that was cut up: the next one goes on in the middle. */
  readonly isPart: boolean
  /** How many bytes there were before anything was cut off. */
  readonly writtenBytes: number
  readonly #network: Network
  next: Wakeup | undefined = undefined

  constructor(network: Network, from: End, to: End, bytes: Uint8Array, writtenBytes: number, sum: number, isPart: boolean) {
    this.#network = network
    this.writtenBytes = writtenBytes
    this.isPart = isPart
    this.from = from
    this.fromIndex = from.host.index
    this.to = to
    this.bytes = bytes
    this.sum = sum
  }

  fire(): void {
    this.to.inFlight -= this.writtenBytes
    this.#network.arrive(this)
  }
}
