/** Cards over REST, of an agent that really serves one. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { isPublicAddress } from "../../../src/runtime/live/public-address.ts"
import { publicWeb } from "../../../src/runtime/live/public-web.ts"
import { Web } from "../../../src/runtime/web.ts"
import { cardOf } from "../../support/cards.ts"
import { developerOf, entityKeyOf, handleRequest, sdkRequest } from "../../support/clients.ts"
import { type ServedNode, servedNode } from "../../support/served-node.ts"
import { call, expectProblem } from "./serving.ts"

const scope = Scope.makeUnsafe()
const alice = developerOf(1)
const id = idOf("agent", entityKeyOf(alice, 0).publicKey)
const text = JSON.stringify(cardOf(entityKeyOf(alice, 0)), null, 2)
const agent = createServer((request, response) =>
  request.url === "/.well-known/agent-card.json" ? response.end(text) : response.writeHead(404).end(),
)
let open: ServedNode
let strict: ServedNode
beforeAll(async () => {
  await new Promise<void>((listening) => agent.listen(0, "127.0.0.1", listening))
  const { port } = agent.address() as AddressInfo
  const resolve = async () => ["127.0.0.1"]
  const start = async (seed: number, isAllowed: (address: string) => boolean) => {
    const web = Layer.succeed(Web, publicWeb({ isAllowed, resolve }))
    const served = await Effect.runPromise(Scope.provide(servedNode(seed, {}, {}, web), scope))
    await Effect.runPromise(served.node.claimHandle(handleRequest(alice, "alice")))
    const beside = { entity_name: "weather" }
    await Effect.runPromise(served.node.registerEntity(sdkRequest(alice, 0, { entity_url: `http://agent.example:${port}` }, beside)))
    return served
  }
  open = await start(11, () => true)
  strict = await start(12, isPublicAddress)
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const cardAt = (served: ServedNode, of: string = id) => call(`${served.url}/v1/entities/${of}/card`)

it("is passed on as it was served, until the agent stops", async () => {
  const shown = await cardAt(open)
  expect([shown.status, shown.text, shown.headers.get("x-card-signature")]).toEqual([200, text, "valid"])
  expect(shown.headers.get("content-type")).toMatch(/^application\/json/)
  expectProblem(await cardAt(open, `zns:${"0".repeat(32)}`), 404, "not_found")

  const resolve = async (query: string) => {
    const { json, status } = await call(`${open.url}/v1/resolve/alice/weather${query}`)
    return [status, json["entity_id"], json["card"], json["card_signature"]]
  }
  expect(await resolve("?card=true")).toEqual([200, id, JSON.parse(text), "valid"])
  expect(await resolve("?card=false")).toEqual([200, id, undefined, undefined])
  expect(await resolve("")).toEqual([200, id, undefined, undefined])

  const refused = await cardAt(strict)
  expectProblem(refused, 502, "bad_gateway")
  expect(refused.text).not.toMatch(/127|agent\.example|ECONN/)

  agent.closeAllConnections()
  await new Promise((closed) => agent.close(closed))
  expectProblem(await cardAt(open), 502, "bad_gateway")
  // what was fetched within the hour still does for results of a search
  const search = async (served: ServedNode, enrich: boolean) => {
    const { json } = await call(`${served.url}/v1/search`, { body: { category: "tools", enrich } })
    return (json["results"] as ReadonlyArray<Record<string, unknown>>).map(({ card, card_signature, entity_id }) => [
      entity_id,
      card,
      card_signature,
    ])
  }
  expect(await search(open, true)).toEqual([[id, JSON.parse(text), "valid"]])
  expect(await search(open, false)).toEqual([[id, undefined, undefined]])
  expect(await search(strict, true)).toEqual([[id, undefined, undefined]])
})
