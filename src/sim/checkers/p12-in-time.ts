/** P12: a flood slows nobody else: while it lasts, what honest nodes announce is everywhere as soon as lazy links allow. */
import type { Checker } from "./checker.ts"

/** Ids are told after half a second and asked for after 0.7 more, a few links in a row. */
const patienceMs = 5_000

export const fairness: Checker = {
  invariant: "P12 fairness under flood",
  look: (stage, machine) => {
    const { flooded, ledger } = stage
    const { elapsedMs } = stage.world.clock
    if (flooded === undefined || elapsedMs < flooded.fromMs || elapsedMs > flooded.untilMs + patienceMs) return undefined
    const isDue = ({ atMs }: { readonly atMs: number }) => atMs >= flooded.fromMs && atMs + patienceMs <= elapsedMs
    const late = ledger.all().find((word) => isDue(word) && !ledger.knows(machine, word))
    return late === undefined ? undefined : { node: machine.name, detail: `has not heard after ${patienceMs / 1_000} s of ${late.client.entityId} at ${late.home.name}` }
  },
}
