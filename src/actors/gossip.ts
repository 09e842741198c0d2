/**
 * The node's gossip: what its sessions hear it admits once, and passes on (mesh page, "Gossip protocol"; passing on by
 * eager and lazy links, `protocol/gossip/lazy-push.ts`).
 *
 * The way of an announcement, cheap checks before dear ones:
 *
 *     heard ── seen before? ──► duplicate
 *       └─► session: allowance ─► verify ─► verified ── seen meanwhile? ──► duplicate
 *                                              └─► merge ── later known? ──► stale
 *                                                      └─► accept: passed on, one hop further, unless
 *                                                          the operator blocks it
 *
 * It has no modes, only memory, so it is a reducer.
 */
import type { Announcement, ContentId, Envelope, VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import * as LazyPush from "../protocol/gossip/lazy-push.ts"
import * as Tree from "../protocol/gossip/tree.ts"
import * as Reputation from "../protocol/gossip/reputation.ts"
import { type Blocks, blockOfWord } from "../protocol/moderation/blocks.ts"
import * as SeenSet from "../protocol/gossip/seen-set.ts"
import { count, type Tally, type Verdict } from "../protocol/gossip/verdict.ts"
import { beaconPeriodMs, gossipHopsMax, graftPatienceMs, graftsMax, lazyPeriodMs, missingIdsMax } from "../protocol/limits.ts"
import type { RegistryId } from "../protocol/identity/id.ts"
import type { BeaconMessage, Gossip, Message } from "../protocol/wire/message.ts"
import { sessionOf } from "./cast.ts"
import type { Command, Link, Outcome } from "./command.ts"
import type { Reducer } from "./reducer.ts"

export type GossipEvent =
  | Extract<Outcome, { readonly type: "announcement.merged" | "merge.failed" }>
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | {
      readonly type: "announcement.verified"
      readonly link: Link
      readonly announcement: VerifiedAnnouncement
      readonly hopCount: number
      /** It came by reconciliation: most others have it, so ids are enough. */
      readonly isCaughtUp: boolean
      readonly nowMs: number
    }
  | { readonly type: "announcement.made"; readonly announcement: VerifiedAnnouncement; readonly nowMs: number }
  /** What was held gave way: it may come back. `id` is that of the slot. */
  | { readonly type: "announcement.lost"; readonly id: string }
  | { readonly type: "verdict.given"; readonly link: Link; readonly verdict: Verdict; readonly nowMs: number }
  /** `deployed`: who is there, if it speaks the deployed dialect. */
  | {
      readonly type: "link.joined"
      readonly link: Link
      readonly speaksLazily: boolean
      readonly deployed?: RegistryId
      readonly nowMs: number
    }
  | { readonly type: "link.left"; readonly link: Link }
  | { readonly type: "lazy.due" }
  | { readonly type: "graft.due"; readonly id: ContentId }
  | { readonly type: "beacon.due"; readonly nowMs: number }
  | { readonly type: "blocks.changed"; readonly blocks: Blocks }

export interface GossipInput {
  readonly self: RegistryId
  readonly nowMs: number
  /** What made so many hops is not passed on; the page's number when absent. */
  readonly hopsMax?: number
  /** How long an id is remembered; the page's number when absent. */
  readonly seenWindowMs?: number
}

export interface GossipMemory {
  readonly hopsMax: number
  readonly seen: SeenSet.SeenSet
  /** Connected links, in the order they came. */
  readonly push: LazyPush.LazyPush<Link>
  readonly tree: Tree.Tree<Link>
  /** Links to nodes that speak the deployed dialect: the herald tells them. */
  readonly deployed: Set<Link>
  /** Verdicts on links that are gone, or never were. */
  readonly others: Tally
  isReminded: boolean
  hasBeacon: boolean
}

type Say = (command: Command) => void

export const gossip: Reducer<GossipInput, GossipMemory, GossipEvent> = {
  id: "gossip",
  begin: ({ self, nowMs, hopsMax = gossipHopsMax, seenWindowMs }) => ({
    hopsMax,
    seen: SeenSet.empty(seenWindowMs),
    push: LazyPush.begin(),
    tree: Tree.begin(self, nowMs),
    deployed: new Set(),
    others: {},
    isReminded: false,
    hasBeacon: false,
  }),
  step: (memory, event, say) => {
    switch (event.type) {
      case "message.received":
        return receive(memory, event.link, event.message, event.nowMs, say)
      case "announcement.verified":
        return admit(memory, event, say)
      case "announcement.merged":
        return settle(memory, event, say)
      case "merge.failed":
        SeenSet.remove(memory.seen, event.envelope.announcement.contentId)
        SeenSet.remove(memory.seen, event.envelope.announcement.id)
        return count(tallyOf(memory, event.from), "drop:store")
      case "announcement.made":
        SeenSet.add(memory.seen, event.announcement.contentId, event.nowMs)
        return spread(memory, { announcement: event.announcement, hopCount: 0 }, undefined, true, say)
      case "announcement.lost":
        return unlearn(memory, event.id)
      case "verdict.given":
        return judge(memory, event.link, event.verdict, event.nowMs, say)
      case "link.joined":
        return welcome(memory, event, say)
      case "link.left":
        return forget(memory, event.link, say)
      case "lazy.due":
        return tellLazily(memory, say)
      case "graft.due":
        return graft(memory, event.id, say)
      case "beacon.due":
        return renew(memory, event.nowMs, say)
      case "blocks.changed":
        return LazyPush.forget(memory.push, ({ announcement }) => blockOfWord(event.blocks, announcement) !== undefined)
    }
  },
}

const receive = (memory: GossipMemory, link: Link, message: Message, nowMs: number, say: Say): void => {
  switch (message.type) {
    case "GOSSIP":
      return hear(memory, link, message, nowMs, say)
    case "IHAVE":
      count(tallyOf(memory, link), "ids")
      for (const id of message.ids) learnOf(memory, link, id, say)
      return
    case "GRAFT":
      LazyPush.turn(memory.push, link, true)
      for (const id of message.ids) answerGraft(memory, link, id, say)
      return
    case "PRUNE":
      LazyPush.turn(memory.push, link, false)
      return
    case "BEACON":
      return follow(memory, link, message, nowMs, say)
    case "HELLO":
    case "HEARTBEAT":
    case "RECONCILE":
    case "ASK":
    case "ANSWER":
    case "QUERY":
    case "QUERY_ACK":
    case "DHT":
      return judge(memory, link, "drop:out-of-order", nowMs, say)
  }
}

const hear = (memory: GossipMemory, link: Link, message: Gossip, nowMs: number, say: Say): void => {
  LazyPush.knows(memory.push, link, message.id)
  if (SeenSet.has(memory.seen, message.id)) {
    count(tallyOf(memory, link), "duplicate")
    if (!LazyPush.isInTree(memory.push, link) && LazyPush.turn(memory.push, link, false))
      say({ type: "send", link, message: { type: "PRUNE" } })
    return
  }
  if (message.hopCount > gossipHopsMax) return judge(memory, link, "drop:hops", nowMs, say)
  const offer = { hopCount: message.hopCount, document: message.document, id: message.id }
  say({ type: "tell", to: sessionOf(link), event: { type: "announcement.offered", offer } })
}

const admit = (memory: GossipMemory, event: Extract<GossipEvent, { type: "announcement.verified" }>, say: Say): void => {
  const { link, announcement, hopCount, isCaughtUp, nowMs } = event
  if (isKnown(memory, announcement, isCaughtUp)) return count(tallyOf(memory, link), "duplicate")
  SeenSet.add(memory.seen, announcement.contentId, nowMs)
  if (isCaughtUp) SeenSet.add(memory.seen, announcement.id, nowMs)
  memory.push.missing.delete(announcement.contentId)
  say({ type: "merge", envelope: { announcement, hopCount }, from: link, isCaughtUp })
}

/**
 * What a comparison brought may say the same as what was heard, in another document. Only what was heard within the seen-set's
 * window counts: later it may be gone again here, and that it comes back is what comparing is for.
 */
const isKnown = ({ push, seen }: GossipMemory, { contentId, id }: VerifiedAnnouncement, isCaughtUp: boolean): boolean => {
  const isHeard = SeenSet.has(seen, contentId)
  return isCaughtUp ? SeenSet.has(seen, id) || (isHeard && push.recent.get(contentId)?.announcement.id === id) : isHeard
}

/** There may be room for it again before its ids are forgotten by themselves. */
const unlearn = ({ push, seen }: GossipMemory, id: string): void => {
  SeenSet.remove(seen, id)
  for (const { announcement } of push.recent.values()) if (announcement.id === id) SeenSet.remove(seen, announcement.contentId)
}

const settle = (memory: GossipMemory, event: Extract<GossipEvent, { type: "announcement.merged" }>, say: Say): void => {
  const { envelope, from, changed, isCaughtUp, isWithheld } = event
  count(tallyOf(memory, from), changed ? "accept" : "stale")
  if (!changed) {
    // for which there was no room there may be some later: whoever still holds it brings it again
    if (isCaughtUp) SeenSet.remove(memory.seen, envelope.announcement.id)
    return
  }
  if (isWithheld === true) return
  const { announcement, hopCount } = envelope
  const { type: kind, subject, origin } = announcement
  say({ type: "report", happening: { type: "gossip.accepted", kind, subject, origin, hopCount, announcement } })
  // at the bound nobody is pushed any further; who hears of the id may still ask
  const mayPush = envelope.hopCount < memory.hopsMax
  spread(memory, mayPush ? { ...envelope, hopCount: envelope.hopCount + 1 } : envelope, from, mayPush && !isCaughtUp, say)
}

/** Whole over eager links now, by id over lazy ones a little later. */
const spread = (memory: GossipMemory, envelope: Envelope, except: Link | undefined, isEager: boolean, say: Say): void => {
  const all = LazyPush.spread(memory.push, envelope, except, isEager)
  const links = memory.deployed.size === 0 ? all : all.filter((link) => !memory.deployed.has(link))
  if (links.length > 0) say({ type: "broadcast", links, message: gossipOf(envelope) })
  tellHerald(memory, envelope.announcement, except, say)
  if (memory.isReminded || !LazyPush.owesAnything(memory.push)) return
  memory.isReminded = true
  say({ type: "remind", afterMs: lazyPeriodMs, event: { type: "lazy.due" } })
}

/** Deployed nodes are told all that is accepted, however it came: they have no other way to it, and count hops of their own. */
const tellHerald = ({ deployed }: GossipMemory, announcement: VerifiedAnnouncement, except: Link | undefined, say: Say): void => {
  if (deployed.size === 0) return
  const links = [...deployed].filter((link) => link !== except)
  if (links.length > 0) say({ type: "tell", to: "herald", event: { type: "announcement.owed", announcement, links } })
}

const tellLazily = (memory: GossipMemory, say: Say): void => {
  memory.isReminded = false
  for (const [link, ids] of LazyPush.settle(memory.push)) say({ type: "send", link, message: { type: "IHAVE", ids } })
}

// the tree -----------------------------------------------------------------------------------------------------------

const welcome = (
  memory: GossipMemory,
  { deployed, link, speaksLazily, nowMs }: Extract<GossipEvent, { type: "link.joined" }>,
  say: Say,
): void => {
  LazyPush.join(memory.push, link, speaksLazily, nowMs)
  if (deployed !== undefined) memory.deployed.add(link)
  if (!speaksLazily) return
  say({ type: "send", link, message: beaconFor(memory, link) })
  if (memory.hasBeacon) return
  memory.hasBeacon = true
  renew(memory, nowMs, say)
}

/** A better beacon makes its link the parent, and goes on to everybody else; the same one tells who chose us. */
const follow = (memory: GossipMemory, link: Link, { beacon, isParent }: BeaconMessage, nowMs: number, say: Say): void => {
  const { tree, push } = memory
  switch (Tree.judge(tree, beacon)) {
    case "better":
      if (tree.parent !== undefined) LazyPush.branch(push, tree.parent, false)
      Tree.adopt(tree, link, beacon, nowMs)
      LazyPush.branch(push, link, true)
      return tellBeacon(memory, say)
    case "same":
      return LazyPush.branch(push, link, isParent || link === tree.parent)
    case "worse":
      if (Tree.outdoes(tree, beacon)) say({ type: "send", link, message: beaconFor(memory, link) })
      return
  }
}

/** Once a period, from the first link on. */
const renew = (memory: GossipMemory, nowMs: number, say: Say): void => {
  say({ type: "remind", afterMs: beaconPeriodMs, event: { type: "beacon.due" } })
  if (Tree.renew(memory.tree, nowMs)) tellBeacon(memory, say)
}

/** The parent learns that it is one; all others are told the same. */
const tellBeacon = (memory: GossipMemory, say: Say): void => {
  const { push, tree } = memory
  const { beacon, parent } = tree
  const others = [...push.links].flatMap(([link, { speaksLazily }]) => (speaksLazily && link !== parent ? [link] : []))
  if (others.length > 0) say({ type: "broadcast", links: others, message: { type: "BEACON", beacon, isParent: false } })
  if (parent !== undefined && push.links.get(parent)?.speaksLazily === true)
    say({ type: "send", link: parent, message: { type: "BEACON", beacon, isParent: true } })
}

const beaconFor = ({ tree }: GossipMemory, link: Link): BeaconMessage => ({
  type: "BEACON",
  beacon: tree.beacon,
  isParent: link === tree.parent,
})

// what did not come --------------------------------------------------------------------------------------------------

/** Somebody holds it: unless it comes by itself soon, we ask for it. */
const learnOf = (memory: GossipMemory, link: Link, id: ContentId, say: Say): void => {
  LazyPush.knows(memory.push, link, id)
  const { missing } = memory.push
  if (SeenSet.has(memory.seen, id)) return
  const known = missing.get(id)
  if (known !== undefined) {
    if (!known.sources.includes(link)) known.sources.push(link)
  } else if (missing.size < missingIdsMax) {
    missing.set(id, { sources: [link], asked: 0 })
    say({ type: "remind", afterMs: graftPatienceMs, event: { type: "graft.due", id } })
  }
}

/** It did not come: the next one who has it becomes eager, and we ask again if need be, in turn. */
const graft = (memory: GossipMemory, id: ContentId, say: Say): void => {
  const { missing, links } = memory.push
  const { asked = 0, sources = [] } = missing.get(id) ?? {}
  const [source, ...others] = sources.filter((link) => links.has(link))
  if (source === undefined || asked === graftsMax || SeenSet.has(memory.seen, id)) {
    missing.delete(id)
    return
  }
  LazyPush.turn(memory.push, source, true)
  say({ type: "send", link: source, message: { type: "GRAFT", ids: [id] } })
  missing.set(id, { sources: [...others, source], asked: asked + 1 })
  say({ type: "remind", afterMs: graftPatienceMs, event: { type: "graft.due", id } })
}

const answerGraft = (memory: GossipMemory, link: Link, id: ContentId, say: Say): void => {
  const envelope = memory.push.recent.get(id)
  if (envelope !== undefined) say({ type: "send", link, message: gossipOf(envelope) })
}

/** An announcement that travels, as it is sent. */
export const gossipOf = ({ announcement, hopCount }: { readonly announcement: Announcement; readonly hopCount: number }): Gossip => ({
  type: "GOSSIP",
  id: announcement.contentId,
  hopCount,
  document: () => announcement.document,
})

/** Counts a verdict, and what it costs; a peer without reputation has to go. */
const judge = (memory: GossipMemory, link: Link, verdict: Verdict, nowMs: number, say: Say): void => {
  count(tallyOf(memory, link), verdict)
  const state = memory.push.links.get(link)
  if (state === undefined || Reputation.isSpent(state.reputation)) return
  state.reputation = Reputation.after(state.reputation, verdict, nowMs, memory.deployed.has(link))
  if (Reputation.isSpent(state.reputation)) say({ type: "tell", to: "node", event: { type: "peer.misbehaved", link } })
}

const tallyOf = (memory: GossipMemory, link: Link): Tally => memory.push.links.get(link)?.tally ?? memory.others

/** Without the link to its parent a node asks all others for whole announcements, until the next beacon. */
const forget = (memory: GossipMemory, link: Link, say: Say): void => {
  for (const [verdict, times] of Object.entries(memory.push.links.get(link)?.tally ?? {}))
    memory.others[verdict] = (memory.others[verdict] ?? 0) + times
  memory.push.links.delete(link)
  memory.deployed.delete(link)
  if (link !== memory.tree.parent) return
  memory.tree.parent = undefined
  for (const [other, { speaksLazily }] of memory.push.links) {
    if (!speaksLazily) continue
    LazyPush.turn(memory.push, other, true)
    say({ type: "send", link: other, message: { type: "GRAFT", ids: [] } })
  }
}
