/**
 * Tells deployed nodes what is said, and those who come late, or were away, what they missed: among themselves they have no way
 * to catch up, and pass nothing on farther than to their own neighbours.
 *
 *     joined ──3 s──► going through what we hold, page by page ──the end──► resting ──a minute──► going through what came since
 *                        └ what gossip brings meanwhile goes into the same outbox (`protocol/agentdns/outbox.ts`)
 *
 * How far a registry was told is remembered, so that it hears nothing twice for a link that was lost. It has no modes, only
 * memory, so it is a reducer.
 */
import type { Announcement, VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import {
  deployedCatchUpDelayMs,
  deployedCatchUpPeriodMs,
  deployedDoubtMs,
  deployedPageWords,
  deployedPlacesMax,
} from "../protocol/agentdns/limits.ts"
import * as Outbox from "../protocol/agentdns/outbox.ts"
import { hasForm } from "../protocol/agentdns/standing.ts"
import type { RegistryId } from "../protocol/identity/id.ts"
import type { Command, Link, Outcome } from "./command.ts"
import type { Reducer } from "./reducer.ts"

export type HeraldEvent =
  | Extract<Outcome, { readonly type: "changes.read" }>
  /** `deployed`: who is at the other end. */
  | { readonly type: "link.joined"; readonly link: Link; readonly deployed: RegistryId; readonly nowMs: number }
  | { readonly type: "link.left"; readonly link: Link; readonly nowMs: number }
  /** Gossip passes it on; the link that it came over is not among these. */
  | {
      readonly type: "announcement.owed"
      readonly announcement: VerifiedAnnouncement
      readonly links: ReadonlyArray<Link>
      readonly nowMs: number
    }
  | { readonly type: "outbox.due"; readonly link: Link; readonly nowMs: number }
  | { readonly type: "catchUp.due"; readonly link: Link; readonly nowMs: number }

/** How far a registry was told: a position in the order in which the store was written, and when it was reached. */
interface Place {
  readonly position: string | undefined
  readonly atMs: number
}

interface Dealings {
  readonly registry: RegistryId
  readonly box: Outbox.Outbox
  isReminded: boolean
  /** Absent while it rests. */
  walk: Walk | undefined
  /** Oldest first; all but the first were reached on this link. */
  places: Array<Place>
}

/** Going through what is held. */
interface Walk {
  /** What was written up to here is told, or in the outbox. */
  position: string | undefined
  isAtEnd: boolean
  /** A page was asked for. */
  isReading: boolean
  /** They come last: a registration makes an entity active there. */
  readonly statuses: Array<Announcement>
}

export interface HeraldMemory {
  readonly links: Map<Link, Dealings>
  /** Of those who left, longest ago first. */
  readonly places: Map<RegistryId, string>
}

type Say = (command: Command) => void

export const herald: Reducer<undefined, HeraldMemory, HeraldEvent> = {
  id: "herald",
  begin: () => ({ links: new Map(), places: new Map() }),
  step: (memory, event, say) => {
    switch (event.type) {
      case "link.joined":
        return join(memory, event, say)
      case "link.left":
        return leave(memory, event)
      case "announcement.owed":
        for (const link of event.links) owe(memory, link, event.announcement, event.nowMs, say)
        return
      case "outbox.due":
        return sendOn(memory, event.link, event.nowMs, say)
      case "catchUp.due":
        return catchUp(memory, event.link, event.nowMs, say)
      case "changes.read":
        return read(memory, event, say)
    }
  },
}

const join = (memory: HeraldMemory, { deployed, link, nowMs }: Extract<HeraldEvent, { type: "link.joined" }>, say: Say): void => {
  memory.links.set(link, {
    registry: deployed,
    box: Outbox.empty(nowMs),
    isReminded: false,
    walk: undefined,
    places: [{ position: memory.places.get(deployed), atMs: nowMs }],
  })
  say({ type: "remind", afterMs: deployedCatchUpDelayMs, event: { type: "catchUp.due", link } })
}

/** What was told lately may not have arrived. */
const leave = ({ links, places }: HeraldMemory, { link, nowMs }: Extract<HeraldEvent, { type: "link.left" }>): void => {
  const dealings = links.get(link)
  if (dealings === undefined) return
  links.delete(link)
  const { position } = placeBefore(dealings, nowMs - deployedDoubtMs)
  places.delete(dealings.registry)
  if (position === undefined) return
  if (places.size >= deployedPlacesMax) places.delete(places.keys().next().value!)
  places.set(dealings.registry, position)
}

const placeBefore = ({ places }: Dealings, atMs: number): Place => places.findLast((place) => place.atMs <= atMs) ?? places[0]!

// telling ------------------------------------------------------------------------------------------------------------

const owe = (memory: HeraldMemory, link: Link, announcement: Announcement, nowMs: number, say: Say): void => {
  const dealings = memory.links.get(link)
  if (dealings === undefined || !isFor(dealings, announcement)) return
  Outbox.owe(dealings.box, announcement, false)
  send(dealings, link, nowMs, say)
}

/** What it said itself it would take for somebody else's, and tell all others again. */
const isFor = ({ registry }: Dealings, announcement: Announcement): boolean => announcement.origin !== registry && hasForm(announcement)

const sendOn = (memory: HeraldMemory, link: Link, nowMs: number, say: Say): void => {
  const dealings = memory.links.get(link)
  if (dealings === undefined) return
  dealings.isReminded = false
  send(dealings, link, nowMs, say)
}

const send = (dealings: Dealings, link: Link, nowMs: number, say: Say): void => {
  const { box, walk } = dealings
  for (const { announcement, mustStand } of Outbox.due(box, nowMs)) say({ type: "relay", link, announcement, mustStand })
  if (walk !== undefined && !walk.isReading && box.owed.size === 0) return goOn(dealings, walk, link, nowMs, say)
  if (dealings.isReminded || Outbox.isIdle(box)) return
  dealings.isReminded = true
  say({ type: "remind", afterMs: box.owed.size > 0 ? tickMs : repeatTickMs, event: { type: "outbox.due", link } })
}

/** While something waits the outbox is looked at this often; while nothing does but repeats, this often. */
const tickMs = 100
const repeatTickMs = 10_000

// catching up --------------------------------------------------------------------------------------------------------

const catchUp = (memory: HeraldMemory, link: Link, nowMs: number, say: Say): void => {
  const dealings = memory.links.get(link)
  if (dealings === undefined) return
  say({ type: "remind", afterMs: deployedCatchUpPeriodMs, event: { type: "catchUp.due", link } })
  if (dealings.walk !== undefined) return
  // where something had to be forgotten, nobody knows what: all since this link began
  if (dealings.box.isBehind) dealings.places = dealings.places.slice(0, 1)
  dealings.box.isBehind = false
  dealings.walk = { position: dealings.places.at(-1)!.position, isAtEnd: false, isReading: false, statuses: [] }
  send(dealings, link, nowMs, say)
}

/** All that was read is told: the next page, at last the statuses. */
const goOn = (dealings: Dealings, walk: Walk, link: Link, nowMs: number, say: Say): void => {
  if (!walk.isAtEnd) {
    walk.isReading = true
    return say({ type: "page", link, after: walk.position, limit: deployedPageWords })
  }
  if (walk.statuses.length > 0) {
    for (const status of walk.statuses.splice(0, deployedPageWords)) Outbox.owe(dealings.box, status, true)
    return send(dealings, link, nowMs, say)
  }
  dealings.walk = undefined
  reach(dealings, walk.position, nowMs)
  send(dealings, link, nowMs, say)
}

const read = (memory: HeraldMemory, { changes, link, nowMs }: Extract<HeraldEvent, { type: "changes.read" }>, say: Say): void => {
  const dealings = memory.links.get(link)
  const walk = dealings?.walk
  if (dealings === undefined || walk === undefined) return
  walk.isReading = false
  for (const { announcement } of changes) {
    if (!isFor(dealings, announcement) || Outbox.knows(dealings.box, announcement)) continue
    if (announcement.body.kind === "status") walk.statuses.push(announcement)
    else Outbox.owe(dealings.box, announcement, true)
  }
  walk.position = changes.at(-1)?.position ?? walk.position
  walk.isAtEnd = changes.length < deployedPageWords
  send(dealings, link, nowMs, say)
}

/** Of the places only the last one that is beyond doubt is needed, and those after it. */
const reach = (dealings: Dealings, position: string | undefined, nowMs: number): void => {
  const places = [...dealings.places, { position, atMs: nowMs }]
  const sure = places.findLastIndex(({ atMs }) => atMs <= nowMs - deployedDoubtMs)
  dealings.places = places.slice(Math.max(0, sure))
}
