/**
 * The DHT's memory: whom this node knows, and what it holds for others (mesh page, "Kademlia DHT"). It answers questions,
 * lets nobody into the table whose key no handshake proved, asks before it gives anybody's place away, looks again into
 * ranges where nothing was looked for, and sees to it that values live with those who are closest to them.
 *
 * Connections and open questions are `dht-pool`'s, lookups are `dht-lookup`s, storing is `dht-publisher`'s. It has no modes,
 * only memory, so it is a reducer.
 */
import type { Contact } from "../protocol/dht/contact.ts"
import { networkOf } from "../protocol/dht/contact.ts"
import { compare, head } from "../protocol/dht/distance.ts"
import type { Seen } from "../protocol/dht/k-bucket.ts"
import { type DhtKey, readDhtKey } from "../protocol/dht/key.ts"
import * as Table from "../protocol/dht/routing-table.ts"
import type { Search } from "../protocol/dht/search.ts"
import type { ProvenValue } from "../protocol/dht/value.ts"
import * as Values from "../protocol/dht/value-store.ts"
import {
  dhtIdleMs,
  dhtJoinDelayMs,
  dhtLookupPatienceMs,
  dhtQuestionsPerSecond,
  dhtRememberedMax,
  dhtRefreshMs,
  dhtRememberMs,
  dhtUpkeepMs,
  dhtVisitorsMax,
} from "../protocol/limits.ts"
import { type Dice, dice, roll } from "../protocol/mesh/dice.ts"
import { type Blocks, blockOfId, blockOfPeer, blockOfWord, noBlocks } from "../protocol/moderation/blocks.ts"
import type { Dht, Message } from "../protocol/wire/message.ts"
import type { Command, Link, Outcome } from "./command.ts"
import type { LinkOpened } from "./dht-link.ts"
import type { DhtLookupEnded, DhtLookupInput } from "./dht-lookup.ts"
import type { QuestionsAsked } from "./dht-pool.ts"
import type { Publication } from "./dht-publisher.ts"
import type { Reducer } from "./reducer.ts"

export interface DhtInput {
  readonly self: DhtKey
  readonly k: number
  /** Open questions of a lookup. */
  readonly alpha: number
  /** How long it holds values of others at most; a day when absent. */
  readonly lifeMs?: number
  /** Whom it knew when it ran last. */
  readonly remembered: ReadonlyArray<Contact>
  /** What the operator blocks; nothing when absent. */
  readonly blocks?: Blocks
  readonly seed: number
}

export type DhtEvent =
  | Extract<Outcome, { readonly type: "values.proven" }>
  | (LinkOpened & { readonly nowMs: number })
  | (DhtLookupEnded & { readonly nowMs: number })
  | { readonly type: "dht.started"; readonly nowMs: number }
  | { readonly type: "dht.leaving"; readonly nowMs: number }
  | { readonly type: "link.left"; readonly link: Link }
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "contact.answered"; readonly link: Link; readonly nowMs: number }
  | { readonly type: "contact.failed"; readonly id: DhtKey; readonly nowMs: number }
  /** `among`: it begins with these, whoever is closer. */
  | {
      readonly type: "lookup.begun"
      readonly lookup: string
      readonly target: DhtKey
      readonly among?: ReadonlyArray<Contact>
      readonly nowMs: number
    }
  | { readonly type: "value.made"; readonly value: ProvenValue }
  | { readonly type: "blocks.changed"; readonly blocks: Blocks }
  | { readonly type: "upkeep.due"; readonly nowMs: number }
  | { readonly type: "join.due"; readonly nowMs: number }
  // of our pings, and of what was handed over: the pool says of the contact what came of it
  | { readonly type: "question.answered" | "question.failed"; readonly nowMs: number }

/** What is remembered of a link. */
interface Dealings {
  readonly id: DhtKey
  /** Absent for who only asks. */
  readonly address: LinkOpened["address"]
  readonly host: string
  readonly closer: string | undefined
  heardMs: number
  /** Questions answered in this second. */
  asked: number
  secondStartMs: number
}

