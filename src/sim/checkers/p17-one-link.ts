/**
 * P17: where nothing happened for long, both ends of every link know of it: whom a node lists lives, lists it as well, and is
 * connected by one connection (ruled: one rule for two links between two nodes, the same on both ends; no ghosts).
 */
import { dhtLinkOf } from "../../actors/cast.ts"
import type { NodeContext } from "../../actors/node.ts"
import { nodeKeyOf } from "../../protocol/dht/key.ts"
import { suspicionAfterMs, suspicionPatienceMs } from "../../protocol/limits.ts"
import type { PublicKey } from "../../protocol/identity/key.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker, Finding } from "./checker.ts"

/** Until the last peer that fell silent is given up. */
const settledMs = suspicionAfterMs + suspicionPatienceMs + 45_000
/** Until all have greeted, where nothing ever happened. */
const joinedMs = 15_000

export const oneLink: Checker = {
  invariant: "P17 one link",
  end: (stage) => {
    if (!isSettled(stage)) return []
    const machines = new Map(stage.world.machines.map((machine) => [machine.key, machine]))
    return stage
      .honest()
      .flatMap((machine) => ghostsOf(stage, machine, machines))
      .slice(0, 10)
  },
}

const isSettled = ({ options, world }: Stage): boolean => {
  const calmMs = world.clock.elapsedMs - world.lastTroubleMs
  return options.loss === 0 && calmMs >= (world.lastTroubleMs === 0 ? joinedMs : settledMs)
}

const ghostsOf = (stage: Stage, machine: Machine, machines: ReadonlyMap<PublicKey, Machine>): ReadonlyArray<Finding> =>
  listedBy(machine).flatMap((key): ReadonlyArray<Finding> => {
    const other = machines.get(key)
    const finding = (detail: string) => [{ node: machine.name, detail: `lists ${other?.name ?? "a stranger"}, ${detail}` }]
    if (other === undefined) return finding("which is none of the machines")
    if (!stage.isHonest(other)) return []
    if (other.node === undefined) return finding("which does not run")
    if (!listedBy(other).includes(machine.key)) return finding("which does not list it")
    const connections = stage.world.network.connectionsOf(machine, other) - visitsBetween(machine, other)
    return connections === 1 ? [] : finding(`over ${connections} connections`)
  })

/** Connections that one of them dialled for DHT questions only. */
const visitsBetween = (one: Machine, other: Machine): number =>
  [[one, other] as const, [other, one] as const].filter(([{ node }, { key }]) => node?.actors.isAlive(dhtLinkOf(nodeKeyOf(key)))).length

const listedBy = ({ node }: Machine): ReadonlyArray<PublicKey> =>
  ((node?.actors.snapshot("node")?.context as NodeContext | undefined)?.roster ?? []).map(({ publicKey }) => publicKey)
