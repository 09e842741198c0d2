/** Every machine reaches a majority, and no two the same one: those next to it on a ring. */
import { type FaultKind, shuffled } from "./fault.ts"

export const majorityRing: FaultKind<{ readonly ring: ReadonlyArray<number> }> = {
  name: "majority-ring",
  lastsS: [10, 90],
  draw: (random, nodes) => ({ ring: shuffled(random, nodes) }),
  begin: (stage, { ring }) => {
    const place = new Map(ring.map((machine, at) => [machine, at]))
    const reach = Math.ceil(ring.length / 4)
    return stage.world.network.disturb({
      isCut: true,
      touches: (from, to) => {
        const apart = Math.abs((place.get(from.index) ?? 0) - (place.get(to.index) ?? 0))
        return Math.min(apart, ring.length - apart) > reach
      },
    })
  },
}
