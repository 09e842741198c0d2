/** How the node is, for operators. */
import { Clock, Effect } from "effect"
import type { GossipMemory } from "../../actors/gossip.ts"
import type { HoldingsMemory } from "../../actors/holdings.ts"
import type { RegistryId } from "../../protocol/identity/id.ts"
import type { ActorSystem } from "../actor-system.ts"
import type { IndexFill } from "../index-fill.ts"
import type { NodeStatus } from "../node-service.ts"
import type { StoreCounts, StoreFailed } from "../ports.ts"
import type { Searcher } from "../searcher.ts"
import type { DhtOfNode } from "./dht.ts"

export const statusOf = (parts: {
  readonly self: RegistryId
  readonly startedAtMs: number
  readonly actors: Pick<ActorSystem, "snapshot">
  readonly counts: Effect.Effect<StoreCounts, StoreFailed>
  readonly indexes: Pick<IndexFill, "isDone">
  readonly searcher: Pick<Searcher, "vectorCounts">
  readonly dht: Pick<DhtOfNode, "status">
  readonly peerCount: () => number
  readonly searches: () => number
}): Effect.Effect<NodeStatus, StoreFailed> => {
  let kept: { readonly counts: StoreCounts; readonly untilMs: number } | undefined
  /** A database counts by looking at every row: of many it is not asked each time that somebody looks at the node. */
  const counts = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    if (kept !== undefined && nowMs < kept.untilMs) return kept.counts
    const counts = yield* parts.counts
    const isLarge = counts.localEntities + counts.gossipEntities >= countedAnewMax
    kept = isLarge ? { counts, untilMs: nowMs + keptForMs } : undefined
    return counts
  })
  return Effect.gen(function* () {
    const { actors, dht, self } = parts
    const memory = actors.snapshot("gossip")?.context as GossipMemory | undefined
    const leases = (actors.snapshot("holdings")?.context as HoldingsMemory | undefined)?.leases
    const ofDht = dht.status()
    return {
      registryId: self,
      uptimeMs: (yield* Clock.currentTimeMillis) - parts.startedAtMs,
      phase: actors.snapshot("node")?.value ?? "stopped",
      peerCount: parts.peerCount(),
      ...(yield* counts),
      areIndexesFilled: parts.indexes.isDone(),
      vectors: parts.searcher.vectorCounts(),
      knownRegistries: [...(leases?.lastWord.keys() ?? [])].filter((registry) => registry !== self).length,
      searches: parts.searches(),
      refused: { ...memory?.others },
      ...(ofDht !== undefined && { dht: ofDht }),
    }
  })
}

/** So many records are counted within milliseconds. */
const countedAnewMax = 20_000
const keptForMs = 10_000
