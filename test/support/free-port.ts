/**
 * A port on which nobody listens, and nobody will by chance: below those that systems give to whoever asks for any, as all
 * other tests do. One of those could be somebody else's a moment later.
 */
import { createServer } from "node:net"
import { threadId } from "node:worker_threads"

let count = 0

export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = firstPort + ((process.pid * 61 + threadId * 1_009 + count++ * 7) % ports)
    if (await isFree(port)) return port
  }
}

/** Linux gives from 32,768 on, others from 49,152. */
const firstPort = 12_000
const ports = 20_000

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
