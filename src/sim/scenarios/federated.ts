/**
 * Federated search in a topical mesh: each node is home to a few records, mostly of one topic, and holds nobody else's (light
 * nodes that chose nothing), so that a search finds only what asking others finds. Some peers never answer a query, some lie
 * in their answers and in their filters.
 *
 * What comes of each query is compared with one index over all that honest, answering nodes are home to, ranked as the asker
 * ranks.
 */
import { Context, Effect } from "effect"
import { announceEntity } from "../../protocol/gossip/announcement.ts"
import type { EntityId, RegistryId } from "../../protocol/identity/id.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { indexedEntity } from "../../protocol/search/entity.ts"
import { trustOfOwn, trustUnknown } from "../../protocol/search/ranking.ts"
import { SearchIndex } from "../../protocol/search/search-index.ts"
import { secondsOf } from "../../protocol/time.ts"
import { isUnreadable } from "../../protocol/wire/spec-codec.ts"
import { Codec } from "../../runtime/ports.ts"
import { Hand } from "../byzantine/hand.ts"
import { lieInAnswers } from "../byzantine/lie-in-answers.ts"
import { lieInBlooms } from "../byzantine/lie-in-blooms.ts"
import { signerOf } from "../keys.ts"
import type { FederatedSection, Scenario } from "../scenario.ts"
import { addressOf, type Stage } from "../stage.ts"
import { clientAbout } from "../workload/clients.ts"
import { aboutTopic, drawTopics, queryAbout, type Topic } from "../workload/topics.ts"
import type { Machine, PortsOver } from "../world.ts"

const topicsCount = 10
const recordsOfEach = 20
/** Share of a node's records that are about its own topic. */
const ownTopic = 0.9
const joinMs = 5_000
const askersCount = 20
/** Between two queries of one asker: longer than any is waited for. */
const pauseMs = 2_000
const best = 10
const invariant = "P19 answers prove themselves"

export const federated: Scenario = {
  name: "federated",
  purpose: "a search among peers finds what one index over all of them would find, whoever hangs or lies",
  defaults: { nodes: 100, untilMs: 57_000, latencyMs: 50, hung: 0.1, lying: 0.05 },
  play: (stage) => {
    const { world } = stage
    const topics = drawTopics(world.random("topics"), topicsCount)
    const homes = furnish(stage, topics)
    const { hung, lying } = castOf(stage)
    const traffic = new Traffic()
    for (const machine of world.machines) {
      const hand = hung.get(machine.index) ?? lying.get(machine.index)
      const others = world.machines.slice(0, machine.index).map((other) => ({ address: addressOf(other) }))
      world.boot(machine, stage.settings({ role: "light", indexes: true, bootstrap: others }), (own) =>
        traffic.over(machine)(hand === undefined ? own : hand.over(own)),
      )
    }
    for (const [index, hand] of lying) {
      const machine = world.machines[index]!
      for (const kind of [lieInBlooms, lieInAnswers])
        kind.begin(stage, { machine, hand, random: world.random(`liar/${machine.name}/${kind.name}`), origin: signerOf(machine.secret) })
    }
    stage.run(joinMs)

    const reachable = homes.filter(({ machine }) => !hung.has(machine.index) && !lying.has(machine.index))
    const askers = drawSome(
      stage,
      reachable.map(({ machine }) => machine),
      askersCount,
    )
    const oracle = new Oracle(reachable.flatMap(({ entries }) => entries))
    const findings = new Findings(stage, oracle, homes, traffic)
    const random = world.random("queries")
    for (const asker of askers)
      for (let i = 0; joinMs + (i + 2) * pauseMs <= stage.options.untilMs; i++)
        world.clock.at(i * pauseMs + random.below(pauseMs / 4), () => findings.ask(asker, queryAbout(random, random.pick(topics))))
    stage.run(stage.options.untilMs)
    return { federated: findings.section() }
  },
}

interface Home {
  readonly machine: Machine
  readonly entries: ReadonlyArray<EntityEntry>
}

