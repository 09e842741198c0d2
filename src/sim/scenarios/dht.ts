/**
 * The DHT of a large network: what is published is found by everybody, though many are dead, lie, come and go, or crowd
 * one key. What nodes gossip does not matter here: what is found is found by lookups.
 */
import { Effect, type Fiber } from "effect"
import type { DhtMemory } from "../../actors/dht.ts"
import type { Contact } from "../../protocol/dht/contact.ts"
import { type DhtKey, idKeyOf, nodeKeyOf } from "../../protocol/dht/key.ts"
import { closest, type Search } from "../../protocol/dht/search.ts"
import { get } from "../../protocol/dht/value-store.ts"
import { capabilities } from "../../protocol/wire/message.ts"
import { cast } from "../../runtime/cast.ts"
import { defaultDht } from "../../runtime/node/dht.ts"
import type { NodeSettings } from "../../runtime/node-settings.ts"
import { misrouting } from "../byzantine/misroute.ts"
import { crowdOf } from "../byzantine/crowd.ts"
import type { SeededRandom } from "../dice.ts"
import type { DhtSection, RunOptions, Scenario } from "../scenario.ts"
import { addressOf, type Stage } from "../stage.ts"
import { graphOf } from "../topology.ts"
import { client } from "../workload/clients.ts"
import type { Machine } from "../world.ts"

/** Peers of a node; fewer where a day has to pass, as each says every half minute that it lives. */
const degreeOf = ({ churnMs }: RunOptions): number => (churnMs > 0 ? 3 : 8)
/** Whoever has fewer finds more by itself; not where a day has to pass. */
const wantedOf = (options: RunOptions): number => (options.churnMs > 0 ? 0 : degreeOf(options))
/** In a day of churn, else half of the time is spent on looking. */
const lookEveryMs = 30_000
/** Everybody joins, and joins once more a minute later. */
const joinMs = 120_000
const publishingMs = 10_000
/** Until what was published is stored, dead contacts and all. */
const settlingMs = 60_000
const readingMs = 60_000
/** Lookups for values, and as many for the closest nodes. */
const lookupsMax = 1_000
/** Departures that never come back, among those of churn. */
const absenceShare = 0.25

export const dht: Scenario = {
  name: "dht",
  purpose: "what is published in the DHT is found by everybody",
  defaults: { nodes: 200, untilMs: joinMs + publishingMs + settlingMs + readingMs, records: 100 },
  play: (stage) => {
    const honest = castOf(stage)
    if (stage.options.churnMs > 0) stage.lookEveryMs = lookEveryMs
    stage.run(joinMs)
    const { records, untilMs } = stage.options
    const halfway = Math.floor(records / 2)
    const before = publish(stage, honest, 0, halfway)
    stage.run(joinMs + publishingMs)
    kill(stage, honest)
    const after = publish(stage, living(honest), halfway, records)
    stage.run(joinMs + publishingMs + settlingMs)
    const endMs = Math.max(untilMs, stage.world.clock.elapsedMs + readingMs)
    const churning = churn(stage, honest, endMs - readingMs)
    stage.run(endMs - readingMs)
    churning()
    const section = measure(stage, honest, before, after, endMs)
    for (const detail of owed(stage.options, section)) stage.violate("liveness", "K4 found", { node: "all", detail })
    return { dht: section }
  },
}

/** What has to be found, whatever was done to the network (ruled: the targets of a network of a thousand). */
const owed = (
  { byzantine, churnMs, dead, sybils }: RunOptions,
  { denied, found, lookups, overlap, survival }: DhtSection,
): ReadonlyArray<string> => {
  const isHarmed = churnMs > 0 || sybils > 0
  const least = byzantine > 0 || dead > 0.3 ? 0.99 : dead > 0 ? 0.999 : 1
  return [
    ...(lookups === 0 ? ["nothing was looked for"] : []),
    ...(!isHarmed && dead <= 0.5 && byzantine <= 0.3 && found < least ? [`only ${found} of what was published was found`] : []),
    ...(!isHarmed && dead <= 0.3 && byzantine === 0 && overlap < 0.9 ? [`only ${overlap} of the closest found hold what was stored`] : []),
    ...(churnMs > 0 && survival < 0.995 ? [`only ${survival} of the values survived`] : []),
    ...(denied > 0.02 ? [`${denied} of the lookups for the crowded key were denied`] : []),
  ]
}

