/** A few peers flood one victim with announcements, as many as they can: nobody else's announcements may suffer. */
import { floodOf } from "../byzantine/flood.ts"
import { meshWithHands } from "../byzantine/liars.ts"
import { announcementsPerSecond, heldAnnouncementsMax } from "../../protocol/limits.ts"
import { signerOf } from "../keys.ts"
import type { Scenario } from "../scenario.ts"
import { type Edges, isConnected } from "../topology.ts"
import type { Stage } from "../stage.ts"
import { playFaults, turmoilOf } from "./faulty.ts"

const floodersMax = 3
const floodMs = 10_000
/**
 * Ids are told after half a second and asked for after 0.7 more, a few links in a row; and what the victim itself says waits
 * behind what it passes on of the flood, of which its neighbours hold so many seconds' worth.
 */
const promptMs = 2_000 + (1_000 * heldAnnouncementsMax) / announcementsPerSecond

export const flood: Scenario = {
  name: "flood",
  purpose: "who floods is slowed down, and nobody else",
  defaults: { nodes: 25, untilMs: 160_000, records: 60 },
  play: (stage) => {
    const { world } = stage
    const random = world.random("flood")
    const victim = random.below(stage.options.nodes)
    const hands = meshWithHands(stage, 8, (edges) => drawFlooders(stage, victim, edges))
    const { untilMs } = turmoilOf(stage)
    const fromMs = random.between(untilMs - 2 * floodMs, untilMs - floodMs)
    const { key } = world.machines[victim]!
    for (const [index, hand] of hands) {
      const machine = world.machines[index]!
      const liar = { machine, hand, random: world.random(`liar/${machine.name}`), origin: signerOf(machine.secret) }
      world.clock.at(fromMs, () => {
        const end = floodOf(stage, liar, ({ remoteKey }) => remoteKey === key)
        world.clock.at(untilMs - fromMs, end)
      })
      stage.drawn[`${machine.name} floods n${victim}`] = `${(fromMs / 1_000).toFixed(1)}–${(untilMs / 1_000).toFixed(1)} s`
    }
    stage.prompt = { fromMs, untilMs, withinMs: promptMs }
    return playFaults(stage, [], [])
  },
}

/** Neighbours of the victim, so that the others stay connected without them. */
const drawFlooders = (stage: Stage, victim: number, edges: Edges): ReadonlyArray<number> => {
  const random = stage.world.random("flooders")
  const honest = new Set(stage.world.machines.map(({ index }) => index))
  const neighbours = edges.flatMap(([a, b]) => (a === victim ? [b] : b === victim ? [a] : []))
  const flooders: Array<number> = []
  while (flooders.length < floodersMax && neighbours.length > 1) {
    const [drawn] = neighbours.splice(random.below(neighbours.length), 1)
    honest.delete(drawn!)
    if (isConnected(honest, edges)) flooders.push(drawn!)
    else honest.add(drawn!)
  }
  return flooders
}