/** Lookups that ended, and the questions they asked. */
export interface LookupCounts {
  found: number
  missing: number
  contacts: number
  questions: number
}

export interface DhtMemory {
  readonly table: Table.RoutingTable
  readonly values: Values.ValueStore
  readonly links: Map<Link, Dealings>
  readonly alpha: number
  readonly counts: LookupCounts
  remembered: ReadonlyArray<Contact>
  /** Ranges to look into, one after the other; `refreshing` is being looked into. */
  refreshes: ReadonlyArray<DhtKey>
  refreshing: string | undefined
  refreshCount: number
  rememberedMs: number
  /** How often it joined, whom it knew then, and when it may again: who came with all others at once knows them only later. */
  joins: number
  joinedSize: number
  joinAgainMs: number
  /** What the operator blocks is not held for others. */
  blocks: Blocks
  dice: Dice
  nowMs: number
}

type Say = (command: Command) => void

export const dht: Reducer<DhtInput, DhtMemory, DhtEvent> = {
  id: "dht",
  begin: ({ alpha, blocks = noBlocks, k, lifeMs, remembered, seed, self }) => ({
    alpha,
    table: Table.empty(self, k),
    values: Values.empty(self, lifeMs === undefined ? {} : { lifeMs }),
    links: new Map(),
    counts: { found: 0, missing: 0, contacts: 0, questions: 0 },
    remembered,
    refreshes: [],
    refreshing: undefined,
    refreshCount: 0,
    rememberedMs: 0,
    // who was here before needs not wait for those who come with it
    joins: remembered.length > 0 ? 1 : 0,
    joinedSize: 0,
    joinAgainMs: 0,
    blocks,
    dice: dice(seed),
    nowMs: 0,
  }),
  step: (memory, event, say) => {
    if ("nowMs" in event) memory.nowMs = event.nowMs
    switch (event.type) {
      case "dht.started":
        memory.rememberedMs = event.nowMs
        if (memory.remembered.length > 0) join(memory, say)
        return again(say)
      case "join.due":
        return join(memory, say)
      case "upkeep.due":
        return keepUp(memory, event.nowMs, say)
      case "link.opened":
        return greet(memory, event, say)
      case "link.left":
        memory.links.delete(event.link)
        return
      case "message.received":
        return answer(memory, event.link, event.message, event.nowMs, say)
      case "values.proven":
        return store(memory, event, say)
      case "value.made":
        return Values.putOwn(memory.values, event.value)
      case "blocks.changed":
        memory.blocks = event.blocks
        return Values.forget(memory.values, (value) => isBlocked(event.blocks, value))
      case "contact.answered":
        return hear(memory, event.link, event.nowMs, say)
      case "contact.failed":
        return lose(memory, event.id, event.nowMs)
      case "lookup.begun":
        return introduce(memory, event, say)
      case "lookup.ended":
        return conclude(memory, event, say)
      case "dht.leaving":
        return handOverAll(memory, say)
      case "question.answered":
      case "question.failed":
        return
    }
  },
}

// whom we know -------------------------------------------------------------------------------------------------------

const greet = (
  memory: DhtMemory,
  { address, closer, host, id, link, nowMs }: Extract<DhtEvent, { type: "link.opened" }>,
  say: Say,
): void => {
  if (closer !== undefined && memory.links.size >= dhtVisitorsMax)
    return say({ type: "tell", to: closer, event: { type: "link.unwanted" } })
  memory.links.set(link, { id, address, host, closer, heardMs: nowMs, asked: 0, secondStartMs: nowMs })
  meet(memory, link, nowMs, say)
}

/** A contact that speaks all the time is not moved in its bucket each time. */
const hear = (memory: DhtMemory, link: Link, nowMs: number, say: Say): void => {
  const dealings = memory.links.get(link)
  if (dealings !== undefined && nowMs - dealings.heardMs >= seenAgainMs) meet(memory, link, nowMs, say)
}
const seenAgainMs = 10_000