// playing ------------------------------------------------------------------------------------------------------------

interface Published {
  readonly number: number
  readonly key: DhtKey
  readonly home: Machine
}

const living = (machines: ReadonlyArray<Machine>): ReadonlyArray<Machine> => machines.filter(({ node }) => node !== undefined)

/** All machines run; who is honest is returned. */
const castOf = (stage: Stage): ReadonlyArray<Machine> => {
  const { byzantine, nodes, seed, sybils } = stage.options
  const { world } = stage
  const degree = degreeOf(stage.options)
  stage.drawn["degree"] = degree
  for (let i = 0; i < nodes; i++) world.addMachine()
  const liars = new Set(drawShare(world.random("liars"), nodes, byzantine))
  const crowd = sybils === 0 ? [] : crowdOf(stage, sybils, idKeyOf(client(seed, crowdedNumber).entityId))
  const group: Array<Contact> = [...world.machines.filter(({ index }) => liars.has(index)), ...crowd].map(contactOf)
  const misled: Partial<NodeSettings> = { cast: { ...cast, dht: misrouting(group) } }
  const edges = Map.groupBy(
    graphOf(stage.options.topology ?? { kind: "random", degree }, world.machines.length, world.random("topology")),
    ([dialler]) => dialler,
  )
  for (const machine of world.machines) {
    const bootstrap = (edges.get(machine.index) ?? []).map(([, listener]) => ({ address: addressOf(world.machines[listener]!) }))
    const isLiar = liars.has(machine.index) || machine.index >= nodes
    if (isLiar) stage.markByzantine(machine)
    const settings = stage.settings({ dht: defaultDht, capabilities: [capabilities.dht], wantedPeers: wantedOf(stage.options), bootstrap })
    world.boot(machine, isLiar ? { ...settings, ...misled } : settings)
  }
  return world.machines.filter((machine) => stage.isHonest(machine))
}

/** So many of them, and no fewer. */
const drawShare = (random: SeededRandom, count: number, share: number): ReadonlyArray<number> => {
  const left = Array.from({ length: count }, (_, i) => i)
  return Array.from({ length: Math.round(count * share) }, () => left.splice(random.below(left.length), 1)[0]!)
}

/** Of the record whose key is crowded. */
const crowdedNumber = 0

const contactOf = (machine: Machine): Contact => ({ id: nodeKeyOf(machine.key), address: addressOf(machine) })

/** Registers entities at random nodes. */
const publish = (stage: Stage, at: ReadonlyArray<Machine>, from: number, to: number): ReadonlyArray<Published> => {
  const random = stage.world.random(`publish/${from}`)
  return Array.from({ length: to - from }, (_, i): Published => {
    const { entityId, registration } = client(stage.options.seed, from + i)
    const home = random.pick(at)
    stage.world.clock.at(random.between(0, publishingMs / 2), () => {
      stage.world.fork(home, home.node!.service.registerEntity(registration))
    })
    return { number: from + i, key: idKeyOf(entityId), home }
  })
}

/** A share of them loses power, and nobody is told. */
const kill = (stage: Stage, machines: ReadonlyArray<Machine>): void => {
  for (const index of drawShare(stage.world.random("dead"), machines.length, stage.options.dead))
    stage.takeDown(machines[index]!.index, { isSilent: true })
}

/** Sessions whose median is what was asked for; a node that comes back has forgotten what it held for others. */
const churn = (stage: Stage, machines: ReadonlyArray<Machine>, untilMs: number): (() => void) => {
  const { churnMs } = stage.options
  if (churnMs === 0) return () => {}
  const random = stage.world.random("sessions")
  const { clock } = stage.world
  const after = (medianMs: number, act: () => void) =>
    clock.at((-Math.log(1 - random.next()) / Math.LN2) * medianMs, () => {
      if (clock.elapsedMs < untilMs) act()
    })
  const come = (machine: Machine): void => {
    stage.restart(machine.index)
    after(churnMs, () => go(machine))
  }
  const go = (machine: Machine): void => {
    stage.takeDown(machine.index, { isSilent: random.isTrue(0.5) })
    after(churnMs * absenceShare, () => come(machine))
  }
  for (const machine of machines) if (machine.node !== undefined) after(churnMs, () => go(machine))
  return () => {}
}

