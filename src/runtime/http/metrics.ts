/** `/metrics`: what the node counts, in Prometheus' text form. `deploy/README.md` has the table; a test holds both against each other. */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { Block } from "../../protocol/moderation/blocks.ts"
import { type DhtStatus, Node, type NodeStatus, type PeerView } from "../node-service.ts"

export const metricsPath = "/metrics"

export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Node> = Layer.effectDiscard(
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const node = yield* Node
    const page = Effect.gen(function* () {
      return HttpServerResponse.text(textOf(yield* node.status, yield* node.peers, yield* node.blocks), {
        contentType: "text/plain; version=0.0.4; charset=utf-8",
      })
    })
    const unavailable = Effect.succeed(HttpServerResponse.text("the store does not answer\n", { status: 503 }))
    yield* router.add(
      "GET",
      metricsPath,
      Effect.catchTag(page, "StoreFailed", () => unavailable),
    )
  }),
)

/** Every sample belongs to a family, and families stay together: so the form wants it. */
const textOf = (status: NodeStatus, peers: ReadonlyArray<PeerView>, blocks: ReadonlyArray<Block>): string =>
  [
    family("agentdns_uptime_seconds", "gauge", "since the start", [[{}, status.uptimeMs / 1_000]]),
    family("agentdns_peers", "gauge", "mesh peers that are connected", [[{}, status.peerCount]]),
    family("agentdns_known_registries", "gauge", "other registries that have said anything", [[{}, status.knownRegistries]]),
    family("agentdns_entities", "gauge", "entities held: local, gossip", [
      [{ tier: "local" }, status.localEntities],
      [{ tier: "gossip" }, status.gossipEntities],
    ]),
    family("agentdns_developers", "gauge", "developers registered here", [[{}, status.developers]]),
    family(
      "agentdns_blocks",
      "gauge",
      "what the operator blocks: entity, developer, peer, host",
      [...Map.groupBy(blocks, ({ kind }) => kind)].map(([kind, ofKind]) => [{ kind }, ofKind.length]),
    ),
    family("agentdns_searches_total", "counter", "searches asked of this node", [[{}, status.searches]]),
    family("agentdns_vectors_waiting", "gauge", "entities that wait for a model's vector", [[{}, status.vectors.waiting]]),
    family("agentdns_searches_degraded_total", "counter", "searches with words alone, because the model did not answer", [
      [{}, status.vectors.degraded],
    ]),
    family(
      "agentdns_peer_reputation",
      "gauge",
      "1 at the best, 0 when it has to go",
      peers.map((peer) => [{ peer: peer.registryId }, peer.reputation]),
    ),
    family(
      "agentdns_peer_verdicts_total",
      "counter",
      "verdicts on what a connected peer sent",
      peers.flatMap((peer) =>
        Object.entries(peer.verdicts).map(([verdict, count]) => [{ peer: peer.registryId, verdict }, count] as const),
      ),
    ),
    family(
      "agentdns_verdicts_total",
      "counter",
      "verdicts on links that are gone, or never were (drop:blocked: the operator's)",
      Object.entries(status.refused).map(([verdict, count]) => [{ verdict }, count]),
    ),
    ...(status.dht === undefined ? [] : dhtFamilies(status.dht)),
    family("process_resident_memory_bytes", "gauge", "memory of the process", [[{}, process.memoryUsage.rss()]]),
    family("process_cpu_seconds_total", "counter", "processor time of the process", [[{}, cpuSeconds()]]),
  ].join("")

const cpuSeconds = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1_000_000
}

const dhtFamilies = ({ contacts, lookups, ownValues, storedValues }: DhtStatus): ReadonlyArray<string> => {
  const { questions, ...results } = lookups
  return [
    family("agentdns_dht_contacts", "gauge", "nodes in the DHT's routing table", [[{}, contacts]]),
    family("agentdns_dht_values", "gauge", "values held for others, and published as its own", [
      [{ whose: "others" }, storedValues],
      [{ whose: "own" }, ownValues],
    ]),
    family(
      "agentdns_dht_lookups_total",
      "counter",
      "lookups that ended: values found and missing, contacts",
      Object.entries(results).map(([result, count]) => [{ result }, count]),
    ),
    family("agentdns_dht_questions_total", "counter", "questions that they asked", [[{}, questions]]),
  ]
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

const family = (name: string, type: "gauge" | "counter", help: string, samples: ReadonlyArray<Sample>): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map(([labels, value]) => `${name}${labelsOf(labels)} ${value}\n`).join("")}`

const labelsOf = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replace(/["\\\n]/g, "_")}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}
