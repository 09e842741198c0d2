/** The network falls into two parts that do not reach each other: halves, or a few and the rest. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const halves: FaultKind<{ readonly machines: ReadonlyArray<number> }> = {
  name: "halves",
  lastsS: [10, 120],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.5) }),
  begin: (stage, { machines }) => {
    const side = new Set(machines)
    return stage.world.network.disturb({ isCut: true, touches: (from, to) => side.has(from.index) !== side.has(to.index) })
  },
}
