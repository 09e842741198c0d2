/** Some machines take no new connection: those that they have go on. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const refusal: FaultKind<{ readonly machines: ReadonlyArray<number> }> = {
  name: "refusal",
  lastsS: [10, 90],
  draw: (random, nodes) => ({ machines: drawMachines(random, nodes, 0.6) }),
  begin: ({ world }, { machines }) => {
    const closed = new Set(machines)
    const ends = machines.map((machine) => world.shake(world.machines[machine]!))
    const end = world.network.disturb({ refuses: ({ index }) => closed.has(index) })
    return () => {
      end()
      ends.forEach((one) => one())
    }
  },
}
