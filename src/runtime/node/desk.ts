/**
 * What the methods of a node share: its key and its store, and the way in which it says anything.
 *
 * Saying is always the same: go on from our last word about the subject, write it, tell the mesh.
 */
import { Clock, Effect } from "effect"
import type { Happening } from "../../actors/happening.ts"
import type { Announcement, Origin, VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { verify } from "../../protocol/identity/ed25519.ts"
import type { DeveloperId, EntityId } from "../../protocol/identity/id.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import type { Refusal } from "../../protocol/records/refusal.ts"
import * as SaidOf from "../../protocol/agentdns/said-of.ts"
import * as Slots from "../../protocol/records/slots.ts"
import { type Seconds, secondsOf } from "../../protocol/time.ts"
import type { Role } from "../../protocol/wire/message.ts"
import { Refused } from "../node-service.ts"
import type { Outward } from "../outward.ts"
import type { OwnWord, RecordStore, StoreFailed } from "../ports.ts"
import { takesWrites } from "../roles.ts"
import type { Signatures } from "./signatures.ts"
import { steps } from "../steps.ts"

/** Where our next word about a subject stands. */
export interface NextWord {
  readonly at: Seconds
  /** Registration time that it goes on with. */
  readonly registeredAt: Seconds
  readonly follows: string | undefined
  /** Our last word. */
  readonly last: Announcement | undefined
  /** What every registry last said about it. */
  readonly slots: ReadonlyArray<Announcement>
}

export interface Desk {
  readonly origin: Origin
  /** With what the operator blocks: what is ours is ours to end. */
  readonly store: RecordStore["Service"]
  /** Without. */
  readonly shown: RecordStore["Service"]
  readonly check: typeof verify
  readonly signatures: Signatures
  /** Whether unknown developers become known by what they sign (storage page, `onboarding_mode`). */
  readonly isOpen: boolean
  /** The host under which names are bound; without one there are no names. */
  readonly host: string | undefined
  readonly nowMs: Effect.Effect<number>
  /** Fails where this node's role takes no writes. */
  readonly mayWrite: Effect.Effect<void, Refused>
  /** Fails where the operator blocks what is said. */
  readonly maySay: (...words: ReadonlyArray<VerifiedAnnouncement>) => Effect.Effect<void, Refused | StoreFailed>
  /** `about`: whom a deployed node takes it to be about, where the subject does not tell (`protocol/agentdns/said-of.ts`). */
  readonly nextWord: (subject: string, about?: string) => Effect.Effect<NextWord, StoreFailed>
  /**
   * Writes our words, all or none, and announces them. Refused when somebody else was faster. Nobody who goes away in between
   * leaves a word that is written and never told.
   */
  readonly say: (...words: ReadonlyArray<OwnWord>) => Effect.Effect<void, Refused | StoreFailed>
  /** Announces what is written already. */
  readonly announce: (announcement: VerifiedAnnouncement) => Effect.Effect<void>
  /** For people. */
  readonly report: (happening: Happening) => void
  /** This is shown of an entity now. */
  readonly show: (id: EntityId, entry: EntityEntry | undefined) => Effect.Effect<void>
  /** What is shown of an entity may have changed. Where the store cannot say now, the index learns of it with the next change. */
  readonly refresh: (id: EntityId) => Effect.Effect<void>
}

export const makeDesk = (
  parts: Pick<
    Desk,
    "origin" | "store" | "shown" | "check" | "signatures" | "isOpen" | "host" | "announce" | "report" | "show" | "refresh"
  > & {
    readonly role: Role
    readonly mayBeTold: Outward["mayBeTold"]
  },
): Desk => {
  const { announce, mayBeTold, origin, role, store } = parts
  const maySay: Desk["maySay"] = (...words) =>
    Effect.flatMap(mayBeTold(words), (left) =>
      left.length === words.length ? Effect.void : refused("forbidden", "the operator of this registry has blocked this"),
    )
  const moments = SaidOf.moments()
  return {
    ...parts,
    nowMs: Clock.currentTimeMillis,
    mayWrite: takesWrites(role) ? Effect.void : refused("forbidden", `this node is a ${role}: it takes no registrations`),
    nextWord: steps(function* (subject, about = SaidOf.aboutIn(subject)) {
      const slots = yield* store.slots(subject)
      const last = slots.find((slot) => slot.origin === origin.registryId)
      const { at, registeredAt } = Slots.nextWord(last, secondsOf(yield* Clock.currentTimeMillis))
      return { at: origin.signsDeployed === true ? SaidOf.take(moments, about, at) : at, registeredAt, follows: last?.id, last, slots }
    }),
    maySay,
    say: Effect.fnUntraced(function* (...words) {
      yield* maySay(...words.map(({ announcement }) => announcement))
      yield* store.say(words).pipe(Effect.catchTag("Overtaken", overtaken))
      for (const { announcement } of words) yield* announce(announcement)
    }, Effect.uninterruptible),
  }
}

export const refused = (code: Refused["code"], message: string, field?: string): Effect.Effect<never, Refused> =>
  Effect.fail(new Refused({ code, message, ...(field !== undefined && { field }) }))
export const refusedAs = ({ code, field, message }: Refusal) => refused(code, message, field)
/** Who is not registered here may do nothing in restricted mode, whatever the mesh knows of it. */
export const admitted = Effect.fnUntraced(function* ({ isOpen, store }: Pick<Desk, "isOpen" | "store">, developer: DeveloperId) {
  if (isOpen) return
  const entry = yield* store.developer(developer)
  if (entry?.tier !== "local") return yield* refused("forbidden", "this registry admits developers first: this one is not registered here")
})
export const notFound = (message: string) => refused("not_found", message)
export const conflict = (message: string) => refused("conflict", message)
/** Two requests about the same thing at once: the later one may be sent again. */
export const overtaken = () => conflict("this changed at the same moment: try again")
