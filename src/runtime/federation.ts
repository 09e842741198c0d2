/**
 * Federated search: what peers find beside what is found here, ranked together, and peers' own queries answered (mesh page,
 * "Federated search"). Whom to ask, and how long to wait, the actors decide.
 */
import { type Clock, Effect, Random, Stream } from "effect"
import { fanOutOf } from "../actors/cast.ts"
import type { Link, Told } from "../actors/command.ts"
import type { Happening } from "../actors/happening.ts"
import type { FanOutContext, FanOutInput } from "../actors/fan-out.ts"
import type { Reachable } from "../actors/federation.ts"
import { type Announcement, developerOf } from "../protocol/gossip/announcement.ts"
import { statusSubject } from "../protocol/gossip/kinds/status.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import { type EntityId, readEntityId, type RegistryId } from "../protocol/identity/id.ts"
import { answeredBytesMax, answeredEntitiesMax, queryWayMs, searchResultsMax } from "../protocol/limits.ts"
import type { EntityEntry } from "../protocol/records/entity.ts"
import * as Slots from "../protocol/records/slots.ts"
import { deployedAnswerAgainMs } from "../protocol/agentdns/limits.ts"
import type { Quirks } from "../protocol/agentdns/quirks.ts"
import { filterItemsOf } from "../protocol/agentdns/filter.ts"
import { indexedEntity } from "../protocol/search/entity.ts"
import { SearchIndex } from "../protocol/search/search-index.ts"
import { type Items, itemsOf, questionOf } from "../protocol/search/question.ts"
import type { Message, Query, QueryId, Role } from "../protocol/wire/message.ts"
import type { ActorSystem } from "./actor-system.ts"
import type { SearchAnswer, SearchHit, SearchRequest } from "./node-service.ts"
import { newsIn } from "./hearsay.ts"
import { type Found, readAnswers } from "./peers-answers.ts"
import type { SearchSettings } from "./search-settings.ts"
import type { RecordStore, StoreFailed, Verifier } from "./ports.ts"
import { asksOthers } from "./roles.ts"
import type { Spanned } from "./tracing.ts"
import { filtersIn, type Searcher } from "./searcher.ts"
import { steps } from "./steps.ts"

export interface Federation {
  /** Peers are asked where the request wants it, or where it says nothing and too little is found here (ruled). */
  readonly search: (request: SearchRequest) => Effect.Effect<SearchAnswer, StoreFailed>
  /** A peer's query, answered. */
  readonly answer: (link: Link, query: Query, mayPassOn: boolean) => Effect.Effect<void>
  /** What is shown of an entity now; only what is registered here matters. */
  readonly follow: (subject: string, entry: EntityEntry | undefined) => void
  /** Tells the actors the words of all that is shown here; from then on, those of what is added. */
  readonly collectWords: Effect.Effect<void>
  /** Tells the actors what we are home to: once, when they live. */
  readonly begin: () => void
}

export interface FederationParts {
  readonly self: RegistryId
  readonly role: Role
  readonly settings: Pick<SearchSettings, "minScore" | "resultsDefault" | "peersMax" | "patienceMs">
  readonly searcher: Pick<Searcher, "search" | "rankTogether">
  readonly store: RecordStore["Service"]
  readonly verifier: Verifier["Service"]
  readonly actors: ActorSystem
  readonly clock: Clock.Clock
  readonly tell: (to: string, event: Told) => void
  readonly send: (link: Link, message: Message) => void
  readonly spanned: Spanned
  readonly report: (happening: Happening) => void
  /** False: the operator blocks it, whoever finds it. */
  readonly mayBeShown: (record: EntityEntry["record"]) => boolean
  /** Connected peers. */
  readonly peers: () => ReadonlyArray<Counted>
}

/** A peer, and how many entities it says it is home to. */
interface Counted extends Reachable {
  readonly registryId: RegistryId
  readonly agentCount: number
  readonly quirks?: Quirks
}

/** A query of ours, or one that we pass on. */
interface Asking extends FanOutInput {
  /** How often others may pass it on. */
  readonly hops: number
}

