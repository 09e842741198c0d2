/**
 * P12: what an honest node announces arrives as soon as eager and lazy links allow, even while somebody floods: a flood slows
 * nobody else. Looked at where nothing else is in the way.
 */
import type { Checker } from "./checker.ts"

export const inTime: Checker = {
  invariant: "P12 in time",
  hear: (stage, machine, happening) => {
    if (happening.type !== "gossip.accepted" || stage.prompt === undefined || !stage.isHonest(machine)) return undefined
    const { fromMs, untilMs, withinMs } = stage.prompt
    const word = stage.ledger.wordOn(happening.subject)
    if (word === undefined || word.atMs < fromMs || word.atMs > untilMs) return undefined
    const tookMs = stage.world.clock.elapsedMs - word.atMs
    return tookMs <= withinMs
      ? undefined
      : { node: machine.name, detail: `heard only after ${tookMs} ms of ${happening.subject} at ${word.home.name}` }
  },
}
