/**
 * `dht.lookups`: whole lookups for the k closest a second, in a simulated network of 1,000 nodes: machines, pool, connections,
 * every frame written and read. Tables are filled before, as whoever starts again fills them from what was written down. The
 * figure is of lookups over connections that are there; what they cost that dial and greet whom they ask is said beside it.
 *
 * The bound is the same lookups' arithmetic alone (`protocol/dht/search.ts`), each question answered from a real table at once.
 */
import "effect/schema/SchemaJITCompiler/enable"
import type { DhtMemory } from "../../src/actors/dht.ts"
import { head } from "../../src/protocol/dht/distance.ts"
import { type DhtKey, nodeKeyOf } from "../../src/protocol/dht/key.ts"
import * as Table from "../../src/protocol/dht/routing-table.ts"
import * as Search from "../../src/protocol/dht/search.ts"
import { sha256Hex } from "../../src/protocol/identity/digest.ts"
import { defaultDht } from "../../src/runtime/node/dht.ts"
import { defaultRun } from "../../src/sim/scenario.ts"
import { addressOf, Stage } from "../../src/sim/stage.ts"
import { type Benchmark, perSecond, readable, timed, type Took } from "../benchmark.ts"

const nodes = 1_000
const degree = 4
const lookups = 1_000
const settlingMs = 20_000
const quietMs = 2_000
/** In which they begin: two a second and node. */
const overMs = 1_000

const target = (i: number): DhtKey => sha256Hex(`lookup ${i}`) as DhtKey

export const dhtLookups: Benchmark = {
  name: "dht.lookups",
  purpose: "whole lookups for the 20 closest of 1,000 simulated nodes, every frame written and read",
  measure: async (say) => {
    const stage = new Stage({ ...defaultRun, nodes, records: 0, codec: "fast" })
    stage.mesh(degree, { dht: defaultDht })
    const tables = fill(stage)
    stage.run(settlingMs)
    const { clock } = stage.world
    let [ended, questions] = [0, 0]
    const count = (search: Search.Search | undefined) => {
      ended++
      questions += search?.asked.size ?? 0
    }
    const isUnderWay = () => ended < lookups
    const lookAll = () => {
      ended = questions = 0
      for (let i = 0; i < lookups; i++) {
        const machine = stage.world.machines[i % nodes]!
        clock.at((i / lookups) * overMs, () => {
          const fiber = stage.world.fork(machine, machine.node!.dht.look("contacts", target(i)))
          fiber.addObserver((exit) => count(exit._tag === "Success" ? exit.value : undefined))
        })
      }
      while (isUnderWay()) stage.world.run(clock.elapsedMs + 100)
    }
    const told = ({ ms, wallMs }: Took, how: string) =>
      say(
        `${lookups} lookups ${how}, ${readable(questions / lookups)} questions each: ${readable(perSecond(lookups, ms))} a second of one core (${readable(wallMs)} ms on the wall)`,
      )
    told(timed(lookAll), "that dial and greet most of whom they ask")
    stage.world.run(clock.elapsedMs + quietMs)
    const took = timed(lookAll)
    told(took, "over connections that are there")
    const bound = perSecond(lookups, bareMs(tables))
    return { value: perSecond(lookups, took.ms), unit: "lookups a second", bound, boundName: "the arithmetic alone" }
  },
}

/** Everybody has seen everybody, in an order of its own. */
const fill = (stage: Stage): ReadonlyMap<DhtKey, Table.RoutingTable> => {
  const { clock, machines } = stage.world
  const nowMs = clock.currentTimeMillisUnsafe()
  const contacts = machines.map((machine) => ({
    id: nodeKeyOf(machine.key),
    address: addressOf(machine),
    network: undefined,
    seenMs: nowMs,
    head: head(nodeKeyOf(machine.key)),
  }))
  return new Map(
    machines.map((machine, at) => {
      const { table } = machine.node!.actors.snapshot("dht")!.context as DhtMemory
      for (let i = 0; i < contacts.length; i++) Table.see(table, contacts[(i * 7 + at) % contacts.length]!)
      return [nodeKeyOf(machine.key), table]
    }),
  )
}

const bareMs = (tables: ReadonlyMap<DhtKey, Table.RoutingTable>): number => {
  const selves = [...tables.keys()]
  return timed(() => {
    for (let i = 0; i < lookups; i++) {
      const self = selves[i % selves.length]!
      const key = target(i)
      const { k } = tables.get(self)!
      let search = Search.begin(
        { self, key, goal: "contacts", k, alpha: 3, paths: 1, holdersWanted: 0 },
        Table.closest(tables.get(self)!, key, 2 * k),
        nodes,
      )
      while (!Search.isOver(search)) {
        const [questions, next] = Search.ask(search)
        search = questions.reduce((known, { to }) => Search.hear(known, to.id, Table.closest(tables.get(to.id)!, key, k), []), next)
      }
    }
  }).ms
}
