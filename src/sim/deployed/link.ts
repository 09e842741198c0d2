/**
 * One connection of the deployed node, with what makes it fall silent: a lock on writing, and two readers.
 *
 *     the loop reads ──frame──► handles it ──(to write an answer it takes the lock)──► reads again
 *     the asker takes the lock, writes a question, and then *reads too*, still holding the lock
 *
 * While both wait, the loop gets the frame; so the answer goes to the loop, which throws it away, and the asker holds the lock
 * until a frame comes while the loop is busy (waiting for the lock, to answer a ping), until the two tear a frame in pieces,
 * or until 90 s pass without one. Everybody who wants to write on this link waits that long.
 */
import type { Connection } from "../../runtime/ports.ts"
import { Frames, frameOf } from "./frames.ts"
import { decode, parse } from "./go-json.ts"
import { type Envelope, envelope } from "./messages.ts"

/** What carries the bytes: TLS, TCP, or the simulated network. */
export type Wire = Pick<Connection, "remoteHost" | "open" | "write" | "close">

/** Time and chance. */
export interface Ground {
  readonly nowMs: () => number
  readonly after: (delayMs: number, fire: () => void) => { readonly cancel: () => void }
  /** A TCP connection, with TLS where TLS is on; `undefined` when there is none. */
  readonly dial: (address: string, done: (wire: Wire | undefined) => void) => void
  /** In [0, 1). */
  readonly chance: () => number
}

/** How often two waiting readers tear one frame in pieces: 1 of 300 (seen). */
const tornShare = 1 / 300

type Got = (said: Envelope | undefined) => void

export class Link {
  readonly wire: Wire
  /** Filled in by the greeting. */
  registryId = ""
  name = ""
  /** Where it listens, as others are told. */
  address = ""
  readonly #ground: Ground
  readonly #frames = new Frames()
  readonly #waiting: Array<() => void> = []
  #isLocked = false
  #loop: Got | undefined
  #asker: Got | undefined
  #deadlineMs = Number.POSITIVE_INFINITY
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined
  #isEnded = false
  /** Why nothing is read any more. */
  brokenBy: "torn" | "silent" | "closed" | undefined
  #isPumping = false

  constructor(ground: Ground, wire: Wire) {
    this.#ground = ground
    this.wire = wire
  }

  /** From now on bytes arrive. */
  open(): void {
    this.wire.open({
      bytes: (chunk) => {
        this.#frames.push(chunk)
        this.#pump()
      },
      closed: () => this.#end(),
    })
  }

  get isOpen(): boolean {
    return !this.#isEnded
  }

  /** Does somebody hold the lock? */
  get isLocked(): boolean {
    return this.#isLocked
  }

  /** The loop's next frame, whole within so much time; `undefined`: the connection is over. */
  read(patienceMs: number, got: Got): void {
    this.#loop = got
    this.#limit(patienceMs)
    this.#pump()
  }

  /** The asker's: the same socket, and the same clock on it. */
  readToo(patienceMs: number, got: Got): void {
    this.#asker = got
    this.#limit(patienceMs)
    this.#pump()
  }

  /** Calls `use` as soon as nobody else writes; who got the lock calls `unlock`. First come, first served. */
  lock(use: () => void): void {
    if (this.#isLocked) this.#waiting.push(use)
    else {
      this.#isLocked = true
      use()
    }
  }

  unlock(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#isLocked = false
    else next()
  }

  /** Writes one frame under the lock, and goes on. */
  send(type: string, payload: string, then: () => void = () => {}): void {
    this.lock(() => {
      this.write(type, payload)
      this.unlock()
      then()
    })
  }

  /** Without the lock. What is longer than a frame may be is not sent. */
  write(type: string, payload: string): void {
    const frame = frameOf(type, payload)
    if (frame !== undefined && !this.#isEnded) this.wire.write(frame)
  }

  close(): void {
    this.wire.close()
    this.#end()
  }

  #end(): void {
    this.#isEnded = true
    this.brokenBy ??= "closed"
    this.#pump()
  }

  /** Hands frames to whoever reads. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#loop !== undefined || this.#asker !== undefined) {
      const areTwo = this.#loop !== undefined && this.#asker !== undefined
      const body = this.#frames.next()
      if (body === undefined) {
        if (!this.#isEnded && !this.#frames.isBroken) break
        this.#fail()
        continue
      }
      if (areTwo && this.#ground.chance() < tornShare) {
        this.#frames.isBroken = true
        this.brokenBy ??= "torn"
        continue
      }
      const said = decode(envelope, parse(body))
      if (said === undefined && this.#loop !== undefined) this.#frames.isBroken = true
      else this.#give(said)
    }
    this.#isPumping = false
  }

  #give(said: Envelope | undefined): void {
    const got = this.#loop ?? this.#asker!
    if (this.#loop === undefined) this.#asker = undefined
    else this.#loop = undefined
    got(said)
  }

  /** Nothing will be read any more. */
  #fail(): void {
    const [loop, asker] = [this.#loop, this.#asker]
    this.#loop = undefined
    this.#asker = undefined
    loop?.(undefined)
    asker?.(undefined)
  }

  /** The socket has one read deadline for both readers: who sets it last sets it for all. */
  #limit(patienceMs: number): void {
    this.#deadlineMs = this.#ground.nowMs() + patienceMs
    if (this.#timer === undefined || this.#timer.atMs > this.#deadlineMs) this.#arm()
  }

  /** A timer for each frame would be many: the one there is looks again when it fires. */
  #arm(): void {
    this.#timer?.cancel()
    const fire = (): void => {
      this.#timer = undefined
      if (this.#isEnded || (this.#loop === undefined && this.#asker === undefined)) return
      if (this.#deadlineMs > this.#ground.nowMs()) return this.#arm()
      this.brokenBy ??= "silent"
      this.#fail()
    }
    const { cancel } = this.#ground.after(Math.max(1, this.#deadlineMs - this.#ground.nowMs()), fire)
    this.#timer = { atMs: this.#deadlineMs, cancel }
  }
}
