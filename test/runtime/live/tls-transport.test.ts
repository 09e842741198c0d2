import { generateKeyPairSync, sign } from "node:crypto"
import { connect as connectTcp, createServer, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions, createServer as createTlsServer } from "node:tls"
import { Context, Effect, Layer, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import { type SecretKey, secretKeyOf } from "../../../src/protocol/identity/ed25519.ts"
import { type Address } from "../../../src/protocol/mesh/address.ts"
import { inboundPerAddressMax } from "../../../src/protocol/limits.ts"
import { selfSigned } from "../../../src/runtime/live/certificate.ts"
import { tlsTransport } from "../../../src/runtime/live/tls-transport.ts"
import { type Connection, Transport } from "../../../src/runtime/ports.ts"
import { freePort } from "../../support/free-port.ts"
import { eventually } from "../../support/real-nodes.ts"
import { transportContract } from "../transport-contract.ts"

const join = (key: SecretKey): Effect.Effect<Transport["Service"], never, Scope.Scope> =>
  Effect.map(Layer.build(tlsTransport(key, { host: "127.0.0.1", port: 0 })), (built) => Context.get(built, Transport))

const run = (test: Effect.Effect<void, never, Scope.Scope>) => Effect.runPromise(Effect.scoped(test))

transportContract(
  "TLS",
  Effect.map(Effect.promise(freePort), (port) => ({ join, nobody: { host: "127.0.0.1", port }, settle: Effect.sleep(3) })),
  run,
)

describe("TLS and those who do not play by its rules", () => {
  const key = secretKeyOf(new Uint8Array(32).fill(7))
  const other = secretKeyOf(new Uint8Array(32).fill(8))
  const pem = (secret: SecretKey) => secret.keyObject.export({ format: "pem", type: "pkcs8" }) as string
  const certificateOf = (secret: SecretKey) => ({
    key: pem(secret),
    cert: selfSigned(secret, { serial: Buffer.alloc(16, 1), nowMs: Date.now() }),
  })

  /** A listening transport; what it accepts, and whether an honest caller still gets in. */
  const listening = Effect.gen(function* () {
    const accepted: Array<Connection> = []
    const transport = yield* join(key)
    const address = yield* transport.listen((connection) => void accepted.push(connection))
    const honestGetsIn = Effect.gen(function* () {
      const before = accepted.length
      const caller = yield* join(other)
      const connection = yield* caller.dial(address)
      yield* eventually("an honest caller", () => accepted.length === before + 1)
      connection.close()
    })
    return { accepted, address, honestGetsIn }
  })

  const ended = (socket: Socket) =>
    new Promise<void>((resolve) => {
      socket.on("error", () => {})
      socket.once("close", () => resolve())
      socket.resume()
    })

  const tls = (address: Address, options: ConnectionOptions) =>
    connectTls({ host: address.host, port: address.port, rejectUnauthorized: false, ...options })

  const refused = (sentence: string, call: (address: Address) => Socket) =>
    it(`${sentence} is refused before accept`, () =>
      run(
        Effect.gen(function* () {
          const { accepted, address, honestGetsIn } = yield* listening
          yield* Effect.promise(() => ended(call(address)))
          expect(accepted).toEqual([])
          yield* Effect.orDie(honestGetsIn)
        }).pipe(Effect.orDie),
      ))

  refused("plain HTTP", (address) => {
    const socket = connectTcp(address.port, address.host)
    socket.write("GET / HTTP/1.1\r\n\r\n")
    return socket
  })
  refused("a caller that is gone at once", (address) => {
    const socket = connectTcp(address.port, address.host, () => socket.resetAndDestroy())
    return socket
  })
  refused("half a ClientHello", (address) => {
    const socket = connectTcp(address.port, address.host)
    socket.end(Buffer.from("160301020001000", "hex"))
    return socket
  })
  refused("TLS 1.2", (address) => tls(address, { ...certificateOf(other), maxVersion: "TLSv1.2" }))
  refused("a caller without a certificate", (address) => tls(address, {}))

  it("a certificate for another kind of key is refused before accept, as a caller and as the one called", () =>
    run(
      Effect.gen(function* () {
        const { accepted, address, honestGetsIn } = yield* listening
        const rsa = rsaCertificate()
        yield* Effect.promise(() => ended(tls(address, rsa)))
        expect(accepted).toEqual([])
        yield* Effect.orDie(honestGetsIn)

        const server = createTlsServer(rsa)
        server.on("tlsClientError", () => {})
        yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
        const caller = yield* join(other)
        const failure = yield* Effect.flip(caller.dial({ host: "127.0.0.1", port: (server.address() as { port: number }).port }))
        server.close()
        expect(failure.reason).toBe("it shows no Ed25519 certificate")
      }).pipe(Effect.orDie),
    ))

  it("a dial to something that speaks no TLS fails, and a dial to silence can be interrupted", () =>
    run(
      Effect.gen(function* () {
        const sockets: Array<Socket> = []
        const server = createServer((socket) => void sockets.push(socket.on("error", () => {})))
        yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
        const address = { host: "127.0.0.1", port: (server.address() as { port: number }).port }
        const caller = yield* join(other)
        const silence = yield* Effect.timeoutOption(caller.dial(address), 50)
        expect(silence._tag).toBe("None")
        yield* Effect.promise(() => ended(sockets[0]!))

        server.on("connection", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
        expect((yield* Effect.flip(caller.dial(address))).reason).toBe("it does not speak TLS 1.3")
        server.close()
      }).pipe(Effect.orDie),
    ))

  it("silent callers of one address are held up to their bound, and honest ones get in when they are gone", () =>
    run(
      Effect.gen(function* () {
        const { accepted, address, honestGetsIn } = yield* listening
        const silent = Array.from({ length: inboundPerAddressMax + 30 }, () => connectTcp(address.port, address.host))
        const gone = () => silent.filter((socket) => socket.closed).length
        for (const socket of silent) socket.on("error", () => {}).resume()
        yield* eventually("those beyond the bound are gone", () => gone() >= 30)
        yield* Effect.sleep(50)
        expect(gone()).toBe(30)
        for (const socket of silent) socket.destroy()
        // the listener hears of that a moment later
        yield* eventually("all are gone", () => gone() === silent.length)
        yield* Effect.sleep(50)
        expect(accepted).toEqual([])
        yield* Effect.orDie(Effect.retry(Effect.timeout(honestGetsIn, "2 seconds"), { times: 20 }))
      }).pipe(Effect.orDie),
    ))

  it("an end that vanishes without a word is a close", () =>
    run(
      Effect.gen(function* () {
        const { accepted, address } = yield* listening
        const socket = tls(address, certificateOf(other))
        yield* eventually("it is accepted", () => accepted.length > 0)
        const closed: Array<string> = []
        accepted[0]!.open({ bytes: () => {}, closed: (reason) => void closed.push(reason) })
        for (let i = 0; i < 50; i++) accepted[0]!.write(Buffer.alloc(100_000))
        socket.on("error", () => {})
        socket.destroy()
        yield* eventually("its end", () => closed.length > 0)
        expect(closed.length).toBe(1)
      }).pipe(Effect.orDie),
    ))

  it("an end that stops reading cannot keep a close from ending", () =>
    run(
      Effect.gen(function* () {
        const { accepted, address } = yield* listening
        const socket = tls(address, certificateOf(other))
        socket.on("error", () => {})
        yield* eventually("it is accepted", () => accepted.length > 0)
        socket.pause()
        const closed: Array<string> = []
        accepted[0]!.open({ bytes: () => {}, closed: (reason) => void closed.push(reason) })
        for (let i = 0; i < 40; i++) accepted[0]!.write(Buffer.alloc(1_000_000))
        accepted[0]!.close()
        yield* Effect.sleep(100)
        expect(closed).toEqual([])
        yield* eventually("its end", () => closed.length > 0)
        expect(closed).toEqual(["we closed it"])
        socket.destroy()
      }).pipe(Effect.orDie),
    ))

  it("a taken port is said so", () =>
    run(
      Effect.gen(function* () {
        const { address } = yield* listening
        const second = Context.get(yield* Layer.build(tlsTransport(other, address)), Transport)
        const failure = yield* Effect.flip(second.listen(() => {}))
        expect([failure._tag, failure.reason]).toEqual(["ListenFailed", "the port is taken"])
      }).pipe(Effect.orDie),
    ))
})

/** The least X.509 v3 that carries an RSA key. */
const rsaCertificate = (): { readonly key: string; readonly cert: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const der = (tag: number, ...contents: ReadonlyArray<Buffer>) => {
    const inside = Buffer.concat(contents)
    return Buffer.concat([Buffer.from([tag, 0x82, inside.length >> 8, inside.length & 0xff]), inside])
  }
  const sha256WithRsa = der(0x30, der(0x06, Buffer.from("2a864886f70d01010b", "hex")), der(0x05))
  const validity = der(0x30, der(0x17, Buffer.from("250101000000Z")), der(0x17, Buffer.from("490101000000Z")))
  const spki = publicKey.export({ format: "der", type: "spki" })
  const body = der(0x30, der(0xa0, der(2, Buffer.of(2))), der(2, Buffer.of(1)), sha256WithRsa, der(0x30), validity, der(0x30), spki)
  const whole = der(0x30, body, sha256WithRsa, der(0x03, Buffer.of(0), sign("sha256", body, privateKey)))
  return {
    key: privateKey.export({ format: "pem", type: "pkcs8" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString("base64")}\n-----END CERTIFICATE-----\n`,
  }
}
