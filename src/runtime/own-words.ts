/**
 * Our own words, coming back to us: what we once said and do not hold any more (a split longer than a tombstone's life, a
 * lost disk). A home knows best what it is home to: a record that it does not hold it does not take from others, it says
 * again that it is gone (ruled; storage page: a registry republishes its own records). Everything else it takes back.
 *
 * A registration after the loss does not know of the claim before it, which is stronger with everybody else
 * (`protocol/records/slots.ts`); so when that comes back, what we hold now is said again with that claim.
 */
import { Effect } from "effect"
import {
  announceEnd,
  announceEntity,
  announceTombstone,
  entityOf,
  type Announcement,
  type Origin,
  type VerifiedAnnouncement,
} from "../protocol/gossip/announcement.ts"
import { isBareDocument } from "../protocol/agentdns/document.ts"
import type { EntityRecord } from "../protocol/records/entity.ts"
import * as Slots from "../protocol/records/slots.ts"
import { type Seconds, secondsOf } from "../protocol/time.ts"
import type { MergeOutcome, OwnWord, RecordStore, StoreFailed } from "./ports.ts"
import { steps } from "./steps.ts"

const unchanged: MergeOutcome = { changed: false }
const failed: MergeOutcome = { changed: false, hasFailed: true }

/** The store for what gossip brings. `announce` spreads what we say again. */
export const refusingOwnWords = (
  store: RecordStore["Service"],
  origin: Origin,
  announce: (announcement: VerifiedAnnouncement) => Effect.Effect<void>,
): RecordStore["Service"] => {
  const isOurs = ({ origin: by }: Announcement) => by === origin.registryId

  const answer = steps(function* (heard: VerifiedAnnouncement, nowMs: number) {
    const slots = yield* store.slots(heard.subject)
    const own = slots.find(isOurs)
    // a later word of ours that nobody else keeps is said once more, as the latest
    if (own !== undefined && Slots.later(own, heard) === own && Slots.counted(slots).includes(own)) return unchanged
    const { body } = heard
    // said as a deployed node, with this key; of what we hold it takes nothing away
    if (isBareDocument(heard.document)) return (yield* store.merge([heard], nowMs, origin.registryId))[0]!
    if (body.kind !== "entity" && body.kind !== "tombstone") return yield* resume(heard, own, nowMs)
    const shown = yield* store.entity(body.kind === "entity" ? body.record.entity_id : body.entityId)
    const local = shown?.tier === "local" ? shown.record : undefined
    // later than both: two words of one second would have one id, and who saw the one is deaf to the other
    const at = Math.max(secondsOf(nowMs), heard.at + 1, (own?.at ?? 0) + 1)
    if (local !== undefined) {
      // what we deleted after the state that our disk went back to stays deleted
      if (body.kind === "tombstone" && (own === undefined || own.at < heard.at)) return yield* end(local, heard)
      return yield* sayAgain(announceEntity(origin, "register", { ...local, registered_at: heard.registeredAt, updated_at: at }, at), nowMs)
    }
    if (body.kind === "tombstone") return (yield* store.merge([heard], nowMs, origin.registryId))[0]!
    return yield* sayAgain(tombstoneOf(body.record, own, at), nowMs)
  })

  /** Of all but entities: a word that our disk forgot is ours again where what it is about is here; else we take it back. */
  const resume = steps(function* (heard: VerifiedAnnouncement, own: Announcement | undefined, nowMs: number) {
    const follows = own?.id
    const end = announceEnd(origin, heard, "not-held", Math.max(secondsOf(nowMs), heard.at + 1))
    const isOurs = (own !== undefined || end === undefined) && (yield* isSaid({ announcement: heard, follows }))
    if (isOurs) return { changed: true }
    if (end === undefined || !(yield* isSaid({ announcement: end, follows }))) return unchanged
    yield* announce(end)
    return unchanged
  })

  const isSaid = (word: OwnWord) =>
    store.say([word]).pipe(
      Effect.as(true),
      Effect.catchTag("Overtaken", () => Effect.succeed(false)),
    )

  const tombstoneOf = (record: EntityRecord, own: Announcement | undefined, at: Seconds): VerifiedAnnouncement => {
    const said = own?.body.kind === "tombstone" ? own.body : undefined
    return announceTombstone(origin, record, said?.proof, said?.reason ?? "not-held", at)
  }

  const sayAgain = steps(function* (announcement: VerifiedAnnouncement, nowMs: number) {
    yield* store.merge([announcement], nowMs, origin.registryId)
    yield* announce(announcement)
    return unchanged
  })

  const end = steps(function* (record: EntityRecord, tombstone: VerifiedAnnouncement) {
    const changed = yield* store.deregister(record.entity_id, tombstone).pipe(
      Effect.catchIf(
        (failure) => failure._tag !== "StoreFailed",
        () => Effect.succeed(false),
      ),
    )
    return { changed }
  })

  /** With what is shown afterwards of the entity that it is about: who follows the store takes silence for an end. */
  const shownAfter = steps(function* (heard: VerifiedAnnouncement, answering: Effect.Effect<MergeOutcome, StoreFailed>) {
    const { entity: _, ...outcome } = yield* answering
    const about = entityOf(heard)
    const entity = about === undefined ? undefined : yield* store.entity(about)
    return { ...outcome, ...(entity !== undefined && { entity }) } satisfies MergeOutcome
  })

  const mergeWithOurs = steps(function* (announcements: ReadonlyArray<VerifiedAnnouncement>, nowMs: number) {
    const others = announcements.filter((announcement) => !isOurs(announcement))
    const merged = (yield* store.merge(others, nowMs, origin.registryId)).values()
    const outcomes: Array<MergeOutcome> = []
    // what the others came to stands, whatever comes of ours; by place, as the same word may be there twice
    for (const heard of announcements)
      outcomes.push(
        isOurs(heard) ? yield* Effect.orElseSucceed(shownAfter(heard, answer(heard, nowMs)), () => failed) : merged.next().value!,
      )
    return outcomes
  })

  return {
    ...store,
    merge: (announcements, nowMs) =>
      announcements.some(isOurs) ? mergeWithOurs(announcements, nowMs) : store.merge(announcements, nowMs, origin.registryId),
  }
}
