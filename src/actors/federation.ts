/**
 * The node's part in federated search (mesh page, "Federated search"): it knows what peers' filters claim and what asking
 * them was worth, says whom a query goes to, tells its own filter in heartbeats, and lets peers' queries in.
 *
 * No loop: who passes a query on spends one of its hops, and none is passed on twice; one that comes back to whoever asked it
 * first is answered with nothing. It has no modes, only memory, so it is a reducer.
 */
import { deployedFilterMs, deployedSearchesPerSecond } from "../protocol/agentdns/limits.ts"
import type { Quirks } from "../protocol/agentdns/quirks.ts"
import {
  answeredEntitiesMax,
  probationMaxMs,
  probationMs,
  queriedPeersMax,
  queriesPerSecond,
  queryHopsMax,
  queryIdsMax,
} from "../protocol/limits.ts"
import * as HomeFilter from "../protocol/search/home-filter.ts"
import * as Bloom from "../protocol/search/bloom.ts"
import { type Items, type Question, wantedBy } from "../protocol/search/question.ts"
import { choose, compareWorth, type Routable, unknownWorth, type Worth } from "../protocol/search/routing.ts"
import type { Heartbeat, Message, Query, QueryId, Role } from "../protocol/wire/message.ts"
import { fanOutOf } from "./cast.ts"
import type { Command, Link } from "./command.ts"
import type { Asked } from "./fan-out.ts"
import type { Reducer } from "./reducer.ts"

export type FederationEvent =
  /** The node's heartbeat, without a filter. */
  | { readonly type: "heartbeat.due"; readonly link: Link; readonly message: Heartbeat; readonly nowMs: number }
  | { readonly type: "heartbeat.heard"; readonly link: Link; readonly message: Message }
  /** What an entity that this node is home to brings to its filter, and what it brought before. */
  | { readonly type: "home.changed"; readonly added: Items; readonly removed: Items }
  | {
      readonly type: "peers.wanted"
      readonly query: QueryId
      readonly question: Question
      readonly peers: ReadonlyArray<Reachable>
      readonly isHolder: boolean
      readonly hops: number
      /** How many may be asked; the page's number when absent. */
      readonly most?: number
      readonly nowMs: number
    }
  | { readonly type: "peers.asked"; readonly query: QueryId; readonly silent: ReadonlyArray<Link>; readonly nowMs: number }
  | { readonly type: "answer.judged"; readonly link: Link; readonly isUseful: boolean }
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "link.joined"; readonly link: Link; readonly quirks?: Quirks }
  /** All words of what is shown here (`agentdns/filter.ts`), as it was asked for; and those that came later. */
  | { readonly type: "words.collected"; readonly words: ReadonlySet<string> }
  | { readonly type: "words.added"; readonly words: ReadonlyArray<string> }
  | { readonly type: "link.left"; readonly link: Link }

/** Who could be asked. */
export interface Reachable {
  readonly link: Link
  readonly role: Role
}

interface Dealings {
  readonly quirks: Quirks | undefined
  filter: HomeFilter.HeldFilter | undefined
  /** The version of our filter that it holds, as it says; `undefined`: it says nothing of it. */
  known: number | undefined
  /** The version that it was told last. */
  told: number
  worth: Worth
  /** Queries in a row that it did not answer in time, and when the last of them ended. */
  silences: number
  silentSinceMs: number
  secondStartMs: number
  /** Its queries in this second. */
  asked: number
}

export interface FederationMemory {
  readonly home: HomeFilter.HomeFilter
  /** For those who want whole words: nothing until somebody does, and the words have come. */
  plain: Bloom.Bloom | undefined
  collectedAtMs: number
  readonly dealings: Map<Link, Dealings>
  /** Queries that were asked here or passed on, oldest first; those that are being asked name whom they wait for. */
  readonly queries: Map<QueryId, ReadonlyArray<Link>>
}

type Say = (command: Command) => void

