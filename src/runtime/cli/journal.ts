/**
 * What the running node tells people, as much of it as they can read.
 *
 * Traffic is for the activity stream (`activity.ts`) and not told one by one. Refusals are strangers' doing, so strangers would decide
 * how much is written: beyond some a minute they are only counted.
 */
import { Cause } from "effect"
import { isNoteworthy } from "../../actors/happening.ts"
import type { Journal } from "../ports.ts"
import type { Reporter } from "./reporter.ts"

/** Refusals told a minute. */
const refusalsMax = 20
const minuteMs = 60_000

export const journalOf = (reporter: Reporter): Journal["Service"] => {
  let minute = 0
  let refusals = 0
  return {
    report: (happening) => {
      if (!isNoteworthy(happening)) return
      if (happening.type === "peer.refused") {
        const now = Math.floor(Date.now() / minuteMs)
        if (now !== minute) {
          if (refusals > refusalsMax) reporter.note(`${refusals - refusalsMax} more refusals in that minute were not told`)
          minute = now
          refusals = 0
        }
        if (++refusals > refusalsMax) return
      }
      reporter.happened(happening)
    },
    defect: (cause) => {
      const error = Cause.squash(cause)
      reporter.defect(error instanceof Error ? error.message : String(error), Cause.pretty(cause))
    },
  }
}
