/**
 * What a scenario is: a named world with a purpose. It builds its world on a stage, plays, and says what it found; the
 * checkers say whether that was right.
 */
import type { Checker } from "./checkers/checker.ts"
import type { PlannedFault } from "./faults/fault.ts"
import type { Latency } from "./latency.ts"
import type { Stage } from "./stage.ts"
import type { Topology } from "./topology.ts"

/** What can be given on the command line; everything else is drawn from the seed, and printed. */
export interface RunOptions {
  readonly nodes: number
  readonly seed: number
  readonly untilMs: number
  /** Share of pieces lost. */
  readonly loss: number
  /** Constant one-way latency. */
  readonly latencyMs?: number
  /** How it is drawn where it is not constant; log-normal around 50 ms when absent. */
  readonly latency?: Latency
  /** Share of the latency by which single pieces differ. */
  readonly jitter?: number
  /** Shares of pieces that arrive twice, late, changed, and cut up. */
  readonly duplicate?: number
  readonly reorder?: number
  readonly corrupt?: number
  readonly split?: number
  /** Kilobytes a second that a connection carries each way. */
  readonly bandwidth?: number
  /** Who is connected to whom at the start; a scenario says how many links a node has when absent. */
  readonly topology?: Topology
  /** Rules by name, where they are not ours (`strategies.ts`). */
  readonly gossip?: string
  readonly lookup?: string
  readonly records: number
  /** Records that one of two nodes holds and the other does not. */
  readonly differences: number
  /** Share of light nodes, and numbers of gateways and bootnodes. */
  readonly light: number
  readonly gateways: number
  readonly bootnodes: number
  /** Share of nodes that speak the deployed dialect only. */
  readonly share: number
  /** Shares of nodes that answer no query, and that lie in their answers. */
  readonly hung: number
  readonly lying: number
  /** Shares of dead and of misrouting nodes, median session of the others (0: they stay), and Sybils at one key of the DHT. */
  readonly dead: number
  readonly byzantine: number
  readonly churnMs: number
  readonly sybils: number
  /** Kinds of faults that happen, for sure and no others; drawn when absent. */
  readonly faults?: ReadonlyArray<string>
  /** Faults by number, in the order they begin, that do not happen after all: what would have been without them. */
  readonly without?: ReadonlyArray<number>
  /** After so many wake-ups the rest is drawn from another seed: what else might have come of it. */
  readonly branch?: { readonly step: number; readonly seed: number }
  /** Numbers of `protocol/limits.ts` that are others in this process: set where it was started, and said here. */
  readonly limits?: Readonly<Record<string, number>>
  /** Exactly these faults, drawn or not; and of the clients only these do anything: what is left of a run that was made smaller. */
  readonly schedule?: ReadonlyArray<PlannedFault>
  readonly clients?: ReadonlyArray<number>
  readonly engine: "compiled" | "xstate"
  readonly codec: "wire" | "fast"
}

export interface Scenario {
  readonly name: string
  /** One sentence. */
  readonly purpose: string
  readonly defaults: Partial<RunOptions>
  /** Its own, beside those that look at every run. */
  readonly checkers?: ReadonlyArray<Checker>
  readonly play: (stage: Stage) => Sections
}

/** Sections of the JSON that a scenario fills (names and meaning are the contract's). */
export interface Sections {
  readonly gossip?: GossipSection
  readonly digest?: DigestSection
  readonly reconcile?: ReconcileSection
  readonly dht?: DhtSection
  readonly federated?: FederatedSection
  readonly claims?: ReadonlyArray<Claim>
  readonly mixed?: MixedSection
}

export interface MixedSection {
  /** Deployed nodes. */
  readonly deployed: number
  /** (word, node) pairs that are owed, at nodes of both kinds, and those of them that are not there. */
  readonly owed: number
  readonly missing: number
  /** Pairs that are not there because of a limit of deployed nodes, by that limit. */
  readonly explained: Readonly<Record<string, number>>
  /** Questions of searching deployed nodes that know no other of their kind, and the share that was answered in time. */
  readonly asked: number
  readonly answered: number
  /** What became of the others. */
  readonly unanswered: Readonly<Record<string, number>>
}

/** A figure that a page claims. */
export interface Claim {
  readonly page: string
  readonly said: string
  /** What was measured, with its unit. */
  readonly what: string
  readonly measured: number
  readonly holds: boolean
}

export interface FederatedSection {
  /** Of the ten best of one index over all reachable nodes, the share that was found, on average. */
  readonly recall10: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  /** Share of all peers that were asked, per query. */
  readonly asked: number
  /** Of the peers that have nothing to say, the share that was not asked. */
  readonly pruned: number
}

export interface DigestSection {
  /** Different digests of what they hold, among living honest nodes, at the end. */
  readonly distinct: number
  /** Anti-entropy periods from the end of the last fault until one digest. */
  readonly roundsAfterLastFault: number
  /** (record, living honest node) pairs that are wrong at the end, and no fault explains it. */
  readonly unexplainedMissing: number
}

export interface ReconcileSection {
  /** Framed bytes of both directions, without the exchanged records themselves. */
  readonly bytesPerRound: number
  readonly roundTrips: number
}

export interface DhtSection {
  /** Share of the lookups for values that found one, and of all values that were found at least once. */
  readonly found: number
  readonly survival: number
  /** Of the k closest nodes that a lookup comes to, the share that holds what was stored there. */
  readonly overlap: number
  /** Questions, and waves of α questions, of a lookup for the k closest; questions of one for a value. */
  readonly rpcsMean: number
  readonly rounds: number
  readonly valueRpcsMean: number
  /** Share of the lookups for the crowded key that found nothing. */
  readonly denied: number
  /** Lookups measured. */
  readonly lookups: number
  /** Of a lookup for a value, in virtual time. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface GossipSection {
  /** Share of (record, living honest node) pairs. */
  readonly coverage: number
  /** Most forwards that a first delivery needed. */
  readonly lastHop: number
  /** Copies beyond the first, per delivery. */
  readonly redundancy: number
  readonly messagesPerAnnouncement: number
  /** From the registration to the moment a node shows it. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface Violation {
  readonly kind: "safety" | "liveness"
  readonly invariant: string
  readonly atMs: number
  readonly node: string
  readonly detail: string
}

export const defaultRun: RunOptions = {
  nodes: 25,
  seed: 1,
  untilMs: 60_000,
  loss: 0,
  records: 100,
  differences: 100,
  light: 0,
  gateways: 0,
  bootnodes: 0,
  share: 0,
  hung: 0,
  lying: 0,
  dead: 0,
  byzantine: 0,
  churnMs: 0,
  sybils: 0,
  engine: "compiled",
  codec: "fast",
}
