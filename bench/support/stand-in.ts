/**
 * The process at the other end: a stand-in for a second node, which only speaks the protocol. It works on another core, so
 * that what is measured is the node and not what feeds it.
 *
 * Its parent (`stand-in-process.ts`) tells it what to do: sign announcements, greet, write them as fast as the other end
 * takes them, count those that it is sent.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { setImmediate } from "node:timers/promises"
import { Effect } from "effect"
import { wireCodec } from "../../src/runtime/codec.ts"
import { tlsTransport } from "../../src/runtime/live/tls-transport.ts"
import { type Connection, Transport } from "../../src/runtime/ports.ts"
import { hostKey, signerOf } from "../../src/sim/keys.ts"
import { announcementsOf, frameOf } from "./announcements.ts"
import type { FromStandIn, ToStandIn } from "./stand-in-process.ts"

const key = hostKey(1, "stand-in")
const framesPerTurn = 256

let frames: ReadonlyArray<Uint8Array> = []
let connection: Connection | undefined
let heard = 0
let wanted = Number.POSITIVE_INFINITY

const tell = (message: FromStandIn): void => void process.send?.(message)

const hear = (message: ToStandIn): Promise<void> | void => {
  switch (message.type) {
    case "prepare":
      frames = announcementsOf(key, message.count).map(frameOf)
      return tell({ type: "prepared", bytes: frames.reduce((sum, frame) => sum + frame.length, 0) })
    case "connect":
      return connect(message.port, message.greets)
    case "feed":
      return feed(message.times)
    case "watch":
      wanted = message.count
      if (heard >= wanted) tell({ type: "announced" })
  }
}

const connect = async (port: number, greets: boolean): Promise<void> => {
  const transport = tlsTransport(key, { host: "127.0.0.1", port: 0 })
  const dialled = await Effect.runPromise(
    Effect.provide(
      Effect.flatMap(Transport, ({ dial }) => dial({ host: "127.0.0.1", port })),
      transport,
    ),
  )
  connection = dialled
  const read = wireCodec.reader()
  dialled.open({
    bytes: (chunk) => {
      for (const message of read(chunk).messages) {
        if (message.type === "HELLO") tell({ type: "connected" })
        if (message.type === "GOSSIP" && ++heard === wanted) tell({ type: "announced" })
      }
    },
    closed: (reason) => tell({ type: "closed", reason }),
  })
  if (!greets) return tell({ type: "connected" })
  const { publicKey, registryId: nodeId } = signerOf(key)
  dialled.write(
    wireCodec.write({
      type: "HELLO",
      nodeId,
      publicKey,
      version: "bench",
      capabilities: [],
      network: "public",
      role: "full",
      listenPort: 0,
      agentCount: 0,
    }),
  )
}

const feed = async (times: number): Promise<void> => {
  const other = connection!
  for (let round = 0; round < times; round++) {
    for (const [i, frame] of frames.entries()) {
      other.write(frame)
      if (i % framesPerTurn === 0) while (other.queuedBytes() > 0) await setImmediate()
    }
  }
}

process.on("message", (message: ToStandIn) => void hear(message))
process.on("disconnect", () => process.exit())
