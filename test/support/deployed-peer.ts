/**
 * A deployed node on this machine's sockets: the model of `src/sim/deployed` over TLS as that node does it, or plain TCP.
 *
 * Short waits are real; what it does every half minute or later happens when a test lets time pass (`pass`), and at once.
 */
import { randomBytes } from "node:crypto"
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from "node:net"
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls"
import { Effect, type Scope } from "effect"
import { type SecretKey, secretKeyOf } from "../../src/protocol/identity/ed25519.ts"
import { selfSigned } from "../../src/runtime/live/certificate.ts"
import type { Ground, Wire } from "../../src/sim/deployed/link.ts"
import type { DeployedSettings } from "../../src/sim/deployed/mesh-links.ts"
import { DeployedNode } from "../../src/sim/deployed/node.ts"
import { keySeed } from "../../src/sim/keys.ts"
import { deployedSettings } from "./deployed-world.ts"

export interface PeerOptions extends Partial<DeployedSettings> {
  /** Plain TCP when false. */
  readonly tls?: boolean
  /** Of the certificate, where it is not that of the greeting. */
  readonly certificateKey?: SecretKey
  /** Shows no certificate when it dials. */
  readonly isAnonymous?: boolean
  /** Dials every address that it hears of, as the real one does; else only those it is given. */
  readonly isCurious?: boolean
  /** Do its two readers tear the next frame in pieces? Never, unless a test says so. */
  readonly isTorn?: () => boolean
  /** Waits for longer than this, in milliseconds, are over only when the test lets time pass. */
  readonly realMs?: number
  /** Bytes it writes go out in pieces of this size. */
  readonly pieceBytes?: number
}

export interface DeployedPeer {
  readonly node: DeployedNode
  readonly address: { readonly host: string; readonly port: number }
  /** So much time passes for it, now. */
  readonly pass: (ms: number) => void
  /** Sockets that are open, in the order they were made. */
  readonly sockets: ReadonlyArray<Socket>
  /** Connects as this node does, and leaves the rest to the test. */
  readonly knock: (address: { readonly host: string; readonly port: number }) => Socket
  /** What it was sent, frame by frame, as text. */
  readonly heard: ReadonlyArray<string>
}

const keepMs = 60

export const deployedPeer = (name: string, options: PeerOptions = {}): Effect.Effect<DeployedPeer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const {
      certificateKey,
      isAnonymous = false,
      isCurious = false,
      isTorn = () => false,
      pieceBytes,
      realMs = 5_000,
      tls = true,
      ...over
    } = options
    const seed = keySeed(7, name)
    const key = certificateKey ?? secretKeyOf(seed)
    const credentials = {
      key: key.keyObject.export({ format: "pem", type: "pkcs8" }) as string,
      cert: selfSigned(key, { serial: randomBytes(16), nowMs: Date.now() }),
    }
    const sockets: Array<Socket> = []
    const knocked: Array<Socket> = []
    const heard: Array<string> = []
    const clock = new PassingClock(realMs)
    const wireOf = (socket: Socket): Wire => {
      sockets.push(socket)
      socket.once("close", () => sockets.splice(sockets.indexOf(socket), 1))
      return wireOver(socket, pieceBytes, heard)
    }

    const tlsOptions = { minVersion: "TLSv1.3", rejectUnauthorized: false, servername: "", checkServerIdentity: () => undefined } as const
    const knock = (where: { readonly host: string; readonly port: number }): Socket => {
      const socket = tls ? connectTls({ ...tlsOptions, ...where, ...(isAnonymous ? {} : credentials) }) : connectTcp(where)
      socket.on("error", () => {})
      knocked.push(socket)
      return socket
    }
    const dial: Ground["dial"] = (text, done) => {
      if (!isCurious && over.bootstrap?.includes(text) !== true) return done(undefined)
      const at = text.lastIndexOf(":")
      const socket = knock({ host: text.slice(0, at), port: Number(text.slice(at + 1)) })
      let isDone = false
      const once = (wire: Wire | undefined) => {
        if (isDone) return
        isDone = true
        done(wire)
      }
      socket.on("error", () => once(undefined))
      socket.once("close", () => once(undefined))
      socket.once(tls ? "secureConnect" : "connect", () => once(wireOf(socket)))
    }

    const running: { node?: DeployedNode } = {}
    const accept = (socket: Socket) => {
      socket.on("error", () => {})
      // it takes any certificate, but none it does not take
      if (tls && (socket as TLSSocket).getPeerX509Certificate() === undefined) return void socket.destroy()
      return running.node!.accept(wireOf(socket))
    }
    const server: Server = tls
      ? createTlsServer({ ...credentials, minVersion: "TLSv1.3", requestCert: true, rejectUnauthorized: false }, accept)
      : createTcpServer(accept)
    server.on("tlsClientError", (_: Error, socket: Socket) => socket.destroy())
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          clock.stop()
          running.node?.end()
          server.close()
          for (const socket of [...sockets, ...knocked]) socket.destroy()
        }),
    )
    const { port } = server.address() as AddressInfo
    const node = new DeployedNode(
      { nowMs: clock.nowMs, after: clock.after, chance: chanceOf(isTorn), dial },
      deployedSettings(seed, { name, listenPort: port, ...over }),
    )
    running.node = node
    node.begin()
    return { node, address: { host: "127.0.0.1", port }, pass: clock.pass, sockets, knock, heard }
  })

