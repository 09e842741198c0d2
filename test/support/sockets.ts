/** A WebSocket client that remembers what it was told. */
import { NodeWS } from "@effect/platform-node"
import type { JsonObject } from "../../src/protocol/identity/canonical-json.ts"

export interface Client {
  readonly socket: NodeWS.WebSocket
  readonly send: (said: unknown) => void
  /** The next frame, as JSON. */
  readonly next: () => Promise<JsonObject>
  /** The code that the other end closed it with. */
  readonly closed: Promise<number>
}

/** Connects, or rejects with the status that it was refused with. */
export const connected = (url: string, headers: Record<string, string> = {}): Promise<Client> =>
  new Promise((resolve, reject) => {
    const socket = new NodeWS.WebSocket(url.replace(/^http/, "ws"), { headers })
    const frames: Array<JsonObject> = []
    const waiting: Array<(frame: JsonObject) => void> = []
    socket.on("message", (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as JsonObject
      const first = waiting.shift()
      if (first === undefined) frames.push(frame)
      else first(frame)
    })
    socket.on("unexpected-response", (request, response) => {
      request.destroy()
      reject(new Error(String(response.statusCode)))
    })
    socket.on("error", reject)
    const closed = new Promise<number>((tell) => socket.on("close", tell))
    socket.on("open", () =>
      resolve({
        socket,
        send: (said) => socket.send(typeof said === "string" ? said : JSON.stringify(said)),
        next: () => {
          const frame = frames.shift()
          return frame === undefined ? new Promise((tell) => waiting.push(tell)) : Promise.resolve(frame)
        },
        closed,
      }),
    )
  })

/** The status that a connection is refused with. */
export const refusal = (url: string, headers: Record<string, string> = {}): Promise<string> =>
  connected(url, headers).then(
    ({ socket }) => {
      socket.terminate()
      return "not refused"
    },
    (error: Error) => error.message,
  )
