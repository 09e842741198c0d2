/** The clocks of some machines jump, again and again, to some other time: at most four of the five minutes that are allowed away. */
import { skewMaxMs } from "../machine-clock.ts"
import { drawMachines, type FaultKind } from "./fault.ts"

export const clockJump: FaultKind<{ readonly machines: ReadonlyArray<number>; readonly everyMs: number; readonly stream: number }> = {
  name: "clock-jump",
  lastsS: [20, 120],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.4),
    everyMs: Math.round(random.between(2_000, 40_000)),
    stream: random.below(2 ** 31),
  }),
  begin: ({ world }, { machines, everyMs, stream }) => {
    world.isSteady = false
    const random = world.random(`clock-jump/${stream}`)
    const skews = new Map(machines.map((machine) => [machine, 0]))
    let isOver = false
    const jumpTo = (machine: number, skewMs: number): void => {
      world.machines[machine]!.clock.shift(skewMs - skews.get(machine)!)
      skews.set(machine, skewMs)
    }
    const jump = (): void => {
      if (isOver) return
      for (const machine of machines) jumpTo(machine, Math.round(random.between(-skewMaxMs, skewMaxMs)))
      world.clock.at(everyMs, jump)
    }
    jump()
    return () => {
      isOver = true
      for (const machine of machines) jumpTo(machine, 0)
    }
  },
}