/** It leaves the table, until it is heard again. */
const lose = ({ links, table }: DhtMemory, id: DhtKey, nowMs: number): void => {
  for (const dealings of links.values()) if (dealings.id === id) dealings.heardMs = Math.min(dealings.heardMs, nowMs - seenAgainMs)
  Table.lose(table, id)
}

/** It proved its key, and it was heard just now. */
const meet = (memory: DhtMemory, link: Link, nowMs: number, say: Say): void => {
  const dealings = memory.links.get(link)
  if (dealings === undefined) return
  dealings.heardMs = nowMs
  const { address, host, id } = dealings
  if (address === undefined) return
  const wasAlone = memory.table.buckets.size === 0
  const seen: Seen = { id, address, network: networkOf(host), seenMs: nowMs, head: head(id) }
  const sighting = Table.see(memory.table, seen)
  if (sighting.type === "waits" && sighting.suspect !== undefined)
    ask(say, { from: "dht", goal: "ping", key: id, questions: [{ to: sighting.suspect, target: id }] })
  if (sighting.type !== "added") return
  // the first contact may lie: a moment later others are there to begin with, too
  if (wasAlone && memory.joins === 0) say({ type: "remind", afterMs: dhtJoinDelayMs, event: { type: "join.due" } })
  handOverTo(memory, seen, say)
}

const ask = (say: Say, asked: Omit<QuestionsAsked, "type">): void =>
  say({ type: "tell", to: "dht-pool", event: { type: "questions.asked", ...asked } })

/** Whom a lookup begins with; with an empty table those we knew once. */
const introduce = (
  { remembered, table }: DhtMemory,
  { among, lookup, nowMs, target }: Extract<DhtEvent, { type: "lookup.begun" }>,
  say: Say,
): void => {
  Table.touch(table, target, nowMs)
  const known = Table.closest(table, target, 2 * table.k)
  const enough = known.length >= table.k ? known : [...known, ...remembered.filter(({ id }) => known.every((one) => one.id !== id))]
  const contacts = among ?? enough
  say({ type: "tell", to: lookup, event: { type: "contacts.known", contacts, networkSize: Table.networkSize(table) } })
}

// answering ----------------------------------------------------------------------------------------------------------

const answer = (memory: DhtMemory, link: Link, message: Message, nowMs: number, say: Say): void => {
  const dealings = memory.links.get(link)
  if (message.type !== "DHT" || dealings === undefined || !mayAsk(dealings, nowMs)) return
  hear(memory, link, nowMs, say)
  const said = reply(memory, dealings, message, nowMs)
  if (said !== undefined) return say({ type: "send", link, message: said })
  if (message.op !== "STORE") return
  const { key, request, values } = message
  say({ type: "prove", about: { link, request }, key, documents: values })
}

const reply = ({ table, values }: DhtMemory, { id }: Dealings, message: Dht, nowMs: number): Dht | undefined => {
  const { request } = message
  const nodes = (target: DhtKey): ReadonlyArray<Contact> => {
    const near = Table.closest(table, target, table.k)
    // who asks knows itself; one more is looked for only then: it is seldom in the same bucket
    const others = near.some((contact) => contact.id === id) ? Table.closest(table, target, table.k + 1) : near
    return others.filter((contact) => contact.id !== id).map((contact) => ({ id: contact.id, address: contact.address }))
  }
  switch (message.op) {
    case "PING":
      return { type: "DHT", op: "PONG", request }
    case "FIND_NODE":
      return { type: "DHT", op: "NODES", request, nodes: nodes(message.target) }
    case "FIND_VALUE": {
      const held = Values.get(values, message.key, nowMs).map(({ document }) => document)
      return { type: "DHT", op: "VALUES", request, values: held, nodes: nodes(message.target) }
    }
    case "STORE":
    case "PONG":
    case "NODES":
    case "VALUES":
    case "STORED":
      return undefined
  }
}

