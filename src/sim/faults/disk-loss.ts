/** Some machines end, and start again with empty disks. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const diskLoss: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly isSilent: boolean }> = {
  name: "disk-loss",
  lastsS: [1, 90],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.15), isSilent: random.isTrue(0.5) }),
  begin: (stage, { machines, isSilent }) => {
    for (const machine of machines) stage.takeDown(machine, { isSilent, losesDisk: true })
    return () => machines.forEach((machine) => stage.restart(machine))
  },
}
