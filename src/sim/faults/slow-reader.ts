/** What comes to some machines goes through a thin line: pieces queue, and whoever writes feels it. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const slowReader: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly kilobytesPerSecond: number }> = {
  name: "slow-reader",
  lastsS: [10, 90],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.4), kilobytesPerSecond: Math.round(random.between(2, 60)) }),
  begin: ({ world }, { machines, kilobytesPerSecond }) => {
    const slow = new Set(machines)
    return world.network.disturb({ bytesPerSecond: kilobytesPerSecond * 1_000, touches: (_, to) => slow.has(to.index) })
  },
}
