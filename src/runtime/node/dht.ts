/**
 * The DHT as a node uses it: what is registered here is published, and said again every hour; what is not known here is
 * looked for. Values prove themselves before anybody sees them (`protocol/dht/value.ts`).
 */
import { Effect, Random, Stream } from "effect"
import type { DhtLookupContext, DhtLookupInput } from "../../actors/dht-lookup.ts"
import type { DhtMemory } from "../../actors/dht.ts"
import type { Told } from "../../actors/command.ts"
import type { Contact } from "../../protocol/dht/contact.ts"
import { type DhtKey, keyOfSubject, nodeKeyOf } from "../../protocol/dht/key.ts"
import * as Table from "../../protocol/dht/routing-table.ts"
import * as Search from "../../protocol/dht/search.ts"
import { draftValue, type ProvenValue } from "../../protocol/dht/value.ts"
import * as Values from "../../protocol/dht/value-store.ts"
import { type Announcement, type Origin, read, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import {
  dhtBucketSize,
  dhtConcurrency,
  dhtHoldersWanted,
  dhtLookupPatienceMs,
  dhtPaths,
  dhtReadPatienceMs,
  dhtRepublishMs,
  dhtValueLifeMs,
} from "../../protocol/limits.ts"
import type { Address } from "../../protocol/mesh/address.ts"
import { secondsOf } from "../../protocol/time.ts"
import type { ActorSystem } from "../actor-system.ts"
import type { DhtStatus } from "../node-service.ts"
import type { RecordStore, StoreFailed } from "../ports.ts"
import type { Spanned } from "../tracing.ts"
import { sparing } from "./sparing.ts"
import type { Signatures } from "./signatures.ts"
import { steps } from "../steps.ts"

/** What an operator may decide about it (`[dht]`). */
export interface DhtSettings {
  readonly isEnabled: boolean
  /** Contacts in a bucket, and holders of a value. */
  readonly k: number
  /** Open questions of a lookup. */
  readonly alpha: number
  /** How often we say our own again. */
  readonly republishMs: number
  /** How long we hold what others say, a day at most. */
  readonly lifeMs: number
  /** How long somebody who reads waits for it. */
  readonly readPatienceMs: number
}

export const inputOf = ({ alpha, k, lifeMs }: DhtSettings) => ({ alpha, k, lifeMs })

export const defaultDht: DhtSettings = {
  isEnabled: true,
  k: dhtBucketSize,
  alpha: dhtConcurrency,
  republishMs: dhtRepublishMs,
  lifeMs: dhtValueLifeMs,
  readPatienceMs: dhtReadPatienceMs,
}

export const withoutDht: DhtSettings = { ...defaultDht, isEnabled: false }

export interface DhtOfNode {
  /** Stores what we just said, where it is something that the DHT carries. */
  readonly publish: (announcement: VerifiedAnnouncement) => Effect.Effect<void>
  /** Says everything of ours again, when an hour has gone by. */
  readonly renew: Effect.Effect<void, StoreFailed>
  /** What the network holds for a key; nothing where there is no DHT here, or nobody knows. */
  readonly find: (key: DhtKey) => Effect.Effect<ReadonlyArray<VerifiedAnnouncement>>
  /** One whole lookup and how it went, for who looks at lookups. */
  readonly look: (goal: Search.SearchPlan["goal"], key: DhtKey) => Effect.Effect<Search.Search | undefined>
  readonly status: () => DhtStatus | undefined
}

export interface DhtParts {
  readonly settings: DhtSettings
  readonly actors: ActorSystem
  readonly tell: (to: string, event: Told) => void
  readonly origin: Origin
  readonly signed: Signatures["signed"]
  readonly store: RecordStore["Service"]
  readonly nowMs: Effect.Effect<number>
  readonly spanned: Spanned
  /** Where we are reached, if we know. */
  readonly address: () => Address | undefined
}

export const makeDht = Effect.fnUntraced(function* (parts: DhtParts): Effect.fn.Return<DhtOfNode> {
  const { actors, nowMs, origin, settings, signed, store, tell } = parts
  if (!settings.isEnabled) return noDht
  const self = nodeKeyOf(origin.publicKey)
  const { alpha, k } = settings
  let lookups = 0
  // nobody says everything in the same minute as everybody else
  let renewAtMs = (yield* nowMs) + (yield* jitter) * startingMs

  const publish = (announcement: Announcement): Effect.Effect<void> =>
    Effect.gen(function* () {
      const draft = draftValue(origin, announcement as VerifiedAnnouncement, secondsOf(yield* nowMs), parts.address())
      if (draft === undefined) return
      const { stored, whole } = yield* signed(draft)
      tell("dht", { type: "value.made", value: whole })
      tell("dht-publisher", { type: "publication.wanted", key: stored.key, values: [stored.document] })
    })

  const lookUp = (
    goal: Search.SearchPlan["goal"],
    key: DhtKey,
    more: Partial<DhtLookupInput> & { readonly paths?: number } = {},
  ): Effect.Effect<Search.Search> => parts.spanned("dht.lookup", startLookUp(goal, key, more))

  const startLookUp = (
    goal: Search.SearchPlan["goal"],
    key: DhtKey,
    more: Partial<DhtLookupInput> & { readonly paths?: number },
  ): Effect.Effect<Search.Search> =>
    Effect.callback((resume) => {
      const id = `dht-lookup/read/${++lookups}`
      const { among, paths = goal === "value" ? dhtPaths : 1, patienceMs = settings.readPatienceMs } = more
      const holdersWanted = Math.min(paths, dhtHoldersWanted)
      const plan = { self, key, goal, k, alpha, paths, holdersWanted }
      const input: DhtLookupInput = { id, plan, patienceMs, ...(among !== undefined && { among }) }
      actors.start({ actor: "dht-lookup", id, input }, (context) => resume(Effect.succeed((context as DhtLookupContext).search)))
      return Effect.sync(() => actors.stop(id))
    })

  /** A pointer without its record: its home holds it, and is asked. */
  const fromHome = steps(function* ({ address, key, originKey }: ProvenValue) {
    const id = nodeKeyOf(originKey)
    const search = address === undefined ? yield* lookUp("contacts", id) : undefined
    const near: ReadonlyArray<Contact> = search === undefined ? [] : Search.closest(search)
    const home = address === undefined ? near.find((contact) => contact.id === id) : { id, address }
    if (home === undefined) return []
    return (yield* lookUp("value", key, { among: [home], paths: 1 })).values
  })

  const search = steps(function* (key: DhtKey) {
    const values = (yield* lookUp("value", key)).values
    const whole = values.filter(({ record }) => record !== undefined)
    const told = whole.length > 0 ? whole : (yield* Effect.forEach(values, fromHome)).flat()
    return told.flatMap(({ record }) => record ?? [])
  })

  const memory = () => actors.snapshot("dht")?.context as DhtMemory | undefined

  return {
    publish,
    renew: Effect.gen(function* () {
      if ((yield* nowMs) < renewAtMs) return
      renewAtMs = (yield* nowMs) + settings.republishMs * (0.8 + 0.2 * (yield* jitter))
      const own = yield* Stream.runCollect(Stream.filter(store.everySlot, (slot) => slot.origin === origin.registryId))
      const ids = own.flatMap(({ id, subject }) => (isCarried(subject) ? [id] : []))
      for (let at = 0; at < ids.length; at += readAtOnce) {
        for (const document of yield* store.documents(ids.slice(at, at + readAtOnce))) {
          const announcement = read(document)
          if (announcement.type !== "malformed") yield* publish(announcement)
        }
      }
    }),
    find: sparing(nowMs, search),
    look: (goal, key) => lookUp(goal, key, { patienceMs: dhtLookupPatienceMs }),
    status: () => {
      const dht = memory()
      return dht === undefined
        ? undefined
        : {
            contacts: Table.sizeOf(dht.table),
            buckets: Object.fromEntries(
              [...dht.table.buckets].flatMap(([bits, { contacts }]) => (contacts.length === 0 ? [] : [[bits, contacts.length]])),
            ),
            storedValues: Values.sizeOf(dht.values),
            ownValues: [...dht.values.own.values()].reduce((sum, values) => sum + values.length, 0),
            lookups: { ...dht.counts },
          }
    },
  }
})

const noDht: DhtOfNode = {
  publish: () => Effect.void,
  renew: Effect.void,
  find: () => Effect.succeed([]),
  look: () => Effect.succeed(undefined),
  status: () => undefined,
}

const jitter = Random.next
/** Does the DHT carry words about this subject? (`protocol/dht/key.ts`) */
const isCarried = (subject: string): boolean => keyOfSubject(subject) !== undefined || subject.startsWith("name:")
const readAtOnce = 200
/** A node that starts says its own again within this time. */
const startingMs = 60_000
