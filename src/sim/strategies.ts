/**
 * Rules by name, to be compared in one sweep: `--gossip flood`, `sweep convergence --grid gossip=tree,plumtree,flood,lazy`. A
 * rule is what it makes of a node's settings: other actors in its cast, other capabilities, other numbers. One's own is added
 * with `gossipRules.set("mine", …)` in the file of a scenario.
 */
import { gossip, type GossipEvent, type GossipInput, type GossipMemory } from "../actors/gossip.ts"
import type { Command } from "../actors/command.ts"
import type { Reducer } from "../actors/reducer.ts"
import * as LazyPush from "../protocol/gossip/lazy-push.ts"
import { capabilities } from "../protocol/wire/message.ts"
import type { NodeSettings } from "../runtime/node-settings.ts"

export type Rule = (settings: NodeSettings) => NodeSettings

/** How announcements spread. */
export const gossipRules = new Map<string, Rule>([
  // whole along one tree that beacons find, ids beside it: ours
  ["tree", (settings) => settings],
  // whole to all, until duplicates prune a tree for each origin (Leitão, Pereira and Rodrigues 2007)
  ["plumtree", (settings) => withGossip(settings, (memory, event, say) => withoutBeacons(memory, event, say))],
  // whole to all, always: the mesh page
  ["flood", (settings) => ({ ...settings, capabilities: without(settings, capabilities.lazyPush) })],
  // ids to all; who lacks it asks
  [
    "lazy",
    (settings) =>
      withGossip(settings, (memory, event, say) => {
        for (const link of memory.push.links.keys()) LazyPush.turn(memory.push, link, false)
        withoutBeacons(memory, event, say)
      }),
  ],
])

/** How values are looked up in the DHT. */
export const lookupRules = new Map<string, Rule>([
  ["kademlia", (settings) => settings],
  // one question at a time
  ["narrow", (settings) => ({ ...settings, dht: { ...settings.dht, alpha: 1 } })],
  ["wide", (settings) => ({ ...settings, dht: { ...settings.dht, alpha: 8 } })],
])

type Step = (memory: GossipMemory, event: GossipEvent, say: (command: Command) => void) => void

const withGossip = (settings: NodeSettings, step: Step): NodeSettings => ({
  ...settings,
  cast: { ...settings.cast, gossip: { ...gossip, step } satisfies Reducer<GossipInput, GossipMemory, GossipEvent> },
})

const withoutBeacons: Step = (memory, event, say) => {
  if (event.type === "message.received" && event.message.type === "BEACON") return
  gossip.step(memory, event, (command) => {
    if (command.type !== "send" || command.message.type !== "BEACON") say(command)
  })
}

const without = ({ capabilities: given = Object.values(capabilities) }: NodeSettings, one: string): ReadonlyArray<string> =>
  given.filter((capability) => capability !== one)
