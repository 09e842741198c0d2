/** The DHT between a node of ours and deployed ones, over real sockets: asked and answered, and never an answer to an answer. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import type { RunningNode } from "../../../src/runtime/node.ts"
import { keyOf, nodeIdOf } from "../../../src/sim/deployed/dht.ts"
import type { DeployedDhtRecord } from "../../../src/sim/deployed/messages.ts"
import { developerOf, entityIdOf, entityKeyOf, sdkRequest } from "../../support/clients.ts"
import { agentOf, ours, peerOf, until } from "../../support/deployed-mesh.ts"
import type { DeployedPeer } from "../../support/deployed-peer.ts"

const alice = developerOf(71)
const id = entityIdOf(alice, 0)
const play = (program: Effect.Effect<void, unknown>) => Effect.runPromise(program)

/** What GET shows there. */
const got = (peer: DeployedPeer, entityId: string) =>
  Effect.callback<{ readonly name: string; readonly home_registry: string } | undefined>((resume) =>
    peer.node.entity(entityId, (found) => resume(Effect.succeed(found))),
  )
const saidIn = (peer: DeployedPeer, type: string) =>
  peer.heard.filter((frame) => frame.startsWith('{"type":"dht"') && frame.includes(`"type":"${type}"`))

it("a deployed node that never heard of an entity finds it by GET, ours and another deployed one's", () =>
  play(
    Effect.gen(function* () {
      const node = yield* ours(351)
      yield* node.service.registerEntity(sdkRequest(alice, 0, { name: "Of ours" }))
      const other = yield* peerOf(node, "dht-other")
      other.node.say(agentOf(alice, 1, { name: "Of another" }))
      const peer = yield* peerOf(node, "dht-asks")
      yield* until("we are a contact", () => peer.node.dht.contacts.size > 0)
      yield* until("both are told", () => [id, entityIdOf(alice, 1)].every((one) => peer.node.records.heard.has(one)))
      peer.node.records.heard.clear()
      expect(yield* got(peer, id)).toMatchObject({ name: "Of ours", home_registry: node.service.registryId })
      expect(yield* got(peer, entityIdOf(alice, 1))).toMatchObject({ name: "Of another", home_registry: other.node.settings.registryId })
      expect(yield* got(peer, entityIdOf(alice, 9))).toBeUndefined()
    }).pipe(Effect.scoped),
  ))

it("we ask with an address and under our id, are answered, and answer no answer", () =>
  play(
    Effect.gen(function* () {
      const node = yield* ours(352)
      const peer = yield* peerOf(node, "dht-answers")
      yield* until("a ping", () => saidIn(peer, "dht_ping").length > 0)
      const [contact] = [...peer.node.dht.contacts.values()]
      expect([contact!.address, Buffer.from(contact!.id)]).toEqual([
        `127.0.0.1:${node.address.port}`,
        Buffer.from(nodeIdOf(node.service.publicKey)),
      ])
      // whatever comes unasked: it is not answered, or the two would go on for ever
      const [link] = [...peer.node.conns.values()]
      for (const type of ["dht_ping_reply", "dht_find_value_reply", "dht_other"])
        link!.write("dht", JSON.stringify({ type, request_id: "unasked" }))
      link!.write("dht", JSON.stringify({ type: "dht_ping", request_id: "asked" }))
      yield* until("the answer to the ping", () => saidIn(peer, "dht_ping_reply").some((frame) => frame.includes('"asked"')))
      expect(peer.heard.filter((frame) => frame.includes("unasked"))).toEqual([])
    }).pipe(Effect.scoped),
  ))

describe("what only deployed nodes hold", () => {
  const stored = (peer: DeployedPeer, entityId: string, over: Partial<DeployedDhtRecord> = {}) => {
    const record = {
      entity_id: entityId,
      name: "Stored there",
      category: "translation",
      tags: ["nlp"],
      summary: "said by nobody",
      entity_url: "https://somewhere.example",
      public_key: "",
      home_registry: peer.node.settings.registryId,
      developer_id: "",
      status: "",
      last_heartbeat: "",
      stored_at: "2026-11-21T10:00:00Z",
      ...over,
    }
    peer.node.dht.records.set(Buffer.from(keyOf(entityId)).toString("hex"), record)
  }
  const shown = (node: RunningNode, entityId: string) => Effect.orElseSucceed(node.service.entity(entityId), () => undefined)
  const other = "zns:0123456789abcdef0123456789abcdef"

  it("is shown by GET as what it is, and kept by nobody", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(353)
        const peers = [yield* peerOf(node, "dht-holds"), yield* peerOf(node, "dht-knows-nothing")] as const
        stored(peers[0], other)
        expect(yield* shown(node, other)).toMatchObject({
          tier: "hearsay",
          status: "active",
          record: { name: "Stored there", tags: ["nlp"], entity_url: "", public_key: "", home_registry: peers[0].node.settings.registryId },
        })
        // the question names no other key than the entity's, and whom to answer
        expect(saidIn(peers[0], "dht_find_value").map((frame) => JSON.parse(frame).payload.key)).toEqual([[...keyOf(other)]])
        expect(Effect.runSync(node.service.status)).toMatchObject({ gossipEntities: 0 })
        peers[0].node.dht.records.clear()
        expect(yield* shown(node, other)).toBeUndefined()
        // whoever asks again at once costs them nothing
        const asked = saidIn(peers[1], "dht_find_value").length
        expect(yield* shown(node, other)).toBeUndefined()
        expect(saidIn(peers[1], "dht_find_value").length).toBe(asked)
      }).pipe(Effect.scoped),
    ))

  it("is not shown where it is of another, of ours, or of what we know to be deleted; nor has it a card or a trust", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(354)
        const peer = yield* peerOf(node, "dht-lies")
        stored(peer, other, { entity_id: "zns:ffffffffffffffffffffffffffffffff" })
        expect(yield* shown(node, other)).toBeUndefined()
        const own = "zns:1123456789abcdef0123456789abcdef"
        stored(peer, own, { home_registry: node.service.registryId })
        expect(yield* shown(node, own)).toBeUndefined()
        yield* node.service.registerEntity(sdkRequest(alice, 0))
        yield* node.service.deregister(id, `Bearer ${sign(entityKeyOf(alice, 0), id)}`)
        stored(peer, id)
        expect(yield* shown(node, id)).toBeUndefined()
        const third = "zns:2123456789abcdef0123456789abcdef"
        stored(peer, third)
        expect(yield* shown(node, third)).toMatchObject({ tier: "hearsay" })
        for (const question of [node.service.trust(third), node.service.card(third)])
          expect(yield* Effect.flip<unknown, { readonly _tag: string }, never>(question)).toMatchObject({ code: "not_found" })
      }).pipe(Effect.scoped),
    ))

  it("costs a moment where it is stuck, and no answer", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(355)
        const silent = yield* peerOf(node, "dht-silent")
        const holds = yield* peerOf(node, "dht-answers-beside")
        stored(holds, other)
        const [link] = [...silent.node.conns.values()]
        link!.lock(() => {})
        expect(yield* shown(node, other)).toMatchObject({ tier: "hearsay" })
      }).pipe(Effect.scoped),
    ))
})
