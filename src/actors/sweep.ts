/**
 * Housekeeping: once a minute, or as often as the operator says, what has outlived its purpose is forgotten (tombstones: a
 * day, of names 30 days), and entities of ours that gave no sign of life are found (registry page, "Active → inactive
 * transition").
 *
 *     resting ──sweep.due, a period later · sweep.asked──► resting: expire, review
 */
import { setup } from "xstate"
import { commands } from "./command.ts"

export interface SweepInput {
  readonly periodMs: number
}

export type SweepEvent = { readonly type: "sweep.due" } | { readonly type: "sweep.asked" }

const sweeping = [
  { type: "expire" as const, params: {} },
  { type: "review" as const, params: {} },
] as const

export const sweep = setup({
  types: { input: {} as SweepInput, context: {} as SweepInput, events: {} as SweepEvent },
  actions: commands("expire", "remind", "review"),
}).createMachine({
  id: "sweep",
  context: ({ input }) => input,
  initial: "resting",
  states: {
    resting: {
      entry: { type: "remind", params: ({ context }) => ({ afterMs: context.periodMs, event: { type: "sweep.due" } }) },
      on: { "sweep.due": { target: "resting", reenter: true, actions: sweeping }, "sweep.asked": { actions: sweeping } },
    },
  },
})
