/**
 * `/metrics`: what the node counts, in Prometheus' text form.
 *
 * | Metric | Type | Means |
 * | --- | --- | --- |
 * | `agentdns_uptime_seconds` | gauge | since the start |
 * | `agentdns_peers` | gauge | mesh peers that are connected |
 * | `agentdns_entities{tier}` | gauge | entities held: `local`, `gossip` |
 * | `agentdns_developers` | gauge | developers registered here |
 * | `agentdns_vectors_waiting` | gauge | entities that wait for a model's vector |
 * | `agentdns_searches_degraded_total` | counter | searches with words alone, because the model did not answer |
 * | `agentdns_peer_reputation{peer}` | gauge | 1 at the best, 0 when it has to go |
 * | `agentdns_peer_verdicts_total{peer,verdict}` | counter | verdicts on what a connected peer sent |
 * | `agentdns_verdicts_total{verdict}` | counter | verdicts on links that are gone, or never were |
 * | `agentdns_dht_contacts` | gauge | nodes in the DHT's routing table |
 * | `agentdns_dht_values{whose}` | gauge | values held for `others`, and published as its `own` |
 * | `agentdns_dht_lookups_total{result}` | counter | lookups that ended: values `found` and `missing`, `contacts` |
 * | `agentdns_dht_questions_total` | counter | questions that they asked |
 */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { type DhtStatus, Node, type NodeStatus, type PeerView } from "../node-service.ts"

export const metricsPath = "/metrics"

export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Node> = Layer.effectDiscard(
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const node = yield* Node
    const page = Effect.gen(function* () {
      return HttpServerResponse.text(textOf(yield* node.status, yield* node.peers), {
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
const textOf = (status: NodeStatus, peers: ReadonlyArray<PeerView>): string =>
  [
    family("agentdns_uptime_seconds", "gauge", [[{}, status.uptimeMs / 1_000]]),
    family("agentdns_peers", "gauge", [[{}, status.peerCount]]),
    family("agentdns_entities", "gauge", [
      [{ tier: "local" }, status.localEntities],
      [{ tier: "gossip" }, status.gossipEntities],
    ]),
    family("agentdns_developers", "gauge", [[{}, status.developers]]),
    family("agentdns_vectors_waiting", "gauge", [[{}, status.vectors.waiting]]),
    family("agentdns_searches_degraded_total", "counter", [[{}, status.vectors.degraded]]),
    family(
      "agentdns_peer_reputation",
      "gauge",
      peers.map((peer) => [{ peer: peer.registryId }, peer.reputation]),
    ),
    family(
      "agentdns_peer_verdicts_total",
      "counter",
      peers.flatMap((peer) =>
        Object.entries(peer.verdicts).map(([verdict, count]) => [{ peer: peer.registryId, verdict }, count] as const),
      ),
    ),
    family(
      "agentdns_verdicts_total",
      "counter",
      Object.entries(status.refused).map(([verdict, count]) => [{ verdict }, count]),
    ),
    ...(status.dht === undefined ? [] : dhtFamilies(status.dht)),
  ].join("")

const dhtFamilies = ({ contacts, lookups, ownValues, storedValues }: DhtStatus): ReadonlyArray<string> => {
  const { questions, ...results } = lookups
  return [
    family("agentdns_dht_contacts", "gauge", [[{}, contacts]]),
    family("agentdns_dht_values", "gauge", [
      [{ whose: "others" }, storedValues],
      [{ whose: "own" }, ownValues],
    ]),
    family(
      "agentdns_dht_lookups_total",
      "counter",
      Object.entries(results).map(([result, count]) => [{ result }, count]),
    ),
    family("agentdns_dht_questions_total", "counter", [[{}, questions]]),
  ]
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

const family = (name: string, type: "gauge" | "counter", samples: ReadonlyArray<Sample>): string =>
  `# TYPE ${name} ${type}\n${samples.map(([labels, value]) => `${name}${labelsOf(labels)} ${value}\n`).join("")}`

const labelsOf = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replace(/["\\\n]/g, "_")}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}
