/** Dates its words in a future that no honest clock shows, so that nothing said until then can follow them. */
import { announceEntity } from "../../protocol/gossip/announcement.ts"
import { clockSkewMaxMs } from "../../protocol/limits.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { secondsOf } from "../../protocol/time.ts"
import { client } from "../workload/clients.ts"
import { again, gossipOf, type LiarKind } from "./liar.ts"

/** Clients of these liars have numbers that no others have. */
const firstNumber = 3_000_000
/** Further ahead than any honest node's clock is skewed (`faults/clock-skew.ts`), twice over. */
const aheadMs = 3 * clockSkewMaxMs

export const ahead: LiarKind = {
  name: "ahead",
  lie: "dates its words in the future",
  begin: (stage, liar) =>
    again(stage, liar, 1_000, 20_000, () => {
      const { hand, machine, origin, random } = liar
      const nowMs = machine.clock.currentTimeMillisUnsafe() + aheadMs + random.below(clockSkewMaxMs)
      const who = client(stage.options.seed, firstNumber + machine.index)
      const registered = readRegistration(who.registration, { home: origin.registryId, nowMs, check: () => true })
      if (registered.type === "refused") throw new Error(registered.message)
      hand.say(gossipOf(announceEntity(origin, "register", registered.record, secondsOf(nowMs))))
    }),
}
