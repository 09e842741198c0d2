/**
 * Trust in registries as this node works it out (registry page, "Trust"): attestations that gossip brings, its own experience
 * of its peers, and who is trusted beforehand, reckoned together when there is something new, once in a sweep.
 */
import { Effect } from "effect"
import type { FederationMemory } from "../actors/federation.ts"
import type { GossipMemory } from "../actors/gossip.ts"
import { read, type VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import { idOf, type RegistryId } from "../protocol/identity/id.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import { type Address, writeAddress } from "../protocol/mesh/address.ts"
import type { Roster } from "../protocol/mesh/roster.ts"
import { trustUnknown } from "../protocol/search/ranking.ts"
import * as TrustBook from "../protocol/trust/trust-book.ts"
import type { ActorSystem } from "./actor-system.ts"
import type { RecordStore, StoreFailed } from "./ports.ts"

export interface TrustParts {
  readonly self: RegistryId
  readonly store: RecordStore["Service"]
  readonly actors: Pick<ActorSystem, "snapshot">
  readonly roster: Effect.Effect<Roster>
  readonly nowMs: Effect.Effect<number>
  /** First peers; their keys as configured, or as met there. They are trusted beforehand, unless others are named. */
  readonly bootstrap: ReadonlyArray<{ readonly address: Address; readonly key?: PublicKey }>
  readonly preTrusted?: ReadonlyArray<PublicKey>
}

export interface Trust {
  /** 0 … 1. Where nobody attested anything and nothing was seen, all others count the same. */
  readonly of: (registry: string) => number
  readonly attesters: (registry: RegistryId) => number
  /** Another one after each reckoning. */
  readonly version: () => number
  readonly hear: (announcement: VerifiedAnnouncement) => void
  /** Reads these attestations, which the store holds. */
  readonly begin: (ids: ReadonlyArray<string>) => Effect.Effect<void, StoreFailed>
  /** Reckons anew if there is anything new. */
  readonly review: Effect.Effect<void, StoreFailed>
}

/** Announcements read from the store at once. */
const readAtOnce = 500

export const makeTrust = ({ actors, bootstrap, nowMs, preTrusted, roster, self, store }: TrustParts): Trust => {
  const book = TrustBook.begin(self)
  /** What was seen on links that are gone is not forgotten with them. */
  const seen = new Map<RegistryId, TrustBook.Seen>()
  const onLinks = new Map<number, { readonly registryId: RegistryId; readonly seen: TrustBook.Seen }>()

  const hear: Trust["hear"] = ({ body, origin }) => {
    if (body.kind === "attestation") TrustBook.hear(book, origin, body)
  }

  const trustedBeforehand = Effect.gen(function* () {
    if (preTrusted !== undefined && preTrusted.length > 0) return preTrusted.map((key) => idOf("registry", key))
    const pins = new Map((yield* store.pins).map(({ address, key }) => [address, key]))
    return bootstrap.flatMap(({ address, key = pins.get(writeAddress(address)) }) => (key === undefined ? [] : [idOf("registry", key)]))
  })

  /** What we saw of each peer: words that it passed on and answers that it gave, right and wrong, on this link and before. */
  const look = (members: Roster): ReadonlyMap<RegistryId, TrustBook.Seen> => {
    const gossip = actors.snapshot("gossip")?.context as GossipMemory | undefined
    const federation = actors.snapshot("federation")?.context as FederationMemory | undefined
    for (const [link, { registryId, seen: last }] of onLinks)
      if (!members.some((member) => member.link === link)) {
        seen.set(registryId, together(seen.get(registryId), last))
        onLinks.delete(link)
      }
    for (const { link, registryId } of members) {
      const tally = gossip?.push.links.get(link)?.tally ?? {}
      const invalid = Object.entries(tally).reduce((sum, [verdict, count]) => (isWrong(verdict) ? sum + count : sum), 0)
      const answers = federation?.dealings.get(link)?.worth.useful ?? 0
      onLinks.set(link, { registryId, seen: { valid: tally["accept"] ?? 0, invalid, answers, uptime: 1_000 } })
    }
    const all = new Map(seen)
    for (const { registryId, seen: now } of onLinks.values()) all.set(registryId, together(seen.get(registryId), now))
    return all
  }

  const reckon = Effect.gen(function* () {
    const now = yield* nowMs
    TrustBook.expire(book, now)
    TrustBook.reckon(book, yield* trustedBeforehand, look(yield* roster), now)
  })

  return {
    of: (registry) => (registry === self ? 1 : isIgnorant(book) ? trustUnknown : TrustBook.trustIn(book, registry as RegistryId)),
    attesters: (registry) => TrustBook.attestersOf(book, registry),
    version: () => book.version,
    hear,
    begin: Effect.fnUntraced(function* (ids) {
      for (let at = 0; at < ids.length; at += readAtOnce)
        for (const document of yield* store.documents(ids.slice(at, at + readAtOnce))) {
          const announcement = read(document)
          // what the store holds was verified when it came
          if (announcement.type !== "malformed") hear(announcement as VerifiedAnnouncement)
        }
      yield* reckon
    }),
    review: reckon,
  }
}

/** Nobody has said or seen anything that counts: there is nothing to tell registries apart by. */
const isIgnorant = ({ opinions, own }: TrustBook.TrustBook): boolean => own.size === 0 && opinions.every((said) => said.size === 0)

/** What cannot happen to the honest; a flood or an unknown type can. */
const isWrong = (verdict: string): boolean => /^drop:(?:signature|authority|id-mismatch|malformed|unsolicited|hops)$/.test(verdict)

const together = (a: TrustBook.Seen | undefined, b: TrustBook.Seen): TrustBook.Seen =>
  a === undefined
    ? b
    : { valid: a.valid + b.valid, invalid: a.invalid + b.invalid, answers: a.answers + b.answers, uptime: Math.max(a.uptime, b.uptime) }
