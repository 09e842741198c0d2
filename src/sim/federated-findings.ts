/** What comes of searching with peers, read off the wire and compared with one index over everything. */
import { Context, Effect } from "effect"
import type { EntityId, RegistryId } from "../protocol/identity/id.ts"
import { queriedPeersMax, queryPatienceMs } from "../protocol/limits.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import { indexedEntity } from "../protocol/search/entity.ts"
import { trustOfOwn, trustUnknown } from "../protocol/search/ranking.ts"
import { SearchIndex } from "../protocol/search/search-index.ts"
import { Codec } from "../runtime/ports.ts"
import { hearing } from "./hearing-codec.ts"
import type { FederatedSection } from "./scenario.ts"
import type { Stage } from "./stage.ts"
import type { Machine, PortsOver } from "./world.ts"

/** A machine, and what it can answer a query with. */
export interface Home {
  readonly machine: Machine
  readonly entries: ReadonlyArray<EntityEntry>
}

const best = 10
const proof = "P19 answers prove themselves"
const loop = "P20 no loop"
/** Of the best ten, at least so many are found, whoever hangs or lies. */
const recallMin = 0.9
/** A search takes no longer than peers are waited for, and a turn of the clock. */
const slackMs = 100
/** Machines that hear of one query: those that are asked, and those that two of them ask. */
const hearersMax = 3 * queriedPeersMax

/** Who was asked what, read off the wire. */
export class Traffic {
  /** Machines that heard a query, by its id. */
  readonly heard = new Map<string, Set<number>>()
  /** How often it was heard. */
  readonly times = new Map<string, number>()
  /** The query that a machine asked last. */
  readonly asked = new Map<number, string>()

  readonly over =
    (machine: Machine): PortsOver =>
    (ports) => {
      const codec = Context.get(ports, Codec)
      const heard = hearing(codec, (message) => {
        if (message.type !== "QUERY") return
        this.heard.set(message.id, (this.heard.get(message.id) ?? new Set()).add(machine.index))
        this.times.set(message.id, (this.times.get(message.id) ?? 0) + 1)
      })
      return Context.add(ports, Codec, {
        ...heard,
        write: (message) => {
          if (message.type === "QUERY") this.asked.set(machine.index, message.id)
          return codec.write(message)
        },
      })
    }
}

/** One index over everything that can be found. */
export class Oracle {
  readonly #index = new SearchIndex()

  constructor(entries: ReadonlyArray<EntityEntry>) {
    for (const entry of entries) this.#index.put(indexedEntity(entry))
  }

  /** The best, as this registry ranks. */
  best(query: string, asker: RegistryId, nowMs: number): ReadonlyArray<string> {
    this.#index.judge({ trustOf: (registry) => (registry === asker ? trustOfOwn : trustUnknown), isSilent: () => false })
    return this.#index.search({ text: query, nowMs, offset: 0, maxResults: best }).hits.map(({ id }) => id)
  }
}

export class Findings {
  readonly #stage: Stage
  readonly #oracle: Oracle
  readonly #traffic: Traffic
  readonly #homes: ReadonlyArray<Home>
  /** What each node is home to, alone. */
  readonly #alone: ReadonlyArray<SearchIndex>
  readonly #signed: ReadonlyMap<EntityId, EntityEntry>
  readonly #tookMs: Array<number> = []
  readonly #recalls: Array<number> = []
  #asked = 0
  #askedInVain = 0
  #withoutAnswer = 0
  #unanswered = 0

  constructor(stage: Stage, oracle: Oracle, homes: ReadonlyArray<Home>, traffic: Traffic) {
    this.#stage = stage
    this.#oracle = oracle
    this.#traffic = traffic
    this.#homes = homes
    this.#signed = new Map(homes.flatMap(({ entries }) => entries.map((entry) => [entry.record.entity_id, entry])))
    this.#alone = homes.map(({ entries }) => {
      const index = new SearchIndex()
      for (const entry of entries) index.put(indexedEntity(entry))
      return index
    })
  }

  ask(asker: Machine, query: string): void {
    const { world } = this.#stage
    const fromMs = world.clock.elapsedMs
    const node = asker.node!.service
    const nowMs = world.clock.currentTimeMillisUnsafe()
    this.#unanswered++
    world.fork(
      asker,
      Effect.map(node.search({ query, federated: true, max_results: best }), ({ hits }) => {
        this.#unanswered--
        this.#tookMs.push(world.clock.elapsedMs - fromMs)
        const found = new Set<string>(hits.map(({ entry }) => entry.record.entity_id))
        const wanted = this.#oracle.best(query, node.registryId, nowMs)
        if (wanted.length > 0) this.#recalls.push(wanted.filter((id) => found.has(id)).length / wanted.length)
        this.#look(asker, query, nowMs)
        for (const { entry } of hits) this.#hold(asker, entry)
      }),
    )
  }

  /** How many were asked, and how many of those who have nothing were not. */
  #look(asker: Machine, query: string, nowMs: number): void {
    const heard = this.#traffic.heard.get(this.#traffic.asked.get(asker.index) ?? "") ?? new Set()
    this.#asked += heard.size
    for (const { machine } of this.#homes) {
      if (machine === asker) continue
      const { totalFound } = this.#alone[machine.index]!.search({ text: query, nowMs, offset: 0, maxResults: 1 })
      if (totalFound > 0) continue
      this.#withoutAnswer++
      if (heard.has(machine.index)) this.#askedInVain++
    }
  }

  /** Whatever is shown is as its owner signed it. */
  #hold(asker: Machine, { record }: EntityEntry): void {
    const signed = this.#signed.get(record.entity_id)?.record
    if (signed?.name === record.name && signed.summary === record.summary && signed.home_registry === record.home_registry) return
    this.#stage.violate("safety", proof, { node: asker.name, detail: `shows ${record.entity_id} as nobody signed it` })
  }

  section(): FederatedSection {
    const queries = this.#tookMs.length
    if (this.#unanswered > 0)
      this.#stage.violate("liveness", proof, { node: "all", detail: `${this.#unanswered} queries were never answered` })
    const sorted = this.#tookMs.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    const recall10 = this.#recalls.reduce((sum, recall) => sum + recall, 0) / Math.max(1, this.#recalls.length)
    if (recall10 < recallMin)
      this.#stage.violate("liveness", proof, { node: "all", detail: `only ${recall10.toFixed(3)} of the best ten were found` })
    if (at(1) > queryPatienceMs + slackMs) this.#stage.violate("liveness", proof, { node: "all", detail: `a search took ${at(1)} ms` })
    for (const [query, times] of this.#traffic.times)
      if (times > hearersMax) this.#stage.violate("safety", loop, { node: "all", detail: `query ${query} was heard ${times} times` })
    return {
      recall10,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      asked: this.#asked / Math.max(1, queries * (this.#homes.length - 1)),
      pruned: 1 - this.#askedInVain / Math.max(1, this.#withoutAnswer),
    }
  }
}
