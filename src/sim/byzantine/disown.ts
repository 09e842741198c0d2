/** Says of others' entities that it, their home, holds them no more: a word that ends its own claim, and must end nobody else's. */
import { announceTombstone, read } from "../../protocol/gossip/announcement.ts"
import { secondsOf } from "../../protocol/time.ts"
import { again, gossipOf, type LiarKind } from "./liar.ts"

export const disown: LiarKind = {
  name: "disown",
  lie: "ends what others are home to, by its own word",
  begin: (stage, liar) => {
    const { hand, machine, origin, random } = liar
    return again(stage, liar, 200, 8_000, () => {
      const heard = hand.heard.length === 0 ? undefined : read(random.pick(hand.heard))
      if (heard === undefined || heard.type === "malformed" || heard.body.kind !== "entity") return
      const at = secondsOf(machine.clock.currentTimeMillisUnsafe())
      const claim = { ...heard.body.record, home_registry: origin.registryId, registered_at: heard.body.record.registered_at - 10 }
      hand.say(gossipOf(announceTombstone(origin, claim, undefined, "not-held", at)))
    })
  },
}
