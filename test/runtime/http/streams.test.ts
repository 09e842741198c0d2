/** The WebSockets over real sockets, on a real node with a store in memory. */
import { Effect, Exit, Scope } from "effect"
import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { recentEventsMax, socketMessageBytesMax, streamBacklogBytesMax } from "../../../src/protocol/limits.ts"
import { writeTime } from "../../../src/protocol/time.ts"
import { placesFor } from "../../../src/runtime/http/places.ts"
import type { ClientAddress } from "../../../src/runtime/http/client-address.ts"
import { developerOf, entityKeyOf, sdkRequest } from "../../support/clients.ts"
import { type ServedNode, servedNode } from "../../support/served-node.ts"
import { type Client, connected, refusal } from "../../support/sockets.ts"
import { call } from "./serving.ts"

const scope = Scope.makeUnsafe()
let served: ServedNode
const alice = developerOf(1)
const agent = idOf("agent", entityKeyOf(alice, 0).publicKey)
const other = idOf("agent", entityKeyOf(alice, 1).publicKey)
beforeAll(async () => {
  served = await Effect.runPromise(Scope.provide(servedNode(9, { corsOrigins: ["https://ours.example"] }), scope))
  sent = Math.ceil(Date.now() / 1_000)
  for (const index of [0, 1]) await Effect.runPromise(served.node.registerEntity(sdkRequest(alice, index)))
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

/** Every beat is later than the last, as those of a client, and than the start of the node: what is older may have been counted. */
let sent = 0
const beatAt = (seconds: number, index = 0) => {
  const timestamp = writeTime(seconds)
  return { timestamp, signature: sign(entityKeyOf(alice, index), timestamp) }
}
const nextBeat = (index = 0) => beatAt(++sent, index)

const heartbeatUrl = (id: string) => `${served.url}/v1/entities/${id}/ws`
const beatsOf = async (watching: Client) => (await watching.next())["data"]
const counted = (entityId: string) => ({ entity_id: entityId, status: "active" })
const watch = (query: string) => connected(`${served.url}/v1/ws/activity?${query}`)

describe("heartbeat of an entity", () => {
  it("counts what is signed and new, ignores the rest, and keeps the connection", async () => {
    const watching = await watch("types=entity_heartbeat")
    await watching.next()
    const client = await connected(heartbeatUrl(encodeURIComponent(agent)))
    const good = nextBeat()
    client.send({ ...good, signature: sign(entityKeyOf(alice, 1), good.timestamp) })
    client.send(beatAt(sent - 600))
    client.send(beatAt(sent + 600))
    client.send({})
    client.send("null")
    client.send({ ...good, more: [1] })
    expect(await beatsOf(watching)).toEqual(counted(agent))
    client.send(good)
    client.send(beatAt(sent - 1))
    const later = nextBeat()
    client.send(later)
    expect(await beatsOf(watching)).toEqual(counted(agent))
    // a captured beat is worth nothing on another connection
    const thief = await connected(heartbeatUrl(agent))
    thief.send(later)
    thief.send("[]")
    expect(await thief.closed).toBe(1007)
    client.send(nextBeat())
    expect(await beatsOf(watching)).toEqual(counted(agent))
    expect(client.socket.readyState).toBe(client.socket.OPEN)
    for (const { socket } of [client, watching]) socket.terminate()
  })

  it("is for entities of this registry, for clients that ask for the upgrade, and not for foreign pages", async () => {
    expect(await refusal(heartbeatUrl(`zns:${"0".repeat(32)}`))).toBe("404")
    expect(await refusal(heartbeatUrl("%ff"))).toBe("404")
    expect(await refusal(`${served.url}/v1/search`)).toBe("405")
    expect(await refusal(heartbeatUrl(agent), { origin: "https://evil.example" })).toBe("403")
    const plain = await call(heartbeatUrl(agent))
    expect([plain.status, plain.json["error"]]).toEqual([400, "invalid_request"])
    for (const origin of ["https://ours.example", served.url]) {
      const page = await connected(heartbeatUrl(agent), { origin })
      page.socket.terminate()
    }
  })

  it("ends with what is no JSON, and with what is too large", async () => {
    for (const [message, code] of [
      ["{", 1007],
      ['{"timestamp": 1}', 1007],
      ["x".repeat(socketMessageBytesMax + 1), 1009],
    ] as const) {
      const client = await connected(heartbeatUrl(agent))
      client.send(message)
      expect(await client.closed).toBe(code)
    }
  })

  it("ends when its entity does", async () => {
    const key = entityKeyOf(alice, 2)
    const id = idOf("agent", key.publicKey)
    await Effect.runPromise(served.node.registerEntity(sdkRequest(alice, 2)))
    const client = await connected(heartbeatUrl(id))
    await Effect.runPromise(served.node.deregister(id, `Bearer ${sign(key, id)}`))
    client.send(nextBeat(2))
    expect(await client.closed).toBe(1000)
  })
})

describe("heartbeat of many entities", () => {
  it("counts each for itself, and tells what did not count", async () => {
    const watching = await watch("types=entity_heartbeat")
    await watching.next()
    const client = await connected(`${served.url}/v1/heartbeat`)
    const ours = nextBeat()
    client.send({ entity_id: agent, ...ours })
    const theirs = nextBeat(1)
    client.send({ agent_id: other, ...theirs })
    expect([await beatsOf(watching), await beatsOf(watching)]).toEqual([counted(agent), counted(other)])
    client.send({ entity_id: agent, ...ours })
    client.send({ entity_id: other, ...nextBeat(0) })
    client.send({ entity_id: `zns:${"0".repeat(32)}`, ...nextBeat() })
    const refused = [await client.next(), await client.next(), await client.next()]
    expect(refused.map(({ entity_id, error }) => [entity_id, error])).toEqual([
      [agent, "invalid_request"],
      [other, "unauthorized"],
      [`zns:${"0".repeat(32)}`, "not_found"],
    ])
    // signed for this entity alone
    const timestamp = writeTime(++sent)
    client.send({ entity_id: agent, timestamp, signature: sign(entityKeyOf(alice, 0), agent + timestamp) })
    expect(await beatsOf(watching)).toEqual(counted(agent))
    for (const { socket } of [client, watching]) socket.terminate()
  })
})

describe("activity", () => {
  it("tells what happens, with the deployed names, and nothing of what is searched for", async () => {
    const watching = await watch("")
    const hello = await watching.next()
    expect([hello["type"], hello["data"]]).toEqual([
      "connected",
      { registry_id: served.node.registryId, message: "streaming network activity" },
    ])
    const body = sdkRequest(alice, 3, { name: "contracts", tags: ["law"], summary: "reads them" })
    const id = idOf("agent", entityKeyOf(alice, 3).publicKey)
    await call(`${served.url}/v1/entities`, { body })
    await call(`${served.url}/v1/search`, { body: { query: "secret words" } })
    await call(`${served.url}/v1/entities/${id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${sign(entityKeyOf(alice, 3), id)}` },
    })
    const events = [await watching.next(), await watching.next(), await watching.next(), await watching.next()]
    const named = { entity_id: id, name: "contracts", category: "tools", tags: ["law"] }
    expect(events.map(({ data, type }) => [type, data])).toMatchObject([
      ["gossip_outgoing", { entity_id: id, name: "contracts", action: "register", home_registry: served.node.registryId, hop_count: 0 }],
      ["entity_registered", { ...named, summary: "reads them" }],
      ["gossip_outgoing", { entity_id: id, action: "deregister", direction: "outgoing" }],
      ["entity_deregistered", named],
    ])
    expect(JSON.stringify(events)).not.toContain("secret")
    for (const event of events) expect(Math.abs(Date.parse(event["timestamp"] as string) - Date.now())).toBeLessThan(60_000)
    watching.socket.terminate()
  })

  it("sends the wanted types only, and knows no others", async () => {
    expect(await refusal(`${served.url}/v1/ws/activity?types=entity_registered,agent_registered`)).toBe("400")
    const watching = await watch("types=name_resolved&types=peer_connected,entity_heartbeat")
    await watching.next()
    served.activity.report({ type: "search.asked", peer: served.node.registryId })
    served.activity.report({ type: "entity.beat", entityId: agent })
    expect((await watching.next())["type"]).toBe("entity_heartbeat")
    watching.socket.terminate()
  })

  it("begins with the latest, for who asks for them", async () => {
    for (const entityId of [agent, other, agent]) served.activity.report({ type: "entity.beat", entityId })
    const late = await watch("types=entity_heartbeat&last=2")
    expect((await late.next())["data"]).not.toHaveProperty("resumed")
    served.activity.report({ type: "entity.beat", entityId: other })
    expect([await beatsOf(late), await beatsOf(late), await beatsOf(late)]).toEqual([counted(other), counted(agent), counted(other)])
    late.socket.terminate()
    for (const wrong of ["-1", "1.5", "x", String(recentEventsMax + 1)])
      expect(await refusal(`${served.url}/v1/ws/activity?last=${wrong}`)).toBe("400")
  })

  it("goes on after a short break where it was, and says when it cannot", async () => {
    const first = await watch("types=entity_heartbeat")
    const before = await first.next()
    served.activity.report({ type: "entity.beat", entityId: agent })
    const { id } = await first.next()
    first.socket.terminate()
    served.activity.report({ type: "search.asked", peer: served.node.registryId })
    served.activity.report({ type: "entity.beat", entityId: other })

    const again = await watch(`types=entity_heartbeat&since=${id as string}`)
    expect((await again.next())["data"]).toMatchObject({ resumed: true })
    expect(await beatsOf(again)).toEqual(counted(other))
    const fromTheHello = await watch(`since=${before["id"] as string}`)
    expect((await fromTheHello.next())["data"]).toMatchObject({ resumed: true })
    expect([await beatsOf(fromTheHello), (await fromTheHello.next())["type"]]).toEqual([counted(agent), "search_outgoing"])
    for (const unknown of ["another.1", "run9.999999", "x"]) {
      const lost = await watch(`since=${unknown}`)
      expect((await lost.next())["data"]).toMatchObject({ resumed: false })
      lost.socket.terminate()
    }
    for (let i = 0; i < 2 * recentEventsMax; i++) served.activity.report({ type: "entity.beat", entityId: agent })
    const late = await watch(`since=${id as string}`)
    expect((await late.next())["data"]).toMatchObject({ resumed: false })
    for (const { socket } of [again, fromTheHello, late]) socket.terminate()
  })

  it("cuts off who does not read, and nobody else", async () => {
    const { port } = new URL(served.url)
    const slow = connect(Number(port), "127.0.0.1")
    slow.write("GET /v1/ws/activity HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    slow.write("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    await new Promise((greeted) => slow.once("data", greeted))
    slow.pause()
    const cut = new Promise((ended) => slow.on("close", ended).on("error", () => {}))
    const reader = await watch("types=entity_heartbeat")
    await reader.next()
    // far more than the kernel and the backlog hold together
    const batch = 2_000
    let read = 0
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < batch; i++) served.activity.report({ type: "entity.beat", entityId: agent })
      for (let i = 0; i < batch; i++, read++) await reader.next()
    }
    expect(read).toBe(60 * batch)
    expect(read * 100).toBeGreaterThan(10 * streamBacklogBytesMax)
    slow.resume()
    await cut
    reader.socket.terminate()
  })
})

describe("places", () => {
  it("are so many in all, so many for one address, and free again", () => {
    const [a, b, c] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"] as ReadonlyArray<string> as ReadonlyArray<ClientAddress>
    const places = placesFor(3, 2)
    expect([places.take(a!), places.take(a!), places.take(a!), places.take(b!), places.take(c!)]).toEqual([true, true, false, true, false])
    places.leave(a!)
    expect([places.take(c!), places.take(a!)]).toEqual([true, false])
  })
})