export const federation: Reducer<unknown, FederationMemory, FederationEvent> = {
  id: "federation",
  begin: () => ({
    home: HomeFilter.begin(),
    plain: undefined,
    collectedAtMs: Number.NEGATIVE_INFINITY,
    dealings: new Map(),
    queries: new Map(),
  }),
  step: (memory, event, say) => {
    switch (event.type) {
      case "heartbeat.due":
        return beat(memory, event.link, event.message, event.nowMs, say)
      case "heartbeat.heard":
        return hear(memory, event.link, event.message)
      case "home.changed":
        HomeFilter.remove(memory.home, event.removed)
        return HomeFilter.add(memory.home, event.added)
      case "peers.wanted":
        return route(memory, event, say)
      case "peers.asked":
        memory.queries.set(event.query, [])
        for (const link of event.silent) blame(memory, link, event.nowMs)
        return
      case "answer.judged":
        return credit(memory, event.link, event.isUseful)
      case "message.received":
        return event.message.type === "QUERY" ? admit(memory, event.link, event.message, event.nowMs, say) : undefined
      case "words.collected":
        memory.plain = filled(event.words)
        return
      case "words.added":
        for (const word of memory.plain === undefined ? [] : event.words) Bloom.add(memory.plain!, word)
        return
      case "link.joined":
        memory.dealings.set(event.link, fresh(event.quirks))
        return
      case "link.left":
        return forget(memory, event.link, say)
    }
  },
}

// filters ------------------------------------------------------------------------------------------------------------

const beat = (memory: FederationMemory, link: Link, message: Heartbeat, nowMs: number, say: Say): void => {
  const dealings = memory.dealings.get(link)
  if (dealings === undefined) return
  if (dealings.quirks?.filtersPlainWords === true) return beatPlainly(memory, link, message, nowMs, say)
  const { filter, known, told } = dealings
  dealings.told = HomeFilter.settle(memory.home)
  const news = HomeFilter.newsSince(memory.home, known ?? told)
  say({
    type: "send",
    link,
    message: { ...message, ...(news !== undefined && { filter: news }), filterKnown: filter?.version ?? 0 },
  })
}

/** A probe asks for a sign of life, and says no more. What went since the words were collected stays in the filter until then. */
const beatPlainly = (memory: FederationMemory, link: Link, message: Heartbeat, nowMs: number, say: Say): void => {
  if (message.wantsAnswer) return say({ type: "send", link, message: { ...message, peers: [] } })
  if (nowMs - memory.collectedAtMs >= deployedFilterMs) {
    memory.collectedAtMs = nowMs
    say({ type: "collectWords" })
  }
  const bloom = memory.plain
  say({
    type: "send",
    link,
    message: bloom === undefined ? message : { ...message, filter: { type: "whole", version: 0, bloom, isPlain: true } },
  })
}

/** Twice as large as it has to be, for what comes until it is made anew. */
const filled = (words: ReadonlySet<string>): Bloom.Bloom => {
  const bloom = Bloom.emptyFor(Math.max(wordsMin, 2 * words.size))
  for (const word of words) Bloom.add(bloom, word)
  return bloom
}
const wordsMin = 64

const hear = (memory: FederationMemory, link: Link, message: Message): void => {
  const dealings = memory.dealings.get(link)
  if (dealings === undefined || message.type !== "HEARTBEAT") return
  if (message.filter !== undefined) dealings.filter = HomeFilter.heard(dealings.filter, message.filter)
  if (message.filterKnown !== undefined) dealings.known = message.filterKnown
}

// asking -------------------------------------------------------------------------------------------------------------

const route = (memory: FederationMemory, event: Extract<FederationEvent, { type: "peers.wanted" }>, say: Say): void => {
  const { hops, isHolder, most = queriedPeersMax, nowMs, peers, query, question } = event
  const routable = peers.map(({ link }): Routable<Link> => ({ link, ...standing(memory, link, nowMs) }))
  // who does not hold everything asks some who do, for all that they hold, and they may pass it on
  const holders = isHolder || hops === 0 ? [] : peers.filter(({ role }) => role === "full").map(({ link }) => link)
  const whole = byStanding(memory, holders, nowMs).slice(0, Math.min(holdersAsked, most))
  const others = choose(
    wantedBy(question),
    routable.filter(({ link }) => !whole.includes(link)),
    most - whole.length,
  )
  const asked: ReadonlyArray<Asked> = [
    ...whole.map((link) => ({ link, hops: Math.min(hops, queryHopsMax) })),
    ...others.map((link) => ({ link, hops: 0 })),
  ]
  remember(
    memory,
    query,
    asked.map(({ link }) => link),
  )
  const awaited = asked.map(({ link }) => link).filter((link) => !standing(memory, link, nowMs).worth.isSilent)
  say({
    type: "tell",
    to: fanOutOf(query),
    event: { type: "peers.chosen", asked, awaited: awaited.length > 0 ? awaited : asked.map(({ link }) => link) },
  })
}

