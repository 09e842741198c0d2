/**
 * Which links carry whole announcements and which only ids (after Leitão, Pereira & Rodrigues 2007, "Epidemic Broadcast
 * Trees").
 *
 * Links in the tree (`tree.ts`) are eager; the others tell ids, together and a little later, and the end that misses
 * something makes its link eager again (GRAFT) until it brings what was known (PRUNE) or a new beacon comes. Until a first
 * beacon all are eager, and a peer that does not speak this stays so for ever: plain flooding. Changed in place.
 */
import type { ContentId, Envelope } from "./announcement.ts"
import { idsPerMessageMax, owedIdsMax, recentEnvelopesMax } from "../limits.ts"
import { fresh, type Reputation } from "./reputation.ts"
import type { Tally } from "./verdict.ts"

export interface LinkState {
  /** Verdicts on what came over it. */
  readonly tally: Tally
  reputation: Reputation
  readonly speaksLazily: boolean
  isEager: boolean
  /** It is eager because the tree goes along it. */
  isInTree: boolean
  /** Ids it is to be told, oldest first; at the bound the oldest are forgotten, and anti-entropy repairs. */
  readonly owed: Set<ContentId>
}

export interface LazyPush<Link> {
  readonly links: Map<Link, LinkState>
  /** What was accepted lately, ready to be sent when somebody grafts; at the bound the oldest are forgotten. */
  readonly recent: Map<ContentId, Envelope>
  /** Ids that were told to us and did not come yet, with those who told them. */
  readonly missing: Map<ContentId, Missing<Link>>
}

export interface Missing<Link> {
  /** Whom to ask next comes first. */
  readonly sources: Array<Link>
  /** How often it was asked for. */
  asked: number
}

export const begin = <Link>(): LazyPush<Link> => ({ links: new Map(), recent: new Map(), missing: new Map() })

export const join = <Link>(push: LazyPush<Link>, link: Link, speaksLazily: boolean, nowMs: number): void => {
  push.links.set(link, { tally: {}, reputation: fresh(nowMs), speaksLazily, isEager: true, isInTree: false, owed: new Set() })
}

/** Those who get the whole announcement now; the others owe it the id from here on. `isEager: false`: ids only, to everybody who understands them. */
export const spread = <Link>(push: LazyPush<Link>, envelope: Envelope, except: Link | undefined, isEager: boolean): ReadonlyArray<Link> => {
  const { contentId } = envelope.announcement
  remember(push, envelope)
  const whole: Array<Link> = []
  for (const [link, state] of push.links) {
    if (link === except) continue
    if (state.speaksLazily && !(isEager && state.isEager)) owe(state, contentId)
    else if (isEager) whole.push(link)
  }
  return whole
}

/** Does anybody wait to be told ids? */
export const owesAnything = <Link>(push: LazyPush<Link>): boolean => {
  for (const { owed } of push.links.values()) if (owed.size > 0) return true
  return false
}

/** What each lazy link is to be told now, in messages of a bounded size. */
export const settle = <Link>(push: LazyPush<Link>): ReadonlyArray<readonly [Link, ReadonlyArray<ContentId>]> => {
  const told: Array<readonly [Link, ReadonlyArray<ContentId>]> = []
  for (const [link, { owed }] of push.links) {
    const ids = [...owed]
    owed.clear()
    for (let at = 0; at < ids.length; at += idsPerMessageMax) told.push([link, ids.slice(at, at + idsPerMessageMax)])
  }
  return told
}

/** The other end has it: it need not be told. */
export const knows = <Link>(push: LazyPush<Link>, link: Link, id: ContentId): void => {
  push.links.get(link)?.owed.delete(id)
}

/** Makes a link eager or lazy; true when that is new. */
export const turn = <Link>(push: LazyPush<Link>, link: Link, isEager: boolean): boolean => {
  const state = push.links.get(link)
  if (state === undefined || !state.speaksLazily || state.isEager === isEager) return false
  state.isEager = isEager
  return true
}

/** The tree goes, or does not go, along this link. */
export const branch = <Link>(push: LazyPush<Link>, link: Link, isInTree: boolean): void => {
  const state = push.links.get(link)
  if (state === undefined || !state.speaksLazily) return
  state.isInTree = isInTree
  state.isEager = isInTree
}

export const isInTree = <Link>(push: LazyPush<Link>, link: Link): boolean => push.links.get(link)?.isInTree === true

const owe = ({ owed }: LinkState, id: ContentId): void => {
  if (owed.size >= owedIdsMax) owed.delete(owed.values().next().value!)
  owed.add(id)
}

const remember = <Link>({ recent }: LazyPush<Link>, envelope: Envelope): void => {
  if (recent.size >= recentEnvelopesMax) recent.delete(recent.keys().next().value!)
  recent.set(envelope.announcement.contentId, envelope)
}

/** What nobody shall graft any more. */
export const forget = <Link>({ recent }: LazyPush<Link>, isUnwanted: (envelope: Envelope) => boolean): void => {
  for (const [id, envelope] of recent) if (isUnwanted(envelope)) recent.delete(id)
}
