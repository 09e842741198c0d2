/**
 * K2: who lives, and could be heard all the time, keeps its place in the table, whoever else would like to have it; and
 * who is connected to us and was heard has a place, or waits for one.
 */
import type { DhtMemory } from "../../actors/dht.ts"
import { sharedBits } from "../../protocol/dht/distance.ts"
import { type DhtKey, nodeKeyOf } from "../../protocol/dht/key.ts"
import { contactsOf } from "../../protocol/dht/routing-table.ts"
import { dhtReplacementsMax } from "../../protocol/limits.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker } from "./checker.ts"

/** Longer than any question is waited for. */
const calmEnoughMs = 30_000

/** By the DHT's memory: a node that starts again begins anew. */
const before = new WeakMap<DhtMemory, { readonly ids: ReadonlySet<DhtKey>; readonly atMs: number }>()

export const liveContactsStay: Checker = {
  invariant: "K2 live contacts stay",
  look: (stage, machine) => {
    const memory = machine.node?.actors.snapshot("dht")?.context as DhtMemory | undefined
    if (memory === undefined || stage.options.loss > 0) return undefined
    const now = new Set(contactsOf(memory.table).map(({ id }) => id))
    const last = before.get(memory)
    const atMs = stage.world.clock.elapsedMs
    before.set(memory, { ids: now, atMs })
    if (last === undefined) return undefined
    const lost = [...last.ids].filter((id) => !now.has(id))
    // it may have lost its place at any moment since we looked last
    const calmMs = calmEnoughMs + atMs - last.atMs
    const wronged = lost.map((id) => machineOf(stage, id)).find((other) => other !== undefined && isAround(stage, machine, other, calmMs))
    if (wronged !== undefined) return { node: machine.name, detail: `gave ${wronged.name}'s place away, which lives` }
    const forgotten = connectedTo(machine, memory)
      .filter((id) => !now.has(id) && !isWaiting(memory, id) && mayWait(stage, memory, id))
      .map((id) => machineOf(stage, id))
      .find((other) => other !== undefined && isAround(stage, machine, other, calmMs))
    return forgotten === undefined ? undefined : { node: machine.name, detail: `forgot ${forgotten.name}, to which it is connected` }
  },
}

/** Who answers questions, and was heard when nothing could have kept it from being heard. */
const connectedTo = ({ clock }: Machine, { links }: DhtMemory): ReadonlyArray<DhtKey> =>
  [...links.values()].flatMap(({ address, heardMs, id }) =>
    address !== undefined && clock.currentTimeMillisUnsafe() - heardMs < calmEnoughMs ? [id] : [],
  )

const isWaiting = ({ table: { buckets, self } }: DhtMemory, id: DhtKey): boolean =>
  buckets.get(sharedBits(self, id))?.replacements.some((seen) => seen.id === id) === true

/** Where so few live that all of them have a place or wait for one. */
const mayWait = ({ world }: Stage, memory: DhtMemory, id: DhtKey): boolean => {
  const { k, self } = memory.table
  const counts = inRange.get(memory) ?? Map.groupBy(world.machines, ({ key }) => sharedBits(self, nodeKeyOf(key)))
  inRange.set(memory, counts)
  return (counts.get(sharedBits(self, id))?.length ?? 0) <= k + dhtReplacementsMax
}

/** Machines by the bits that they share with a node. */
const inRange = new WeakMap<DhtMemory, ReadonlyMap<number, ReadonlyArray<Machine>>>()

const machineOf = (stage: Stage, id: DhtKey): Machine | undefined => stage.world.machines.find(({ key }) => nodeKeyOf(key) === id)

const isAround = (stage: Stage, machine: Machine, other: Machine, calmMs: number): boolean =>
  other.node !== undefined && stage.isHonest(other) && stage.world.troubles.calmMs(machine, other, calmMs) >= calmMs
