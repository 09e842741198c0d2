/**
 * What this node holds, as anti-entropy sees it: it answers comparisons, and moves what one end has and the other lacks
 * (`protocol/gossip/reconcile.ts`).
 *
 * As the answerer it keeps nothing between two messages of an asker but how much it may still be sent; so an asker that
 * never comes to an end costs nothing. It has no modes, only memory, so it is a reducer.
 */
import type { VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import * as Reconcile from "../protocol/gossip/reconcile.ts"
import * as Leases from "../protocol/gossip/leases.ts"
import * as SlotSet from "../protocol/gossip/slot-set.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { RegistryId } from "../protocol/identity/id.ts"
import {
  asksPerSecond,
  comparisonsPerPeriodMax,
  documentsPerMessage,
  leaseReviewMs,
  reconciledAtOnceMax,
  reconcilePeriodMs,
} from "../protocol/limits.ts"
import type { Message, Reconcile as ReconcileMessage } from "../protocol/wire/message.ts"
import type { Command, Link, Outcome } from "./command.ts"
import type { Reducer } from "./reducer.ts"

export type HoldingsEvent =
  | Extract<Outcome, { readonly type: "announcements.fetched" | "announcement.verified" | "announcement.refused" }>
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | ({ readonly type: "slot.held"; readonly nowMs: number } & SlotSet.SlotKey)
  /** `mayReturn`: it gave way to a stronger claim, and when there is room again it is welcome. */
  | { readonly type: "slot.lost"; readonly subject: string; readonly origin: RegistryId; readonly mayReturn?: true }
  | { readonly type: "leases.due"; readonly nowMs: number }
  // what our own reconciler asks for
  | { readonly type: "reconcile.opened"; readonly link: Link; readonly salt: string }
  | { readonly type: "reconcile.split"; readonly link: Link; readonly salt: string; readonly bits: number; readonly digests: Uint8Array }
  | { readonly type: "reconcile.wanted"; readonly link: Link; readonly short: Uint8Array }
  | { readonly type: "link.left"; readonly link: Link }

interface Dealings {
  /** Announcements that we asked for and may still be sent. */
  credit: number
  /** Comparisons answered in this period. */
  answered: number
  periodStartMs: number
  /** Questions answered in this second. */
  asked: number
  secondStartMs: number
  /** What we listed last, as the asker. */
  listed: { readonly salt: string; readonly bits: number; readonly parts: ReadonlyArray<number> } | undefined
}

export interface HoldingsInput {
  readonly self: RegistryId
}

export interface HoldingsMemory {
  readonly self: RegistryId
  readonly leases: Leases.Leases
  isReviewing: boolean
  readonly set: SlotSet.SlotSet
  readonly dealings: Map<Link, Dealings>
}

type Say = (command: Command) => void

export const holdings: Reducer<HoldingsInput, HoldingsMemory, HoldingsEvent> = {
  id: "holdings",
  begin: ({ self }) => ({ self, set: SlotSet.empty(), leases: Leases.empty(), isReviewing: false, dealings: new Map() }),
  step: (memory, event, say) => {
    switch (event.type) {
      case "slot.held":
        return hold(memory, event, say)
      case "slot.lost":
        return lose(memory, event, say)
      case "leases.due":
        return review(memory, event.nowMs, say)
      case "message.received":
        return receive(memory, event.link, event.message, event.nowMs, say)
      case "reconcile.opened":
        return send(say, event.link, { step: "compare", salt: event.salt, digest: Reconcile.digestOfAll(memory.set, event.salt) })
      case "reconcile.split":
        return listDifferences(memory, event, say)
      case "reconcile.wanted":
        return give(memory, event.link, event.short, say)
      case "announcements.fetched":
        return hand(event.link, event.documents, event.then, say)
      case "announcement.verified":
        return passOn(event.link, event.announcement, say)
      case "announcement.refused":
        return count(event.link, `drop:${event.reason}`, say)
      case "link.left":
        memory.dealings.delete(event.link)
        return
    }
  },
}

// holding ------------------------------------------------------------------------------------------------------------

const hold = (memory: HoldingsMemory, event: Extract<HoldingsEvent, { type: "slot.held" }>, say: Say): void => {
  SlotSet.put(memory.set, event)
  const speaking = Leases.hear(memory.leases, memory.self, event)
  if (speaking.some((registry) => memory.leases.stale.has(registry))) apply(memory, event.nowMs)
  if (memory.isReviewing) return
  memory.isReviewing = true
  review(memory, event.nowMs, say)
}

const lose = ({ set }: HoldingsMemory, event: Extract<HoldingsEvent, { type: "slot.lost" }>, say: Say): void => {
  const id = set.held.get(event.origin)?.get(event.subject)
  SlotSet.remove(set, event.subject, event.origin)
  if (event.mayReturn === true && id !== undefined) say({ type: "tell", to: "gossip", event: { type: "announcement.lost", id } })
}

/** Once a minute, from the first slot on. */
const review = (memory: HoldingsMemory, nowMs: number, say: Say): void => {
  apply(memory, nowMs)
  say({ type: "remind", afterMs: leaseReviewMs, event: { type: "leases.due" } })
}

/** What a registry said that is not alive is set aside; it is taken back when the registry speaks again. */
const apply = ({ leases, self, set }: HoldingsMemory, nowMs: number): void => {
  for (const { origin, isStale } of Leases.review(leases, self, nowMs)) SlotSet.setAside(set, origin, isStale)
}

const receive = (memory: HoldingsMemory, link: Link, message: Message, nowMs: number, say: Say): void => {
  if (message.type === "RECONCILE") return answer(memory, link, message, nowMs, say)
  if (message.type !== "ASK") return
  if (mayAsk(dealingsOf(memory, link), nowMs)) say({ type: "answer", link, request: message.request, subject: message.subject })
  else count(link, "drop:flood", say)
}

// answering ----------------------------------------------------------------------------------------------------------

const answer = (memory: HoldingsMemory, link: Link, message: ReconcileMessage, nowMs: number, say: Say): void => {
  switch (message.step) {
    case "compare":
      return mayCompare(dealingsOf(memory, link), nowMs) ? compare(memory, link, message, say) : count(link, "drop:flood", say)
    case "list":
      return mayCompare(dealingsOf(memory, link), nowMs) ? settle(memory, link, message, say) : count(link, "drop:flood", say)
    case "records":
      return take(memory, link, message.documents, say)
    case "same":
    case "split":
    case "want":
      return // the reconciler's
  }
}

const compare = ({ set }: HoldingsMemory, link: Link, { salt, digest }: Extract<ReconcileMessage, { step: "compare" }>, say: Say): void => {
  if (Reconcile.digestOfAll(set, salt) === digest) return send(say, link, { step: "same" })
  const bits = Reconcile.bitsFor(set.size)
  send(say, link, { step: "split", bits, digests: Reconcile.split(set, bits, salt) })
}

/** Sends what the asker lacks, and after it what we lack ourselves. */
const settle = (
  memory: HoldingsMemory,
  link: Link,
  { salt, bits, listed }: Extract<ReconcileMessage, { step: "list" }>,
  say: Say,
): void => {
  const difference = Reconcile.compare(memory.set, bits, salt, listed)
  if (difference === undefined) return count(link, "drop:malformed", say)
  const theyLack = difference.theyLack.slice(0, reconciledAtOnceMax)
  const { short, isWhole } = Reconcile.firstOf(difference.weLack, reconciledAtOnceMax)
  dealingsOf(memory, link).credit = reconciledAtOnceMax
  const want: ReconcileMessage = {
    type: "RECONCILE",
    step: "want",
    short,
    isWhole: isWhole && theyLack.length === difference.theyLack.length,
  }
  say({ type: "fetch", link, ids: theyLack, then: want })
}

// asking -------------------------------------------------------------------------------------------------------------

const listDifferences = (
  memory: HoldingsMemory,
  { link, salt, bits, digests }: Extract<HoldingsEvent, { type: "reconcile.split" }>,
  say: Say,
): void => {
  const parts = Reconcile.differingParts(memory.set, bits, salt, digests)
  if (parts === undefined) return count(link, "drop:malformed", say)
  const dealings = dealingsOf(memory, link)
  dealings.listed = { salt, bits, parts }
  dealings.credit = reconciledAtOnceMax
  send(say, link, { step: "list", salt, bits, listed: Reconcile.list(memory.set, bits, salt, parts) })
}

const give = (memory: HoldingsMemory, link: Link, short: Uint8Array, say: Say): void => {
  const { listed } = dealingsOf(memory, link)
  if (listed === undefined || short.length === 0) return
  const ids = Reconcile.wanted(memory.set, listed.bits, listed.salt, listed.parts, short).slice(0, reconciledAtOnceMax)
  say({ type: "fetch", link, ids, then: undefined })
}

// moving -------------------------------------------------------------------------------------------------------------

const hand = (link: Link, documents: ReadonlyArray<JsonObject>, then: Message | undefined, say: Say): void => {
  for (let at = 0; at < documents.length; at += documentsPerMessage) {
    send(say, link, { step: "records", documents: documents.slice(at, at + documentsPerMessage) })
  }
  if (then !== undefined) say({ type: "send", link, message: then })
}

/** What we asked for; more than that is not looked at. */
const take = (memory: HoldingsMemory, link: Link, documents: ReadonlyArray<JsonObject>, say: Say): void => {
  const dealings = dealingsOf(memory, link)
  const taken = documents.slice(0, dealings.credit)
  dealings.credit -= taken.length
  if (taken.length < documents.length) count(link, "drop:unsolicited", say)
  // The next comparison follows these at once: what is still being verified would be asked for again.
  const offers = taken.map((document) => ({ hopCount: 0, document: () => document, id: undefined }))
  say({ type: "verify", link, offers, atOnce: true })
}

const passOn = (link: Link, announcement: VerifiedAnnouncement, say: Say): void =>
  say({ type: "tell", to: "gossip", event: { type: "announcement.verified", link, announcement, hopCount: 0, isCaughtUp: true } })

// bounds -------------------------------------------------------------------------------------------------------------

const mayCompare = (dealings: Dealings, nowMs: number): boolean => {
  if (nowMs - dealings.periodStartMs >= reconcilePeriodMs || nowMs < dealings.periodStartMs) {
    dealings.periodStartMs = nowMs
    dealings.answered = 0
  }
  return dealings.answered++ < comparisonsPerPeriodMax
}

const mayAsk = (dealings: Dealings, nowMs: number): boolean => {
  if (nowMs - dealings.secondStartMs >= 1_000 || nowMs < dealings.secondStartMs) {
    dealings.secondStartMs = nowMs
    dealings.asked = 0
  }
  return dealings.asked++ < asksPerSecond
}

const dealingsOf = ({ dealings }: HoldingsMemory, link: Link): Dealings => {
  const known = dealings.get(link)
  if (known !== undefined) return known
  const fresh: Dealings = { credit: 0, answered: 0, periodStartMs: 0, asked: 0, secondStartMs: 0, listed: undefined }
  dealings.set(link, fresh)
  return fresh
}

const count = (link: Link, verdict: string, say: Say): void =>
  say({ type: "tell", to: "gossip", event: { type: "verdict.given", link, verdict } })

type Step = ReconcileMessage extends infer M ? (M extends ReconcileMessage ? Omit<M, "type"> : never) : never
const send = (say: Say, link: Link, step: Step): void =>
  say({ type: "send", link, message: { type: "RECONCILE", ...step } as ReconcileMessage })
