/** P3: nothing is accepted that was forwarded more than ten times (mesh page, "Max 10 hops"). */
import { gossipHopsMax } from "../../protocol/limits.ts"
import type { Checker } from "./checker.ts"

export const hopBound: Checker = {
  invariant: "P3 hop bound",
  hear: (_, machine, happening) =>
    happening.type === "gossip.accepted" && happening.hopCount > gossipHopsMax
      ? { node: machine.name, detail: `accepted ${happening.subject} after ${happening.hopCount} hops` }
      : undefined,
}
