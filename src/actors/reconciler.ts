/**
 * Reconciling with one peer: soon after the link is there, and then again and again (ruled: on connect, after a heal, and
 * periodically). Only the dialler of a link asks; the other end answers (`holdings.ts`).
 *
 *     resting ──due──► comparing ──split──► listing ──want, there is more──► comparing
 *        ▲                │ same               │ want, that was all
 *        └────────────────┴── no answer ───────┘
 */
import { assign, setup } from "xstate"
import { reconcilePatienceMs, reconcilePeriodMs, reconcileRoundsMax } from "../protocol/limits.ts"
import { type Dice, dice, jittered, roll } from "../protocol/mesh/dice.ts"
import type { Message, Reconcile } from "../protocol/wire/message.ts"
import { commands, type Link } from "./command.ts"

export interface ReconcilerInput {
  readonly link: Link
  readonly seed: number
}

export type ReconcilerEvent = { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }

interface ReconcilerContext {
  readonly link: Link
  readonly dice: Dice
  readonly waitMs: number
  readonly salt: string
  /** Rounds since it last rested. */
  readonly rounds: number
}

const firstWaitMs = 1_000

const isStep =
  (step: Reconcile["step"]) =>
  (_: unknown, { message }: { readonly message: Message }) =>
    message.type === "RECONCILE" && message.step === step

export const reconciler = setup({
  types: { input: {} as ReconcilerInput, context: {} as ReconcilerContext, events: {} as ReconcilerEvent },
  actions: {
    ...commands("tell"),
    rest: assign(({ context }) => {
      const [waitMs, next] = jittered(reconcilePeriodMs, context.dice)
      return { waitMs, dice: next, rounds: 0 }
    }),
    salt: assign(({ context }) => {
      const [value, next] = roll(context.dice)
      return { salt: value.toString(36).slice(2, 12), dice: next, rounds: context.rounds + 1 }
    }),
  },
  guards: {
    isSame: isStep("same"),
    isSplit: isStep("split"),
    isWant: isStep("want"),
    wantsMore: ({ context }, { message }: { readonly message: Message }) =>
      message.type === "RECONCILE" && message.step === "want" && !message.isWhole && context.rounds < reconcileRoundsMax,
  },
  delays: { due: ({ context }) => context.waitMs, patience: reconcilePatienceMs },
}).createMachine({
  id: "reconciler",
  context: ({ input }) => {
    const [value, next] = roll(dice(input.seed))
    return { link: input.link, dice: next, waitMs: Math.round(value * firstWaitMs), salt: "", rounds: 0 }
  },
  initial: "resting",
  states: {
    resting: { after: { due: "comparing" } },
    comparing: {
      entry: [
        "salt",
        {
          type: "tell",
          params: ({ context }) => ({ to: "holdings", event: { type: "reconcile.opened", link: context.link, salt: context.salt } }),
        },
      ],
      after: { patience: { target: "resting", actions: "rest" } },
      on: {
        "message.received": [
          { guard: { type: "isSame", params: ({ event }) => event }, target: "resting", actions: "rest" },
          {
            guard: { type: "isSplit", params: ({ event }) => event },
            target: "listing",
            actions: { type: "tell", params: ({ context, event }) => ({ to: "holdings", event: split(context, event.message) }) },
          },
        ],
      },
    },
    listing: {
      after: { patience: { target: "resting", actions: "rest" } },
      on: {
        "message.received": [
          {
            guard: { type: "wantsMore", params: ({ event }) => event },
            target: "comparing",
            actions: { type: "tell", params: ({ context, event }) => ({ to: "holdings", event: wanted(context, event.message) }) },
          },
          {
            guard: { type: "isWant", params: ({ event }) => event },
            target: "resting",
            actions: [
              { type: "tell", params: ({ context, event }) => ({ to: "holdings", event: wanted(context, event.message) }) },
              "rest",
            ],
          },
        ],
      },
    },
  },
})

const split = ({ link, salt }: ReconcilerContext, message: Message) => {
  const { bits, digests } = message as Extract<Reconcile, { readonly step: "split" }>
  return { type: "reconcile.split", link, salt, bits, digests }
}
const wanted = ({ link }: ReconcilerContext, message: Message) => {
  const { short } = message as Extract<Reconcile, { readonly step: "want" }>
  return { type: "reconcile.wanted", link, short }
}
