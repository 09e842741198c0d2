/** A kind of liar: what it does from the moment it begins until it is told to end. */
import type { Origin } from "../../protocol/gossip/announcement.ts"
import type { ContentId } from "../../protocol/gossip/announcement.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { Gossip } from "../../protocol/wire/message.ts"
import type { SeededRandom } from "../dice.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Hand } from "./hand.ts"

export interface Liar {
  readonly machine: Machine
  readonly hand: Hand
  readonly random: SeededRandom
  /** The key that it speaks with. */
  readonly origin: Origin
}

export interface LiarKind {
  readonly name: string
  /** One sentence. */
  readonly lie: string
  /** Begins to lie; what comes back ends it. */
  begin(stage: Stage, liar: Liar): () => void
}

export const gossipOf = (
  { contentId, document }: { readonly contentId: ContentId; readonly document: JsonObject },
  hopCount = 0,
): Gossip => ({
  type: "GOSSIP",
  id: contentId,
  hopCount,
  document: () => document,
})

/** Acts again and again, after waits drawn anew each time, while the liar's node runs. */
export const again = (stage: Stage, { machine, random }: Liar, leastMs: number, mostMs: number, act: () => void): (() => void) => {
  let isOver = false
  const wait = () =>
    stage.world.clock.at(random.between(leastMs, mostMs), () => {
      if (isOver) return
      if (machine.node !== undefined && machine.gate.isOpen) act()
      wait()
    })
  wait()
  return () => {
    isOver = true
  }
}
