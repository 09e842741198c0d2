/**
 * `Connection` over one socket, of TLS or plain: the promises of `runtime/ports.ts`, kept with node:tls and node:net.
 *
 * Small frames are the usual case, and a system call each would be most of their cost, so what is written in one go (until
 * the running code gives way) goes out together: ten times the frames a second in bursts of sixteen.
 */
import type { Socket } from "node:net"
import type { PublicKey } from "../../protocol/identity/key.ts"
import { closePatienceMs } from "../../protocol/limits.ts"
import type { Connection, ConnectionEvents } from "../ports.ts"
import { plainHost } from "./plain-host.ts"

/** A socket whose handshake is over. Nothing is read from it before `open`. */
export const connectionOver = (socket: Socket, remoteKey: PublicKey | undefined, remoteHost: string): Connection => {
  let events: ConnectionEvents | undefined
  let endedBecause: string | undefined
  let over = false
  let closing = false
  let paused = false
  let waiting: Array<Uint8Array> = []
  let waitingBytes = 0

  // Without a listener a socket error would end the process; "close" always follows and tells our owner.
  socket.on("error", (error: NodeJS.ErrnoException) => (endedBecause ??= sentenceOf(error)))
  socket.on("end", () => (endedBecause ??= "the other end closed it"))
  socket.on("close", () => {
    over = true
    waiting = []
    waitingBytes = 0
    events?.closed(endedBecause ?? "it was cut off")
  })

  const flush = () => {
    if (waiting.length === 0) return
    const bytes = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting, waitingBytes)
    waiting = []
    waitingBytes = 0
    socket.write(bytes)
  }

  return {
    remoteKey,
    remoteHost,
    localHost: plainHost(socket.localAddress),
    open: (owner) => {
      events = owner
      if (over) return queueMicrotask(() => owner.closed(endedBecause ?? "it was cut off"))
      socket.on("data", (chunk: Uint8Array) => closing || owner.bytes(chunk))
      if (paused) socket.pause()
      else socket.resume()
    },
    write: (bytes) => {
      if (over || closing || bytes.length === 0) return
      if (waiting.length === 0) queueMicrotask(flush)
      waiting.push(bytes)
      waitingBytes += bytes.length
    },
    queuedBytes: () => waitingBytes + (over ? 0 : socket.writableLength),
    pauseReading: () => {
      paused = true
      if (!closing) socket.pause()
    },
    resumeReading: () => {
      paused = false
      if (events !== undefined) socket.resume()
    },
    close: () => {
      if (over || closing) return
      closing = true
      endedBecause ??= "we closed it"
      flush()
      socket.end()
      // The other end's last bytes are read and thrown away: closing over unread bytes resets the stream, and then even
      // what we wrote before may be lost. An end that neither reads nor closes is not waited for.
      socket.resume()
      const patience = setTimeout(() => socket.destroy(), closePatienceMs)
      socket.once("close", () => clearTimeout(patience))
    },
  }
}

const sentenceOf = (error: NodeJS.ErrnoException): string =>
  error.code === "ECONNRESET" || error.code === "EPIPE" ? "the other end cut it off" : (error.code ?? "the stream broke")
