/** P18: no word is accepted from a future that no honest clock shows (ruled: clocks ahead by more than five minutes are refused). */
import type { HoldingsMemory } from "../../actors/holdings.ts"
import { clockSkewMaxMs } from "../../protocol/limits.ts"
import { secondsOf, writeTime } from "../../protocol/time.ts"
import type { Checker } from "./checker.ts"

export const noFuture: Checker = {
  invariant: "P18 no future",
  hear: (stage, machine, happening) => {
    if (happening.type !== "gossip.accepted" || !stage.isHonest(machine)) return undefined
    const holdings = machine.node?.actors.snapshot("holdings")?.context as HoldingsMemory | undefined
    const saidAtMs = (holdings?.leases.lastWord.get(happening.origin) ?? 0) * 1_000
    // the machine may have judged it by a clock that was as far ahead as an honest one may be
    return saidAtMs <= stage.world.clock.currentTimeMillisUnsafe() + 2 * clockSkewMaxMs
      ? undefined
      : { node: machine.name, detail: `accepted ${happening.subject}, said at ${writeTime(secondsOf(saidAtMs))}` }
  },
}
