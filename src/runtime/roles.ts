/**
 * What a node's role lets it hold (registry page, "Node roles"; ruled):
 *
 *   full      everything
 *   light     what its operator chose (categories, developers), and what was asked for lately, up to a bound
 *   gateway   nothing: it asks others
 *   bootnode  nothing: it introduces nodes to each other and passes gossip on; it takes no writes
 *
 * A store that does not hold an announcement lets it pass: it is forwarded like any other, and the seen-set alone knows it.
 */
import { Effect, Stream } from "effect"
import { entityOf, recordIn, type VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import { lightEntitiesMax } from "../protocol/limits.ts"
import type { Role } from "../protocol/wire/message.ts"
import { capabilities } from "../protocol/wire/message.ts"
import type { MergeOutcome, RecordStore } from "./ports.ts"

/** What a light node chose to hold. */
export interface Selection {
  readonly categories: ReadonlySet<string>
  readonly developers: ReadonlySet<string>
}

export const takesWrites = (role: Role): boolean => role === "full" || role === "light"
/** Does it ask others for what it does not hold? */
export const asksOthers = (role: Role): boolean => role === "light" || role === "gateway"

/** What it says it can do: who does not hold everything cannot be reconciled with. */
export const capabilitiesOf = (role: Role, hasDht: boolean): ReadonlyArray<string> =>
  Object.values(capabilities).filter(
    (capability) =>
      (capability !== capabilities.reconcile || role === "full") && (capability !== capabilities.dht || (hasDht && answersDht(role))),
  )

/** Others keep it among their DHT contacts, and values with it; a light node or a gateway may ask all the same. */
export const answersDht = (role: Role): boolean => role === "full"
/** A bootnode holds no public records and gives none out: values of the DHT are records, too. */
export const usesDht = (role: Role): boolean => role !== "bootnode"

/** The store as the role uses it. */
export const storeOf = (role: Role, store: RecordStore["Service"], selection: Selection): RecordStore["Service"] => {
  switch (role) {
    case "full":
      return store
    case "light":
      return selective(store, selection)
    case "gateway":
    case "bootnode":
      return passing(store)
  }
}

const passing = (store: RecordStore["Service"]): RecordStore["Service"] => ({
  ...store,
  everyEntity: Stream.empty,
  everySlot: Stream.empty,
  entity: () => Effect.succeed(undefined),
  entities: () => Effect.succeed([]),
  list: () => Effect.succeed([]),
  changes: () => Effect.succeed([]),
  vocabulary: Effect.succeed({ categories: [], tags: [] }),
  merge: (announcements) => Effect.succeed(announcements.map((): MergeOutcome => ({ changed: true }))),
})

/** Holds what was chosen; the rest passes. At the bound only what is held already is updated. */
const selective = (store: RecordStore["Service"], { categories, developers }: Selection): RecordStore["Service"] => {
  const isChosen = (announcement: VerifiedAnnouncement): boolean => {
    const record = recordIn(announcement)
    return record !== undefined && (categories.has(record.category) || developers.has(record.developer_id))
  }

  return {
    ...store,
    merge: Effect.fnUntraced(function* (announcements, nowMs) {
      const { gossipEntities } = yield* store.counts
      // What is said of the status of an entity that is held is held too.
      const known = yield* Effect.forEach(announcements, (heard) =>
        Effect.map(store.slots(entityOf(heard) ?? heard.subject), (slots) => slots.length > 0),
      )
      const room = Math.max(0, lightEntitiesMax - gossipEntities)
      const fresh = announcements.filter((announcement, i) => !known[i]! && isChosen(announcement)).slice(0, room)
      const taken = announcements.filter((announcement, i) => known[i]! || fresh.includes(announcement))
      const merged = yield* store.merge(taken, nowMs)
      return announcements.map((announcement): MergeOutcome => merged[taken.indexOf(announcement)] ?? { changed: true })
    }),
  }
}
