/** Nodes of ours where TLS is off: as over TLS each knows the other's key, remembers it, and hears what it says. */
import { connect } from "node:net"
import { Effect, type Layer } from "effect"
import { expect, it } from "vitest"
import type { Happening } from "../../src/actors/happening.ts"
import type { Message } from "../../src/protocol/wire/message.ts"
import { write } from "../../src/protocol/wire/spec-codec.ts"
import { encodeFrame } from "../../src/protocol/wire/frame.ts"
import { writeAddress } from "../../src/protocol/mesh/address.ts"
import { plainTransport } from "../../src/runtime/live/plain-transport.ts"
import type { RunningNode } from "../../src/runtime/node.ts"
import type { NodeSettings } from "../../src/runtime/node-settings.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { keyOf, registryOf } from "../support/builders.ts"
import { helloOf } from "../support/mesh.ts"
import { eventually, realNode } from "../support/real-nodes.ts"

const plainNode = (seed: number, settings: Partial<NodeSettings> = {}) =>
  Effect.gen(function* () {
    const happened: Array<Happening> = []
    const store = makeMemoryStore()
    const transport = plainTransport(keyOf(seed), { host: "127.0.0.1", port: 0 }) as Layer.Layer<never>
    const node = yield* realNode(seed, store, settings, (happening) => void happened.push(happening), transport)
    return { ...node, happened, store }
  })

const isListed = (node: RunningNode, seed: number) =>
  Effect.runSync(node.service.peers).some(({ registryId }) => registryId === registryOf(seed).registryId)
const play = (test: Effect.Effect<void, unknown>) => Effect.runPromise(test)

it("two of them pin each other's key, hear each other's news, and are contacts of the DHT", () =>
  play(
    Effect.gen(function* () {
      const a = yield* plainNode(701)
      const b = yield* plainNode(702, { bootstrap: [{ address: a.address }] })
      yield* eventually("linked", () => isListed(a, 702) && isListed(b, 701))
      yield* eventually("pinned", () => Effect.runSync(b.store.pins).length > 0)
      expect(yield* b.store.pins).toMatchObject([{ address: writeAddress(a.address), key: keyOf(701).publicKey }])
      const contactsOf = (node: RunningNode) => Effect.runSync(Effect.orDie(node.service.status)).dht?.contacts
      yield* eventually("contacts", () => contactsOf(a) === 1 && contactsOf(b) === 1)
      for (const [at, seen] of [
        [a, b],
        [b, a],
      ] as const) {
        const who = client(7, at === a ? 0 : 1)
        yield* at.service.registerEntity(who.registration)
        yield* eventually("the other's entity", () => Effect.runSync(seen.store.entity(who.entityId)) !== undefined)
      }
    }).pipe(Effect.scoped),
  ))

it("another key than the operator names is refused there too, though its address is right", () =>
  play(
    Effect.gen(function* () {
      const a = yield* plainNode(703)
      const b = yield* plainNode(704, { bootstrap: [{ address: a.address, key: keyOf(99).publicKey }] })
      yield* eventually("the contradiction", () => b.happened.some(({ type }) => type === "key.contradicted"))
      expect([isListed(a, 704), isListed(b, 703)]).toEqual([false, false])
    }).pipe(Effect.scoped),
  ))

it("a HELLO of ours without a proven key is refused and counted", () =>
  play(
    Effect.gen(function* () {
      const a = yield* plainNode(705)
      const socket = connect(a.address.port, a.address.host).on("error", () => {})
      yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
      const hello: Message = helloOf(706)
      socket.resume().write(encodeFrame(write(hello)))
      yield* eventually("its end", () => socket.closed)
      expect(a.happened.filter(({ type }) => type === "peer.refused")).toMatchObject([{ reason: "unproven" }])
      expect(Effect.runSync(Effect.orDie(a.service.status)).refused).toMatchObject({ "drop:unproven": 1 })
      expect(isListed(a, 706)).toBe(false)
    }).pipe(Effect.scoped),
  ))
