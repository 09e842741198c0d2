/**
 * `entity.get`: entities that one core serves a second, as a client reads them: through the whole of REST, from the embedded
 * database. The bound is a server of node:http that answers the same bytes and does nothing else.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"
import { Activity, makeActivity } from "../../src/runtime/activity.ts"
import { HandleWitness } from "../../src/runtime/handle-witness.ts"
import { HttpListener, layer } from "../../src/runtime/http/server.ts"
import { Node } from "../../src/runtime/node-service.ts"
import { EmbeddedClient } from "../../src/runtime/store/pglite.ts"
import { makeSqlStore } from "../../src/runtime/store/sql.ts"
import { client } from "../../src/sim/workload/clients.ts"
import { type Benchmark, perSecond, readable, type Say } from "../benchmark.ts"
import { ask } from "../support/http-load.ts"
import { realNode } from "../support/real-node.ts"

const entities = 1_000
const warmUp = 20_000
const count = 100_000
const connections = 20

const settings = {
  host: "127.0.0.1",
  port: 0,
  version: "bench",
  name: "bench",
  role: "full",
  registryHost: "registry.example",
  onboarding: { mode: "open" },
  rateLimitSearch: 1_000_000,
  rateLimitRegister: 1_000_000,
  trustedProxies: [],
  heartbeatSilenceMs: 300_000,
  corsOrigins: ["*"],
} as const

/** Requests a second of this thread's time. */
const rate = async (port: number, requests: ReadonlyArray<string>): Promise<number> => {
  await ask({ port, requests, count: warmUp, connections })
  const before = process.threadCpuUsage()
  await ask({ port, requests, count, connections })
  const { system, user } = process.threadCpuUsage(before)
  return perSecond(count, (user + system) / 1_000)
}

const bare = (body: string): Promise<{ readonly port: number; readonly close: () => void }> =>
  new Promise((resolve) => {
    const length = Buffer.byteLength(body)
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": length })
      response.end(body)
    }).listen(0, "127.0.0.1", () => resolve({ port: (server.address() as AddressInfo).port, close: () => server.close() }))
  })

const measure = (say: Say) =>
  Effect.gen(function* () {
    yield* PgClient.PgClient
    const node = yield* realNode(yield* makeSqlStore("registry"))
    const ids = yield* Effect.forEach(
      Array.from({ length: entities }, (_, number) => client(1, number).registration),
      (body) => Effect.map(node.service.registerEntity(body), ({ entity_id }) => entity_id),
      { concurrency: 20 },
    )
    const nobody = HandleWitness.of({ recordsAt: () => Effect.succeed([]), filesOf: () => Effect.succeed([]) })
    const ports = Layer.mergeAll(
      Layer.succeed(Node, node.service),
      Layer.succeed(Activity, makeActivity("bench", Date.now)),
      Layer.succeed(HandleWitness, nobody),
    )
    const { address, url } = Context.get(yield* Layer.build(Layer.provide(layer(settings), ports)), HttpListener)
    const body = yield* Effect.promise(() => fetch(`${url}/v1/entities/${ids[0]!}`).then((answer) => answer.text()))
    const requests = ids.map((id) => `GET /v1/entities/${id} HTTP/1.1\r\nhost: ${address.host}\r\n\r\n`)

    const plain = yield* Effect.promise(() => bare(body))
    const bound = yield* Effect.promise(() => rate(plain.port, requests))
    plain.close()
    const value = yield* Effect.promise(() => rate(address.port, requests))
    say(
      `${readable(count)} reads of ${entities} entities over ${connections} connections: ${readable(value)}/s; bare: ${readable(bound)}/s`,
    )
    return { value, unit: "requests/s", bound, boundName: "node:http that answers the same bytes" }
  })

export const entityGet: Benchmark = {
  name: "entity.get",
  purpose: "GET /v1/entities/{id}, on one core",
  measure: (say) => measure(say).pipe(Effect.scoped, Effect.provide(EmbeddedClient(undefined)), Effect.runPromise),
}
