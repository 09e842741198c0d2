/** Some machines end in the middle of everything, and start again with their disks. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const crash: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly isSilent: boolean }> = {
  name: "crash",
  lastsS: [1, 90],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.25), isSilent: random.isTrue(0.5) }),
  begin: (stage, { machines, isSilent }) => {
    for (const machine of machines) stage.takeDown(machine, { isSilent })
    return () => machines.forEach((machine) => stage.restart(machine))
  },
}
