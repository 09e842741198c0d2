/** What tests of real sockets between ours and deployed nodes have in common. */
import { Effect, type Scope } from "effect"
import type { JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { type EntityId, idOf } from "../../src/protocol/identity/id.ts"
import type { EntityEntry } from "../../src/protocol/records/entity.ts"
import type { RunningNode } from "../../src/runtime/node.ts"
import type { RecordStore } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import type { DeployedAnnouncement } from "../../src/sim/deployed/announcement.ts"
import { type Developer, entityIdOf, sdkRequest } from "./clients.ts"
import { type DeployedPeer, deployedPeer, type PeerOptions } from "./deployed-peer.ts"
import { eventually, realNode } from "./real-nodes.ts"

/** As `eventually`, for who does not care how long it took. */
export const until = (what: string, holds: () => boolean): Effect.Effect<void> => Effect.asVoid(eventually(what, holds))

export const textOf = ({ address: { host, port } }: { readonly address: { readonly host: string; readonly port: number } }): string =>
  `${host}:${port}`

/** A node of ours; ports of its own for each seed. */
export const ours = (seed: number, settings: Parameters<typeof realNode>[2] = {}): Effect.Effect<RunningNode, unknown, Scope.Scope> => {
  const store = makeMemoryStore()
  const remember = (node: RunningNode) => Effect.sync(() => void stores.set(node, store))
  return Effect.tap(realNode(seed, store, { registryHost: `r${seed}.example`, ...settings }), remember)
}

const stores = new WeakMap<RunningNode, RecordStore["Service"]>()

/** What it holds of an entity, without asking anybody else. */
export const heldAt = (node: RunningNode, id: EntityId): EntityEntry | undefined => Effect.runSync(stores.get(node)!.entity(id))

/** A deployed node that is linked with this one of ours. */
export const peerOf = (node: RunningNode, name: string, options: PeerOptions = {}): Effect.Effect<DeployedPeer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const peer = yield* deployedPeer(name, { bootstrap: [textOf(node)], ...options })
    yield* until(`${name} is linked`, () => isLinked(node, peer))
    return peer
  })

/** Both list each other. */
export const isLinked = (node: RunningNode, { node: { conns, settings } }: DeployedPeer): boolean =>
  conns.has(node.service.registryId) && Effect.runSync(node.service.peers).some(({ registryId }) => registryId === settings.registryId)

/** What a deployed node announces of this developer's entity. */
export const agentOf = (developer: Developer, index: number, over: Partial<DeployedAnnouncement> = {}): Partial<DeployedAnnouncement> => {
  const request: JsonObject = sdkRequest(developer, index)
  const proof = request["developer_proof"] as unknown as DeployedAnnouncement["developer_proof"]
  return {
    type: "agent_announce",
    action: "register",
    entity_id: entityIdOf(developer, index),
    entity_type: "agent",
    name: "agent",
    category: "tools",
    summary: "as it was registered",
    entity_url: "https://agent.example.com/a",
    developer_id: idOf("developer", developer.key.publicKey),
    developer_public_key: developer.key.publicKey,
    developer_proof: proof,
    ...over,
  }
}

export const developerOfNode = (developer: Developer, over: Partial<DeployedAnnouncement> = {}): Partial<DeployedAnnouncement> => ({
  type: "developer_announce",
  action: "register",
  name: "Alice",
  developer_id: idOf("developer", developer.key.publicKey),
  public_key: developer.key.publicKey,
  ...over,
})
