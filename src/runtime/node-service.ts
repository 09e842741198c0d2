/**
 * `Node`: all that a registry node can be asked to do, as one service. REST, the command line and the simulator's
 * workloads call it; none of them reaches past it.
 */
import { Context, type Effect, Schema } from "effect"
import type { Json } from "../protocol/identity/canonical-json.ts"
import type { IdentityTier } from "../protocol/mesh/identity-check.ts"
import type { Observation, VerifiedLayer } from "../protocol/gossip/kinds/attestation.ts"
import type { RegistryProof } from "../protocol/gossip/kinds/proof.ts"
import type { DeveloperId, EntityId, RegistryId } from "../protocol/identity/id.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import type { Block } from "../protocol/moderation/blocks.ts"
import type { DeveloperEntry, DeveloperRecord } from "../protocol/records/developer.ts"
import type { EntityEntry, EntityRecord } from "../protocol/records/entity.ts"
import type { DeletionStamp } from "../protocol/records/ratchet.ts"
import type { HandleEntry, NameEntry, NameVersion } from "../protocol/records/name.ts"
import type { Question } from "../protocol/search/question.ts"
import type { Parts, ScoreBreakdown } from "../protocol/search/ranking.ts"
import type { Card } from "../protocol/records/card.ts"
import type { Role } from "../protocol/wire/message.ts"
import type { CardUnavailable } from "./cards.ts"
import type { Address } from "../protocol/mesh/address.ts"
import type { Seconds } from "../protocol/time.ts"
import type { Change, EntityFilter, StoreFailed, Vocabulary } from "./ports.ts"

/** Why a request is not granted. `code` decides the HTTP status; `message` is one sentence for the client. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Literals(["invalid_request", "unauthorized", "forbidden", "not_found", "conflict", "gone", "unavailable"]),
  message: Schema.String,
  /** The request field that is at fault, where there is one. */
  field: Schema.optionalKey(Schema.String),
}) {}

/** A search as REST sends it (reference 4.1). Absent fields do not filter. */
export interface SearchRequest extends Question {
  readonly min_trust_score?: number
  readonly developer_handle?: string
  /** A name as `host/handle/name`, or an entity's id. */
  readonly fqan?: string
  /** Whether peers are asked too: when absent, only if fewer than `max_results` are found here (ruled). */
  readonly federated?: boolean
  readonly max_results?: number
  readonly offset?: number
}

export interface SearchHit {
  readonly entry: EntityView
  /** 0 … 1. */
  readonly score: number
  readonly breakdown: ScoreBreakdown
  /** What the score was made of, before the text was related to the best: to rank it anew among others. */
  readonly parts: Parts
}

export interface SearchAnswer {
  readonly hits: ReadonlyArray<SearchHit>
  /** All that match, not only this page. */
  readonly totalFound: number
  readonly offset: number
  readonly hasMore: boolean
  /** The node started a moment ago, and its index does not hold everything yet. */
  readonly isIncomplete?: boolean
  readonly stats: SearchStats
}

/** Where the results come from (reference 4.1, `search_stats`). */
export interface SearchStats {
  readonly local: number
  readonly gossip: number
  /** Found by peers and not held here. */
  readonly federated: number
  readonly peersAsked: number
  readonly peersAnswered: number
  readonly latencyMs: number
}

/** A mesh peer as the operator sees it. */
export interface PeerView {
  readonly registryId: RegistryId
  readonly publicKey: PublicKey
  /** Where it is reached, as it says. */
  readonly address: string
  readonly direction: "in" | "out"
  readonly role: Role
  /** Of a probe and its answer, the last time; absent until it was measured. */
  readonly roundTripMs?: number
  readonly agentCount: number
  readonly connectedAtMs: number
  readonly lastSeenMs: number
  /** 1 at the best; at 0 it is disconnected. */
  readonly reputation: number
  /** How often each verdict was given on what it sent: `accept`, `duplicate`, `drop: signature` … */
  readonly verdicts: Readonly<Record<string, number>>
  /** What of its identity was verified here, and how well it is known in all. */
  readonly layers: ReadonlyArray<VerifiedLayer>
  readonly tier: IdentityTier
  /** As this node reckons it from its own experience and attestations, 0 … 1. */
  readonly trust: number
}

/** Another registry that this node knows: a peer, or one that was heard of through peers. */
export interface RegistryView {
  readonly registryId: RegistryId
  /** When it last said anything; absent where it has said nothing yet. */
  readonly lastWord?: Seconds
  readonly isPeer: boolean
  /** It said nothing for a day. */
  readonly isStale: boolean
  /** 0 … 1. */
  readonly trust: number
}

/** Trust in an entity is that in its home registry (ruled). */
export interface EntityTrust {
  readonly entityId: EntityId
  readonly home: RegistryId
  /** 0 … 1. */
  readonly trust: number
  /** Registries that said anything of the home this day. */
  readonly attesters: number
}

