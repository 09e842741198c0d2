/**
 * Federated search in a topical mesh: each node is home to a few records, mostly of one topic, and holds nobody else's (light
 * nodes that chose nothing), so that a search finds only what asking others finds. Some peers never answer a query, some lie
 * in their answers and in their filters.
 *
 * What comes of each query is compared with one index over all that honest, answering nodes are home to, ranked as the asker
 * ranks.
 */
import { announceEntity } from "../../protocol/gossip/announcement.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { secondsOf } from "../../protocol/time.ts"
import { Hand } from "../byzantine/hand.ts"
import { lieInAnswers } from "../byzantine/lie-in-answers.ts"
import { lieInBlooms } from "../byzantine/lie-in-blooms.ts"
import { signerOf } from "../keys.ts"
import { Findings, type Home, Oracle, Traffic } from "../federated-findings.ts"
import type { Scenario } from "../scenario.ts"
import { addressOf, type Stage } from "../stage.ts"
import { clientAbout } from "../workload/clients.ts"
import { aboutTopic, drawTopics, queryAbout, type Topic } from "../workload/topics.ts"
import type { Machine } from "../world.ts"

const topicsCount = 10
const recordsOfEach = 20
/** Share of a node's records that are about its own topic. */
const ownTopic = 0.9
const joinMs = 5_000
const askersCount = 20
/** Between two queries of one asker: longer than any is waited for. */
const pauseMs = 2_000

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
