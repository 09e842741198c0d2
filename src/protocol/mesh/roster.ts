/**
 * The roster: who is connected, and who may be (mesh page, "max_peers"; ruled: two links between two nodes are resolved the
 * same way on both ends).
 */
import type { Quirks } from "../agentdns/quirks.ts"
import type { RegistryId } from "../identity/id.ts"
import { bansMax } from "../limits.ts"
import { blockOfPeer, type Blocks } from "../moderation/blocks.ts"
import type { PublicKey } from "../identity/key.ts"
import type { Role } from "../wire/message.ts"
import type { Address } from "./address.ts"
import { type Dialled, keepsNewLink } from "./greeting.ts"

export interface Member {
  /** The actor that holds the link. */
  readonly peer: string
  readonly link: number
  readonly registryId: RegistryId
  readonly publicKey: PublicKey
  readonly direction: "in" | "out"
  readonly role: Role
  /** Where others can dial it; absent when it does not listen. */
  readonly address?: Address
  readonly agentCount: number
  readonly connectedAtMs: number
  /** Which of its dialler's dials this is (`greeting.ts`). */
  readonly dial?: number
  /** It comes for DHT questions only. */
  readonly isVisitor?: boolean
  readonly quirks?: Quirks
}

export type Roster = ReadonlyArray<Member>

export type Admission =
  | { readonly type: "admit"; readonly replaces?: Member }
  | { readonly type: "refuse"; readonly reason: "duplicate" | "full" | "banned" | "blocked" | "not-allowed" | "no-dht" }

/** Who may be a member at all. */
export interface Doors {
  readonly maxPeers: number
  /** A private mesh: only these. */
  readonly allowed?: ReadonlySet<PublicKey>
  /** Registries that misbehaved, and until when they stay out. */
  readonly bans: ReadonlyMap<RegistryId, number>
  /** What the operator blocks. */
  readonly blocks?: Blocks
  /** There is a DHT here that a visitor can ask. */
  readonly takesVisitors?: boolean
}

/** May this one join? A second link of a member replaces the first or is refused, by the rule both ends know (its own, where it has one). */
export const admission = (
  roster: Roster,
  candidate: Member,
  self: RegistryId,
  { allowed, bans, blocks, maxPeers, takesVisitors = false }: Doors,
): Admission => {
  if (allowed?.has(candidate.publicKey) === false) return { type: "refuse", reason: "not-allowed" }
  if (blocks !== undefined && isBlocked(blocks, candidate)) return { type: "refuse", reason: "blocked" }
  if ((bans.get(candidate.registryId) ?? 0) > candidate.connectedAtMs) return { type: "refuse", reason: "banned" }
  if (candidate.isVisitor === true) return takesVisitors ? { type: "admit" } : { type: "refuse", reason: "no-dht" }
  const existing = roster.find((member) => member.registryId === candidate.registryId)
  if (existing !== undefined) {
    if (candidate.quirks?.keepsOldestLink === true) return { type: "refuse", reason: "duplicate" }
    // ours has always proven its key; who spoke as a deployed node need not have (plain TCP), and shall keep nobody's place
    if (existing.quirks !== undefined && candidate.quirks === undefined) return { type: "admit", replaces: existing }
    return keepsNewLink(dialled(existing, self), dialled(candidate, self))
      ? { type: "admit", replaces: existing }
      : { type: "refuse", reason: "duplicate" }
  }
  return roster.length < maxPeers ? { type: "admit" } : { type: "refuse", reason: "full" }
}

/** By its id, or by where it says that it is reached. */
export const isBlocked = (blocks: Blocks, { address, registryId }: Pick<Member, "address" | "registryId">): boolean =>
  blocks.all.size > 0 && blockOfPeer(blocks, registryId, address?.host) !== undefined

/** Keeps a registry out until a moment; beyond `bansMax` the oldest ban is forgotten. */
export const ban = (bans: ReadonlyMap<RegistryId, number>, registryId: RegistryId, untilMs: number): ReadonlyMap<RegistryId, number> => {
  const others = [...bans].filter(([banned]) => banned !== registryId)
  return new Map([...others.slice(Math.max(0, others.length + 1 - bansMax)), [registryId, untilMs]])
}

export const without = (roster: Roster, link: number): Roster => roster.filter((member) => member.link !== link)

const dialled = ({ dial, direction, registryId }: Member, self: RegistryId): Dialled => ({
  by: direction === "out" ? self : registryId,
  dial,
})
