/**
 * `Transport` over plain TCP (`[mesh] tls_enabled = false`), for meshes whose nodes are all set so: a deployed node can be.
 *
 * Nobody proves a key and anybody on the way reads and changes what is said, so only announcements, which are signed, mean
 * anything. A node with TLS and one without never understand each other: each closes.
 */
import { connect, createServer, type Socket } from "node:net"
import { Effect, Layer } from "effect"
import { type Address, writeAddress } from "../../protocol/mesh/address.ts"
import { type Connection, PeerUnreachable, Transport } from "../ports.ts"
import { doorman } from "./doorman.ts"
import { plainHost } from "./plain-host.ts"
import { connectionOver } from "./tls-connection.ts"
import { listenAt, whyUnreachable } from "./tls-transport.ts"

/** `listenOn` is where others reach us (port 0 asks for a free one). */
export const plainTransport = (listenOn: Address): Layer.Layer<Transport> =>
  Layer.succeed(Transport, { dial, listen: listenAt(openDoor, listenOn) })

const dial: Transport["Service"]["dial"] = (address) =>
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
      resume(Effect.succeed(ready(socket)))
    })
    return Effect.sync(() => socket.destroy())
  })

const openDoor = (accept: (connection: Connection) => void) => {
  const door = doorman()
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    if (!door.admit(socket)) return
    door.finished(socket)
    accept(ready(socket))
  })
  return { server, shut: () => void server.close() }
}

const ready = (socket: Socket): Connection => {
  socket.setNoDelay(true)
  return connectionOver(socket, undefined, plainHost(socket.remoteAddress))
}
