/** What a run prints: a banner with all that was drawn, the result, and for a failure the line that replays it. */
import { ownFiles } from "./arguments.ts"
import { writeLatency } from "./latency.ts"
import { defaultRun, type DhtSection, type FederatedSection, type MixedSection, type RunOptions, type Scenario } from "./scenario.ts"
import { type RunResult, scenarios } from "./simulate.ts"
import type { Drawn } from "./stage.ts"
import { writeTopology } from "./topology.ts"

export const banner = (scenario: Scenario, options: RunOptions, drawn: Drawn, commit: string): string =>
  [
    `sim ${scenario.name} · seed ${options.seed} · commit ${commit}`,
    `  ${scenario.purpose}`,
    `  nodes ${options.nodes} · records ${options.records} · until ${options.untilMs / 1_000} s · engine ${options.engine} · codec ${options.codec}`,
    `  ${Object.entries(drawn)
      .map(([what, value]) => `${what} ${value}`)
      .join(" · ")}`,
  ].join("\n")

export const report = (result: RunResult, wallMs: number, replay: string): string =>
  [
    ...(result.gossip === undefined
      ? []
      : [
          `  coverage ${percent(result.gossip.coverage)} · last hop ${result.gossip.lastHop} · redundancy ${result.gossip.redundancy.toFixed(2)} · ${result.gossip.messagesPerAnnouncement.toFixed(0)} messages an announcement`,
          `  shown after p50 ${Math.round(result.gossip.p50Ms)} ms · p99 ${Math.round(result.gossip.p99Ms)} ms · max ${Math.round(result.gossip.maxMs)} ms`,
        ]),
    ...(result.digest === undefined
      ? []
      : [
          `  ${result.digest.distinct} digests · agreed after ${result.digest.roundsAfterLastFault} rounds of anti-entropy · ${result.digest.unexplainedMissing} wrong and unexplained`,
        ]),
    ...(result.reconcile === undefined
      ? []
      : [`  reconciled with ${count(result.reconcile.bytesPerRound)} bytes in ${result.reconcile.roundTrips} round trips`]),
    ...(result.federated === undefined ? [] : [federatedLine(result.federated)]),
    ...(result.claims ?? []).map(
      ({ holds, measured, page, said, what }) => `  ${holds ? "holds " : "DIFFERS"} ${said} (${page}): ${count3(measured)} ${what}`,
    ),
    ...(result.dht === undefined ? [] : dhtLines(result.dht)),
    ...(result.mixed === undefined ? [] : mixedLines(result.mixed)),
    `  ${count(result.delivered)} frames in ${(result.virtualMs / 1_000).toFixed(0)} virtual s, ${(wallMs / 1_000).toFixed(1)} s of ours: ${count((result.delivered / wallMs) * 1_000)}/s`,
    `  trace ${result.trace}`,
    ...(result.crash === undefined ? [] : [`  CRASH at ${result.crash.node}: ${result.crash.reason}`]),
    ...result.violations
      .slice(0, 10)
      .map(
        ({ kind, invariant, atMs, node, detail }) =>
          `  ${kind.toUpperCase()} ${invariant} · ${(atMs / 1_000).toFixed(3)} s · ${node} ${detail}`,
      ),
    ...(result.violations.length > 10 ? [`  … and ${result.violations.length - 10} more`] : []),
    ...(result.violations.length > 0 || result.crash !== undefined ? [`  replay: ${replay}`] : ["  all invariants held"]),
  ].join("\n")

/** The line that runs it again. */
export const replayOf = (scenario: string, options: RunOptions, commit: string): string =>
  `git checkout ${commit} && npm run sim -- ${ownFiles.get(scenario) ?? scenario} ${flagsOf(options, usualOf(scenario))}`

/** What a scenario is given where nothing is said. */
const usualOf = (name: string): RunOptions => ({ ...defaultRun, ...scenarios.find((one) => one.name === name)?.defaults })

