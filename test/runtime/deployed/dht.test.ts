/** The DHT between a node of ours and deployed ones, over real sockets: asked and answered, and never an answer to an answer. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { nodeIdOf } from "../../../src/sim/deployed/dht.ts"
import { developerOf, entityIdOf, sdkRequest } from "../../support/clients.ts"
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

it(
  "a deployed node that never heard of an entity finds it by GET, ours and another deployed one's",
  () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(351)
        yield* node.service.registerEntity(sdkRequest(alice, 0, { name: "Of ours" }))
        const other = yield* peerOf(node, "dht-other")
        other.node.say(agentOf(alice, 1, { name: "Of another" }))
        const peer = yield* peerOf(node, "dht-asks")
        yield* until("we are a contact", () => peer.node.dht.contacts.size > 0)
        yield* until("both are told", () => [id, entityIdOf(alice, 1)].every((one) => peer.node.records.heard.has(one)), 15_000)
        peer.node.records.heard.clear()
        expect(yield* got(peer, id)).toMatchObject({ name: "Of ours", home_registry: node.service.registryId })
        expect(yield* got(peer, entityIdOf(alice, 1))).toMatchObject({ name: "Of another", home_registry: other.node.settings.registryId })
        expect(yield* got(peer, entityIdOf(alice, 9))).toBeUndefined()
      }).pipe(Effect.scoped),
    ),
  30_000,
)

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
