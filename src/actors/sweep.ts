/**
 * Housekeeping: once a minute what has outlived its purpose is forgotten (tombstones: a day, of names 30 days), and entities
 * of ours that gave no sign of life are found (registry page, "Active → inactive transition").
 *
 *     resting ──a minute──► resting: expire, review
 */
import { setup } from "xstate"
import { sweepPeriodMs } from "../protocol/limits.ts"
import { commands } from "./command.ts"

export type SweepEvent = { readonly type: "sweep.asked" }

const words = setup({
  types: { events: {} as SweepEvent },
  actions: commands("expire", "review"),
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
  context: {},
  initial: "resting",
  states: {
    resting: {
      after: { [sweepPeriodMs]: again },
      on: { "sweep.asked": again },
    },
  },
})
