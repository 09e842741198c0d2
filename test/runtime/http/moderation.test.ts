/** Blocking over REST and the command line, on real nodes: what is not served any more, who may, and what is left after a restart. */
import { Effect, Exit, Redacted, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { blockSubject, listBlocks, unblockSubject } from "../../../src/runtime/cli/client/moderation.ts"
import { readGiven } from "../../../src/runtime/cli/client/flags.ts"
import type { ClientCommand } from "../../../src/runtime/cli/client/client-command.ts"
import { registryAt } from "../../../src/runtime/cli/client/registry.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import type { Happening } from "../../../src/actors/happening.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { developerOf, developerRequest, entityIdOf, entityKeyOf, handleRequest, nameRequest, sdkRequest } from "../../support/clients.ts"
import { announced, entityOf, registryOf } from "../../support/builders.ts"
import { eventually, realNode } from "../../support/real-nodes.ts"
import { type ServedNode, servedNode } from "../../support/served-node.ts"
import { call, expectProblem } from "./serving.ts"

const token = "operator-of-tests"
const headers = { authorization: `Bearer ${token}` }
const scope = Scope.makeUnsafe()
let served: ServedNode
let without: ServedNode

const spammer = developerOf(61)
const honest = developerOf(62)
const spam = entityIdOf(spammer, 0)
const tool = entityIdOf(honest, 0)
beforeAll(async () => {
  const both = Effect.all([servedNode(91, { adminToken: Redacted.make(token) }), servedNode(92)])
  ;[served, without] = await Effect.runPromise(Scope.provide(both, scope))
  for (const [who, handle, beside] of [
    [spammer, "spammer", { name: "Buy weather now", tags: ["weather", "casino"], category: "spam" }],
    [honest, "honest", { name: "Weather tool", tags: ["weather"], entity_url: "https://api.good.example/a" }],
  ] as const) {
    const entity_id = entityIdOf(who, 0)
    for (const [path, body] of [
      ["developers", developerRequest(who)],
      ["entities", sdkRequest(who, 0, beside)],
      ["handles", handleRequest(who, handle)],
      ["names", nameRequest(who, { developer_handle: handle, entity_name: "weather", entity_id })],
    ] as const) {
      const { status, text } = await call(`${served.url}/v1/${path}`, { body })
      if (status !== 201) throw new Error(text)
    }
  }
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const block = (subject: string, reason = "spam") => call(`${served.url}/v1/admin/blocks`, { body: { subject, reason }, headers })
const unblock = (subject: string) => call(`${served.url}/v1/admin/blocks/${encodeURIComponent(subject)}`, { method: "DELETE", headers })
const get = (path: string) => call(`${served.url}${path}`)
const found = async (query: object) =>
  (
    (await call(`${served.url}/v1/search`, { body: { ...query, max_results: 10 } })).json["results"] as ReadonlyArray<{ entity_id: string }>
  ).map(({ entity_id }) => entity_id)
const statuses = async (...paths: ReadonlyArray<string>) => (await Promise.all(paths.map(get))).map(({ status }) => status)
const pathsOf = (who: typeof spammer, handle: string) => [
  `/v1/entities/${entityIdOf(who, 0)}`,
  `/v1/developers/${idOf("developer", who.key.publicKey)}`,
  `/v1/handles/${handle}`,
  `/v1/names/${handle}/weather`,
  `/v1/resolve/${handle}/weather`,
]

describe("a blocked developer", () => {
  it("is not served, nor found, nor resolved, nor counted, nor listed; nothing of it can be said; all else is as before", async () => {
    expect(await found({ query: "weather" })).toEqual(expect.arrayContaining([spam, tool]))
    const answer = await block(idOf("developer", spammer.key.publicKey), "sells what it has not")
    expect([answer.status, answer.json["kind"], answer.json["entities"]]).toEqual([201, "developer", 1])

    expect(await statuses(...pathsOf(spammer, "spammer"))).toEqual([404, 404, 404, 404, 404])
    expect(await statuses(...pathsOf(honest, "honest"))).toEqual([200, 200, 200, 200, 200])
    for (const path of [`/v1/entities/${spam}`, "/v1/changes?limit=200", "/v1/entities"])
      expect((await get(path)).text).not.toMatch(/sells|casino/)
    expect(await found({ query: "weather" })).toEqual([tool])
    expect(await found({ tags: ["casino"] })).toEqual([])
    expect((await get("/v1/tags")).json["tags"]).toEqual(["weather"])
    expect((await get("/v1/categories")).json["categories"]).toEqual(["tools"])
    expect((await get("/v1/network/status")).json).toMatchObject({ local_agents: 1, developers: 1 })
    expect((await get("/v1/entities")).json["count"]).toBe(1)

    expectProblem(await call(`${served.url}/v1/entities`, { body: sdkRequest(spammer, 1) }), 403, "forbidden")
    expectProblem(
      await call(`${served.url}/v1/names`, {
        body: nameRequest(spammer, { developer_handle: "spammer", entity_name: "more", entity_id: spam }),
      }),
      403,
      "forbidden",
    )
  })

  it("is back as it was when the block is lifted", async () => {
    expect((await unblock(idOf("developer", spammer.key.publicKey))).json["reason"]).toBe("sells what it has not")
    expect(await statuses(...pathsOf(spammer, "spammer"))).toEqual([200, 200, 200, 200, 200])
    expect(await found({ query: "weather" })).toEqual(expect.arrayContaining([spam, tool]))
    expect((await Effect.runPromise(served.node.vocabulary)).tags).toEqual(["casino", "weather"])
    expectProblem(await unblock(idOf("developer", spammer.key.publicKey)), 404, "not_found")
  })
})

describe("an entity, and a host", () => {
  it("hide what they cover", async () => {
    expect((await block(spam)).json["entities"]).toBe(1)
    expect(await found({ query: "weather" })).toEqual([tool])
    expect((await block("good.example")).json["entities"]).toBe(1)
    expect(await found({ query: "weather" })).toEqual([])
    const { json } = await call(`${served.url}/v1/admin/blocks`, { headers })
    expect(json).toMatchObject({
      count: 2,
      blocks: expect.arrayContaining([
        expect.objectContaining({ kind: "entity", subject: spam, reason: "spam" }),
        expect.objectContaining({ kind: "host", subject: "good.example" }),
      ]),
    })
    expect([(await unblock(spam)).status, (await unblock("GOOD.example")).status]).toEqual([200, 200])
    expect((await found({ query: "weather" })).length).toBe(2)
  })
})

it("an owner ends what is blocked, and it does not come back", async () => {
  const ended = entityIdOf(spammer, 5)
  expect((await call(`${served.url}/v1/entities`, { body: sdkRequest(spammer, 5) })).status).toBe(201)
  await block(ended)
  const signed = { authorization: `Bearer ${sign(entityKeyOf(spammer, 5), ended)}` }
  expect((await call(`${served.url}/v1/entities/${ended}`, { method: "DELETE", headers: signed })).status).toBe(200)
  await unblock(ended)
  expect(await statuses(`/v1/entities/${ended}`)).toEqual([404])
})

describe("who may", () => {
  it("is who has the token", async () => {
    const path = `${served.url}/v1/admin/blocks`
    const body = { subject: spam, reason: "x" }
    for (const wrong of [{}, { authorization: "Bearer x" }, { authorization: `Basic ${token}` }]) {
      expectProblem(await call(path, { body, headers: wrong }), 401, "unauthorized")
      expectProblem(await call(path, { headers: wrong }), 401, "unauthorized")
      expectProblem(await call(`${path}/${spam}`, { method: "DELETE", headers: wrong }), 401, "unauthorized")
    }
    expectProblem(await call(`${without.url}/v1/admin/blocks`, { headers }), 403, "forbidden")
  })

  it("says what can be meant", async () => {
    expectProblem(await block("nobody"), 400, "invalid_request", "subject")
    expectProblem(await block(spam, " "), 400, "invalid_request", "reason")
    expectProblem(await block(served.node.registryId), 400, "invalid_request", "subject")
    expectProblem(await call(`${served.url}/v1/admin/blocks`, { body: "{", headers }), 400, "invalid_request")
  })
})

it("the command line blocks, lists and unblocks", async () => {
  const ask = (command: ClientCommand, argv: ReadonlyArray<string>, env: Record<string, string> = { AGENTDNS_SERVER_ADMIN_TOKEN: token }) =>
    Effect.runPromise(
      Effect.match(
        command.run(readGiven({ name: command.name, flags: command.flags!, positions: command.positions ?? [] }, argv) as never, {
          registry: registryAt(served.url),
          home: "",
          env,
          say: () => {},
        }),
        { onFailure: (ending) => ending, onSuccess: (answer) => answer },
      ),
    )
  expect(await ask(blockSubject, ["evil.example", "--reason", "malware"])).toMatchObject({
    text: "the host evil.example is blocked, which hides 0 entities more",
  })
  expect(await ask(listBlocks, [])).toMatchObject({ text: expect.stringMatching(/host +evil\.example +\S+Z +malware/) })
  expect(await ask(unblockSubject, ["evil.example"])).toMatchObject({ text: "the host evil.example is blocked no longer" })
  expect(await ask(listBlocks, [])).toMatchObject({ text: "nothing is blocked" })
  expect(await ask(listBlocks, [], {})).toMatchObject({ code: 64, sentence: expect.stringContaining("AGENTDNS_SERVER_ADMIN_TOKEN") })
})

describe("over a restart", () => {
  it("a block holds, is in the log, and keeps its registry away; of what that one claims others' claims are shown", async () => {
    const store = makeMemoryStore()
    const happened: Array<Happening> = []
    const [thief, home, other] = [registryOf(97), registryOf(98), registryOf(99)]
    const now = Math.floor(Date.now() / 1_000)
    const record = (at: number, index: number) => entityOf(7, index, { registered_at: now - at, updated_at: now - at })
    await Effect.runPromise(
      store.merge([announced(thief, record(90, 0)), announced(home, record(60, 0)), announced(thief, record(60, 1))], now * 1_000),
    )
    const program = Effect.gen(function* () {
      const first = yield* realNode(95, store, {}, (happening) => void happened.push(happening))
      expect((yield* first.service.entity(record(90, 0).entity_id)).record.home_registry).toBe(thief.registryId)
      yield* first.service.block(thief.publicKey, "claims what is others'")
      yield* first.stop
      const second = yield* realNode(95, store, {}, (happening) => void happened.push(happening))
      const peer = yield* realNode(97, makeMemoryStore(), { bootstrap: [{ address: second.address }] })
      const friend = yield* realNode(99, makeMemoryStore(), { bootstrap: [{ address: second.address }] })
      yield* eventually("the friend is there", () => Effect.runSync(friend.service.peers).length === 1)
      yield* eventually("the other is sent away", () => happened.some((one) => one.type === "peer.refused"))
      expect([Effect.runSync(second.service.peers).map(({ registryId }) => registryId), Effect.runSync(peer.service.peers)]).toEqual([
        [other.registryId],
        [],
      ])
      expect((yield* second.service.entity(record(90, 0).entity_id)).record.home_registry).toBe(home.registryId)
      expect((yield* Effect.flip(second.service.entity(record(60, 1).entity_id)))._tag).toBe("Refused")
      const status = yield* second.service.status
      expect([status.gossipEntities, status.refused["drop:blocked"]]).toEqual([1, expect.any(Number)])
      expect(happened.filter(({ type }) => type.startsWith("block."))).toEqual([
        { type: "block.set", kind: "peer", subject: thief.registryId, reason: "claims what is others'" },
      ])
    })
    await Effect.runPromise(Effect.scoped(program))
  })
})
