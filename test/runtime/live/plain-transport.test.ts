/** Plain TCP keeps the promises of Transport, keys among them, and lets deployed nodes in without. */
import { connect, createServer, type Server, type Socket } from "node:net"
import { Context, Effect, Layer, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import { greetingBytesMax } from "../../../src/protocol/agentdns/limits.ts"
import { type SecretKey, secretKeyOf, sign } from "../../../src/protocol/identity/ed25519.ts"
import type { PublicKey, Signature } from "../../../src/protocol/identity/key.ts"
import { inboundPerAddressMax } from "../../../src/protocol/limits.ts"
import type { Address } from "../../../src/protocol/mesh/address.ts"
import { type Challenge, challengeFrame, proofFrame, proofText, readAnswer, readChallenge } from "../../../src/protocol/mesh/challenge.ts"
import { encodeFrame, FrameDecoder } from "../../../src/protocol/wire/frame.ts"
import { plainTransport } from "../../../src/runtime/live/plain-transport.ts"
import { tlsTransport } from "../../../src/runtime/live/tls-transport.ts"
import { type Connection, Transport } from "../../../src/runtime/ports.ts"
import { freePort } from "../../support/free-port.ts"
import { eventually } from "../../support/real-nodes.ts"
import { transportContract } from "../transport-contract.ts"

const anyPort = { host: "127.0.0.1", port: 0 }
const built = (layer: Layer.Layer<Transport>): Effect.Effect<Transport["Service"], never, Scope.Scope> =>
  Effect.map(Layer.build(layer), (context) => Context.get(context, Transport))
const join = (key: SecretKey) => built(plainTransport(key, anyPort))

const run = (test: Effect.Effect<void, never, Scope.Scope>) => Effect.runPromise(Effect.scoped(test))
const play = (test: Effect.Effect<void, unknown, Scope.Scope>) => run(Effect.orDie(test))

transportContract(
  "plain TCP",
  Effect.map(Effect.promise(freePort), (port) => ({ join, nobody: { host: "127.0.0.1", port }, settle: Effect.sleep(3) })),
  run,
)

const [key, other, liar] = [7, 8, 9].map((byte) => secretKeyOf(new Uint8Array(32).fill(byte))) as [SecretKey, SecretKey, SecretKey]
const nonceOf = (byte: number) => Buffer.alloc(32, byte).toString("hex")

/** A listening transport, and what it accepts, with the bytes that come over it. */
const listening = Effect.gen(function* () {
  const accepted: Array<Connection & { readonly heard: () => Buffer }> = []
  const transport = yield* join(key)
  const address = yield* transport.listen((connection) => {
    let heard = Buffer.alloc(0)
    connection.open({ bytes: (chunk) => void (heard = Buffer.concat([heard, chunk])), closed: () => {} })
    accepted.push({ ...connection, heard: () => heard })
  })
  return { accepted, address }
})

/** A socket, what came over it frame by frame, and whether it is over. */
const knock = (address: Address) =>
  Effect.gen(function* () {
    const socket = connect(address.port, address.host)
    yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
    return { socket, ...heardOn(socket) }
  })

const heardOn = (socket: Socket) => {
  const frames: Array<Uint8Array> = []
  const decoder = new FrameDecoder()
  socket.on("error", () => {})
  socket.on("data", (chunk: Buffer) => frames.push(...decoder.push(chunk).payloads))
  const frame = (index: number) =>
    Effect.map(
      eventually(`frame ${index}`, () => frames.length > index),
      () => frames[index]!,
    )
  return { frames, frame, end: Effect.asVoid(eventually("its end", () => socket.closed)) }
}

/** Calls, claims a key, and proves it as `prove` does. */
const claiming = (address: Address, claimed: PublicKey, prove: (ends: Handshake) => Signature) =>
  Effect.gen(function* () {
    const caller = yield* knock(address)
    const dialler = { publicKey: claimed, nonce: nonceOf(1) }
    caller.socket.write(challengeFrame(dialler))
    const listener = readAnswer(yield* caller.frame(0))!
    const proof = prove({ dialler, listener, answer: listener.signature })
    caller.socket.write(proofFrame(proof))
    return { ...caller, proof }
  })

interface Handshake {
  readonly dialler: Challenge
  readonly listener: Challenge
  readonly answer: Signature
}

const signedBy =
  (secret: SecretKey, role: "dialler" | "listener" = "dialler") =>
  (ends: Handshake) =>
    sign(secret, proofText(role, ends))

describe("callers over plain TCP", () => {
  it("who prove their key are known by it, whoever they say that they are otherwise", () =>
    play(
      Effect.gen(function* () {
        const { accepted, address } = yield* listening
        const honest = yield* claiming(address, other.publicKey, signedBy(other))
        honest.socket.write("and on")
        yield* eventually("it is let in", () => accepted[0]?.heard().toString() === "and on")
        expect(accepted[0]!.remoteKey).toBe(other.publicKey)
      }),
    ))

  const forgeries: ReadonlyArray<readonly [string, PublicKey, (first: Signature) => (ends: Handshake) => Signature]> = [
    ["claims another's key", other.publicKey, () => signedBy(liar)],
    ["says again what the other end of an earlier connection signed", other.publicKey, (first) => () => first],
    ["signs in the listener's role", other.publicKey, () => signedBy(other, "listener")],
    [
      "hands the listener's own signature back to it",
      key.publicKey,
      () =>
        ({ answer }) =>
          answer,
    ],
    [
      "signs another nonce",
      other.publicKey,
      () => (ends) => signedBy(other)({ ...ends, listener: { ...ends.listener, nonce: nonceOf(2) } }),
    ],
  ]
  it.each(forgeries)("who %s is not let in", (_, claimed, forge) =>
    play(
      Effect.gen(function* () {
        const { accepted, address } = yield* listening
        const first = yield* claiming(address, other.publicKey, signedBy(other))
        yield* eventually("the honest one is let in", () => accepted.length === 1)
        const forger = yield* claiming(address, claimed, forge(first.proof))
        yield* forger.end
        expect(accepted.length).toBe(1)
      }),
    ),
  )

  it("are understood byte by byte, with whatever comes behind in one piece", () =>
    play(
      Effect.gen(function* () {
        const { accepted, address } = yield* listening
        const caller = yield* knock(address)
        caller.socket.setNoDelay(true)
        const dialler = { publicKey: other.publicKey, nonce: nonceOf(1) }
        const slowly = Effect.fnUntraced(function* (bytes: Uint8Array) {
          for (const byte of bytes) {
            caller.socket.write(Uint8Array.of(byte))
            yield* Effect.yieldNow
          }
        })
        yield* slowly(challengeFrame(dialler))
        const listener = readAnswer(yield* caller.frame(0))!
        const proof = proofFrame(sign(other, proofText("dialler", { dialler, listener })))
        yield* slowly(proof.subarray(0, -1))
        expect(accepted.length).toBe(0)
        caller.socket.write(Buffer.concat([proof.subarray(-1), Buffer.from("and on")]))
        yield* eventually("what came behind", () => accepted[0]?.heard().toString() === "and on")
        expect(accepted[0]!.remoteKey).toBe(other.publicKey)
      }),
    ))

  it("who begin with anything else are let in without a key, and all that they said is there", () =>
    play(
      Effect.gen(function* () {
        const { accepted, address } = yield* listening
        const hello = encodeFrame(Buffer.from('{"type":"hello","payload":{}}'))
        const long = encodeFrame(Buffer.alloc(2 * greetingBytesMax, 32)).subarray(0, 100)
        const begun = [hello, Buffer.concat([hello, hello]), long, Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(4)]
        for (const [index, bytes] of begun.entries()) {
          const caller = yield* knock(address)
          caller.socket.setNoDelay(true)
          for (const byte of index === 0 ? bytes : []) {
            caller.socket.write(Uint8Array.of(byte))
            yield* Effect.yieldNow
          }
          if (index > 0) caller.socket.write(bytes)
          yield* eventually(`${bytes.length} bytes`, () => accepted[index]?.heard().equals(bytes) === true)
          expect([accepted[index]!.remoteKey, caller.frames.length]).toEqual([undefined, 0])
        }
      }),
    ))

  it("who say nothing, or not all, are never let in, count up to the bound of an address, and end with the listener", () =>
    play(
      Effect.gen(function* () {
        const waiting: Array<Socket> = []
        const { accepted } = yield* Effect.scoped(
          Effect.gen(function* () {
            const door = yield* listening
            for (let i = 0; i < inboundPerAddressMax; i++) waiting.push(connect(door.address.port, door.address.host))
            for (const socket of waiting) socket.on("error", () => {}).resume()
            waiting[0]!.write(challengeFrame({ publicKey: other.publicKey, nonce: nonceOf(1) }).subarray(0, 20))
            yield* eventually("all are connected", () => waiting.every(({ connecting }) => !connecting))
            yield* (yield* knock(door.address)).end
            expect(waiting.filter(({ closed }) => closed)).toEqual([])
            return door
          }),
        )
        yield* eventually("all are gone", () => waiting.every(({ closed }) => closed))
        expect(accepted).toEqual([])
      }),
    ))
})

describe("those called over plain TCP", () => {
  /** Somebody who listens and does as the test says. */
  const called = (meet: (socket: Socket, heard: ReturnType<typeof heardOn>) => Effect.Effect<void>) =>
    Effect.gen(function* () {
      const server: Server = createServer((socket) => void Effect.runFork(meet(socket, heardOn(socket))))
      yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
      yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
      return { host: "127.0.0.1", port: (server.address() as { port: number }).port }
    })
  const answering = (claimed: PublicKey, prove: (ends: Omit<Handshake, "answer">) => Signature) =>
    called((socket, { frame }) =>
      Effect.map(frame(0), (bytes) => {
        const [dialler, listener] = [readChallenge(bytes)!, { publicKey: claimed, nonce: nonceOf(3) }]
        socket.write(challengeFrame(listener, prove({ dialler, listener })))
      }),
    )

  const forgeries: ReadonlyArray<readonly [string, (ends: Omit<Handshake, "answer">) => Signature]> = [
    ["claims another's key", (ends) => sign(liar, proofText("listener", ends))],
    ["signs in the dialler's role", (ends) => sign(other, proofText("dialler", ends))],
    ["signs another nonce", ({ listener }) => sign(other, proofText("listener", { dialler: listener, listener }))],
  ]
  it.each(forgeries)("who %s is not reached", (_, prove) =>
    play(
      Effect.gen(function* () {
        const address = yield* answering(other.publicKey, prove)
        const failure = yield* Effect.flip((yield* join(key)).dial(address))
        expect(failure.reason).toBe("it does not prove the key that it claims")
        const honest = yield* answering(other.publicKey, (ends) => sign(other, proofText("listener", ends)))
        expect((yield* (yield* join(key)).dial(honest)).remoteKey).toBe(other.publicKey)
      }),
    ),
  )

  it("who close at a challenge, or answer something else, were reached, and it is over", () =>
    play(
      Effect.gen(function* () {
        const dialler = yield* join(key)
        const ways: ReadonlyArray<(socket: Socket) => void> = [
          (socket) => socket.end(),
          (socket) => socket.resetAndDestroy(),
          (socket) => void socket.write(encodeFrame(Buffer.from("{}"))),
        ]
        for (const way of ways) {
          const address = yield* called((socket, { frame }) => Effect.map(frame(0), () => way(socket)))
          const connection = yield* dialler.dial(address, "spec")
          const closed: Array<string> = []
          connection.open({ bytes: () => expect.unreachable(), closed: (reason) => void closed.push(reason) })
          connection.write(Buffer.from("anyone there?"))
          yield* eventually("its end", () => closed.length > 0)
          expect([closed, connection.remoteKey, connection.remoteHost]).toEqual([
            ["it does not answer a challenge"],
            undefined,
            "127.0.0.1",
          ])
        }
      }),
    ))

  it("are asked for nothing in the deployed dialect", () =>
    play(
      Effect.gen(function* () {
        const heard: Array<Buffer> = []
        const address = yield* called((socket) => Effect.sync(() => void socket.on("data", (chunk: Buffer) => heard.push(chunk))))
        const connection = yield* (yield* join(key)).dial(address, "agentdns")
        connection.open({ bytes: () => {}, closed: () => {} })
        connection.write(Buffer.from("first"))
        yield* eventually("what we say", () => heard.length > 0)
        expect([Buffer.concat(heard).toString(), connection.remoteKey]).toEqual(["first", undefined])
      }),
    ))

  it("who say nothing are not waited for when the dial is interrupted", () =>
    play(
      Effect.gen(function* () {
        const sockets: Array<Socket> = []
        const address = yield* called((socket) => Effect.sync(() => void sockets.push(socket)))
        const silence = yield* Effect.timeoutOption((yield* join(key)).dial(address), 50)
        expect(silence._tag).toBe("None")
        yield* eventually("its end", () => sockets[0]!.closed)
      }),
    ))
})

describe("plain TCP and TLS", () => {
  it("never understand each other: nobody is let in, and the other end closes", () =>
    play(
      Effect.gen(function* () {
        const accepted: Array<Connection> = []
        const closed: Array<string> = []
        const plain = yield* join(other)
        const secure = yield* built(tlsTransport(key, anyPort))
        const there = yield* secure.listen((connection) => void accepted.push(connection))
        const caller = yield* plain.dial(there)
        caller.open({ bytes: () => {}, closed: (reason) => void closed.push(reason) })
        yield* eventually("its end", () => closed.length > 0)
        expect([accepted.length, closed.length]).toEqual([0, 1])
      }),
    ))
})
