/**
 * The node's gossip: what its sessions hear it admits once, and forwards (mesh page, "Gossip protocol").
 *
 * The way of an announcement, cheap checks before dear ones:
 *
 *     heard ── seen before? ──► duplicate
 *       └─► session: allowance ─► verify ─► verified ── seen meanwhile? ──► duplicate
 *                                              └─► merge ── later known? ──► stale
 *                                                      └─► accept: forward to all others, one hop further
 *
 * It has no modes, only memory, so it is a reducer.
 */
import type { AnnouncementId, Envelope, VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import * as SeenSet from "../protocol/gossip/seen-set.ts"
import { count, type Tally, type Verdict } from "../protocol/gossip/verdict.ts"
import { gossipHopsMax } from "../protocol/limits.ts"
import type { Gossip, Message } from "../protocol/wire/message.ts"
import { sessionOf } from "./cast.ts"
import type { Command, Link, Outcome } from "./command.ts"
import type { Reducer } from "./reducer.ts"

export type GossipEvent =
  | Extract<Outcome, { readonly type: "announcement.merged" | "merge.failed" }>
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "announcement.verified"; readonly link: Link; readonly announcement: VerifiedAnnouncement; readonly hopCount: number; readonly nowMs: number }
  | { readonly type: "announcement.made"; readonly announcement: VerifiedAnnouncement; readonly nowMs: number }
  | { readonly type: "verdict.given"; readonly link: Link; readonly verdict: Verdict }
  | { readonly type: "link.joined"; readonly link: Link }
  | { readonly type: "link.left"; readonly link: Link }

export interface GossipMemory {
  readonly seen: SeenSet.SeenSet
  /** Connected links, in the order they came, each with its verdicts. */
  readonly links: Map<Link, Tally>
  /** Verdicts on links that are gone, or never were. */
  readonly others: Tally
}

type Say = (command: Command) => void

export const gossip: Reducer<unknown, GossipMemory, GossipEvent> = {
  id: "gossip",
  begin: () => ({ seen: SeenSet.empty(), links: new Map(), others: {} }),
  step: (memory, event, say) => {
    switch (event.type) {
      case "message.received":
        if (event.message.type === "GOSSIP") hear(memory, event.link, event.message, say)
        return
      case "announcement.verified":
        return admit(memory, event, say)
      case "announcement.merged":
        return settle(memory, event, say)
      case "merge.failed":
        return count(tallyOf(memory, event.from), "drop:store")
      case "announcement.made":
        SeenSet.add(memory.seen, event.announcement.id, event.nowMs)
        return spread(memory, { announcement: event.announcement, hopCount: 0 }, undefined, say)
      case "verdict.given":
        return count(tallyOf(memory, event.link), event.verdict)
      case "link.joined":
        memory.links.set(event.link, {})
        return
      case "link.left":
        return forget(memory, event.link)
    }
  },
}

const hear = (memory: GossipMemory, link: Link, message: Gossip, say: Say): void => {
  if (SeenSet.has(memory.seen, message.id)) return count(tallyOf(memory, link), "duplicate")
  if (message.hopCount > gossipHopsMax) return count(tallyOf(memory, link), "drop:hops")
  const offer = { hopCount: message.hopCount, document: message.document, id: message.id }
  say({ type: "tell", to: sessionOf(link), event: { type: "announcement.offered", offer } })
}

const admit = (memory: GossipMemory, { link, announcement, hopCount, nowMs }: Extract<GossipEvent, { type: "announcement.verified" }>, say: Say): void => {
  if (SeenSet.has(memory.seen, announcement.id)) return count(tallyOf(memory, link), "duplicate")
  SeenSet.add(memory.seen, announcement.id, nowMs)
  say({ type: "merge", envelope: { announcement, hopCount }, from: link })
}

const settle = (memory: GossipMemory, { envelope, from, changed }: Extract<GossipEvent, { type: "announcement.merged" }>, say: Say): void => {
  count(tallyOf(memory, from), changed ? "accept" : "stale")
  if (!changed) return
  const { type: kind, subject, origin } = envelope.announcement
  say({ type: "report", happening: { type: "gossip.accepted", kind, subject, origin, hopCount: envelope.hopCount } })
  if (envelope.hopCount < gossipHopsMax) spread(memory, { ...envelope, hopCount: envelope.hopCount + 1 }, from, say)
}

const spread = (memory: GossipMemory, { announcement, hopCount }: Envelope, except: Link | undefined, say: Say): void => {
  const links = [...memory.links.keys()].filter((link) => link !== except)
  if (links.length > 0) say({ type: "broadcast", links, message: { type: "GOSSIP", id: announcement.id as AnnouncementId, hopCount, document: () => announcement.document } })
}

const tallyOf = (memory: GossipMemory, link: Link): Tally => memory.links.get(link) ?? memory.others

const forget = (memory: GossipMemory, link: Link): void => {
  for (const [verdict, times] of Object.entries(memory.links.get(link) ?? {})) memory.others[verdict] = (memory.others[verdict] ?? 0) + times
  memory.links.delete(link)
}
