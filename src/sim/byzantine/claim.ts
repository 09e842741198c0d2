/**
 * Claims others' entities as its own clients, with all that they signed unchanged and what they did not sign changed, and
 * says that they registered here first: whatever that wins, nothing signed may change, nothing deleted may come back, and all
 * must agree.
 */
import { announceEntity, read } from "../../protocol/gossip/announcement.ts"
import { secondsOf } from "../../protocol/time.ts"
import { again, gossipOf, type LiarKind } from "./liar.ts"

export const claim: LiarKind = {
  name: "claim",
  lie: "claims to be the earlier home of others' entities",
  begin: (stage, liar) => {
    const { hand, machine, origin, random } = liar
    return again(stage, liar, 500, 10_000, () => {
      const heard = hand.heard.length === 0 ? undefined : read(random.pick(hand.heard))
      if (heard === undefined || heard.type === "malformed" || heard.body.kind !== "entity") return
      const at = secondsOf(machine.clock.currentTimeMillisUnsafe())
      const { record } = heard.body
      const backdated = Math.min(record.registered_at, at) - random.below(1_000)
      const claimed = {
        ...record,
        home_registry: origin.registryId,
        registered_at: backdated,
        updated_at: at,
        service_endpoint: "https://claimer.example.com",
      }
      hand.say(gossipOf(announceEntity(origin, "register", claimed, at)))
    })
  },
}
