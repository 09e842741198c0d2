/**
 * Reading what this node does not hold: it asks a few peers, believes what proves itself, and merges the answers by the
 * same rule as gossip.
 */
import { type Clock, Effect } from "effect"
import type { AskContext } from "../actors/ask.ts"
import { askOf } from "../actors/cast.ts"
import type { Link } from "../actors/command.ts"
import { developerOf, recordIn, type VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import * as Slots from "../protocol/records/slots.ts"
import type { Hearsay } from "../protocol/wire/message.ts"
import type { ActorSystem } from "./actor-system.ts"
import type { Verifier } from "./ports.ts"

/** What peers hold about a subject. `links`: whom to ask, best first. */
export type ReadThrough = (subject: string, links: ReadonlyArray<Link>) => Effect.Effect<ReadBack>

export interface ReadBack {
  readonly verified: ReadonlyArray<VerifiedAnnouncement>
  /** Told of it without any proof. */
  readonly hearsay: ReadonlyArray<Hearsay>
}

export const makeReadThrough = (actors: ActorSystem, verifier: Verifier["Service"], clock: Clock.Clock): ReadThrough => {
  let count = 0
  return (subject, links) =>
    links.length === 0
      ? Effect.succeed({ verified: [], hearsay: [] })
      : Effect.callback<ReadBack>((resume) => {
          const request = ++count
          const id = askOf(request)
          actors.start({ actor: "ask", id, input: { request, subject, links } }, (context) =>
            resume(
              Effect.sync(() => ({
                verified: believed(context as AskContext, subject, verifier, clock.currentTimeMillisUnsafe()),
                hearsay: (context as AskContext).hearsay.filter(({ entityId }) => entityId === subject),
              })),
            ),
          )
          return Effect.sync(() => actors.stop(id))
        })
}

/** What these announcements about one entity show, together; nothing is kept. */
export const shownOf = (announcements: ReadonlyArray<VerifiedAnnouncement>): EntityEntry | undefined => {
  const slots = announcements.reduce<ReadonlyArray<VerifiedAnnouncement>>((held, heard) => Slots.merge(held, heard).slots, [])
  const slot = Slots.shown(slots, developerOf)
  const record = slot === undefined ? undefined : recordIn(slot)
  return record !== undefined ? { record, tier: "gossip", status: "active", contested: Slots.isContested(slots) } : undefined
}

const believed = (
  { documents }: AskContext,
  subject: string,
  verifier: Verifier["Service"],
  nowMs: number,
): ReadonlyArray<VerifiedAnnouncement> =>
  documents.flatMap((document) => {
    const belief = verifier.believe(document, undefined, nowMs)
    return belief.type === "verified" && belief.announcement.subject === subject ? [belief.announcement] : []
  })
