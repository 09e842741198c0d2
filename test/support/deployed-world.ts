/**
 * Deployed nodes (`src/sim/deployed`) and strangers on wires of a few milliseconds, by a clock that moves when it is told to:
 * the model alone, without anything of ours.
 */
import { secretKeyOf, sign } from "../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { Frames, frameOf } from "../../src/sim/deployed/frames.ts"
import type { Ground, Wire } from "../../src/sim/deployed/link.ts"
import type { DeployedSettings } from "../../src/sim/deployed/mesh-links.ts"
import { DeployedNode } from "../../src/sim/deployed/node.ts"
import { keySeed } from "../../src/sim/keys.ts"

export interface Frame {
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** The other end of a connection: says what it is told to, and keeps what it hears, as text. */
export class Stranger {
  readonly heard: Array<string> = []
  isOver = false
  readonly #wire: Wire
  readonly #frames = new Frames()

  constructor(wire: Wire) {
    this.#wire = wire
    wire.open({
      bytes: (chunk) => {
        this.#frames.push(chunk)
        for (let body = this.#frames.next(); body !== undefined; body = this.#frames.next()) this.heard.push(Buffer.from(body).toString())
      },
      closed: () => {
        this.isOver = true
      },
    })
  }

  /** Frames in one write. */
  say(...frames: ReadonlyArray<string>): void {
    this.write(Buffer.concat(frames.map(framed)))
  }

  write(bytes: Uint8Array): void {
    this.#wire.write(bytes)
  }

  close(): void {
    this.#wire.close()
  }

  /** Frames of a type, read; and forgotten, all of them. */
  take(type: string): ReadonlyArray<Frame> {
    const frames = this.heard.splice(0).map((text) => JSON.parse(text) as Frame)
    return frames.filter((frame) => frame.type === type)
  }
}

export const framed = (text: string): Uint8Array => {
  const body = Buffer.from(text)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

export const message = (type: string, payload: unknown): string =>
  Buffer.from(frameOf(type, JSON.stringify(payload))!.subarray(4)).toString()

export const defaultDeployed = {
  maxPeers: 15,
  expectedItems: 200,
  rebuildEveryMs: 300_000,
  bootstrap: [] as ReadonlyArray<string>,
  listenPort: 4001,
}

/** Settings of the deployed node with the key of this seed. */
export const deployedSettings = (seed: Uint8Array, over: Partial<DeployedSettings> = {}): DeployedSettings => {
  const secret = secretKeyOf(seed)
  return {
    ...defaultDeployed,
    name: "deployed",
    publicKey: secret.publicKey,
    registryId: idOf("registry", secret.publicKey),
    sign: (text) => sign(secret, text),
    ...over,
  }
}

export class DeployedWorld {
  nowMs = Date.UTC(2026, 10, 20, 12)
  /** What `chance` draws: never torn, unless a test says so. */
  chance = 0.5
  readonly #due: Array<{ readonly atMs: number; fire: (() => void) | undefined }> = []
  /** Of dials one after the other each is slower: two at the same moment are not each other's mirror. */
  #dials = 0
  readonly #listening = new Map<string, (wire: Wire) => void>()

  after = (delayMs: number, fire: () => void) => {
    const one = { atMs: this.nowMs + delayMs, fire: fire as (() => void) | undefined }
    const at = this.#due.findLastIndex(({ atMs }) => atMs <= one.atMs)
    this.#due.splice(at + 1, 0, one)
    return { cancel: () => void (one.fire = undefined) }
  }

  run(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let next = this.#due[0]; next !== undefined && next.atMs <= untilMs; next = this.#due[0]) {
      this.#due.shift()
      this.nowMs = next.atMs
      next.fire?.()
    }
    this.nowMs = untilMs
  }

  node(name: string, over: Partial<DeployedSettings> = {}, seed: Uint8Array = keySeed(1, name)): DeployedNode {
    const ground: Ground = {
      nowMs: () => this.nowMs,
      after: this.after,
      chance: () => this.chance,
      dial: (address, done) => {
        const accept = this.#listening.get(address)
        if (accept === undefined) return void this.after(1, () => done(undefined))
        const [near, far] = this.#pair(name, address.split(":")[0]!, 1 + 10 * (this.#dials++ % 3))
        this.after(1, () => {
          accept(far)
          done(near)
        })
      },
    }
    const node = new DeployedNode(ground, deployedSettings(seed, { name, ...over }))
    this.#listening.set(`${name}:${node.settings.listenPort}`, (wire) => node.accept(wire))
    node.begin()
    return node
  }

  /** Somebody connects to a node, and says nothing yet. */
  stranger(address: string, name = "stranger"): Stranger {
    return new Stranger(this.wire(address, name))
  }

  /** The near end of a connection with a node. */
  wire(address: string, name = "stranger"): Wire {
    const [near, far] = this.#pair(name, address.split(":")[0]!)
    this.#listening.get(address)!(far)
    return near
  }

  /** Somebody whom others can dial: every connection it gets. */
  listener(address: string): ReadonlyArray<Stranger> {
    const met: Array<Stranger> = []
    this.#listening.set(address, (wire) => met.push(new Stranger(wire)))
    return met
  }

  #pair(from: string, to: string, latencyMs = 1): [Wire, Wire] {
    type End = { readonly wire: Wire; events: Parameters<Wire["open"]>[0] | undefined; readonly early: Array<() => void>; isOver: boolean }
    const make = (remoteHost: string, other: () => End): End => {
      const tell = (act: (events: Parameters<Wire["open"]>[0]) => void) =>
        this.after(latencyMs, () => {
          const { early, events } = other()
          if (events === undefined) early.push(() => act(other().events!))
          else act(events)
        })
      const end: End = {
        events: undefined,
        early: [],
        isOver: false,
        wire: {
          remoteHost,
          open: (events) => {
            end.events = events
            for (const act of end.early.splice(0)) act()
          },
          write: (bytes) => void (end.isOver || tell((events) => other().isOver || events.bytes(bytes))),
          close: () => {
            if (end.isOver) return
            end.isOver = true
            tell((events) => {
              if (other().isOver) return
              other().isOver = true
              events.closed("closed")
            })
          },
        },
      }
      return end
    }
    const near: End = make(to, () => far)
    const far: End = make(from, () => near)
    return [near.wire, far.wire]
  }
}

/** What a stranger greets with. */
export const greeting = (registry_id: string, over: Readonly<Record<string, unknown>> = {}): string =>
  message("hello", { registry_id, name: "stranger", public_key: "junk", agent_count: 0, version: "0.1.0", listen_port: 4001, ...over })
