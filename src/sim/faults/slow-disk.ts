/** The disks of some machines answer late: every request waits, before it is done or after. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const slowDisk: FaultKind<{
  readonly machines: ReadonlyArray<number>
  readonly leastMs: number
  readonly mostMs: number
  readonly stream: number
}> = {
  name: "slow-disk",
  lastsS: [10, 90],
  draw: (random, nodes) => {
    const machines = drawMachines(random, nodes, 0.5)
    const leastMs = Math.round(random.between(1, 200))
    return { machines, leastMs, mostMs: leastMs + Math.round(random.between(0, 2_000)), stream: random.below(2 ** 31) }
  },
  begin: ({ world }, { machines, leastMs, mostMs, stream }) => {
    const ends = machines.map((machine) =>
      world.ail(world.machines[machine]!, { random: world.random(`slow-disk/${stream}/${machine}`), slowMs: [leastMs, mostMs] }),
    )
    return () => ends.forEach((end) => end())
  },
}