/** What proved itself is kept; how much of it that was is the answer. */
const store = (memory: DhtMemory, { about: { link, request }, values }: Extract<DhtEvent, { type: "values.proven" }>, say: Say): void => {
  const wanted = values.filter((value) => !isBlocked(memory.blocks, value))
  for (const value of wanted) Values.put(memory.values, value, memory.nowMs)
  say({ type: "send", link, message: { type: "DHT", op: "STORED", request, stored: wanted.length } })
}

/** A record says whose it is; of a pointer its subject, its registry and its host are known. */
const isBlocked = (blocks: Blocks, { address, origin, record, subject }: ProvenValue): boolean =>
  blocks.all.size > 0 &&
  (blockOfPeer(blocks, origin, address?.host) ?? blockOfId(blocks, subject) ?? (record && blockOfWord(blocks, record))) !== undefined

const mayAsk = (dealings: Dealings, nowMs: number): boolean => {
  if (nowMs - dealings.secondStartMs >= 1_000 || nowMs < dealings.secondStartMs) {
    dealings.secondStartMs = nowMs
    dealings.asked = 0
  }
  return dealings.asked++ < dhtQuestionsPerSecond
}

// upkeep -------------------------------------------------------------------------------------------------------------

const again = (say: Say): void => say({ type: "remind", afterMs: dhtUpkeepMs, event: { type: "upkeep.due" } })

const keepUp = (memory: DhtMemory, nowMs: number, say: Say): void => {
  again(say)
  const { table, values } = memory
  Values.expire(values, nowMs)
  for (const { closer, heardMs } of memory.links.values())
    if (closer !== undefined && nowMs - heardMs >= 2 * dhtIdleMs) say({ type: "tell", to: closer, event: { type: "link.unwanted" } })
  if (nowMs >= memory.joinAgainMs && mustJoin(memory)) join(memory, say)
  const target = Table.refreshTarget(table, drawKey(memory), nowMs)
  if (target !== undefined) memory.refreshes = [...memory.refreshes, target]
  refresh(memory, say)
  republish(memory, nowMs, say)
  if (nowMs - memory.rememberedMs < dhtRememberMs) return
  memory.rememberedMs = nowMs
  memory.remembered = Table.contactsOf(table)
    .slice(0, dhtRememberedMax)
    .map(({ address, id }) => ({ id, address }))
  if (memory.remembered.length > 0) say({ type: "remember", contacts: memory.remembered })
}

/** Looks for ourselves, and then into every range beyond our closest contact (Kademlia §2.3). */
const join = (memory: DhtMemory, say: Say): void => {
  if (memory.refreshes.includes(memory.table.self)) return
  memory.refreshes = [memory.table.self, ...memory.refreshes]
  memory.joinAgainMs = memory.nowMs + Math.min(dhtRefreshMs, dhtUpkeepMs * 4 ** memory.joins++)
  refresh(memory, say)
}

/** As often as it takes to know those who come at the same time; from then on ranges are refreshed when they are due. */
const mustJoin = ({ joinedSize, joins, remembered, table }: DhtMemory): boolean => {
  const size = Table.sizeOf(table)
  if (size === 0 && remembered.length === 0) return false
  return joins < joinsMin || size < table.k / 2 || size > grownFactor * joinedSize
}
const joinsMin = 2
const grownFactor = 1.25

const refresh = (memory: DhtMemory, say: Say): void => {
  const [key, ...others] = memory.refreshes
  if (key === undefined || memory.refreshing !== undefined) return
  memory.refreshes = others
  memory.refreshing = `dht-lookup/refresh/${++memory.refreshCount}`
  const { k, self } = memory.table
  const input: DhtLookupInput = {
    id: memory.refreshing,
    plan: { self, key, goal: "contacts", k, alpha: memory.alpha, paths: 1, holdersWanted: 0 },
    patienceMs: dhtLookupPatienceMs,
    ...(Table.sizeOf(memory.table) > k && { among: drawWitnesses(memory) }),
  }
  say({ type: "start", actor: "dht-lookup", id: input.id, input })
}

