/**
 * What of peers' answers holds: documents to entries (mesh page, "Merges local results with all returned results").
 *
 * Peers are believed in nothing. Cheap before dear: a document's shape, then whether we hold that very announcement, and
 * signatures only of what is left. What holds is merged with what we hold by the order of records; what does not costs its
 * sender reputation, and nobody else anything.
 */
import { type Clock, Effect } from "effect"
import type { Link } from "../actors/command.ts"
import type { Answered } from "../actors/fan-out.ts"
import { type Announcement, developerOf, entityOf, read, recordIn, type VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { EntityId } from "../protocol/identity/id.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import * as Slots from "../protocol/records/slots.ts"
import type { RecordStore, StoreFailed, Verifier } from "./ports.ts"

/** An entity that a peer found. */
export interface Found {
  readonly entry: EntityEntry
  /** What proves it, to be passed on. */
  readonly documents: ReadonlyArray<JsonObject>
  /** We do not hold it ourselves. */
  readonly isNew: boolean
  /** Who found it. */
  readonly by: ReadonlySet<Link>
}

export interface AnswerReader {
  readonly store: RecordStore["Service"]
  readonly verifier: Verifier["Service"]
  readonly clock: Clock.Clock
  /** Hears why a document of a peer does not hold. */
  readonly refuse: (link: Link, reason: string) => void
}

interface Said {
  readonly announcement: Announcement
  readonly by: Set<Link>
}

export const readAnswers = Effect.fnUntraced(function* (
  { clock, refuse, store, verifier }: AnswerReader,
  answers: ReadonlyArray<Answered>,
): Effect.fn.Return<ReadonlyMap<EntityId, Found>, StoreFailed> {
  const said = readDocuments(answers, refuse)
  const held = new Set((yield* store.documents(said.map(({ announcement }) => announcement.id))).map(idOf))
  const nowMs = clock.currentTimeMillisUnsafe()

  const verified = new Map<EntityId, Array<VerifiedAnnouncement>>()
  const finders = new Map<EntityId, Set<Link>>()
  for (const { announcement, by } of said) {
    const subject = entityOf(announcement)!
    if (!held.has(announcement.id)) {
      const belief = verifier.believe(announcement.document, undefined, nowMs)
      if (belief.type === "drop") {
        by.forEach((link) => refuse(link, belief.reason))
        continue
      }
      verified.set(subject, [...(verified.get(subject) ?? []), belief.announcement])
    }
    if (recordIn(announcement) !== undefined) finders.set(subject, new Set([...(finders.get(subject) ?? []), ...by]))
  }

  const own = new Map((yield* store.entities([...finders.keys()])).map((entry) => [entry.record.entity_id, entry]))
  const found = new Map<EntityId, Found>()
  for (const [subject, by] of finders) {
    const heard = verified.get(subject) ?? []
    const shown = heard.length === 0 ? undefined : showTogether(yield* store.slots(subject), heard)
    const entry = own.get(subject)
    if (shown !== undefined) found.set(subject, { ...shown, isNew: entry === undefined, by })
    else if (entry !== undefined) found.set(subject, { entry, documents: [], isNew: false, by })
  }
  return found
})

/** Records and states of entities; one announcement once, whoever sent it. */
const readDocuments = (answers: ReadonlyArray<Answered>, refuse: AnswerReader["refuse"]): ReadonlyArray<Said> => {
  const said = new Map<string, Said>()
  for (const { documents, link } of answers) {
    for (const document of documents) {
      const announcement = read(document)
      if (announcement.type === "malformed") refuse(link, "malformed")
      else if (recordIn(announcement) === undefined && announcement.body.kind !== "status") refuse(link, "unsolicited")
      else {
        // two documents of one id may differ in what proves them: each counts for itself
        const key = JSON.stringify(document)
        const known = said.get(key)
        if (known === undefined) said.set(key, { announcement, by: new Set([link]) })
        else known.by.add(link)
      }
    }
  }
  return [...said.values()]
}

const idOf = (document: JsonObject): string => {
  const announcement = read(document)
  return announcement.type === "malformed" ? "" : announcement.id
}

/** What is shown of an entity when these announcements join what is held; nothing when it is deleted. */
const showTogether = (
  held: ReadonlyArray<Announcement>,
  heard: ReadonlyArray<VerifiedAnnouncement>,
): Pick<Found, "entry" | "documents"> | undefined => {
  const records = heard.filter((announcement) => recordIn(announcement) !== undefined)
  const slots = records.reduce<ReadonlyArray<Announcement>>((before, one) => Slots.merge(before, one).slots, held)
  const slot = Slots.shown(slots, developerOf)
  const record = slot === undefined ? undefined : recordIn(slot)
  if (slot === undefined || record === undefined) return undefined
  const states = heard.filter(({ body, origin }) => body.kind === "status" && origin === record.home_registry)
  const state = states.toSorted((a, b) => b.at - a.at)[0]
  const status = state?.body.kind === "status" && state.body.status === "inactive" ? "inactive" : "active"
  const entry: EntityEntry = { record, tier: "gossip", status, contested: Slots.isContested(slots) }
  return { entry, documents: state === undefined ? [slot.document] : [slot.document, state.document] }
}
