/**
 * Subjects that more registries claim than are kept: what of them is compared with others (`protocol/records/slots.ts`,
 * `counted`). What this home alone keeps of its own is not, until there is a place for it again. Also words that are kept and, for
 * a store that failed between, are not compared.
 */
import { Effect } from "effect"
import type { SlotKey, SlotSet } from "../protocol/gossip/slot-set.ts"
import { originsOf } from "../protocol/gossip/slot-set.ts"
import type { RegistryId } from "../protocol/identity/id.ts"
import { claimsPerEntityMax } from "../protocol/limits.ts"
import { counted } from "../protocol/records/slots.ts"
import type { RecordStore } from "./ports.ts"

export interface Crowded {
  /** More claim it than are kept, and that has changed. */
  readonly recount: (subject: string) => Effect.Effect<void>
  /** Is this word, which changed nothing, not compared either? It may stand in a store that told us that it could not write it. */
  readonly misses: (word: SlotKey) => boolean
  /** We have said something of it. */
  readonly look: (subject: string) => Effect.Effect<void>
  /** All of ours, after a start. */
  readonly lookAtOwn: Effect.Effect<void>
  /** Is there a place again for what does not count? Call it once a minute. */
  readonly review: Effect.Effect<void>
}

/** `set`: what is compared; `hold` and `lose` change it. A store that fails now is asked again with the next change. */
export const crowdedOn = (parts: {
  readonly self: RegistryId
  readonly store: RecordStore["Service"]
  readonly set: () => SlotSet | undefined
  readonly hold: (slot: SlotKey) => void
  readonly lose: (subject: string, origin: RegistryId) => void
}): Crowded => {
  const { hold, lose, self, set, store } = parts
  /** Subjects of which something does not count. */
  const waiting = new Set<string>()

  const recount = (subject: string) =>
    Effect.ignore(
      Effect.map(store.slots(subject), (slots) => {
        const kept = new Set(counted(slots))
        if (kept.size === slots.length) waiting.delete(subject)
        else waiting.add(subject)
        for (const slot of slots) {
          if (kept.has(slot)) hold(slot)
          else lose(subject, slot.origin)
        }
      }),
    )

  const look = (subject: string) => {
    const held = set()
    return held !== undefined && originsOf(held, subject) >= claimsPerEntityMax ? recount(subject) : Effect.void
  }

  return {
    recount,
    misses: ({ id, origin, subject }) => set()?.held.get(origin)?.get(subject) !== id,
    look,
    lookAtOwn: Effect.suspend(() => Effect.forEach([...(set()?.held.get(self)?.keys() ?? [])], look, { discard: true })),
    review: Effect.suspend(() => Effect.forEach([...waiting], recount, { discard: true })),
  }
}