export interface NodeStatus {
  readonly registryId: RegistryId
  readonly uptimeMs: number
  readonly phase: string
  readonly peerCount: number
  readonly localEntities: number
  readonly gossipEntities: number
  readonly developers: number
  /** After a start: do the search indexes hold all that the store does? */
  readonly areIndexesFilled: boolean
  /** Entities that wait for a model's vector, and searches that had to do without one since the start. */
  readonly vectors: { readonly waiting: number; readonly degraded: number }
  /** Other registries that have said anything. */
  readonly knownRegistries: number
  /** Asked since it started. */
  readonly searches: number
  /** Frames refused before a peer was known, by reason. */
  readonly refused: Readonly<Record<string, number>>
  /** Absent where there is no DHT. */
  readonly dht?: DhtStatus
}

/** Table, values and lookups of the DHT. */
export interface DhtStatus {
  readonly contacts: number
  /** Contacts in each bucket that has any, by shared bits with our key. */
  readonly buckets: Readonly<Record<string, number>>
  /** Held for others, and of our own registrations. */
  readonly storedValues: number
  readonly ownValues: number
  /** That ended: values found and missing, and those for the closest nodes; and the questions of all of them. */
  readonly lookups: { readonly found: number; readonly missing: number; readonly contacts: number; readonly questions: number }
}

/** Is this domain or account this developer's? */
export interface HandleQuestion {
  readonly handle: string
  readonly method: "dns" | "github"
  readonly proof: string
  readonly developerId: DeveloperId
  readonly publicKey: PublicKey
  /** Those by which the developer claimed the handle, and asked for this. */
  readonly signatures: ReadonlyArray<string>
}

export interface Resolution {
  readonly name: NameEntry
  /** No registry has proven yet, as the only one, that this host is its own. */
  readonly isProvisional: boolean
  /** What it means, where we know it. */
  readonly entity?: EntityEntry
}

/** A handle, and whose it is. */
export interface HandleView extends HandleEntry {
  readonly developerName: string
}

/** An entity, and the name under which it is shown. */
export type EntityView = EntityEntry & { readonly name?: NameEntry }

export interface Beat {
  /** False: it was counted before. */
  readonly isCounted: boolean
  readonly hasBecomeActive: boolean
}

