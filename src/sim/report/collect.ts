/**
 * What the report shows of a run, gathered while it runs: bounded, so that a thousand nodes make a page of a few megabytes.
 * Looking changes nothing: nothing is put on the clock, and no chance is drawn.
 */
import { writeParameters } from "../faults/schedule.ts"
import type { HoldingsMemory } from "../../actors/holdings.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { type Slice, type SlicedEvent, sliceOf } from "../causes.ts"
import { digestOf } from "../digest-watch.ts"
import type { EventLog, LoggedEvent } from "../event-log.ts"
import type { RunOptions, Scenario } from "../scenario.ts"
import type { RunResult } from "../simulate.ts"
import type { Stage } from "../stage.ts"
import { tellEvent } from "../tell.ts"
import type { Machine } from "../world.ts"

/** Moments at which every node is looked at. */
const samplesMax = 240
/** Messages that are drawn, and words of clients. */
const messagesMax = 24_000
const wordsMax = 400

/**
 * How a node stands at a moment: down, paused, 2 … 253 behind the most common picture by so much, 254: of another make, so that
 * nothing is seen of what it holds, 255: the same as most.
 */
export const standing = { down: 0, paused: 1, least: 2, most: 253, unseen: 254, same: 255 } as const

export interface ReportData {
  readonly scenario: string
  readonly purpose: string
  readonly commit: string
  readonly replay: string
  readonly options: RunOptions
  readonly drawn: Readonly<Record<string, string | number>>
  readonly result: Pick<RunResult, "trace" | "delivered" | "violations" | "crash" | "gossip" | "digest" | "virtualMs">
  /** `isGuest`: of another make than ours; nothing is seen of what it holds. */
  readonly nodes: ReadonlyArray<{ readonly name: string; readonly lies: boolean; readonly isGuest: boolean }>
  readonly untilMs: number
  readonly samplesMs: ReadonlyArray<number>
  /** Of each sample one byte a node, as base64. */
  readonly standing: string
  /** From, to, since, until. */
  readonly links: ReadonlyArray<readonly [number, number, number, number]>
  readonly faults: ReadonlyArray<{
    readonly kind: string
    readonly fromMs: number
    readonly untilMs: number
    readonly detail: string
    readonly machines: ReadonlyArray<number>
  }>
  readonly outages: ReadonlyArray<{
    readonly node: number
    readonly kind: "down" | "paused"
    readonly fromMs: number
    readonly untilMs: number
  }>
  readonly kinds: ReadonlyArray<string>
  /** Of each kind, deliveries in each of `samplesMax` equal parts of the time; and losses of any. */
  readonly perKind: ReadonlyArray<ReadonlyArray<number>>
  readonly losses: ReadonlyArray<number>
  /** Sent, arrived, from, to, kind (its index; 255: lost): five columns of 32 bits, as base64. */
  readonly messages: string
  readonly messagesOf: number
  readonly words: ReadonlyArray<{ readonly atMs: number; readonly node: number; readonly kind: string; readonly about: string }>
  /** Milliseconds from the word to a node's showing it; and forwards it took. */
  readonly latencies: {
    readonly binMs: number
    readonly counts: ReadonlyArray<number>
    readonly p50: number
    readonly p99: number
    readonly max: number
  }
  readonly hops: ReadonlyArray<number>
  readonly causes: { readonly events: ReadonlyArray<SlicedEvent & { readonly says: string }>; readonly leftOut: number } | undefined
  readonly events: number
  readonly eventsDropped: number
}

export class Collector {
  readonly #stage: Stage
  readonly #log: EventLog
  readonly #samplesMs: Array<number> = []
  readonly #standings: Array<Uint8Array> = []
  readonly #everyMs: number
  readonly #hops: Array<number> = []
  readonly #links: Array<[number, number, number, number]> = []
  #nextMs = 0

