/**
 * The figures that the pages claim, each with what is measured of it. A claim that does not hold is a finding about the page:
 * it is said, and is no violation.
 */
import type { NodeContext } from "../../actors/node.ts"
import { tallied } from "../figures.ts"
import type { Claim, RunOptions, Scenario, Sections } from "../scenario.ts"
import { Stage } from "../stage.ts"
import { convergence } from "./convergence.ts"
import { federated } from "./federated.ts"
import { flood } from "./flood.ts"
import { dht } from "./dht.ts"
import { roles } from "./roles.ts"
import { hourMs } from "./month.ts"

export const specClaims: Scenario = {
  name: "spec-claims",
  purpose: "what of the figures that the pages claim is so",
  defaults: { nodes: 60, untilMs: 60_000, records: 60 },
  play: (stage) => ({
    claims: [
      ...overALine(stage),
      ...overAMesh(stage),
      ...ofAFlood(stage),
      ...ofSearches(stage),
      ...ofTheDht(stage),
      ...ofPeers(stage),
      ...ofADeletion(stage),
    ],
  }),
}

/** Another world, whose findings are this run's. */
const within = (stage: Stage, scenario: Scenario, over: Partial<RunOptions>, watch: (inner: Stage) => void = () => {}) => {
  const { engine, codec, nodes, seed } = stage.options
  const inner = new Stage({ ...stage.options, ...scenario.defaults, nodes: Math.min(nodes, 60), engine, codec, seed, ...over })
  watch(inner)
  const sections = scenario.play(inner)
  inner.finish()
  for (const { kind, invariant, node, detail } of inner.violations) stage.violate(kind, invariant, { node, detail })
  stage.world.trace.note(inner.world.trace.digest())
  stage.world.network.delivered += inner.world.network.delivered
  return { inner, sections: sections as Required<Sections> }
}

const claim = (page: string, said: string, what: string, measured: number, holds: boolean): Claim => ({
  page,
  said,
  what,
  measured: Math.round(measured * 1_000) / 1_000,
  holds,
})

/** Far along a ring: an announcement stops after ten hops, and comparing brings it further. */
const overALine = (stage: Stage): ReadonlyArray<Claim> => {
  const { gossip } = within(stage, convergence, {
    records: 10,
    nodes: 40,
    topology: { kind: "ring" },
    loss: 0.0001,
    untilMs: 600_000,
  }).sections
  return [
    claim("mesh network", "Max 10 hops", "forwards of the furthest announcement", gossip.lastHop, gossip.lastHop <= 10),
    claim(
      "registry",
      "reaches the entire network",
      "share of (record, node) pairs on a ring of 40",
      gossip.coverage,
      gossip.coverage === 1,
    ),
  ]
}

const overAMesh = (stage: Stage): ReadonlyArray<Claim> => {
  const { inner, sections } = within(stage, convergence, { records: stage.options.records, duplicate: 0.3 })
  const sizes = inner.records.map(({ client, home }) => JSON.stringify(inner.shownBy(home, client.entityId)?.record ?? {}).length)
  const mean = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length)
  const sum = (verdict: string) => inner.honest().reduce((all, machine) => all + tallied(machine, verdict), 0)
  const { maxMs } = sections.gossip
  return [
    claim(
      "registration",
      "typically 1–5 seconds to reach the entire network",
      "ms until the last node shows a record",
      maxMs,
      maxMs <= 5_000,
    ),
    claim("registry", "records of 500–800 B", "mean bytes of a record as JSON", mean, mean >= 500 && mean <= 800),
    claim(
      "mesh network",
      "5-minute seen-set, duplicates dropped",
      "share of the copies that were merged again",
      sum("stale") / Math.max(1, sum("duplicate")),
      sum("stale") === 0,
    ),
  ]
}

