/** K2: who lives, and could be heard all the time, keeps its place in the table, whoever else would like to have it. */
import type { DhtMemory } from "../../actors/dht.ts"
import { type DhtKey, nodeKeyOf } from "../../protocol/dht/key.ts"
import { contactsOf } from "../../protocol/dht/routing-table.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker } from "./checker.ts"

/** Longer than any question is waited for. */
const calmEnoughMs = 30_000

/** By the DHT's memory: a node that starts again begins anew. */
const before = new WeakMap<DhtMemory, ReadonlySet<DhtKey>>()

export const liveContactsStay: Checker = {
  invariant: "K2 live contacts stay",
  look: (stage, machine) => {
    const memory = machine.node?.actors.snapshot("dht")?.context as DhtMemory | undefined
    if (memory === undefined || stage.options.loss > 0) return undefined
    const now = new Set(contactsOf(memory.table).map(({ id }) => id))
    const lost = [...(before.get(memory) ?? [])].filter((id) => !now.has(id))
    before.set(memory, now)
    const wronged = lost.map((id) => machineOf(stage, id)).find((other) => other !== undefined && isAround(stage, machine, other))
    return wronged === undefined ? undefined : { node: machine.name, detail: `gave ${wronged.name}'s place away, which lives` }
  },
}

const machineOf = (stage: Stage, id: DhtKey): Machine | undefined => stage.world.machines.find(({ key }) => nodeKeyOf(key) === id)

const isAround = (stage: Stage, machine: Machine, other: Machine): boolean =>
  other.node !== undefined && stage.isHonest(other) && stage.world.troubles.calmMs(machine, other, calmEnoughMs) >= calmEnoughMs
