/** Machines come and go: each runs for a while, is away for a while, and again; some come back with an empty disk. */
import { type FaultKind, drawMachines } from "./fault.ts"

interface Churn {
  readonly machines: ReadonlyArray<number>
  /** Means of how long one runs, and is away. */
  readonly sessionS: number
  readonly absenceS: number
  /** Share of the departures that lose the disk. */
  readonly lost: number
  readonly stream: number
}

export const churn: FaultKind<Churn & Record<string, number | ReadonlyArray<number>>> = {
  name: "churn",
  lastsS: [60, 150],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.5),
    sessionS: Math.round(random.between(10, 60)),
    absenceS: Math.round(random.between(2, 30)),
    lost: Math.round(random.between(0, 0.3) * 100) / 100,
    stream: random.below(2 ** 31),
  }),
  begin: (stage, { machines, sessionS, absenceS, lost, stream }) => {
    const random = stage.world.random(`churn/${stream}`)
    const away = new Set<number>()
    let isOver = false
    // exponential: who has been there long is no likelier to go
    const after = (meanS: number, act: () => void) =>
      stage.world.clock.at(-Math.log(1 - random.next()) * meanS * 1_000, () => {
        if (!isOver) act()
      })
    const come = (machine: number): void => {
      away.delete(machine)
      stage.restart(machine)
      after(sessionS, () => go(machine))
    }
    const go = (machine: number): void => {
      away.add(machine)
      stage.takeDown(machine, { losesDisk: random.isTrue(lost), isSilent: random.isTrue(0.3) })
      after(absenceS, () => come(machine))
    }
    for (const machine of machines) after(sessionS, () => go(machine))
    return () => {
      isOver = true
      for (const machine of away) stage.restart(machine)
    }
  },
}
