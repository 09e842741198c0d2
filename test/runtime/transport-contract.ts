/**
 * What every provider of the `Transport` port must keep, as one list of expectations.
 *
 * It knows no sockets and no real time: what is under way arrives during `settle`, in milliseconds or in virtual ones.
 */
import { Effect, Exit, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import { type SecretKey, secretKeyOf } from "../../src/protocol/identity/ed25519.ts"
import { type Address, writeAddress } from "../../src/protocol/mesh/address.ts"
import type { Connection, Transport } from "../../src/runtime/ports.ts"

type Ends = Transport["Service"]

/** One network, and how to take part in it. */
export interface Network {
  /** Another participant with this key; when it listens, it does so at an address that nobody else has. */
  readonly join: (key: SecretKey) => Effect.Effect<Ends, never, Scope.Scope>
  /** An address nobody listens at. */
  readonly nobody: Address
  /** Lets some of what is under way arrive. It is called again and again until what is expected has come true. */
  readonly settle: Effect.Effect<void>
}

/** `run` runs one test from beginning to end, on whatever clock the provider has. */
export const transportContract = (
  name: string,
  network: Effect.Effect<Network, never, Scope.Scope>,
  run: (test: Effect.Effect<void, never, Scope.Scope>) => Promise<void> | void,
): void => {
  const expectation = (sentence: string, test: (world: World) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it(sentence, () => run(Effect.orDie(Effect.flatMap(network, (provided) => test(worldOf(provided))))))

  describe(`${name} keeps the promises of Transport`, () => {
    expectation("both ends know the key that the other end proved, and where they are seen", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        expect([out.connection.remoteKey, inn.connection.remoteKey]).toEqual([listenerKey.publicKey, dialerKey.publicKey])
        expect([out.connection.localHost, inn.connection.localHost]).toEqual([inn.connection.remoteHost, out.connection.remoteHost])
        expect(inn.connection.remoteHost).toMatch(/^[^\s:[\]]+$|^[0-9a-f:]+$/)
      }),
    )

    expectation("the address that is really listened on is told, and a dial to it succeeds more than once", (world) =>
      Effect.gen(function* () {
        const { address, dialer, inbound } = yield* world.listening
        expect(address.port).toBeGreaterThan(0)
        yield* dialer.dial(address)
        yield* dialer.dial(address)
        yield* world.eventually(() => inbound.length === 2)
      }),
    )

    expectation("bytes arrive in order, whatever the sizes they were written in, both ways at once", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        const there = pieces([1, 0, 3, 700, 1, 16_384, 16_385, 2, 65_536, 5, 100_000, 1], 1)
        const back = pieces([70_000, 1, 1, 1, 400, 33_000, 0, 9], 2)
        for (let i = 0; i < there.length; i++) {
          out.connection.write(there[i]!)
          if (i < back.length) inn.connection.write(back[i]!)
        }
        yield* world.eventually(() => inn.count === sizeOf(there) && out.count === sizeOf(back))
        expect(inn.all().equals(Buffer.concat(there))).toBe(true)
        expect(out.all().equals(Buffer.concat(back))).toBe(true)
      }),
    )

    expectation("ten thousand small writes in one turn all arrive", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        const frames = pieces(Array<number>(10_000).fill(70), 3)
        for (const frame of frames) out.connection.write(frame)
        yield* world.eventually(() => inn.count === sizeOf(frames))
        expect(inn.all().equals(Buffer.concat(frames))).toBe(true)
      }),
    )

    expectation("a large transfer arrives whole", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        const large = pieces([8_000_000], 4)
        out.connection.write(large[0]!)
        yield* world.eventually(() => inn.count === 8_000_000)
        expect(inn.all().equals(large[0]!)).toBe(true)
      }),
    )

    expectation("what arrives before `open` is kept for it", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair({ openInbound: false })
        out.connection.write(Buffer.from("early"))
        yield* world.aWhile
        expect(inn.count).toBe(0)
        inn.open()
        yield* world.eventually(() => inn.all().toString() === "early")
      }),
    )

    expectation("a close reaches both ends once, after what was written before it", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        out.connection.write(Buffer.from("last words"))
        out.connection.close()
        out.connection.close()
        yield* world.eventually(() => inn.closed.length > 0 && out.closed.length > 0)
        yield* world.aWhile
        expect(inn.all().toString()).toBe("last words")
        expect([inn.closed.length, out.closed.length]).toEqual([1, 1])
        expect([...inn.closed, ...out.closed].every((reason) => reason.length > 0)).toBe(true)
      }),
    )

    expectation("a close from the accepting end is seen just so", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        inn.connection.close()
        yield* world.eventually(() => inn.closed.length > 0 && out.closed.length > 0)
        yield* world.aWhile
        expect([inn.closed.length, out.closed.length]).toEqual([1, 1])
      }),
    )

    expectation("both ends may close at once", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        out.connection.close()
        inn.connection.close()
        yield* world.eventually(() => inn.closed.length > 0 && out.closed.length > 0)
        yield* world.aWhile
        expect([inn.closed.length, out.closed.length]).toEqual([1, 1])
      }),
    )

    expectation("after our own close nothing is delivered any more", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        inn.connection.close()
        out.connection.write(Buffer.from("too late"))
        yield* world.eventually(() => inn.closed.length > 0)
        yield* world.aWhile
        expect(inn.count).toBe(0)
      }),
    )

    expectation("an end that opens only after the other has closed still gets its bytes, then the close", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair({ openInbound: false })
        out.connection.write(Buffer.from("farewell"))
        out.connection.close()
        yield* world.aWhile
        inn.open()
        yield* world.eventually(() => inn.closed.length > 0)
        expect([inn.all().toString(), inn.closed.length]).toEqual(["farewell", 1])
      }),
    )

    expectation("write, pause, resume and close after the close do nothing", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        out.connection.close()
        yield* world.eventually(() => inn.closed.length > 0 && out.closed.length > 0)
        for (const { connection } of [inn, out]) {
          connection.write(Buffer.from("anyone there?"))
          connection.pauseReading()
          connection.resumeReading()
          connection.close()
        }
        yield* world.aWhile
        expect([inn.count, out.count, inn.closed.length, out.closed.length]).toEqual([0, 0, 1, 1])
        expect([inn.connection.queuedBytes(), out.connection.queuedBytes()]).toEqual([0, 0])
      }),
    )

    expectation("a dial to nobody fails, and says where", (world) =>
      Effect.gen(function* () {
        const { dialer } = yield* world.listening
        const failure = yield* Effect.flip(dialer.dial(world.nobody))
        expect([failure._tag, failure.address]).toEqual(["PeerUnreachable", writeAddress(world.nobody)])
        expect(failure.reason.length).toBeGreaterThan(0)
      }),
    )

    expectation("pauseReading holds bytes back, resumeReading delivers them in order", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        inn.connection.pauseReading()
        yield* world.aWhile
        out.connection.write(Buffer.from("one "))
        out.connection.write(Buffer.from("two"))
        yield* world.aWhile
        expect(inn.count).toBe(0)
        inn.connection.resumeReading()
        yield* world.eventually(() => inn.all().toString() === "one two")
      }),
    )

    expectation("pausing and resuming before `open` count as well", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair({ openInbound: false })
        out.connection.write(Buffer.from("early"))
        inn.connection.pauseReading()
        inn.open()
        yield* world.aWhile
        expect(inn.count).toBe(0)
        inn.connection.resumeReading()
        yield* world.eventually(() => inn.all().toString() === "early")

        const again = yield* world.pair({ openInbound: false })
        again.inn.connection.pauseReading()
        again.inn.connection.resumeReading()
        again.inn.open()
        again.out.connection.write(Buffer.from("late"))
        yield* world.eventually(() => again.inn.all().toString() === "late")
      }),
    )

    expectation("a paused end can still write", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        inn.connection.pauseReading()
        inn.connection.write(Buffer.from("still here"))
        yield* world.eventually(() => out.all().toString() === "still here")
      }),
    )

    expectation("queuedBytes grows while the other end does not read, and falls to nothing when it does", (world) =>
      Effect.gen(function* () {
        const { out, inn } = yield* world.pair()
        inn.connection.pauseReading()
        yield* world.aWhile
        const total = 32 * 1_048_576
        const megabyte = pieces([1_048_576], 5)[0]!
        for (let i = 0; i < 32; i++) out.connection.write(megabyte)
        expect(out.connection.queuedBytes()).toBeGreaterThan(0)
        yield* world.aWhile
        expect(out.connection.queuedBytes()).toBeGreaterThan(1_048_576)
        inn.connection.resumeReading()
        yield* world.eventually(() => inn.count === total)
        yield* world.eventually(() => out.connection.queuedBytes() === 0)
      }),
    )

    expectation("when the listening scope ends, nobody new gets in", (world) =>
      Effect.gen(function* () {
        const { address, dialer } = yield* Effect.scoped(world.listening)
        yield* world.aWhile
        expect(Exit.isFailure(yield* Effect.exit(dialer.dial(address)))).toBe(true)
      }),
    )

    expectation("three participants keep their connections apart", (world) =>
      Effect.gen(function* () {
        const { address, dialer, inbound } = yield* world.listening
        const third = yield* world.join(thirdKey)
        const one = ear(yield* dialer.dial(address))
        const two = ear(yield* third.dial(address))
        yield* world.eventually(() => inbound.length === 2)
        const ears = inbound.map((connection) => ear(connection))
        one.connection.write(Buffer.from(dialerKey.publicKey))
        two.connection.write(Buffer.from(thirdKey.publicKey))
        yield* world.eventually(() => ears.every(({ count }) => count > 0))
        for (const heard of ears) expect(heard.all().toString()).toBe(heard.connection.remoteKey)
        one.connection.close()
        yield* world.eventually(() => ears.some(({ closed }) => closed.length === 1))
        expect(ears.filter(({ closed }) => closed.length === 0).map((heard) => heard.all().toString())).toEqual([thirdKey.publicKey])
      }),
    )
  })
}