// measuring ----------------------------------------------------------------------------------------------------------

interface Reading {
  readonly published: Published
  readonly fiber: Fiber.Fiber<{ readonly search: Search | undefined; readonly tookMs: number }>
}

const measure = (
  stage: Stage,
  honest: ReadonlyArray<Machine>,
  before: ReadonlyArray<Published>,
  after: ReadonlyArray<Published>,
  endMs: number,
): DhtSection => {
  const random = stage.world.random("readers")
  const all = [...before, ...after]
  const lookups = Math.min(lookupsMax, 10 * all.length)
  const values: Array<Reading> = []
  const nodes: Array<Reading> = []
  const { clock } = stage.world
  for (let i = 0; i < lookups; i++) {
    const published = all[i % all.length]!
    clock.at(random.between(0, readingMs / 2), () => {
      const reader = random.pick(living(honest))
      values.push({ published, fiber: stage.world.fork(reader, timed(reader, reader.node!.dht.look("value", published.key))) })
    })
    const stored = after.length === 0 ? published : after[i % after.length]!
    clock.at(random.between(0, readingMs / 2), () => {
      const reader = random.pick(living(honest))
      nodes.push({ published: stored, fiber: stage.world.fork(reader, timed(reader, reader.node!.dht.look("contacts", stored.key))) })
    })
  }
  stage.run(endMs)
  return sectionOf(stage, resultsOf(values), resultsOf(nodes), all)
}

const timed = ({ clock }: Machine, look: Effect.Effect<Search | undefined>) => {
  const startedMs = clock.currentTimeMillisUnsafe()
  return Effect.map(look, (search) => ({ search, tookMs: clock.currentTimeMillisUnsafe() - startedMs }))
}

interface Result {
  readonly published: Published
  readonly search: Search
  readonly tookMs: number
}

/** Of those that ended: a reader that went away meanwhile waits for nothing. */
const resultsOf = (readings: ReadonlyArray<Reading>): ReadonlyArray<Result> =>
  readings.flatMap(({ fiber, published }) => {
    const exit = fiber.pollUnsafe()
    if (exit?._tag !== "Success" || exit.value.search === undefined) return []
    return [{ published, search: exit.value.search, tookMs: exit.value.tookMs }]
  })

const sectionOf = (
  stage: Stage,
  values: ReadonlyArray<Result>,
  nodes: ReadonlyArray<Result>,
  all: ReadonlyArray<Published>,
): DhtSection => {
  const isFound = ({ search }: Result) => search.values.length > 0
  const crowded = stage.options.sybils === 0 ? [] : values.filter(({ published }) => published.number === crowdedNumber)
  const survivors = new Set(values.filter(isFound).map(({ published }) => published.number))
  const held = new Map(all.map(({ key }) => [key, holdersOf(stage, key)]))
  const asked = nodes.map(({ search }) => search.asked.size)
  return {
    found: share(values.filter(isFound).length, values.length),
    overlap: mean(
      nodes.map(({ published, search }) => {
        const found = closest(search)
        return share(found.filter(({ id }) => held.get(published.key)!.has(id)).length, found.length)
      }),
    ),
    rpcsMean: mean(asked),
    valueRpcsMean: mean(values.map(({ search }) => search.asked.size)),
    rounds: mean(asked.map((questions) => Math.ceil(questions / defaultDht.alpha))),
    survival: share(survivors.size, all.length),
    denied: share(crowded.filter((one) => !isFound(one)).length, crowded.length),
    lookups: values.length + nodes.length,
    ...percentiles(values.map(({ tookMs }) => tookMs)),
  }
}

/** Living nodes that hold something for a key. */
const holdersOf = (stage: Stage, key: DhtKey): ReadonlySet<DhtKey> =>
  new Set(
    stage.world.machines.flatMap((machine) => {
      const memory = machine.node?.actors.snapshot("dht")?.context as DhtMemory | undefined
      return memory !== undefined && get(memory.values, key, stage.world.clock.currentTimeMillisUnsafe()).length > 0
        ? [nodeKeyOf(machine.key)]
        : []
    }),
  )

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const mean = (numbers: ReadonlyArray<number>): number =>
  share(
    numbers.reduce((sum, number) => sum + number, 0),
    numbers.length,
  )
const percentiles = (numbers: ReadonlyArray<number>) => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}