/** Full nodes that a light node or a gateway asks for all they hold. */
const holdersAsked = 2

const byStanding = (memory: FederationMemory, links: ReadonlyArray<Link>, nowMs: number): ReadonlyArray<Link> =>
  links.toSorted((a, b) => compareWorth(standing(memory, a, nowMs).worth, standing(memory, b, nowMs).worth))

const standing = ({ dealings }: FederationMemory, link: Link, nowMs: number): Pick<Routable<Link>, "filter" | "worth"> => {
  const known = dealings.get(link)
  if (known === undefined) return { filter: undefined, worth: unknownWorth }
  const probation = Math.min(probationMaxMs, probationMs * 2 ** (known.silences - 1))
  const isSilent = known.silences > 0 && nowMs - known.silentSinceMs < probation
  return { filter: known.filter, worth: isSilent === known.worth.isSilent ? known.worth : { ...known.worth, isSilent } }
}

const blame = (memory: FederationMemory, link: Link, nowMs: number): void => {
  const dealings = memory.dealings.get(link)
  if (dealings === undefined) return
  dealings.silences++
  dealings.silentSinceMs = nowMs
}

const credit = (memory: FederationMemory, link: Link, isUseful: boolean): void => {
  const dealings = memory.dealings.get(link)
  if (dealings === undefined) return
  const { answers, useful } = dealings.worth
  dealings.worth = { answers: answers + 1, useful: useful + Number(isUseful), isSilent: false }
  dealings.silences = 0
}

// being asked --------------------------------------------------------------------------------------------------------

const admit = (memory: FederationMemory, link: Link, query: Query, nowMs: number, say: Say): void => {
  const dealings = memory.dealings.get(link)
  if (dealings === undefined) return
  const answerNothing = () => say({ type: "send", link, message: { type: "QUERY_ACK", id: query.id, total: 0, documents: [] } })
  if (!mayAsk(dealings, nowMs)) {
    if (dealings.quirks?.needsAnswers === true) answerNothing()
    return say({ type: "tell", to: "gossip", event: { type: "verdict.given", link, verdict: "drop:flood" } })
  }
  const isKnown = memory.queries.has(query.id)
  // what we asked ourselves, or passed on, came back: it goes no further, and its asker has it already
  if (isKnown && query.hops === 0) return answerNothing()
  if (query.hops > 0) remember(memory, query.id, [])
  say({ type: "search", link, query: { ...query, most: Math.min(query.most, answeredEntitiesMax) }, mayPassOn: query.hops > 0 && !isKnown })
}

const remember = ({ queries }: FederationMemory, id: QueryId, links: ReadonlyArray<Link>): void => {
  queries.set(id, links)
  if (queries.size > queryIdsMax) queries.delete(queries.keys().next().value!)
}

const mayAsk = (dealings: Dealings, nowMs: number): boolean => {
  if (nowMs - dealings.secondStartMs >= 1_000 || nowMs < dealings.secondStartMs) {
    dealings.secondStartMs = nowMs
    dealings.asked = 0
  }
  return dealings.asked++ < (dealings.quirks?.needsAnswers === true ? deployedSearchesPerSecond : queriesPerSecond)
}

const fresh = (quirks: Quirks | undefined): Dealings => ({
  quirks,
  filter: undefined,
  known: undefined,
  told: 0,
  worth: unknownWorth,
  silences: 0,
  silentSinceMs: 0,
  secondStartMs: 0,
  asked: 0,
})

/** Nobody waits for who has gone. */
const forget = (memory: FederationMemory, link: Link, say: Say): void => {
  memory.dealings.delete(link)
  for (const [query, links] of memory.queries)
    if (links.includes(link)) say({ type: "tell", to: fanOutOf(query), event: { type: "peer.left", link } })
}
