/** One end of a simulated connection: what its host does with it, and what is known of it on the way (`network.ts`). */
import type { PublicKey } from "../protocol/identity/key.ts"
import type { Connection, ConnectionEvents } from "../runtime/ports.ts"
import type { Host } from "./network.ts"

/** What an end needs of the network between it and the other. */
export interface Line {
  carry(from: End, to: End, bytes: Uint8Array): void
  /** This end was closed: the other has to learn of it. */
  ended(end: End): void
  forget(end: End): void
}

export class End implements Connection {
  readonly host: Host
  readonly latencyMs: number
  readonly remoteKey: PublicKey
  readonly remoteHost: string
  readonly localHost: string
  other: End | undefined
  /** Bytes that are on their way to this end. */
  inFlight = 0
  /** When the last piece from here arrives there. */
  lastArrivalMs = 0
  /** Until when the line from here is busy with what was written; there is one only where it is thin. */
  busyUntilMs = 0
  /** What was written and goes out with what is written next, where the stream is cut up. */
  gathered: Array<Uint8Array> | undefined
  isOpen = true
  readonly #line: Line
  #events: ConnectionEvents | undefined
  #isPaused = false
  #held: Array<Uint8Array> = []
  #endedBecause: string | undefined

  constructor(line: Line, host: Host, remote: Host, latencyMs: number) {
    this.#line = line
    this.host = host
    this.latencyMs = latencyMs
    this.remoteKey = remote.key
    this.remoteHost = remote.name
    this.localHost = host.name
  }

  open(events: ConnectionEvents): void {
    this.#events = events
    this.#flush()
    if (this.#endedBecause !== undefined) events.closed(this.#endedBecause)
  }

  write(bytes: Uint8Array): void {
    if (this.isOpen) this.#line.carry(this, this.other!, bytes)
  }

  queuedBytes(): number {
    const other = this.other!
    return other.inFlight + other.#held.reduce((sum, piece) => sum + piece.length, 0)
  }

  pauseReading(): void {
    this.#isPaused = true
  }

  resumeReading(): void {
    this.#isPaused = false
    this.#flush()
  }

  close(): void {
    if (!this.isOpen) return
    this.#line.ended(this)
    this.end("closed here")
  }

  /** A piece that arrived. */
  receive(bytes: Uint8Array): void {
    if (this.#events === undefined || this.#isPaused || this.#held.length > 0) this.#held.push(bytes)
    else if (this.host.gate === undefined || this.host.gate.isOpen) this.#events.bytes(bytes)
    else passGate(this.host, () => this.isOpen && this.#events!.bytes(bytes))
  }

  /** The end of it, told once. */
  end(reason: string): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#line.forget(this)
    this.#endedBecause = reason
    passGate(this.host, () => this.#events?.closed(reason))
  }

  /** Its host has no power any more: nobody is told. */
  vanish(): void {
    this.isOpen = false
    this.#line.forget(this)
  }

  #flush(): void {
    while (this.#held.length > 0 && !this.#isPaused && this.#events !== undefined) this.#events.bytes(this.#held.shift()!)
  }
}

/** Now, or when the host goes on. */
export const passGate = ({ gate }: Host, happen: () => void): void => {
  if (gate === undefined) happen()
  else gate.pass(happen)
}
