/**
 * Some machines are clogged one after the other, and let go one after the other in another order (FoundationDB's swizzle): what
 * was held arrives in waves, and nobody's picture of who is there is the same.
 */
import { drawMachines, type FaultKind, shuffled } from "./fault.ts"

export const swizzleClog: FaultKind<{
  readonly machines: ReadonlyArray<number>
  /** When each of them is clogged, and how long before the end it is let go. */
  readonly cloggedAtMs: ReadonlyArray<number>
  readonly freedBeforeMs: ReadonlyArray<number>
}> = {
  name: "swizzle-clog",
  lastsS: [15, 90],
  draw: (random, nodes) => {
    const machines = drawMachines(random, nodes, 0.6)
    const everyMs = Math.round(random.between(100, 6_000 / machines.length))
    const turns = () => shuffled(random, machines.length).map((turn) => turn * everyMs)
    return { machines, cloggedAtMs: turns(), freedBeforeMs: turns() }
  },
  begin: ({ world }, { machines, cloggedAtMs, freedBeforeMs }, forMs) => {
    const { clock, network } = world
    const clogged = new Map<number, () => void>()
    const free = (machine: number): void => {
      clogged.get(machine)?.()
      clogged.delete(machine)
    }
    machines.forEach((machine, i) => {
      const freedAtMs = forMs - freedBeforeMs[i]!
      if (freedAtMs <= cloggedAtMs[i]!) return
      clock.at(cloggedAtMs[i]!, () => {
        clogged.set(machine, network.disturb({ isHeld: true, touches: (from, to) => from.index === machine || to.index === machine }))
      })
      clock.at(freedAtMs, () => free(machine))
    })
    return () => machines.forEach(free)
  },
}
