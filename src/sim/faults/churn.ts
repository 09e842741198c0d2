/** Machines come and go: each runs for a while, is away for a while, and again; some come back with an empty disk. */
import type { SeededRandom } from "../dice.ts"
import { type FaultKind, drawMachines } from "./fault.ts"

/** How long somebody stays, around a mean of one. */
const sessions: Readonly<Record<string, (random: SeededRandom) => number>> = {
  // who has been there long is no likelier to go
  exponential: (random) => -Math.log(1 - random.next()),
  // most go soon, and who has been there long stays (Pareto with exponent 1.5, as measured in peer-to-peer networks)
  "heavy-tailed": (random) => (1 - random.next()) ** (-1 / 1.5) / 3,
  // as if by an operator's timetable
  even: (random) => random.between(0.8, 1.2),
}

interface Churn {
  readonly machines: ReadonlyArray<number>
  /** Means of how long one runs, and is away. */
  readonly sessionS: number
  readonly absenceS: number
  readonly sessions: string
  /** Share of the departures that lose the disk. */
  readonly lost: number
  readonly stream: number
}

export const churn: FaultKind<Churn & Record<string, number | string | ReadonlyArray<number>>> = {
  name: "churn",
  lastsS: [60, 150],
  draw: (random, nodes) => ({
    machines: drawMachines(random, nodes, 0.5),
    sessionS: Math.round(random.between(10, 60)),
    absenceS: Math.round(random.between(2, 30)),
    sessions: random.pick(Object.keys(sessions)),
    lost: Math.round(random.between(0, 0.3) * 100) / 100,
    stream: random.below(2 ** 31),
  }),
  begin: (stage, { machines, sessionS, absenceS, sessions: kind, lost, stream }) => {
    const random = stage.world.random(`churn/${stream}`)
    const away = new Set<number>()
    let isOver = false
    const draw = sessions[kind] ?? sessions["exponential"]!
    const after = (meanS: number, act: () => void) =>
      stage.world.clock.at(draw(random) * meanS * 1_000, () => {
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
