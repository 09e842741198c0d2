/** The sweep: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe } from "vitest"
import { sweep, type SweepEvent } from "../../src/actors/sweep.ts"
import { checkTable } from "../support/table.ts"

describe("sweep", () => {
  checkTable<StateValueFrom<typeof sweep>, SweepEvent, ContextFrom<typeof sweep>>({
    machine: sweep,
    contexts: { resting: { periodMs: 60_000 } },
    events: { "sweep.due": { type: "sweep.due" }, "sweep.asked": { type: "sweep.asked" } },
    rows: {
      resting: { "sweep.due": "resting · expire, review, remind", "sweep.asked": "resting · expire, review", "(time)": "–" },
    },
  })
})
