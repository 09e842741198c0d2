/** Some machines show another time of day: up to four of the five minutes that are allowed, ahead or behind. Begin and end are jumps. */
import { skewMaxMs } from "../machine-clock.ts"
import { drawMachines, type FaultKind } from "./fault.ts"

export const clockSkew: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly skewsMs: ReadonlyArray<number> }> = {
  name: "clock-skew",
  lastsS: [20, 120],
  draw: (random, nodes) => {
    const machines = drawMachines(random, nodes, 0.5)
    return { machines, skewsMs: machines.map(() => Math.round(random.between(-skewMaxMs, skewMaxMs))) }
  },
  begin: (stage, { machines, skewsMs }) => {
    stage.world.isSteady = false
    const clocks = machines.map((machine) => stage.world.machines[machine]!.clock)
    clocks.forEach((clock, i) => clock.shift(skewsMs[i]!))
    return () => clocks.forEach((clock, i) => clock.shift(-skewsMs[i]!))
  },
}
