/** What makes one node differ from another, and what it is when nobody says anything. */
import type { PublicKey } from "../protocol/identity/key.ts"
import {
  announcementsPerSecond,
  beatSkewMaxMs,
  cardLifetimeMs,
  cardsMaxDefault,
  gossipHopsMax,
  inactiveAfterMs,
  maxPeersDefault,
  seenWindowMs,
  sweepPeriodMs,
} from "../protocol/limits.ts"
import type { Address } from "../protocol/mesh/address.ts"
import type { Dialect, Role } from "../protocol/wire/message.ts"
import type { CardSettings } from "./cards.ts"
import { type Cast, cast } from "./cast.ts"
import { compiledEngine } from "./engine/compiled.ts"
import type { Engine } from "./engine/engine.ts"
import { defaultDht, type DhtSettings } from "./node/dht.ts"
import type { LivenessSettings } from "./node/liveness.ts"
import type { Selection } from "./roles.ts"
import { type Spanned, untraced } from "./tracing.ts"
import { searchSettingsDefault, type SearchSettings } from "./search-settings.ts"

export interface NodeSettings {
  readonly version: string
  /** Two networks never mix. */
  readonly network: string
  readonly role: Role
  readonly maxPeers: number
  /** Announcements one peer may send per second before its reader slows down. */
  readonly announcementsPerSecond: number
  /** An announcement that made so many hops is not passed on. */
  readonly hopsMax: number
  /** How long an announcement is remembered as seen. */
  readonly seenWindowMs: number
  /** Peers it looks for by itself; 0: it dials the configured ones only. */
  readonly wantedPeers: number
  /** Mesh dialects it speaks: with deployed nodes theirs, with all others the pages' (auto); or one of the two alone. */
  readonly dialect: "auto" | Dialect
  /** What its operator calls it. */
  readonly name?: string
  readonly bootstrap: ReadonlyArray<{ readonly address: Address; readonly key?: PublicKey }>
  /** Its maker says when it looks for them (`RunningNode.meet`). */
  readonly isMetLater: boolean
  /** A private mesh: only these keys are let in. */
  readonly allowed?: ReadonlyArray<PublicKey>
  /** The host others dial, where it differs from the one they see. */
  readonly advertisedHost?: string
  /** The host of its public URL, under which it binds names. */
  readonly registryHost?: string
  /** Restricted: only developers whom the operator lets in (`registerDeveloper` is the caller's to guard). */
  readonly onboarding: "open" | "restricted"
  /** What a light node holds; other roles do not choose. */
  readonly selection: Selection
  readonly liveness: LivenessSettings
  readonly cards: CardSettings
  readonly dht: DhtSettings
  readonly engine: Engine
  /** What the actors are made of; tests plant bugs here, to see them caught. */
  readonly cast: Cast
  /** What it says it can do beyond the mesh page; all that its role can when absent, and none of it is a node of the page. */
  readonly capabilities?: ReadonlyArray<string>
  /** Whether it looks at what the domains of peers say of them, and attests of what it saw. */
  readonly inspects: boolean
  /** Whether it can be searched, and how. */
  readonly indexes: boolean
  /** Whether what the store holds is indexed before the node serves, or behind: then searches say that they are incomplete. */
  readonly fillsIndexes: "before" | "behind"
  /** Whom it trusts beforehand; its first peers when absent. */
  readonly preTrusted?: ReadonlyArray<PublicKey>
  readonly search: SearchSettings
  /** Around what takes its time; `tracing.ts`. */
  readonly spanned: Spanned
}

export const defaultSettings: Omit<NodeSettings, "version"> = {
  network: "public",
  role: "full",
  maxPeers: maxPeersDefault,
  announcementsPerSecond,
  hopsMax: gossipHopsMax,
  seenWindowMs,
  wantedPeers: 8,
  dialect: "auto",
  bootstrap: [],
  isMetLater: false,
  onboarding: "open",
  selection: { categories: new Set(), developers: new Set() },
  liveness: { isWatching: true, inactiveAfterMs, sweepPeriodMs, skewMaxMs: beatSkewMaxMs },
  cards: { cardsMax: cardsMaxDefault, lifetimeMs: cardLifetimeMs },
  dht: defaultDht,
  engine: compiledEngine,
  cast,
  inspects: false,
  indexes: true,
  fillsIndexes: "before",
  search: searchSettingsDefault,
  spanned: untraced,
}