export const makeFederation = (parts: FederationParts): Federation => {
  const { actors, clock, peers, report, role, searcher, send, settings, store, tell } = parts
  const reader = {
    ...parts,
    refuse: (link: Link, reason: string) => tell("gossip", { type: "verdict.given", link, verdict: `drop:${reason}` }),
  }
  /** What is registered here (made when there is something: an index of nothing is heavy, too), and its items in our filter. */
  let home: SearchIndex | undefined
  const items = new Map<string, Items>()
  let hasBegun = false

  let hasCollected = false
  const collectWords = Effect.suspend(() => {
    hasCollected = true
    const words = new Set<string>()
    const add = (entry: EntityEntry) => Effect.sync(() => filterItemsOf(indexedEntity(entry)).forEach((word) => words.add(word)))
    const told = Effect.sync(() => tell("federation", { type: "words.collected", words }))
    // where the store fails now, the next time will do
    return Effect.ignore(Effect.andThen(Stream.runForEach(store.everyEntity, add), told))
  })

  const follow: Federation["follow"] = (subject, entry) => {
    if (hasCollected && entry !== undefined) tell("federation", { type: "words.added", words: filterItemsOf(indexedEntity(entry)) })
    const removed = items.get(subject) ?? nothing
    const isHome = entry?.tier === "local"
    if (!isHome && removed === nothing) return
    const entity = isHome ? indexedEntity(entry) : undefined
    const added = entity === undefined ? nothing : itemsOf(entity)
    if (entity !== undefined) {
      items.set(subject, added)
      home ??= new SearchIndex()
      home.put(entity)
    } else {
      items.delete(subject)
      home?.remove(subject)
    }
    if (hasBegun) tell("federation", { type: "home.changed", added, removed })
  }

  const begin = (): void => {
    hasBegun = true
    for (const added of items.values()) tell("federation", { type: "home.changed", added, removed: nothing })
  }

  const fanOut = (asking: Asking): Effect.Effect<FanOutContext> =>
    Effect.callback<FanOutContext>((resume) => {
      const { hops, query, question } = asking
      const id = fanOutOf(query)
      actors.start({ actor: "fan-out", id, input: asking }, (context) => resume(Effect.succeed(context as FanOutContext)))
      tell("federation", {
        type: "peers.wanted",
        query,
        question,
        hops,
        peers: peers(),
        isHolder: role === "full",
        most: settings.peersMax,
      })
      return Effect.sync(() => actors.stop(id))
    })

  /** Each entity once; ours as we show it. */
  const rank = (request: SearchRequest, hits: ReadonlyArray<SearchHit>, found: ReadonlyMap<EntityId, Found>) => {
    const ours = hits.map(({ entry }) => entry)
    const ids = new Set(ours.map(({ record }) => record.entity_id))
    const others = [...found.values()].flatMap(({ entry }) => (ids.has(entry.record.entity_id) ? [] : [entry]))
    return searcher.rankTogether(request, ours, others, documentsIn(peers()))
  }

  /** Asks peers, and keeps what holds of what they answer. */
  const find = steps(function* (asking: Asking) {
    const startedAtMs = clock.currentTimeMillisUnsafe()
    const names = new Map(peers().map(({ link, registryId }) => [link, registryId]))
    const { answers, asked } = yield* parts.spanned("mesh.fan-out", fanOut(asking))
    const latencyMs = clock.currentTimeMillisUnsafe() - startedAtMs
    for (const { link } of asked) report({ type: "search.asked", peer: names.get(link)! })
    for (const { documents, hearsay = [], link } of answers)
      report({ type: "search.answered", peer: names.get(link)!, results: documents.length + hearsay.length, latencyMs })
    const found = new Map([...(yield* readAnswers(reader, answers))].filter(([, { entry }]) => parts.mayBeShown(entry.record)))
    const useful = new Set([...found.values()].flatMap(({ by }) => [...by]))
    for (const { hearsay = [], link } of answers)
      tell("federation", { type: "answer.judged", link, isUseful: useful.has(link) || hearsay.length > 0 })
    return { found, answers, asked: asked.length }
  })

  const search: Federation["search"] = steps(function* (request) {
    const startedAtMs = clock.currentTimeMillisUnsafe()
    const here = yield* searcher.search(request)
    const max = wanted(request, settings.resultsDefault)
    const reach = here.offset + max
    const isWanted = request.federated ?? (here.totalFound < max && !isFoundById(request, here))
    if (!isWanted || role === "bootnode" || reach > searchResultsMax) return here

    const query = yield* drawQueryId
    const hops = asksOthers(role) ? 1 : 0
    const question = questionOf(request)
    const { answers, asked, found } = yield* find({
      query,
      question,
      most: Math.min(2 * reach, answeredEntitiesMax),
      hops,
      patienceMs: settings.patienceMs,
    })
    const stats = { peersAsked: asked, peersAnswered: answers.length, latencyMs: clock.currentTimeMillisUnsafe() - startedAtMs }
    const least = (request.query ?? "").trim() === "" ? 0 : settings.minScore
    const news = (yield* newsIn(parts, request, answers)).filter(({ score }) => score >= least)
    // we hold it all, and found as much: our own order stands
    if (here.totalFound >= found.size && [...found.values()].every(({ isNew }) => !isNew))
      return followedBy(news, max, { ...here, stats: { ...here.stats, ...stats } })
    const best = yield* searcher.search({ ...request, offset: 0, max_results: reach })
    const ranked = yield* rank(request, best.hits, found)
    const others = ranked.filter(({ entry }) => found.get(entry.record.entity_id)?.isNew === true).length
    const totalFound = Math.max(here.totalFound + others, ranked.length)
    const hits = ranked.slice(here.offset, reach)
    return followedBy(news, max, {
      ...here,
      hits,
      totalFound,
      hasMore: here.offset + hits.length < totalFound,
      stats: {
        ...here.stats,
        federated: totalFound - here.totalFound,
        ...stats,
      },
    })
  })

  // being asked --------------------------------------------------------------------------------------------------------

  /** Ids of what we are home to, best first. */
  const atHome = ({ most, question }: Query) => {
    const text = question.query === undefined ? {} : { text: question.query }
    if (home === undefined) return { ids: [], totalFound: 0, found: none }
    const { hits, totalFound } = home.search({
      ...filtersIn(question),
      ...text,
      nowMs: clock.currentTimeMillisUnsafe(),
      offset: 0,
      maxResults: most,
    })
    return { ids: hits.map(({ id }) => id as EntityId), totalFound, found: none }
  }

  /** Of all that we hold, and of what others find. */
  const everywhere = steps(function* ({ hops, id, most, question, withinMs }: Query, mayPassOn: boolean) {
    const here = yield* searcher.search({ ...question, max_results: most })
    const patienceMs = withinMs - queryWayMs
    const isWanted = mayPassOn && here.totalFound < most && patienceMs > 0
    const { found } = isWanted ? yield* find({ query: id, question, most, hops: hops - 1, patienceMs }) : { found: none }
    const ranked = yield* rank(question, here.hits, found)
    return { ids: ranked.map(({ entry }) => entry.record.entity_id), totalFound: here.totalFound, found }
  })

  /** What proves an entity that we show. */
  const proofOf = steps(function* (id: EntityId) {
    const slots = yield* store.slots(id)
    const slot = Slots.shown<Announcement>(slots, developerOf)
    if (slot === undefined) return []
    const states = yield* store.slots(statusSubject(slot.origin, id))
    return [slot, ...states].map(({ document }) => document)
  })

  const answer: Federation["answer"] = (link, query, mayPassOn) =>
    Effect.gen(function* () {
      const { found, ids, totalFound } = query.hops === 0 ? atHome(query) : yield* everywhere(query, mayPassOn)
      const documents: Array<JsonObject> = []
      let bytes = 0
      for (const id of ids.slice(0, query.most)) {
        const proof = found.get(id)?.documents ?? []
        const one = proof.length > 0 ? proof : yield* proofOf(id)
        bytes += JSON.stringify(one).length
        if (bytes > answeredBytesMax) break
        documents.push(...one)
      }
      const answered: Message = { type: "QUERY_ACK", id: query.id, total: totalFound, documents }
      send(link, answered)
      if (peers().find((peer) => peer.link === link)?.quirks === undefined) return
      // where it was not heard (`protocol/agentdns/quirks.ts`)
      yield* Effect.sleep(deployedAnswerAgainMs)
      send(link, answered)
    }).pipe(
      Effect.catchTag("StoreFailed", () => Effect.sync(() => send(link, { type: "QUERY_ACK", id: query.id, total: 0, documents: [] }))),
    )

  return { search, answer, follow, collectWords, begin }
}

