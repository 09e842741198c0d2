/** Some machines' connections are reset, again and again: by a middle box, a restarted proxy, a moved address. */
import { drawMachines, type FaultKind } from "./fault.ts"

export const reset: FaultKind<{
  readonly machines: ReadonlyArray<number>
  readonly everyMs: number
  readonly share: number
  readonly stream: number
}> = {
  name: "reset",
  lastsS: [5, 60],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.5),
    everyMs: Math.round(random.between(500, 20_000)),
    share: Math.round(random.between(0.1, 1) * 100) / 100,
    stream: random.below(2 ** 31),
  }),
  begin: ({ world }, { machines, everyMs, share, stream }) => {
    const random = world.random(`reset/${stream}`)
    const ends = machines.map((machine) => world.shake(world.machines[machine]!))
    let isOver = false
    const strike = (): void => {
      if (isOver) return
      for (const machine of machines) world.network.resetSome(world.machines[machine]!, () => random.isTrue(share))
      world.clock.at(everyMs, strike)
    }
    strike()
    return () => {
      isOver = true
      ends.forEach((end) => end())
    }
  },
}
