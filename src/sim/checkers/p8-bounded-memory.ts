/** P8: whatever peers send, what a node remembers of it is bounded (`protocol/limits.ts` names each bound). */
import type { GossipMemory } from "../../actors/gossip.ts"
import type { NodeContext } from "../../actors/node.ts"
import { candidatesMax, heldAnnouncementsMax, missingIdsMax, owedIdsMax, recentEnvelopesMax, seenIdsMax } from "../../protocol/limits.ts"
import type { Machine } from "../world.ts"
import type { Checker } from "./checker.ts"

export const boundedMemory: Checker = {
  invariant: "P8 bounded memory",
  look: ({ lookEveryMs, world }, machine) => {
    // what grows without bound is as large a little later
    if (Math.floor(world.clock.elapsedMs / lookEveryMs) % turns !== machine.index % turns) return undefined
    const over = sizesOf(machine).find(({ size, most }) => size > most)
    return over === undefined
      ? undefined
      : { node: machine.name, detail: `remembers ${over.size} ${over.what}, at most ${over.most} are allowed` }
  },
}

/** Machines are looked at in turns. */
const turns = 5

interface Size {
  readonly what: string
  readonly size: number
  readonly most: number
}

const sizesOf = ({ node }: Machine): ReadonlyArray<Size> => {
  const memoryOf = (id: string) => node?.actors.snapshot(id)?.context
  const gossip = memoryOf("gossip") as GossipMemory | undefined
  const bootstrap = memoryOf("bootstrap") as { readonly candidates: ReadonlyMap<unknown, unknown> } | undefined
  const root = memoryOf("node") as NodeContext | undefined
  const sizes: Array<Size> = []
  if (gossip !== undefined) {
    sizes.push(
      { what: "seen ids", size: gossip.seen.size, most: seenIdsMax },
      { what: "missing ids", size: gossip.push.missing.size, most: missingIdsMax },
      { what: "recent announcements", size: gossip.push.recent.size, most: recentEnvelopesMax },
    )
    for (const [link, { owed }] of gossip.push.links) {
      const session = memoryOf(`gossip-session/${link}`) as { readonly held: ReadonlyArray<unknown> } | undefined
      sizes.push(
        { what: "owed ids", size: owed.size, most: owedIdsMax },
        { what: "held announcements", size: session?.held.length ?? 0, most: heldAnnouncementsMax },
      )
    }
  }
  if (bootstrap !== undefined) sizes.push({ what: "candidates", size: bootstrap.candidates.size, most: candidatesMax })
  if (root !== undefined) sizes.push({ what: "peers", size: root.roster.length, most: root.maxPeers })
  return sizes
}
