/** Says again what it heard before, as if it were new: old registrations, old tombstones, at any hop count. */
import { gossipHopsMax } from "../../protocol/limits.ts"
import { read } from "../../protocol/gossip/announcement.ts"
import { again, gossipOf, type LiarKind } from "./liar.ts"

export const replay: LiarKind = {
  name: "replay",
  lie: "says again what it heard before",
  begin: (stage, liar) =>
    again(stage, liar, 50, 2_000, () => {
      const { hand, random } = liar
      for (let i = 0; i < 5 && hand.heard.length > 0; i++) {
        const heard = read(random.pick(hand.heard))
        if (heard.type !== "malformed") hand.say(gossipOf(heard, random.below(gossipHopsMax + 1)))
      }
    }),
}
