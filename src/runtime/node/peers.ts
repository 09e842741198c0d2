/**
 * The peers as their node sees them: who they are, how they behave, and how well their identity is known; and once an hour,
 * or when more of that is known, what we attest of each (registry page, "Peer attestations"; ruled).
 */
import { Effect } from "effect"
import type { FederationMemory } from "../../actors/federation.ts"
import type { GossipMemory } from "../../actors/gossip.ts"
import { inspectorOf } from "../../actors/cast.ts"
import type { InspectorContext } from "../../actors/inspector.ts"
import type { VerifiedLayer } from "../../protocol/gossip/kinds/attestation.ts"
import { idOf, type RegistryId } from "../../protocol/identity/id.ts"
import * as Leases from "../../protocol/gossip/leases.ts"
import { attestationPeriodMs } from "../../protocol/limits.ts"
import { writeAddress } from "../../protocol/mesh/address.ts"
import { tierOf } from "../../protocol/mesh/identity-check.ts"
import type { Member, Roster } from "../../protocol/mesh/roster.ts"
import { secondsOf } from "../../protocol/time.ts"
import type { ActorSystem } from "../actor-system.ts"
import type { Links } from "../links.ts"
import type { Node, PeerView, Refused, RegistryView } from "../node-service.ts"
import type { RecordStore, StoreFailed } from "../ports.ts"
import { steps } from "../steps.ts"

/** Registries that are told of: peers, then those heard last. As many as can be drawn. */
export const registriesShownMax = 1_000

export interface PeersParts {
  readonly actors: ActorSystem
  readonly links: Links
  readonly store: RecordStore["Service"]
  readonly roster: Effect.Effect<Roster>
  readonly nowMs: Effect.Effect<number>
  readonly trustOf: (registry: string) => number
  readonly self: RegistryId
  /** When which registry last said anything, once the node has heard of any. */
  readonly leases: () => Leases.Leases | undefined
}

export interface Peers {
  readonly views: Effect.Effect<ReadonlyArray<PeerView>>
  readonly registries: Effect.Effect<ReadonlyArray<RegistryView>>
  /** Says what there is to say by now. */
  readonly attest: (say: Node["Service"]["attest"]) => Effect.Effect<void, Refused | StoreFailed>
}

export const peersOf = ({ actors, leases, links, nowMs, roster, self, store, trustOf }: PeersParts): Peers => {
  const gossipOn = ({ link }: Member) => (actors.snapshot("gossip")?.context as GossipMemory | undefined)?.push.links.get(link)
  const layersOf = ({ link }: Member): ReadonlyArray<VerifiedLayer> =>
    (actors.snapshot(inspectorOf(link))?.context as InspectorContext | undefined)?.layers ?? []

  const usefulOn = ({ link }: Member) =>
    (actors.snapshot("federation")?.context as FederationMemory | undefined)?.dealings.get(link)?.worth.useful ?? 0

  /** What was attested of whom, and what had been counted on its link by then. */
  const said = new Map<RegistryId, { readonly link: number; readonly period: number; readonly layers: string; readonly tally: Tally }>()

  return {
    views: Effect.gen(function* () {
      const pinned = new Set((yield* Effect.orElseSucceed(store.pins, () => [])).map(({ key }) => idOf("registry", key)))
      return yield* Effect.forEach(yield* roster, (member) =>
        Effect.map(
          Effect.orElseSucceed(store.attestations(member.registryId), () => []),
          (attestations): PeerView => {
            const attesters = attestations.filter(
              ({ attester, observation }) => pinned.has(attester) && observation.layers.includes("proof"),
            )
            const layers = layersOf(member)
            const roundTripMs = links.roundTripMs(member.link)
            return {
              registryId: member.registryId,
              publicKey: member.publicKey,
              address: member.address === undefined ? "" : writeAddress(member.address),
              direction: member.direction,
              role: member.role,
              ...(roundTripMs !== undefined && { roundTripMs }),
              agentCount: member.agentCount,
              connectedAtMs: member.connectedAtMs,
              lastSeenMs: links.lastHeardMs(member.link),
              reputation: gossipOn(member)?.reputation.score ?? 1,
              verdicts: { ...gossipOn(member)?.tally },
              layers,
              tier: tierOf(layers, attesters.length),
              trust: trustOf(member.registryId),
            }
          },
        ),
      )
    }),

    registries: Effect.gen(function* () {
      const peers = (yield* roster).map(({ registryId }) => registryId)
      const { lastWord, stale } = leases() ?? Leases.empty()
      const heard = [...lastWord].sort(([, a], [, b]) => b - a).map(([registryId]) => registryId)
      const known = [...new Set([...peers, ...heard])].filter((registryId) => registryId !== self).slice(0, registriesShownMax)
      const isPeer = new Set(peers)
      return known.map((registryId): RegistryView => {
        const said = lastWord.get(registryId)
        return {
          registryId,
          ...(said !== undefined && { lastWord: said }),
          isPeer: isPeer.has(registryId),
          isStale: stale.has(registryId),
          trust: trustOf(registryId),
        }
      })
    }),

    attest: steps(function* (say) {
      const now = yield* nowMs
      const period = Math.floor(now / attestationPeriodMs) * attestationPeriodMs
      const members = yield* roster
      for (const id of said.keys()) if (!members.some(({ registryId }) => registryId === id)) said.delete(id)
      for (const member of members) {
        const { connectedAtMs, link, registryId } = member
        const layers = layersOf(member)
        const before = said.get(registryId)
        if (before?.period === period && before.layers === layers.join()) continue
        const tally = { ...gossipOn(member)?.tally, [answered]: usefulOn(member) }
        const since = before?.link === link && before.period !== period ? before.tally : {}
        const { answers, invalid, valid } = countedSince(tally, since)
        const upMs = now - Math.max(connectedAtMs, period)
        const uptime = now === period ? 1_000 : Math.max(0, Math.round((1_000 * upMs) / (now - period)))
        yield* say({ subject: registryId, period: secondsOf(period), valid, invalid, answers, uptime, layers })
        said.set(registryId, { link, period, layers: layers.join(), tally })
      }
    }),
  }
}

/** Answers to our queries that verified, among what was counted on a link. */
const answered = "answered"

type Tally = Readonly<Record<string, number>>

const countedSince = (tally: Tally, before: Tally) => {
  const count = (isMeant: (verdict: string) => boolean) =>
    Object.keys(tally).reduce((sum, verdict) => (isMeant(verdict) ? sum + tally[verdict]! - (before[verdict] ?? 0) : sum), 0)
  return {
    valid: count((verdict) => verdict === "accept"),
    invalid: count((verdict) => verdict.startsWith("drop:")),
    answers: count((verdict) => verdict === answered),
  }
}
