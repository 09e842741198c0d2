/** Some machines are heard no more, but hear; or the other way round. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const oneWay: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly lost: string }> = {
  name: "one-way",
  lastsS: [10, 90],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.5),
    lost: random.isTrue(0.5) ? "what they send" : "what they are sent",
  }),
  begin: (stage, { machines, lost }) => {
    const inside = new Set(machines)
    const isLost = lost === "what they send"
    return stage.world.network.disturb({
      isCut: true,
      touches: (from, to) => inside.has(from.index) === isLost && inside.has(to.index) !== isLost,
    })
  },
}