/** Machines with their records on disk, as if they had been registered long ago. */
const furnish = (stage: Stage, topics: ReadonlyArray<Topic>): ReadonlyArray<Home> => {
  const { options, world } = stage
  const random = world.random("records")
  const nowMs = world.clock.currentTimeMillisUnsafe()
  return Array.from({ length: options.nodes }, (_, i): Home => {
    const machine = world.addMachine()
    const origin = signerOf(machine.secret)
    const entries = Array.from({ length: recordsOfEach }, (_, j): EntityEntry => {
      const number = i * recordsOfEach + j
      const topic = random.isTrue(ownTopic) ? topics[i % topics.length]! : random.pick(topics)
      const { registration } = clientAbout(options.seed, number, aboutTopic(random, topic, number))
      const read = readRegistration(registration, { home: origin.registryId, nowMs, check: () => true })
      if (read.type === "refused") throw new Error(read.message)
      const { implicitDeveloper: developer, record } = read
      const announcement = announceEntity(origin, "register", record, secondsOf(nowMs))
      world.perform(machine, machine.store.register({ record, developer, announcement }))
      return { record, tier: "local", status: "active", contested: false }
    })
    return { machine, entries }
  })
}

/** Who never answers, and who lies. */
const castOf = (stage: Stage) => {
  const { hung: hungShare, lying: lyingShare, nodes } = stage.options
  const drawn = drawSome(stage, stage.world.machines, Math.round(nodes * hungShare) + Math.round(nodes * lyingShare))
  const hung = new Map<number, Hand>()
  const lying = new Map<number, Hand>()
  for (const [i, machine] of drawn.entries()) {
    const hand = new Hand()
    stage.markByzantine(machine)
    if (i >= Math.round(nodes * hungShare)) lying.set(machine.index, hand)
    else {
      hung.set(machine.index, hand)
      hand.lets = (message) => (message.type === "QUERY_ACK" ? undefined : message)
    }
  }
  stage.drawn["hung"] = hung.size
  stage.drawn["lying"] = lying.size
  return { hung, lying }
}

const drawSome = (stage: Stage, machines: ReadonlyArray<Machine>, count: number): ReadonlyArray<Machine> => {
  const random = stage.world.random(`some of ${machines.length}`)
  const left = [...machines]
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random.below(left.length), 1)[0]!)
}

/** Who was asked what, read off the wire. */
class Traffic {
  /** Machines that heard a query, by its id. */
  readonly heard = new Map<string, Set<number>>()
  /** The query that a machine asked last. */
  readonly asked = new Map<number, string>()

  readonly over =
    (machine: Machine): PortsOver =>
    (ports) => {
      const codec = Context.get(ports, Codec)
      return Context.add(ports, Codec, {
        write: (message) => {
          if (message.type === "QUERY") this.asked.set(machine.index, message.id)
          return codec.write(message)
        },
        reader: () => {
          const read = codec.reader()
          return (chunk) => {
            const spoken = read(chunk)
            for (const message of spoken.messages)
              if (!isUnreadable(message) && message.type === "QUERY")
                this.heard.set(message.id, (this.heard.get(message.id) ?? new Set()).add(machine.index))
            return spoken
          }
        },
      })
    }
}

/** One index over everything that can be found. */
class Oracle {
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

class Findings {
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
    this.#stage.violate("safety", invariant, { node: asker.name, detail: `shows ${record.entity_id} as nobody signed it` })
  }

  section(): FederatedSection {
    const queries = this.#tookMs.length
    if (this.#unanswered > 0)
      this.#stage.violate("liveness", invariant, { node: "all", detail: `${this.#unanswered} queries were never answered` })
    const sorted = this.#tookMs.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    return {
      recall10: this.#recalls.reduce((sum, recall) => sum + recall, 0) / Math.max(1, this.#recalls.length),
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      asked: this.#asked / Math.max(1, queries * (this.#homes.length - 1)),
      pruned: 1 - this.#askedInVain / Math.max(1, this.#withoutAnswer),
    }
  }
}
