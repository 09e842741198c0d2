/** The disks of some machines are full: what is there can be read, and nothing written. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const fullDisk: FaultKind<{ readonly machines: ReadonlyArray<number> }> = {
  name: "full-disk",
  lastsS: [10, 120],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.4) }),
  begin: ({ world }, { machines }) => {
    const ends = machines.map((machine) => world.ail(world.machines[machine]!, { random: world.random("full-disk"), isFull: true }))
    return () => ends.forEach((end) => end())
  },
}
