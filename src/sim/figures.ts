/** What a run measures: the sections `gossip` and `digest` of its JSON (names and meaning are the contract's). */
import type { GossipMemory } from "../actors/gossip.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import type { Word } from "./ledger.ts"
import type { DigestSection, GossipSection } from "./scenario.ts"
import type { Stage } from "./stage.ts"
import type { Machine } from "./world.ts"

/** First deliveries, as they happen. */
export class Deliveries {
  readonly #latencies: Array<number> = []
  /** Most forwards that one needed. */
  lastHop = 0

  /** `tookMs` since it was acknowledged, where that is known. */
  count(hopCount: number, tookMs: number | undefined): void {
    this.lastHop = Math.max(this.lastHop, hopCount)
    if (tookMs !== undefined) this.#latencies.push(tookMs)
  }

  /** Milliseconds below which these shares of the deliveries stayed. */
  percentiles(...shares: ReadonlyArray<number>): ReadonlyArray<number> {
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
  }
}

/** How often a node gave this verdict. */
export const tallied = ({ node }: Machine, verdict: string): number => {
  const memory = node?.actors.snapshot("gossip")?.context as GossipMemory | undefined
  if (memory === undefined) return 0
  return (memory.others[verdict] ?? 0) + [...memory.push.links.values()].reduce((sum, { tally }) => sum + (tally[verdict] ?? 0), 0)
}

export const gossipSection = (stage: Stage, deliveries: Deliveries): GossipSection => {
  const honest = stage.honest()
  const pairs = stage.records.length * honest.length
  const announced = stage.ledger.count
  const tally = (verdict: string) => honest.reduce((sum, machine) => sum + tallied(machine, verdict), 0)
  const [accepted, duplicate, stale, ids] = [tally("accept"), tally("duplicate"), tally("stale"), tally("ids")]
  const [p50Ms, p99Ms, maxMs] = deliveries.percentiles(0.5, 0.99, 1) as [number, number, number]
  return {
    coverage: pairs === 0 ? 1 : 1 - stage.missing().length / pairs,
    lastHop: deliveries.lastHop,
    redundancy: accepted === 0 ? 0 : (duplicate + stale) / accepted,
    messagesPerAnnouncement: announced === 0 ? 0 : (accepted + duplicate + stale + ids) / announced,
    p50Ms,
    p99Ms,
    maxMs,
  }
}

export const digestSection = (stage: Stage): DigestSection => {
  const wrong = [...stage.pairs("registered"), ...stage.pairs("deleted")].filter(({ word, shown }) => !isRight(word, shown))
  return {
    distinct: stage.digests.distinct,
    roundsAfterLastFault: stage.digests.rounds,
    unexplainedMissing: wrong.filter(({ word, shown }) => stage.explanationOf(word, shown) === undefined).length,
  }
}

/** Does a node show of this what it has to? */
const isRight = ({ kind, client }: Word, shown: EntityEntry | undefined): boolean =>
  kind === "deleted" ? shown === undefined : shown !== undefined && shown.record.summary === client.registration["summary"]