export class Node extends Context.Service<
  Node,
  {
    readonly registryId: RegistryId
    readonly publicKey: PublicKey
    /** POST /v1/developers: the body as the SDKs sign it (reference 1.3). */
    readonly registerDeveloper: (body: Json) => Effect.Effect<DeveloperRecord, Refused | StoreFailed>
    /** Lets a developer in and makes its key, which is the same for the same `state`: seed and public key, 64 bytes. */
    readonly admitDeveloper: (
      name: string,
      state: string,
    ) => Effect.Effect<
      { readonly developerId: DeveloperId; readonly publicKey: PublicKey; readonly secret: Uint8Array },
      Refused | StoreFailed
    >
    /** Blocks an id, a registry's key, or a host with all below it; `entities`: how many are hidden by it that were not before. */
    readonly block: (subject: string, reason: string) => Effect.Effect<Block & { readonly entities: number }, Refused | StoreFailed>
    readonly unblock: (subject: string) => Effect.Effect<Block, Refused | StoreFailed>
    readonly blocks: Effect.Effect<ReadonlyArray<Block>, StoreFailed>
    /** One more peer to look for, now and for as long as this node runs. */
    readonly namePeer: (address: Address, key: PublicKey | undefined) => Effect.Effect<void>
    /** POST /v1/entities: the body as the SDKs sign it (reference 1.4). Durable and announced when it returns. */
    readonly registerEntity: (body: Json) => Effect.Effect<EntityRecord, Refused | StoreFailed>
    /** DELETE /v1/entities/{id}: `authorization` is the header's value. */
    readonly deregister: (
      id: string,
      authorization: string | undefined,
      stamp?: DeletionStamp,
    ) => Effect.Effect<EntityRecord, Refused | StoreFailed>
    /** PUT /v1/entities/{id}: `body` is the request's text as it came, which the header signs. */
    readonly updateEntity: (
      id: string,
      body: string,
      authorization: string | undefined,
    ) => Effect.Effect<EntityRecord, Refused | StoreFailed>
    /** PUT and DELETE /v1/developers/{id}. Handles and names of a deleted developer end with it; its entities stay. */
    readonly updateDeveloper: (
      id: string,
      body: string,
      authorization: string | undefined,
    ) => Effect.Effect<DeveloperRecord, Refused | StoreFailed>
    readonly deleteDeveloper: (id: string, authorization: string | undefined) => Effect.Effect<DeveloperRecord, Refused | StoreFailed>
    /** POST /v1/handles. A developer holds one handle; whom nobody introduced yet becomes known by it. */
    readonly claimHandle: (body: Json) => Effect.Effect<HandleEntry, Refused | StoreFailed>
    /** POST /v1/handles/{handle}/verify: `isProven` looks at DNS or at an account. */
    readonly verifyHandle: (
      handle: string,
      body: Json,
      isProven: (question: HandleQuestion) => Effect.Effect<boolean, Refused>,
    ) => Effect.Effect<HandleEntry, Refused | StoreFailed>
    /** DELETE /v1/handles/{handle}: names under it end with it. */
    readonly releaseHandle: (handle: string, authorization: string | undefined) => Effect.Effect<void, Refused | StoreFailed>
    /** POST /v1/names. */
    readonly bindName: (body: Json) => Effect.Effect<NameEntry, Refused | StoreFailed>
    /** A new version; the developer signs its number (`current_version`) too. */
    readonly rebindName: (handle: string, name: string, body: Json) => Effect.Effect<NameEntry, Refused | StoreFailed>
    /** A new version that means what an old one did, signed like any other. */
    readonly rollbackName: (handle: string, name: string, version: number, body: Json) => Effect.Effect<NameEntry, Refused | StoreFailed>
    /** DELETE /v1/names/{handle}/{name}. */
    readonly releaseName: (handle: string, name: string, authorization: string | undefined) => Effect.Effect<void, Refused | StoreFailed>
    /** Our own host first; `host` chooses; several hosts and no choice is a conflict that lists them. */
    readonly resolveName: (handle: string, name: string, host?: string) => Effect.Effect<Resolution, Refused | StoreFailed>
    /** A sign of life: the entity's signature over the timestamp as it was sent, or over `id` and that: so it counts for no sibling of the same key. */
    readonly beat: (id: string, timestamp: string, signature: string) => Effect.Effect<Beat, Refused | StoreFailed>
    /** Our identity proof (`/.well-known/zynd-registry.json`); said anew when we last said it eight hours ago. */
    readonly proof: Effect.Effect<RegistryProof, Refused | StoreFailed>
    /** Says what we saw of another registry. */
    readonly attest: (observation: Observation) => Effect.Effect<void, Refused | StoreFailed>
    readonly trust: (id: string) => Effect.Effect<EntityTrust, Refused | StoreFailed>
    /** Of what nobody proves: as a deployed peer tells it (tier `hearsay`). */
    readonly entity: (id: string) => Effect.Effect<EntityView, Refused | StoreFailed>
    /** The same at once, where it was read a moment ago and nothing happened since; `undefined` says nothing. */
    readonly readyEntity: (id: EntityId) => EntityView | undefined
    /** Entities that are registered here. */
    readonly list: (filter: EntityFilter) => Effect.Effect<ReadonlyArray<EntityView>, StoreFailed>
    readonly vocabulary: Effect.Effect<Vocabulary, StoreFailed>
    /** What this node holds, in the order in which it came to (`RecordStore.changes`). */
    readonly changes: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<Change>, StoreFailed>
    /** Who holds a handle: ours first; `registry` chooses; several and no choice is a conflict. */
    readonly handle: (handle: string, registry?: string) => Effect.Effect<HandleView, Refused | StoreFailed>
    /** Why a handle cannot be claimed here; `undefined` when it can. */
    readonly whyNoHandle: (handle: string) => Effect.Effect<string | undefined, StoreFailed>
    /** Names under a handle, in order: ours, or else those of the others. */
    readonly namesUnder: (handle: string) => Effect.Effect<ReadonlyArray<NameEntry>, StoreFailed>
    /** As `resolveName`, without what it means. */
    readonly name: (handle: string, name: string, host?: string) => Effect.Effect<Resolution, Refused | StoreFailed>
    /** What a name has meant, newest first; of another registry's name only what it means now. */
    readonly versions: (
      handle: string,
      name: string,
      host?: string,
    ) => Effect.Effect<{ readonly name: NameEntry; readonly versions: ReadonlyArray<NameVersion> }, Refused | StoreFailed>
    /** Why a name cannot be bound here; `undefined` when it can. */
    readonly whyNoName: (
      handle: string,
      name: string,
    ) => Effect.Effect<{ readonly reason: string; readonly entityId?: EntityId } | undefined, StoreFailed>
    readonly developer: (id: string) => Effect.Effect<DeveloperEntry, Refused | StoreFailed>
    /** GET /v1/entities/{id}/card: asked of the entity now, whatever tier it is of. */
    readonly card: (id: string) => Effect.Effect<Card, CardUnavailable | Refused | StoreFailed>
    /** Cards for results of a search (`enrich`): of the first ten, together and in bounded time; who has none in time is left out. */
    readonly cards: (entries: ReadonlyArray<EntityEntry>) => Effect.Effect<ReadonlyMap<EntityId, Card>>
    readonly search: (request: SearchRequest) => Effect.Effect<SearchAnswer, Refused | StoreFailed>
    readonly status: Effect.Effect<NodeStatus, StoreFailed>
    readonly peers: Effect.Effect<ReadonlyArray<PeerView>>
    /** Peers, then those heard last; bounded. */
    readonly registries: Effect.Effect<ReadonlyArray<RegistryView>>
  }
>()("agentdns/runtime/Node") {}