const [listenerKey, dialerKey, thirdKey] = [11, 22, 33].map((byte) => secretKeyOf(new Uint8Array(32).fill(byte))) as [
  SecretKey,
  SecretKey,
  SecretKey,
]

type World = ReturnType<typeof worldOf>

const worldOf = ({ join, nobody, settle }: Network) => {
  const eventually = (isTrue: () => boolean): Effect.Effect<void> =>
    Effect.gen(function* () {
      for (let i = 0; i < 2_000 && !isTrue(); i++) yield* settle
      expect(isTrue(), "what was expected has not come true").toBe(true)
    })

  const listening = Effect.gen(function* () {
    const inbound: Array<Connection> = []
    const listener = yield* join(listenerKey)
    const dialer = yield* join(dialerKey)
    const address = yield* listener.listen((connection) => void inbound.push(connection))
    return { address, dialer, inbound }
  })

  const pair = ({ openInbound = true } = {}) =>
    Effect.gen(function* () {
      const { address, dialer, inbound } = yield* listening
      const out = ear(yield* dialer.dial(address))
      yield* eventually(() => inbound.length === 1)
      return { out, inn: ear(inbound[0]!, openInbound) }
    })

  /** Long enough for whatever is under way without anybody waiting for it. */
  const aWhile = Effect.gen(function* () {
    for (let i = 0; i < 20; i++) yield* settle
  })

  return { join, nobody, eventually, listening, pair, aWhile }
}

/** Notes down all that a connection tells its owner. */
const ear = (connection: Connection, openNow = true) => {
  const chunks: Array<Uint8Array> = []
  const heard = {
    connection,
    count: 0,
    closed: [] as Array<string>,
    all: () => Buffer.concat(chunks),
    open: () =>
      connection.open({
        bytes: (chunk) => {
          expect(heard.closed, "bytes after the close").toEqual([])
          // A chunk is the provider's again once we return.
          chunks.push(Uint8Array.from(chunk))
          heard.count += chunk.length
        },
        closed: (reason) => void heard.closed.push(reason),
      }),
  }
  if (openNow) heard.open()
  return heard
}

/** Pieces of these sizes whose bytes are all told apart from their neighbours, the same each time. */
const pieces = (sizes: ReadonlyArray<number>, start: number): ReadonlyArray<Buffer> => {
  let state = start
  return sizes.map((size) => {
    const piece = Buffer.alloc(size)
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      piece[i] = state >>> 24
    }
    return piece
  })
}

const sizeOf = (parts: ReadonlyArray<Uint8Array>): number => parts.reduce((sum, { length }) => sum + length, 0)