  /** Before anything happens. */
  constructor(stage: Stage) {
    this.#stage = stage
    this.#log = stage.world.record()
    this.#everyMs = Math.max(20, Math.ceil(stage.options.untilMs / (samplesMax - 2)))
    stage.onStep = () => {
      if (stage.world.clock.elapsedMs >= this.#nextMs) this.#sample()
    }
    const hear = stage.world.onHappening
    const open = new Map<string, [number, number, number, number]>()
    stage.world.onHappening = (machine, happening) => {
      hear(machine, happening)
      if (happening.type === "gossip.accepted") this.#hops[happening.hopCount] = (this.#hops[happening.hopCount] ?? 0) + 1
      if (happening.type !== "peer.connected" && happening.type !== "peer.disconnected") return
      const peer = this.#machineOf(happening.registryId)
      if (peer === undefined) return
      const key = `${machine.index} ${peer}`
      const nowMs = stage.world.clock.elapsedMs
      const before = open.get(key)
      if (before !== undefined) before[3] = nowMs
      open.delete(key)
      if (happening.type === "peer.disconnected") return
      const link: [number, number, number, number] = [machine.index, peer, nowMs, Number.POSITIVE_INFINITY]
      this.#links.push(link)
      open.set(key, link)
    }
  }

  readonly #indexes = new Map<string, number>()
  #machineOf(registryId: string): number | undefined {
    if (this.#indexes.size !== this.#stage.world.machines.length)
      for (const { index, key } of this.#stage.world.machines) this.#indexes.set(idOf("registry", key), index)
    return this.#indexes.get(registryId)
  }

  #sample(): void {
    const { machines, clock } = this.#stage.world
    this.#nextMs = clock.elapsedMs + this.#everyMs
    const digests = machines.map((machine) => (machine.node === undefined ? undefined : digestOf(machine)))
    const counts = new Map<string, number>()
    machines.forEach((machine, i) => {
      const digest = digests[i]
      if (digest !== undefined && this.#stage.isHonest(machine)) counts.set(digest, (counts.get(digest) ?? 0) + 1)
    })
    const [common] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? []
    const most = Math.max(1, ...machines.map(heldBy))
    this.#samplesMs.push(clock.elapsedMs)
    this.#standings.push(
      Uint8Array.from(machines, (machine, i) => {
        const isGuest = this.#stage.isGuest(machine)
        if (isGuest ? machine.outages.length > 0 : machine.node === undefined) return standing.down
        if (!machine.gate.isOpen) return standing.paused
        if (isGuest) return standing.unseen
        const { least, most: full } = standing
        return digests[i] === common ? standing.same : least + Math.round(((full - least) * heldBy(machine)) / most)
      }),
    )
  }

  /** When the run is over. */
  data(scenario: Scenario, result: RunResult, commit: string, replay: string): ReportData {
    this.#sample()
    const stage = this.#stage
    const log = this.#log
    const untilMs = Math.max(1, result.virtualMs)
    const part = (atMs: number) => Math.min(samplesMax - 1, Math.floor((atMs / untilMs) * samplesMax))
    const kinds = new Map<string, Array<number>>()
    const losses = Array.from({ length: samplesMax }, () => 0)
    const drawn = new Thinned(samplesMax, messagesMax)
    const words: Array<LoggedEvent> = []
    const firstWord = new Map<string, number>()
    const latencies: Array<number> = []
    for (const event of log.events()) {
      if (event.kind === "deliver" || event.kind === "lose") {
        drawn.add(part(event.atMs), event)
        if (event.kind === "lose") losses[part(event.atMs)]!++
        else {
          const kind = kindOf(event)
          const counts = kinds.get(kind) ?? Array.from({ length: samplesMax }, () => 0)
          kinds.set(kind, counts)
          counts[part(event.atMs)]!++
        }
      } else if (event.kind === "word") {
        words.push(event)
        for (const subject of event.about) firstWord.set(subject, event.atMs)
      } else if (event.kind === "report" && event.what === "gossip.accepted") {
        const atMs = firstWord.get(event.about[0]!)
        if (atMs !== undefined) latencies.push(event.atMs - atMs)
      }
    }
    const names = [...kinds].sort(([, a], [, b]) => sum(b) - sum(a)).map(([name]) => name)
    const messages = drawn.all()
    return {
      scenario: scenario.name,
      purpose: scenario.purpose,
      commit,
      replay,
      options: stage.options,
      drawn: stage.drawn,
      result: {
        trace: result.trace,
        delivered: result.delivered,
        violations: result.violations,
        virtualMs: result.virtualMs,
        ...(result.crash !== undefined && { crash: result.crash }),
        ...(result.gossip !== undefined && { gossip: result.gossip }),
        ...(result.digest !== undefined && { digest: result.digest }),
      },
      nodes: stage.world.machines.map((machine) => ({
        name: machine.name,
        lies: stage.isByzantine(machine),
        isGuest: stage.isGuest(machine),
      })),
      untilMs,
      samplesMs: this.#samplesMs,
      standing: Buffer.concat(this.#standings).toString("base64"),
      links: this.#links.map(([a, b, from, until]) => [a, b, from, Math.min(until, untilMs + 1)]),
      faults: stage.faults.map(({ kind, atMs, forMs, parameters: { machines, ...others } }) => ({
        kind,
        fromMs: atMs,
        untilMs: atMs + forMs,
        machines: Array.isArray(machines) ? (machines as ReadonlyArray<number>) : [],
        detail: writeParameters(others).join(" · "),
      })),
      outages: outagesIn(log, untilMs),
      kinds: names,
      perKind: names.map((name) => kinds.get(name)!),
      losses,
      messages: columns(messages, names),
      messagesOf: drawn.of,
      words: words.slice(0, wordsMax).map(({ atMs, machine, what, about }) => ({ atMs, node: machine, kind: what, about: about[0] ?? "" })),
      latencies: histogram(latencies),
      hops: Array.from(this.#hops, (count) => count ?? 0),
      causes: told(sliceOf(log), (machine) => stage.world.machines[machine]!.name),
      events: log.count,
      eventsDropped: log.dropped,
    }
  }
}

const told = (slice: Slice | undefined, name: (machine: number) => string): ReportData["causes"] =>
  slice && { ...slice, events: slice.events.map((event) => ({ ...event, says: tellEvent(event, name) })) }

const heldBy = (machine: Machine): number =>
  (machine.node?.actors.snapshot("holdings")?.context as HoldingsMemory | undefined)?.set.size ?? 0

/** What a delivery was, in one word: the first of the messages that ended in it. */
const kindOf = ({ what }: LoggedEvent): string => (what === "" ? "part of a frame" : what.split(",")[0]!.split(" ")[0]!)

/** At most so many in each part of the time, evenly chosen: a burst takes nothing from a quiet hour. */
class Thinned {
  of = 0
  readonly #parts: Array<Array<LoggedEvent>>
  readonly #strides: Array<number>
  readonly #counts: Array<number>
  readonly #most: number

  constructor(parts: number, most: number) {
    this.#parts = Array.from({ length: parts }, () => [])
    this.#strides = Array.from({ length: parts }, () => 1)
    this.#counts = Array.from({ length: parts }, () => 0)
    this.#most = Math.floor(most / parts)
  }

  add(part: number, event: LoggedEvent): void {
    this.of++
    if (this.#counts[part]!++ % this.#strides[part]! !== 0) return
    const kept = this.#parts[part]!
    kept.push(event)
    if (kept.length <= 2 * this.#most) return
    this.#parts[part] = kept.filter((_, i) => i % 2 === 0)
    this.#strides[part]! *= 2
  }

  all(): ReadonlyArray<LoggedEvent> {
    return this.#parts.flatMap((events) => {
      const stride = Math.max(1, events.length / this.#most)
      return Array.from({ length: Math.min(events.length, this.#most) }, (_, i) => events[Math.floor(i * stride)]!)
    })
  }
}

const columns = (events: ReadonlyArray<LoggedEvent>, kinds: ReadonlyArray<string>): string => {
  const numbers = new Int32Array(5 * events.length)
  events.forEach((event, i) =>
    [event.sinceMs, event.atMs, event.from, event.machine, event.kind === "lose" ? 255 : kinds.indexOf(kindOf(event))].forEach(
      (value, column) => (numbers[column * events.length + i] = value),
    ),
  )
  return Buffer.from(numbers.buffer).toString("base64")
}

const outagesIn = (log: EventLog, untilMs: number): ReportData["outages"] => {
  const outages: Array<{ node: number; kind: "down" | "paused"; fromMs: number; untilMs: number }> = []
  const end = (node: number, kind: "down" | "paused", atMs: number) => {
    const open = outages.findLast((one) => one.node === node && one.kind === kind && one.untilMs === untilMs)
    if (open !== undefined) open.untilMs = atMs
  }
  for (const { kind, machine, atMs } of log.events()) {
    if (kind === "boot") end(machine, "down", atMs)
    if (kind === "resume") end(machine, "paused", atMs)
    if (kind === "crash" || kind === "pause")
      outages.push({ node: machine, kind: kind === "crash" ? "down" : "paused", fromMs: atMs, untilMs })
  }
  return outages
}

const binsMax = 60

const histogram = (values: ReadonlyArray<number>): ReportData["latencies"] => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  // what is far out goes to the last bin, so that the rest is seen
  const leastMs = Math.max(1, (1.2 * at(0.99)) / binsMax)
  const binMs = [1, 2, 5]
    .flatMap((step) => [0, 1, 2, 3, 4, 5, 6, 7].map((digits) => step * 10 ** digits))
    .sort((a, b) => a - b)
    .find((one) => one >= leastMs)!
  const counts = Array.from({ length: binsMax + 1 }, () => 0)
  for (const value of sorted) counts[Math.min(binsMax, Math.floor(value / binMs))]!++
  return { binMs, counts, p50: at(0.5), p99: at(0.99), max: at(1) }
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, one) => total + one, 0)