const chanceOf = (isTorn: () => boolean) => (): number => (isTorn() ? 0 : Math.max(0.01, Math.random()))

/** Time of the system, and what a test adds to it: timers for later than some seconds fire only as far as tests let time pass. */
class PassingClock {
  #addedMs = 0
  readonly #realMs: number
  readonly #far: Array<{ readonly atMs: number; readonly fire: () => void; isOff: boolean }> = []
  readonly #near = new Set<ReturnType<typeof setTimeout>>()

  constructor(realMs: number) {
    this.#realMs = realMs
  }

  nowMs = (): number => Date.now() + this.#addedMs

  after = (delayMs: number, fire: () => void) => {
    if (delayMs > this.#realMs) {
      const one = { atMs: this.nowMs() + delayMs, fire, isOff: false }
      this.#far.push(one)
      return { cancel: () => void (one.isOff = true) }
    }
    const timer = setTimeout(() => {
      this.#near.delete(timer)
      fire()
    }, delayMs)
    this.#near.add(timer)
    return { cancel: () => clearTimeout(timer) }
  }

  /** What is due by then happens, in its order; a little less time passes than is said, so that nothing is late by rounding. */
  pass = (ms: number): void => {
    const untilMs = this.nowMs() + ms
    const next = () => this.#far.filter(({ atMs, isOff }) => !isOff && atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
    for (let one = next(); one !== undefined; one = next()) {
      this.#far.splice(this.#far.indexOf(one), 1)
      this.#addedMs += Math.max(0, one.atMs - this.nowMs())
      one.fire()
    }
    this.#addedMs += Math.max(0, untilMs - this.nowMs())
  }

  stop(): void {
    this.#far.length = 0
    for (const timer of this.#near) clearTimeout(timer)
  }
}

/** Head and body of a frame are two writes there, and so two TLS records. */
const wireOver = (socket: Socket, pieceBytes: number | undefined, heard: Array<string>): Wire => {
  let events: Parameters<Wire["open"]>[0] | undefined
  const listener = new HeardFrames(heard)
  socket.setNoDelay(true)
  socket.on("error", () => {})
  socket.on("close", () => events?.closed("closed"))
  return {
    remoteHost: (socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
    open: (owner) => {
      events = owner
      socket.on("data", (chunk: Uint8Array) => {
        listener.push(chunk)
        owner.bytes(chunk)
      })
    },
    write: (bytes) => {
      const step = pieceBytes ?? bytes.length
      socket.write(bytes.subarray(0, 4))
      for (let at = 4; at < bytes.length; at += step) socket.write(bytes.subarray(at, at + step))
    },
    close: () => socket.end(() => setTimeout(() => socket.destroy(), keepMs).unref()),
  }
}

class HeardFrames {
  #rest = Buffer.alloc(0)
  readonly #heard: Array<string>

  constructor(heard: Array<string>) {
    this.#heard = heard
  }

  push(chunk: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE(0)) {
      const length = this.#rest.readUInt32BE(0)
      this.#heard.push(this.#rest.toString("utf8", 4, 4 + length))
      this.#rest = this.#rest.subarray(4 + length)
    }
  }
}
