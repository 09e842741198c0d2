/** Some connections of some machines are forgotten at that end, as by a router that starts anew: the other end is left to find out. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const halfOpen: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly share: number; readonly stream: number }> = {
  name: "half-open",
  lastsS: [2, 90],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.4),
    share: Math.round(random.between(0.1, 1) * 100) / 100,
    stream: random.below(2 ** 31),
  }),
  begin: ({ world }, { machines, share, stream }) => {
    const random = world.random(`half-open/${stream}`)
    const ends = machines.map((machine) => {
      const end = world.shake(world.machines[machine]!)
      world.network.forgetSome(world.machines[machine]!, () => random.isTrue(share))
      return end
    })
    return () => ends.forEach((end) => end())
  },
}
