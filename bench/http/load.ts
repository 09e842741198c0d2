/** Many clients at once, each asking again as soon as it is answered, over connections that stay open. */
import { Agent, request } from "node:http"

export interface Load {
  readonly requests: number
  readonly ms: number
}

/** POSTs bodies in turn for so long; anything but a 200 is an error. */
export const load = async (url: string, bodies: ReadonlyArray<string>, clients: number, forMs: number): Promise<Load> => {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const startedAt = performance.now()
  let requests = 0
  const one = async () => {
    while (performance.now() - startedAt < forMs) await post(agent, url, bodies[requests++ % bodies.length]!)
  }
  await Promise.all(Array.from({ length: clients }, one))
  const ms = performance.now() - startedAt
  agent.destroy()
  return { requests, ms }
}

const post = (agent: Agent, url: string, body: string): Promise<void> =>
  new Promise((done, failed) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const asked = request(url, { agent, method: "POST", headers }, (response) => {
      response.resume()
      response.on("end", () => (response.statusCode === 200 ? done() : failed(new Error(`answered with ${response.statusCode}`))))
    })
    asked.on("error", failed)
    asked.end(body)
  })
