/**
 * P7: a duplicate is known by its id: it never comes as far as the store. Looked at where nothing, not even time, makes a
 * node forget what it has seen, and where nobody lies.
 */
import { seenWindowMs } from "../../protocol/limits.ts"
import { tallied } from "../figures.ts"
import type { Checker } from "./checker.ts"

export const cheapBeforeDear: Checker = {
  invariant: "P7 cheap before dear",
  end: (stage) => {
    if (stage.world.clock.elapsedMs > seenWindowMs || !stage.world.isSteady || stage.honest().length < stage.world.machines.length)
      return []
    // only what a later word overtook on its way may be too late
    const { count } = stage.ledger
    const overtaken = count - stage.ledger.all().length
    return stage.honest().flatMap((machine) => {
      const stale = tallied(machine, "stale")
      return stale <= overtaken
        ? []
        : [{ node: machine.name, detail: `merged ${stale} announcements that it had merged before, of ${count}` }]
    })
  },
}
