/** What every scenario of many virtual days has: a few nodes, faults that last for hours or days, and time that is looked at by the minute. */
import type { SeededRandom } from "../dice.ts"
import { drawMachines, type PlannedFault } from "../faults/fault.ts"
import { arrange, faultKinds, faultNames, leftOf } from "../faults/schedule.ts"
import type { Stage } from "../stage.ts"

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** Longer than a lease, so that whole registries become stale and come back. */
const lastsH: Readonly<Record<string, readonly [least: number, most: number]>> = {
  halves: [1, 40],
  "one-way": [0.2, 6],
  crash: [0.1, 30],
  pause: [0.1, 3],
  "clock-skew": [2, 60],
  "failing-store": [0.1, 5],
  loss: [1, 20],
}
/** Faults in a month; a shorter run has fewer. */
const faultsPerDay = 0.5
/** The last part of the run is calm. */
const calmMs = 6 * hourMs
const joinMs = 3_000

/** Begins it: the faults are arranged; what comes back says when they, and whatever clients do, shall be over. */
export const beginMonth = (
  stage: Stage,
): { readonly fromMs: number; readonly untilMs: number; readonly faults: ReadonlyArray<PlannedFault> } => {
  const { options, world } = stage
  stage.lookEveryMs = 60_000
  const untilMs = Math.max(joinMs + 1_000, options.untilMs - Math.min(calmMs, options.untilMs / 2))
  const kinds = (options.faults ?? Object.keys(lastsH)).filter((name) => faultNames.includes(name) && name in lastsH)
  const faults = leftOf(options, draw(world.random("faults"), options.nodes, kinds, joinMs, untilMs))
  arrange(stage, faults)
  return { fromMs: joinMs, untilMs, faults }
}

const draw = (
  random: SeededRandom,
  nodes: number,
  kinds: ReadonlyArray<string>,
  fromMs: number,
  untilMs: number,
): ReadonlyArray<PlannedFault> => {
  if (kinds.length === 0) return []
  return Array.from({ length: Math.ceil(((untilMs - fromMs) / dayMs) * faultsPerDay) }, () => {
    const drawn = random.pick(kinds)
    const kind = faultKinds.find(({ name }) => name === drawn)!
    const forMs = Math.min(untilMs - fromMs, Math.round(random.between(...lastsH[kind.name]!) * hourMs))
    const parameters = kind.draw(random, nodes)
    // of few machines few: a month in which nobody is there says nothing
    const few =
      "machines" in parameters && kind.name === "crash" ? { ...parameters, machines: drawMachines(random, nodes, 0.2) } : parameters
    return { kind: kind.name, atMs: Math.round(random.between(fromMs, untilMs - forMs)), forMs, parameters: few }
  }).sort((a, b) => a.atMs - b.atMs)
}