const ofAFlood = (stage: Stage): ReadonlyArray<Claim> => {
  let most = 0
  within(stage, flood, { nodes: 15, records: 20 }, (inner) => {
    const before = new Map<string, number>()
    inner.checkers.push({
      invariant: "rate",
      look: (_, machine) => {
        const links = inner.world.network.connectionsOf(machine)
        if (links > 0) most = Math.max(most, (machine.believed - (before.get(machine.name) ?? 0)) / links)
        before.set(machine.name, machine.believed)
        return undefined
      },
    })
  })
  return [claim("mesh network", "100 announcements/s/peer", "most verified in a second, per peer", most, most <= 100)]
}

const ofSearches = (stage: Stage): ReadonlyArray<Claim> => {
  const healthy = within(stage, federated, { hung: 0, lying: 0, latencyMs: 50 }).sections.federated
  const hung = within(stage, federated, { hung: 0.3, lying: 0, latencyMs: 50 }).sections.federated
  const peers = healthy.asked * (Math.min(stage.options.nodes, 60) - 1)
  return [
    claim(
      "mesh network",
      "filters eliminate 80–95 % of unnecessary peer queries",
      "share of peers without an answer that were not asked",
      healthy.pruned,
      healthy.pruned >= 0.8,
    ),
    claim("mesh network", "latency under 500 ms", "ms, 99 of 100 searches, 100 ms round trips", healthy.p99Ms, healthy.p99Ms < 500),
    claim("mesh network", "up to 10 matching peers in parallel", "peers asked, on average", peers, peers <= 10),
    claim(
      "mesh network",
      "each peer has 1.5 s to respond",
      "ms, 99 of 100 searches, three of ten peers silent",
      hung.p99Ms,
      hung.p99Ms <= 1_600,
    ),
  ]
}

const ofTheDht = (stage: Stage): ReadonlyArray<Claim> => {
  const found = within(stage, dht, {}).sections.dht
  return [
    claim(
      "mesh network",
      "k=20, α=3: a value is found where gossip has not reached",
      "share of lookups that found it",
      found.found,
      found.found === 1,
    ),
    claim("mesh network", "k closest peers", "share of the closest nodes that hold it", found.overlap, found.overlap >= 0.9),
  ]
}

const ofPeers = (stage: Stage): ReadonlyArray<Claim> => {
  const { inner } = within(stage, roles, { records: 10 })
  const roster = inner.world.machines.map(
    ({ node }) => (node?.actors.snapshot("node")?.context as NodeContext | undefined)?.roster.length ?? 0,
  )
  return [
    claim("mesh network", "max_peers = 15", "most peers of a node that finds them itself", Math.max(...roster), Math.max(...roster) <= 15),
  ]
}

/** How long a tombstone is kept: looked at every quarter of an hour for a day and a bit. */
const ofADeletion = (stage: Stage): ReadonlyArray<Claim> => {
  const deletion: Scenario = {
    name: "deletion",
    purpose: "",
    defaults: { nodes: 3, records: 1, untilMs: 26 * hourMs },
    play: (inner) => {
      inner.lookEveryMs = 60_000
      inner.mesh(2)
      inner.run(2_000)
      inner.registerMany(1, 100)
      inner.run(5_000)
      for (const word of inner.records) inner.deregister(word)
      inner.run(10_000)
      const [word] = inner.ledger.words("deleted")
      const machine = inner.world.machines.find(({ index }) => index !== word!.home.index)!
      let heldMs = 0
      for (let atMs = 900_000; atMs <= 26 * hourMs; atMs += 900_000) {
        inner.run(atMs)
        if (inner.ledger.knows(machine, word!)) heldMs = atMs
      }
      inner.drawn["held"] = heldMs
      return {}
    },
  }
  const hours = Number(within(stage, deletion, {}).inner.drawn["held"]) / hourMs
  return [
    claim("mesh network", "tombstones suppress for 24 h", "hours that one is held elsewhere", hours, hours >= 23.5 && hours <= 24.5),
    claim("registration", "tombstones are honoured for 30 days", "hours that one is held elsewhere", hours, hours >= 30 * 24),
  ]
}
