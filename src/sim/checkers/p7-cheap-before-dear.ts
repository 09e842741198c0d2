/**
 * P7: a duplicate is known by its id: it is neither verified again nor does it come as far as the store. Looked at where
 * nothing, not even time, makes a node forget what it has seen, and where nobody lies. And whoever sends, no peer has more
 * verified in a second than its allowance.
 */
import { announcementsPerSecond, claimsPerEntityMax, seenWindowMs } from "../../protocol/limits.ts"
import { lookEveryMs } from "../digest-watch.ts"
import { tallied } from "../figures.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker, Finding } from "./checker.ts"

/** Verified twice, because it came again before it was believed. */
const overlapping = (merged: number): number => 20 + merged / 2

export const cheapBeforeDear: Checker = {
  invariant: "P7 cheap before dear",
  look: (stage, machine) => tooFast(stage, machine),
  end: (stage) => {
    if (stage.world.clock.elapsedMs > seenWindowMs || !stage.world.isSteady || stage.honest().length < stage.world.machines.length)
      return []
    // only what a later word overtook on its way may be too late, and what finds no place among the claims that are kept
    const { count } = stage.ledger
    const overtaken = count - stage.ledger.all().length + crowdedOut(stage)
    return stage.honest().flatMap((machine): ReadonlyArray<Finding> => {
      const [stale, merged] = [tallied(machine, "stale"), tallied(machine, "accept") + tallied(machine, "stale")]
      if (stale > overtaken) return [{ node: machine.name, detail: `merged ${stale} announcements that it had merged before, of ${count}` }]
      return machine.believed <= merged + overlapping(merged)
        ? []
        : [{ node: machine.name, detail: `verified ${machine.believed} announcements to merge ${merged}` }]
    })
  },
}

/** Several registries may have met a developer before they heard of each other: claims to it beyond those that are kept. */
const crowdedOut = ({ ledger }: Stage): number => {
  const homes = Map.groupBy(ledger.all(), ({ client }) => client.registration["developer_id"])
  let claims = 0
  for (const words of homes.values()) claims += Math.max(0, new Set(words.map(({ home }) => home)).size - claimsPerEntityMax)
  return claims
}

/** Connections that may have come and gone between two looks. */
const fleeting = 2
const before = new WeakMap<Machine, { readonly believed: number; readonly atMs: number; readonly connections: number }>()

/** A bucket that was full may be emptied in the same second in which it fills again. */
const tooFast = ({ world }: Stage, machine: Machine): Finding | undefined => {
  const last = before.get(machine)
  const atMs = world.clock.elapsedMs
  const connections = world.network.connectionsOf(machine)
  before.set(machine, { believed: machine.believed, atMs, connections })
  if (last === undefined || machine.node === undefined) return undefined
  const { announcementsPerSecond: allowed = announcementsPerSecond } = machine.started?.settings ?? {}
  const seconds = Math.max(1, (atMs - last.atMs) / lookEveryMs) + 1
  const most = allowed * seconds * (Math.max(connections, last.connections) + fleeting)
  const believed = machine.believed - last.believed
  return believed <= most
    ? undefined
    : { node: machine.name, detail: `verified ${believed} announcements in a second, at most ${most} are allowed` }
}
