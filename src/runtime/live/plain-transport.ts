/**
 * `Transport` over plain TCP (`[mesh] tls_enabled = false`), for meshes whose nodes are all set so: a deployed node can be.
 *
 * Nodes of ours prove their keys by signing a challenge (`key-challenge.ts`), as TLS would; deployed ones know of no such thing,
 * and are told by their first frame. Anybody on the way reads and changes what is said, so only announcements, which are signed,
 * mean anything there. A node with TLS and one without never understand each other: each closes.
 */
import { connect, createServer, type Socket } from "node:net"
import { Effect, Layer } from "effect"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"
import type { PublicKey } from "../../protocol/identity/key.ts"
import { handshakePatienceMs } from "../../protocol/limits.ts"
import { type Address, writeAddress } from "../../protocol/mesh/address.ts"
import { type Connection, PeerUnreachable, Transport } from "../ports.ts"
import { doorman } from "./doorman.ts"
import { answerChallenge, challenge } from "./key-challenge.ts"
import { plainHost } from "./plain-host.ts"
import { connectionOver } from "./tls-connection.ts"
import { listenAt, whyUnreachable } from "./tls-transport.ts"

/** Connections of the holder of this key; `listenOn` is where others reach it (port 0 asks for a free one). */
export const plainTransport = (key: SecretKey, listenOn: Address): Layer.Layer<Transport> =>
  Layer.succeed(Transport, { dial: dial(key), listen: listenAt((accept) => openDoor(key, accept), listenOn) })

const dial =
  (key: SecretKey): Transport["Service"]["dial"] =>
  (address, dialect = "spec") =>
    Effect.callback((resume) => {
      const socket = connect({ host: address.host, port: address.port })
      const failed = (reason: string) => {
        socket.destroy()
        resume(Effect.fail(new PeerUnreachable({ address: writeAddress(address), reason })))
      }
      const onError = (error: Error) => failed(whyUnreachable(error))
      // stays when the other goes: an error must always find a listener
      socket.on("error", () => {})
      socket.on("error", onError)
      socket.once("connect", () => {
        socket.off("error", onError)
        if (dialect === "agentdns") return resume(Effect.succeed(ready(socket, undefined)))
        const unanswered = hungUp(plainHost(socket.remoteAddress))
        const onClose = () => resume(Effect.succeed(unanswered))
        socket.once("close", onClose)
        challenge(socket, key, (shown) => {
          if (shown.type === "silent") return void socket.destroy()
          socket.off("close", onClose)
          if (shown.type === "forged") return failed("it does not prove the key that it claims")
          resume(Effect.succeed(ready(socket, shown.key)))
        })
      })
      return Effect.sync(() => socket.destroy())
    })

const openDoor = (key: SecretKey, accept: (connection: Connection) => void) => {
  const door = doorman()
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    if (!door.admit(socket)) return
    const patience = setTimeout(() => socket.destroy(), handshakePatienceMs)
    socket.once("close", () => clearTimeout(patience))
    answerChallenge(socket, key, (shown) => {
      clearTimeout(patience)
      if (shown.type === "forged") return void socket.destroy()
      door.finished(socket)
      accept(ready(socket, shown.type === "proven" ? shown.key : undefined))
    })
  })
  const shut = () => {
    server.close()
    door.turnAway()
  }
  return { server, shut }
}

const ready = (socket: Socket, remoteKey: PublicKey | undefined): Connection => {
  socket.setNoDelay(true)
  return connectionOver(socket, remoteKey, plainHost(socket.remoteAddress))
}

/** Of who was reached and did not answer the challenge: it is over, so that its caller may try the other dialect. */
const hungUp = (remoteHost: string): Connection => ({
  remoteKey: undefined,
  remoteHost,
  open: ({ closed }) => queueMicrotask(() => closed("it does not answer a challenge")),
  write: () => {},
  queuedBytes: () => 0,
  pauseReading: () => {},
  resumeReading: () => {},
  close: () => {},
})
