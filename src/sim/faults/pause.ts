/** Some machines do not run for a while, and then go on as if nothing had been. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const pause: FaultKind<{ readonly machines: ReadonlyArray<number> }> = {
  name: "pause",
  lastsS: [2, 90],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.2) }),
  begin: (stage, { machines }) => {
    const { world } = stage
    for (const machine of machines) world.pause(world.machines[machine]!)
    return () => machines.forEach((machine) => world.resume(world.machines[machine]!))
  },
}
