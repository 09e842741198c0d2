/** The stores of some machines fail now and then, or always: what was asked of them is not done. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const failingStore: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly share: number; readonly stream: number }> = {
  name: "failing-store",
  lastsS: [5, 90],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.4),
    share: random.isTrue(0.3) ? 1 : Math.round(random.between(0.01, 0.8) * 100) / 100,
    stream: random.below(2 ** 31),
  }),
  begin: ({ world }, { machines, share, stream }) => {
    const ends = machines.map((machine) =>
      world.ail(world.machines[machine]!, { random: world.random(`failing-store/${stream}/${machine}`), failing: share }),
    )
    return () => ends.forEach((end) => end())
  },
}
