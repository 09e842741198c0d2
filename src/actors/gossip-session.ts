/**
 * One session with one connected peer: what it may send, and what happens to the rest (mesh page, "max 100
 * announcements/sec per peer"; ruled: nothing is lost silently, the reader slows down).
 *
 *     flowing ──allowance spent──► throttled ──all held ones verified──► flowing
 *                                    └┘ every tenth of a second: verify what the allowance lets through
 */
import { assign, setup } from "xstate"
import * as Allowance from "../protocol/gossip/allowance.ts"
import { announcementsPerSecond, heldAnnouncementsMax, releasePeriodMs } from "../protocol/limits.ts"
import { commands, type Link, type Offer, type Outcome } from "./command.ts"

export interface GossipSessionInput {
  readonly link: Link
  readonly nowMs: number
  /** What its peer may send; the page's number when absent. */
  readonly announcementsPerSecond?: number
}

export type GossipSessionEvent =
  | { readonly type: "announcement.offered"; readonly offer: Offer; readonly nowMs: number }
  | Extract<Outcome, { readonly type: "announcement.verified" | "announcement.refused" }>

interface GossipSessionContext {
  readonly link: Link
  readonly allowance: Allowance.Allowance
  /** Oldest first. */
  readonly held: ReadonlyArray<Offer>
}

const words = setup({
  types: { input: {} as GossipSessionInput, context: {} as GossipSessionContext, events: {} as GossipSessionEvent },
  actions: {
    ...commands("verify", "tell", "pauseReading", "resumeReading"),
    spend: assign(({ context }, { nowMs }: { readonly nowMs: number }) => ({
      allowance: Allowance.spend(Allowance.refilled(context.allowance, nowMs), 1),
    })),
    hold: assign(({ context }, { offer }: { readonly offer: Offer }) => ({ held: [...context.held, offer] })),
    /** A portion of time has filled the allowance, and what it lets through is paid for. */
    release: assign(({ context }) => ({
      held: context.held.slice(releasable(context)),
      allowance: Allowance.spend(portionLater(context), releasable(context)),
    })),
  },
  guards: {
    mayPass: ({ context }, { nowMs }: { readonly nowMs: number }) => Allowance.refilled(context.allowance, nowMs).left >= 1,
    mayHold: ({ context }) => context.held.length < heldAnnouncementsMax,
    holdsNothing: ({ context }) => context.held.length === 0,
  },
})

/** The allowance after one more release period. By count and not by the clock: a timer that fires late lets through no more. */
const portionLater = ({ allowance }: GossipSessionContext): Allowance.Allowance =>
  Allowance.refilled(allowance, allowance.atMs + releasePeriodMs)

/** How many of the held ones it lets through then. */
const releasable = (context: GossipSessionContext): number =>
  Math.min(context.held.length, Math.max(0, Math.floor(portionLater(context).left)))

/** What verification said is passed on in both states alike. */
const judging = words.createStateConfig({
  on: {
    "announcement.verified": {
      actions: {
        type: "tell",
        params: ({ context, event }) => ({
          to: "gossip",
          event: {
            type: "announcement.verified",
            link: context.link,
            announcement: event.announcement,
            hopCount: event.hopCount,
            isCaughtUp: false,
          },
        }),
      },
    },
    "announcement.refused": {
      actions: {
        type: "tell",
        params: ({ context, event }) => ({
          to: "gossip",
          event: { type: "verdict.given", link: context.link, verdict: `drop:${event.reason}` },
        }),
      },
    },
  },
})

export const gossipSession = words.createMachine({
  id: "gossip-session",
  context: ({ input }) => ({
    link: input.link,
    allowance: Allowance.full(input.announcementsPerSecond ?? announcementsPerSecond, input.nowMs),
    held: [],
  }),
  initial: "flowing",
  states: {
    flowing: {
      on: {
        ...judging.on,
        "announcement.offered": [
          {
            guard: { type: "mayPass", params: ({ event }) => event },
            actions: [
              { type: "spend", params: ({ event }) => event },
              { type: "verify", params: ({ context, event }) => ({ link: context.link, offers: [event.offer] }) },
            ],
          },
          {
            target: "throttled",
            actions: [
              { type: "hold", params: ({ event }) => event },
              { type: "pauseReading", params: ({ context }) => context },
            ],
          },
        ],
      },
    },
    throttled: {
      after: {
        [releasePeriodMs]: {
          target: "throttled",
          reenter: true,
          actions: [
            { type: "verify", params: ({ context }) => ({ link: context.link, offers: context.held.slice(0, releasable(context)) }) },
            "release",
          ],
        },
      },
      always: { guard: "holdsNothing", target: "flowing", actions: { type: "resumeReading", params: ({ context }) => context } },
      on: {
        ...judging.on,
        "announcement.offered": [
          { guard: "mayHold", actions: { type: "hold", params: ({ event }) => event } },
          {
            actions: {
              type: "tell",
              params: ({ context }) => ({ to: "gossip", event: { type: "verdict.given", link: context.link, verdict: "drop:flood" } }),
            },
          },
        ],
      },
    },
  },
})
