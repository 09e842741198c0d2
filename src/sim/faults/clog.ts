/** What goes to and from some machines is held, and all of it let go at once in the end. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const clog: FaultKind<{ readonly machines: ReadonlyArray<number> }> = {
  name: "clog",
  lastsS: [5, 60],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.3) }),
  begin: (stage, { machines }) => {
    const clogged = new Set(machines)
    return stage.world.network.disturb({ isHeld: true, touches: (from, to) => clogged.has(from.index) || clogged.has(to.index) })
  },
}
