/** The clocks of some machines flicker: between the right time and another one, many times a second or every few seconds. */
import { skewMaxMs } from "../machine-clock.ts"
import { drawMachines, type FaultKind } from "./fault.ts"

export const clockStrobe: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly skewMs: number; readonly everyMs: number }> = {
  name: "clock-strobe",
  lastsS: [5, 40],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.3),
    skewMs: Math.round(random.between(-skewMaxMs, skewMaxMs)),
    everyMs: Math.round(random.between(50, 3_000)),
  }),
  begin: ({ world }, { machines, skewMs, everyMs }) => {
    world.isSteady = false
    let isOver = false
    let isAway = false
    const turn = (): void => {
      isAway = !isAway
      for (const machine of machines) world.machines[machine]!.clock.shift(isAway ? skewMs : -skewMs)
    }
    const flicker = (): void => {
      if (isOver) return
      turn()
      world.clock.at(everyMs, flicker)
    }
    flicker()
    return () => {
      isOver = true
      if (isAway) turn()
    }
  },
}
