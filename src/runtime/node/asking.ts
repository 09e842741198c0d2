/**
 * Asking peers for one entity that is not here: ours for what proves itself, as a light node and a gateway read; deployed ones,
 * last of all, for what they say of it (`hearsay.ts`).
 */
import { Effect } from "effect"
import { compare } from "../../protocol/dht/distance.ts"
import { idKeyOf, nodeKeyOf } from "../../protocol/dht/key.ts"
import type { VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import type { EntityId } from "../../protocol/identity/id.ts"
import { askedPeersMax } from "../../protocol/limits.ts"
import type { Member } from "../../protocol/mesh/roster.ts"
import type { EntityEntry } from "../../protocol/records/entity.ts"
import { type KnownHere, newsOf } from "../hearsay.ts"
import type { StoreFailed } from "../ports.ts"
import type { ReadThrough } from "../read-through.ts"
import type { Spanned } from "../tracing.ts"
import { sparing } from "./sparing.ts"

export interface Asking {
  /** What peers of ours hold about it. */
  readonly ours: (id: EntityId) => Effect.Effect<ReadonlyArray<VerifiedAnnouncement>>
  /** What deployed peers say of it, where we know nothing of it. */
  readonly deployed: (id: EntityId) => Effect.Effect<EntityEntry | undefined, StoreFailed>
}

export interface AskingParts extends KnownHere {
  readonly peers: () => ReadonlyArray<Member>
  readonly readThrough: ReadThrough
  readonly nowMs: Effect.Effect<number>
  readonly spanned: Spanned
}

export const askingOn = (parts: AskingParts): Asking => {
  const ask = (id: EntityId, members: ReadonlyArray<Member>) =>
    parts.spanned(
      "mesh.ask",
      parts.readThrough(
        id,
        members.slice(0, askedPeersMax).map(({ link }) => link),
      ),
    )

  /** Those first whose keys are closest to the entity's: where their own kind stores it. */
  const closest = (id: EntityId): ReadonlyArray<Member> => {
    const key = idKeyOf(id)
    return parts
      .peers()
      .filter(({ quirks }) => quirks !== undefined)
      .map((member) => ({ member, at: nodeKeyOf(member.publicKey) }))
      .sort((a, b) => compare(key, a.at, b.at))
      .map(({ member }) => member)
  }

  const hearsay = sparing(parts.nowMs, (id: EntityId) => Effect.map(ask(id, closest(id)), (answer) => answer.hearsay))

  return {
    ours: (id) =>
      Effect.map(
        ask(
          id,
          parts.peers().filter(({ quirks, role }) => role === "full" && quirks === undefined),
        ),
        ({ verified }) => verified,
      ),
    deployed: (id) => Effect.flatMap(hearsay(id), ([told]) => (told === undefined ? Effect.succeed(undefined) : newsOf(parts, told))),
  }
}