const dhtLines = (dht: DhtSection): ReadonlyArray<string> => [
  `  found ${percent(dht.found)} · survival ${percent(dht.survival)} · overlap ${percent(dht.overlap)} · denied ${percent(dht.denied)} · of ${count(dht.lookups)} lookups`,
  `  ${dht.rpcsMean.toFixed(1)} questions in ${dht.rounds.toFixed(1)} rounds for the closest, ${dht.valueRpcsMean.toFixed(1)} for a value · p50 ${count(dht.p50Ms)} ms · p99 ${count(dht.p99Ms)} ms · max ${count(dht.maxMs)} ms`,
]

const mixedLines = ({ answered, asked, deployed, explained, missing, owed, unanswered }: MixedSection): ReadonlyArray<string> => [
  `  ${deployed} deployed nodes · ${count(owed - missing)} of ${count(owed)} owed words are there · ${percent(answered)} of ${count(asked)} of their questions answered`,
  ...Object.entries(unanswered).map(([fate, questions]) => `  ${count(questions)} without an answer: ${fate}`),
  ...Object.entries(explained).map(([limit, pairs]) => `  ${count(pairs)} not there: ${limit}`),
]

/** All that was given, and what every run has: a run without one of these is another run. */
const flagsOf = (options: RunOptions, usual: RunOptions): string => {
  const {
    nodes,
    seed,
    untilMs,
    loss,
    latencyMs,
    latency,
    jitter,
    duplicate,
    reorder,
    corrupt,
    split,
    bandwidth,
    gossip,
    lookup,
    topology,
    records,
    differences,
    light,
    gateways,
    bootnodes,
    share,
    hung,
    lying,
    dead,
    byzantine,
    churnMs,
    sybils,
    faults,
    without,
    branch,
    limits,
    schedule,
    clients,
    engine,
    codec,
  } = options
  const numbers = { differences, light, gateways, bootnodes, share, hung, lying, dead, byzantine, sybils }
  return [
    `--nodes ${nodes} --seed ${seed} --until ${untilMs / 1_000} --loss ${loss} --records ${records} --engine ${engine} --codec ${codec}`,
    ...Object.entries(numbers).flatMap(([name, value]) => (value === usual[name as keyof typeof numbers] ? [] : [`--${name} ${value}`])),
    ...(churnMs === usual.churnMs ? [] : [`--churn ${churnMs / 1_000}s`]),
    ...(latencyMs !== undefined ? [`--latency ${latencyMs}`] : latency !== undefined ? [`--latency ${writeLatency(latency)}`] : []),
    ...Object.entries({ jitter, duplicate, reorder, corrupt, split, bandwidth, gossip, lookup }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name} ${value}`],
    ),
    ...(topology === undefined ? [] : [`--topology ${writeTopology(topology)}`]),
    ...(without === undefined ? [] : [`--without ${without.join(",")}`]),
    ...(branch === undefined ? [] : [`--branch ${branch.step}/${branch.seed}`]),
    ...(limits === undefined
      ? []
      : [
          `--limits ${Object.entries(limits)
            .map(([name, value]) => `${name}=${value}`)
            .join(",")}`,
        ]),
    ...(clients === undefined ? [] : [`--clients ${clients.join(",")}`]),
    ...(schedule === undefined ? [] : [`--schedule '${JSON.stringify(schedule)}'`]),
    ...(faults === undefined ? [] : [`--faults ${faults.join(",")}`]),
  ].join(" ")
}

const federatedLine = ({ asked, p50Ms, p95Ms, p99Ms, pruned, recall10 }: FederatedSection): string =>
  `  recall@10 ${recall10.toFixed(4)} · p50 ${p50Ms} ms · p95 ${p95Ms} ms · p99 ${p99Ms} ms · asked ${percent(asked)} of the peers · ${percent(pruned)} of those without an answer were not`

const percent = (share: number) => `${(share * 100).toFixed(share === 1 ? 0 : 3)} %`
const count = (value: number) => Math.round(value).toLocaleString("en-US")
const count3 = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 3 })
