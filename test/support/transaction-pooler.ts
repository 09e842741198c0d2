/**
 * A transaction pooler before a PostgreSQL server, as small as one can be (what PgBouncer does with `pool_mode = transaction`
 * and no knowledge of prepared statements): each transaction of a client gets the server connection that rested longest, so
 * that whatever a client leaves in a session is not there the next time. For a server that trusts local users.
 */
import { connect, createServer, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"

export interface Pooler {
  readonly url: string
  /** Transactions that went to another connection than the one before them. */
  readonly switches: () => number
  readonly stop: () => void
}

interface Backend {
  readonly socket: Socket
  client: Client | undefined
}

interface Client {
  readonly socket: Socket
  backend: Backend | undefined
  last: Backend | undefined
  /** Whole messages that wait for a backend. */
  waiting: Array<Buffer>
  /** Queries and Syncs that were not answered by ReadyForQuery yet. */
  open: number
}

/** Cuts a stream into messages of a type, a length and a body. */
const messagesOf = (heard: (message: Buffer) => void) => {
  let rest = Buffer.alloc(0)
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length >= 1 + rest.readUInt32BE(1)) {
      const length = 1 + rest.readUInt32BE(1)
      heard(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
  }
}

const startupOf = (user: string, database: string): Buffer => {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0client_encoding\0UTF8\0\0`)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.writeUInt32BE(196_608, 4)
  return Buffer.concat([head, body])
}

export const transactionPooler = async (serverUrl: string, size: number): Promise<Pooler> => {
  const server = new URL(serverUrl)
  const database = server.pathname.slice(1) || "postgres"
  let greeting = Buffer.alloc(0)
  let switches = 0
  const free: Array<Backend> = []
  const queue: Array<Client> = []
  const sockets = new Set<Socket>()

  const serve = () => {
    while (free.length > 0 && queue.length > 0) {
      const [backend, client] = [free.shift()!, queue.shift()!]
      if (client.last !== undefined && client.last !== backend) switches++
      client.last = client.backend = backend
      backend.client = client
      client.waiting.splice(0).forEach((message) => backend.socket.write(message))
    }
  }
  const release = (backend: Backend) => {
    if (backend.client !== undefined) backend.client.backend = undefined
    backend.client = undefined
    free.push(backend)
    serve()
  }

  const openBackend = () =>
    new Promise<void>((ready) => {
      const socket = connect(Number(server.port || 5_432), server.hostname, () => socket.write(startupOf(server.username, database)))
      sockets.add(socket.setNoDelay(true))
      const backend: Backend = { socket, client: undefined }
      let isStarted = false
      const started: Array<Buffer> = []
      socket.on(
        "data",
        messagesOf((message) => {
          if (!isStarted) {
            started.push(message)
            if (message[0] !== 0x5a) return
            isStarted = true
            greeting = Buffer.concat(started)
            free.push(backend)
            return ready()
          }
          const { client } = backend
          client?.socket.write(message)
          if (message[0] !== 0x5a || client === undefined) return
          client.open--
          if (message[5] === 0x49 && client.open === 0) release(backend)
        }),
      )
      socket.on("error", () => {})
    })
  for (let i = 0; i < size; i++) await openBackend()

  const listener: Server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true))
    const client: Client = { socket, backend: undefined, last: undefined, waiting: [], open: 0 }
    const heard = messagesOf((message) => {
      if (message[0] === 0x58) return void socket.end()
      if (message[0] === 0x51 || message[0] === 0x53) client.open++
      if (client.backend !== undefined) return void client.backend.socket.write(message)
      client.waiting.push(message)
      if (!queue.includes(client)) queue.push(client)
      serve()
    })
    let isStarted = false
    let start = Buffer.alloc(0)
    socket.on("data", (chunk: Buffer) => {
      if (isStarted) return heard(chunk)
      start = Buffer.concat([start, chunk])
      while (!isStarted && start.length >= 8 && start.length >= start.readUInt32BE()) {
        const [length, code] = [start.readUInt32BE(), start.readUInt32BE(4)]
        start = start.subarray(length)
        if (code === 80_877_103) socket.write("N")
        else {
          isStarted = true
          socket.write(greeting)
          if (start.length > 0) heard(start)
        }
      }
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      // who leaves in the middle of a transaction leaves a connection that nobody can use
      if (client.backend !== undefined) client.backend.socket.destroy()
    })
  })
  await new Promise<void>((listening) => listener.listen(0, "127.0.0.1", listening))
  const { port } = listener.address() as AddressInfo
  return {
    url: `postgres://${server.username}@127.0.0.1:${port}/${database}`,
    switches: () => switches,
    stop: () => {
      listener.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
