/**
 * Housekeeping: once a minute, or as often as the operator says, what has outlived its purpose is forgotten (tombstones: a
 * day, of names 30 days), and entities of ours that gave no sign of life are found (registry page, "Active → inactive
 * transition").
 *
 *     resting ──period──► resting: expire, review
 */
import { setup } from "xstate"
import { commands } from "./command.ts"

export interface SweepInput {
  readonly periodMs: number
}

export type SweepEvent = { readonly type: "sweep.asked" }

const words = setup({
  types: { input: {} as SweepInput, context: {} as SweepInput, events: {} as SweepEvent },
  actions: commands("expire", "review"),
  delays: { period: ({ context }) => context.periodMs },
})

/** Now, and the minute begins anew. */
const again = {
  target: "resting",
  reenter: true,
  actions: [
    { type: "expire" as const, params: {} },
    { type: "review" as const, params: {} },
  ],
} as const

export const sweep = words.createMachine({
  id: "sweep",
  context: ({ input }) => input,
  initial: "resting",
  states: {
    resting: {
      after: { period: again },
      on: { "sweep.asked": again },
    },
  },
})
