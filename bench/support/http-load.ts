/**
 * A thread that asks an HTTP server: so many connections, one request after the other on each, as fast as it answers.
 *
 * It reads answers by their Content-Length and looks at nothing else but their status, so that it is never the slower end.
 */
import { connect, type Socket } from "node:net"
import { parentPort, Worker, workerData } from "node:worker_threads"

export interface Load {
  readonly port: number
  /** Whole requests, asked in turn. */
  readonly requests: ReadonlyArray<string>
  readonly count: number
  readonly connections: number
}

/** Resolves when all are answered; rejects when one is not answered by 200. */
export const ask = (load: Load): Promise<void> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: load })
    worker.once("message", (wrong: string | undefined) => (wrong === undefined ? resolve() : reject(new Error(wrong))))
    worker.once("error", reject)
  })

const run = ({ connections, count, port, requests }: Load): void => {
  let asked = 0
  let answered = 0
  const sockets: Array<Socket> = []
  const end = (wrong?: string) => {
    for (const socket of sockets) socket.destroy()
    parentPort!.postMessage(wrong)
  }
  const next = (socket: Socket) => {
    if (asked < count) socket.write(requests[asked++ % requests.length]!)
  }
  for (let i = 0; i < connections; i++) {
    const socket = connect(port, "127.0.0.1", () => next(socket))
    sockets.push(socket)
    let held = ""
    let missing = -1
    socket.setNoDelay(true)
    socket.setEncoding("latin1")
    socket.on("error", (error) => end(error.message))
    socket.on("data", (piece: string) => {
      held += piece
      if (missing < 0) {
        const head = held.indexOf("\r\n\r\n")
        if (head < 0) return
        if (!held.startsWith("HTTP/1.1 200")) return end(held.slice(0, 200))
        missing = head + 4 + Number(/content-length: (\d+)/i.exec(held)![1])
      }
      if (held.length < missing) return
      held = held.slice(missing)
      missing = -1
      if (++answered === count) end()
      else next(socket)
    })
  }
}

if (parentPort !== null) run(workerData as Load)
