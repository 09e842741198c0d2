/** Two halves that reach each other only through one machine. */
import { type FaultKind, shuffled } from "./fault.ts"

export const bridge: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly bridge: number }> = {
  name: "bridge",
  lastsS: [10, 120],
  draw: (random, nodes) => {
    const order = shuffled(random, nodes)
    return { machines: order.slice(1, 1 + Math.floor(nodes / 2)).sort((a, b) => a - b), bridge: order[0]! }
  },
  begin: (stage, { machines, bridge: middle }) => {
    const side = new Set(machines)
    return stage.world.network.disturb({
      isCut: true,
      touches: (from, to) => from.index !== middle && to.index !== middle && side.has(from.index) !== side.has(to.index),
    })
  },
}
