/** Where a fault of single pieces is felt: everywhere, or on all that goes to and from some machines. */
import type { SeededRandom } from "../dice.ts"
import type { Disturbance } from "../disturbance.ts"
import type { Stage } from "../stage.ts"
import { drawMachines } from "./fault.ts"

/** No machines: everywhere. */
export type Where = { readonly machines: ReadonlyArray<number> }

export const drawWhere = (random: SeededRandom, nodes: number): Where => ({
  machines: random.isTrue(0.5) ? [] : drawMachines(random, nodes, 0.5),
})

/** A share in thousandths, so that a banner can say all of it. */
export const drawShare = (random: SeededRandom, least: number, most: number): number =>
  Math.round(random.between(least, most) * 1_000) / 1_000

export const disturb = (stage: Stage, { machines }: Where, what: Disturbance): (() => void) => {
  const touched = new Set(machines)
  return stage.world.network.disturb(
    touched.size === 0 ? what : { ...what, touches: (from, to) => touched.has(from.index) || touched.has(to.index) },
  )
}