/**
 * It begins with a few contacts from anywhere: those closest to what is looked for may all be of one group, which names
 * nobody else, and then who begins with them never hears of the others who live there.
 */
const drawWitnesses = (memory: DhtMemory): ReadonlyArray<Contact> => {
  const contacts = [...Table.contactsOf(memory.table)]
  return Array.from({ length: memory.alpha }, () => contacts.splice(Math.floor(draw(memory) * contacts.length), 1)[0]!)
}

const conclude = (memory: DhtMemory, { lookup, search }: Extract<DhtEvent, { type: "lookup.ended" }>, say: Say): void => {
  count(memory.counts, search)
  if (lookup !== memory.refreshing) return
  memory.refreshing = undefined
  memory.joinedSize = Table.sizeOf(memory.table)
  if (search.plan.key === memory.table.self) memory.refreshes = [...memory.refreshes, ...Table.joinTargets(memory.table, drawKey(memory))]
  refresh(memory, say)
}

const count = (counts: LookupCounts, search: Search): void => {
  if (search.plan.goal === "contacts") counts.contacts++
  else if (search.values.length > 0) counts.found++
  else counts.missing++
  counts.questions += search.asked.size
}

const drawKey = (memory: DhtMemory): DhtKey => {
  let digits = ""
  while (digits.length < 64)
    digits += Math.floor(draw(memory) * 2 ** 32)
      .toString(16)
      .padStart(8, "0")
  return readDhtKey(digits)!
}

const draw = (memory: DhtMemory): number => {
  const [value, next] = roll(memory.dice)
  memory.dice = next
  return value
}

// values that have to move -------------------------------------------------------------------------------------------

/** What nobody told us about for an hour the closest of those who hold it tell the others. */
const republish = (memory: DhtMemory, nowMs: number, say: Say): void => {
  for (const key of Values.quietKeys(memory.values, nowMs)) {
    // at worst it is told again in an hour
    Values.touch(memory.values, key, nowMs)
    if (isAmongClosest(memory, key)) publish(memory, key, say)
  }
}

const publish = ({ values }: DhtMemory, key: DhtKey, say: Say): void => {
  const documents = (values.held.get(key)?.values ?? []).map(({ document }) => document)
  say({ type: "tell", to: "dht-publisher", event: { type: "publication.wanted", key, values: documents } satisfies Publication })
}

/** Of those we know, are we one of the k closest? */
const isAmongClosest = ({ table }: DhtMemory, key: DhtKey): boolean => {
  const last = Table.closest(table, key, table.k)[table.k - 1]
  return last === undefined || compare(key, table.self, last.id) < 0
}

/** Somebody new: what belongs to it the closest of us hands over, once. */
const handOverTo = (memory: DhtMemory, seen: Seen, say: Say): void => {
  const { table, values } = memory
  for (const [key, { values: held }] of values.held) {
    const near = Table.closest(table, key, table.k)
    if (!near.includes(seen) && !near.some(({ id }) => id === seen.id)) continue
    const nearestOther = near.find(({ id }) => id !== seen.id)
    if (nearestOther === undefined || compare(key, table.self, nearestOther.id) < 0) give(key, held, seen, say)
  }
}

/** We leave: who is next in line gets what we held. */
const handOverAll = ({ table, values }: DhtMemory, say: Say): void => {
  for (const [key, { values: held }] of [...values.held].slice(0, leavingKeysMax)) {
    const heir = Table.closest(table, key, table.k).at(-1)
    if (heir !== undefined) give(key, held, heir, say)
  }
}

/** There are two seconds for it. */
const leavingKeysMax = 500

const give = (key: DhtKey, values: ReadonlyArray<ProvenValue>, to: Contact, say: Say): void =>
  ask(say, { from: "dht", goal: "store", key, values: values.map(({ document }) => document), questions: [{ to, target: key }] })