const nothing: Items = new Map()
const none: ReadonlyMap<EntityId, Found> = new Map()

/** Hearsay comes behind all that proved itself, as if it were on the pages after it. */
const followedBy = (news: ReadonlyArray<SearchHit>, max: number, answer: SearchAnswer): SearchAnswer => {
  const from = Math.max(0, answer.offset - answer.totalFound)
  const hits = [...answer.hits, ...news.slice(from, from + max - answer.hits.length)]
  const totalFound = answer.totalFound + news.length
  const stats = { ...answer.stats, federated: answer.stats.federated + news.length }
  return { ...answer, hits, totalFound, hasMore: answer.offset + hits.length < totalFound, stats }
}

const wanted = ({ max_results }: SearchRequest, resultsDefault: number): number =>
  max_results === undefined || max_results <= 0 ? resultsDefault : Math.min(searchResultsMax, max_results)

/** Who asks for one entity by its id has found it. */
const isFoundById = ({ query = "" }: SearchRequest, { totalFound }: SearchAnswer): boolean =>
  totalFound > 0 && readEntityId(query.trim()) !== undefined

/** Entities in the mesh, as far as its peers tell: by the median of what they say, so that a few who lie do not matter. */
const documentsIn = (peers: ReadonlyArray<Counted>): number => {
  const counts = peers.map(({ agentCount }) => agentCount).sort((a, b) => a - b)
  return (counts[counts.length >> 1] ?? 0) * (counts.length + 1)
}

const drawQueryId: Effect.Effect<QueryId> = Effect.map(
  Effect.all([Random.next, Random.next, Random.next, Random.next]),
  (draws) =>
    draws
      .map((draw) =>
        Math.floor(draw * 2 ** 32)
          .toString(16)
          .padStart(8, "0"),
      )
      .join("") as QueryId,
)
