/**
 * `Transport` over TCP and TLS 1.3: both ends show a self-signed certificate and are known by its Ed25519 key.
 *
 * No authority vouches for anybody here, so chains are not verified; TLS itself proves that the other end holds the key of
 * the certificate it shows, and whose key that may be is decided elsewhere (`protocol/mesh/pin.ts`). A caller without an
 * Ed25519 certificate, with an older TLS, with garbage, or with too much patience never reaches `accept`.
 */
import { randomBytes } from "node:crypto"
import { type AddressInfo, createServer, type Server } from "node:net"
import { connect, createSecureContext, createServer as createTlsServer, type TLSSocket } from "node:tls"
import { Effect, Layer } from "effect"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"
import { type PublicKey, writeKey } from "../../protocol/identity/key.ts"
import { handshakePatienceMs } from "../../protocol/limits.ts"
import { type Address, writeAddress } from "../../protocol/mesh/address.ts"
import { type Connection, type ListenFailed, PeerUnreachable, Transport } from "../ports.ts"
import { selfSigned } from "./certificate.ts"
import { doorman } from "./doorman.ts"
import { codeOf, notListening } from "./listening.ts"
import { plainHost } from "./plain-host.ts"
import { connectionOver } from "./tls-connection.ts"

/** Connections of the holder of this key; `listenOn` is where others reach it (port 0 asks for a free one). */
export const tlsTransport = (key: SecretKey, listenOn: Address): Layer.Layer<Transport> =>
  Layer.sync(Transport, () => {
    const credentials = credentialsOf(key)
    return Transport.of({ dial: dial(credentials), listen: listenAt((accept) => openDoor(credentials, accept), listenOn) })
  })

type Ends = Transport["Service"]

/** The deployed node offers neither ALPN nor a server name, and speaks 1.3 only; so do we. */
const tls13 = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3", rejectUnauthorized: false } as const

interface Credentials {
  readonly key: string
  readonly cert: string
}

const credentialsOf = (key: SecretKey): Credentials => ({
  key: key.keyObject.export({ format: "pem", type: "pkcs8" }) as string,
  cert: selfSigned(key, { serial: randomBytes(16), nowMs: Date.now() }),
})

const dial = (credentials: Credentials): Ends["dial"] => {
  const secureContext = createSecureContext({ minVersion: tls13.minVersion, maxVersion: tls13.maxVersion, ...credentials })
  return (address) =>
    Effect.callback((resume) => {
      const socket = connect({
        ...tls13,
        host: address.host,
        port: address.port,
        secureContext,
        servername: "",
        checkServerIdentity: () => undefined,
      })
      const failed = (reason: string) => {
        socket.destroy()
        resume(Effect.fail(new PeerUnreachable({ address: writeAddress(address), reason })))
      }
      const onError = (error: Error) => failed(whyUnreachable(error))
      const onClose = () => failed("the other end closed it during the handshake")
      // Stays when the two others go: an error must always find a listener.
      socket.on("error", () => {})
      socket.on("error", onError)
      socket.on("close", onClose)
      socket.once("secureConnect", () => {
        const remoteKey = provenKey(socket)
        if (remoteKey === undefined) return failed("it shows no Ed25519 certificate")
        socket.off("error", onError)
        socket.off("close", onClose)
        resume(Effect.succeed(ready(socket, remoteKey)))
      })
      return Effect.sync(() => socket.destroy())
    })
}

type OpenDoor = (accept: (connection: Connection) => void) => Door

export const listenAt =
  (openDoor: OpenDoor, listenOn: Address): Ends["listen"] =>
  (accept) =>
    Effect.map(
      Effect.acquireRelease(opened(openDoor, listenOn, accept), (door) => Effect.sync(door.shut)),
      ({ server }) => ({ host: listenOn.host, port: (server.address() as AddressInfo).port }),
    )

const opened = (openDoor: OpenDoor, listenOn: Address, accept: (connection: Connection) => void) =>
  Effect.callback<Door, ListenFailed>((resume) => {
    const door = openDoor(accept)
    const onError = (error: Error) => resume(Effect.fail(notListening(listenOn, error)))
    door.server.once("error", onError)
    door.server.listen({ host: listenOn.host, port: listenOn.port }, () => {
      door.server.off("error", onError)
      // Accepting can fail later, for want of file descriptors; the callers of that moment are lost, the node is not.
      door.server.on("error", () => {})
      resume(Effect.succeed(door))
    })
  })

interface Door {
  readonly server: Server
  readonly shut: () => void
}

/** TCP comes in, is counted, does its handshake, and is handed over once its key is proven. */
const openDoor = (credentials: Credentials, accept: (connection: Connection) => void): Door => {
  const door = doorman()
  const tls = createTlsServer({ ...tls13, ...credentials, requestCert: true, handshakeTimeout: handshakePatienceMs })
  tls.on("tlsClientError", (_, socket) => socket.destroy())
  tls.on("secureConnection", (socket) => {
    socket.on("error", () => {})
    const remoteKey = provenKey(socket)
    if (remoteKey === undefined) return void socket.destroy()
    door.finished(socket)
    accept(ready(socket, remoteKey))
  })
  const server = createServer((socket) => void (door.admit(socket) && tls.emit("connection", socket)))
  const shut = () => {
    server.close()
    door.turnAway()
  }
  return { server, shut }
}

const ready = (socket: TLSSocket, remoteKey: PublicKey): Connection => {
  socket.setNoDelay(true)
  return connectionOver(socket, remoteKey, plainHost(socket.remoteAddress))
}

/** The key whose possession the other end proved in the handshake; nothing when it showed no Ed25519 certificate. */
const provenKey = (socket: TLSSocket): PublicKey | undefined => {
  try {
    const key = socket.getPeerX509Certificate()?.publicKey
    if (key?.asymmetricKeyType !== "ed25519") return undefined
    return writeKey(key.export({ format: "der", type: "spki" }).subarray(-32))
  } catch {
    // A certificate that parses may still hold a key that does not.
    return undefined
  }
}

/** Node's error in words. */
export const whyUnreachable = (error: Error): string => {
  const code = codeOf(error)
  if (code === "ECONNREFUSED") return "nobody listens there"
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the host is unknown"
  if (code === "ETIMEDOUT" || code === "EHOSTUNREACH" || code === "ENETUNREACH") return "no answer"
  if (code.startsWith("ERR_SSL") || code === "EPROTO") return "it does not speak TLS 1.3"
  return code === "ECONNRESET" ? "the other end closed it during the handshake" : code
}
