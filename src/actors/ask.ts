/**
 * Asking peers for what they hold about one subject: how a light node and a gateway read (registry page, "Node roles"), and
 * how any node asks deployed ones for what nobody else knows.
 *
 * All are asked at once; it ends when all have answered or the time is up. What they answered is believed by
 * nobody here: the documents prove themselves. What is told without any proof is not worth waiting for more of it.
 *
 *     asking ──all answered · one told without proof · patience──► done
 */
import { assign, setup } from "xstate"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import { askPatienceMs } from "../protocol/limits.ts"
import type { Hearsay, Message } from "../protocol/wire/message.ts"
import { commands, type Link } from "./command.ts"

export interface AskInput {
  /** Correlates answers with this question; unique among our open ones. */
  readonly request: number
  readonly subject: string
  readonly links: ReadonlyArray<Link>
}

export type AskEvent = { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }

export interface AskContext extends AskInput {
  readonly waiting: ReadonlyArray<Link>
  readonly documents: ReadonlyArray<JsonObject>
  readonly hearsay: ReadonlyArray<Hearsay>
}

export const ask = setup({
  types: { input: {} as AskInput, context: {} as AskContext, events: {} as AskEvent },
  actions: {
    ...commands("broadcast"),
    hear: assign(({ context }, { link, message }: { readonly link: Link; readonly message: Message }) => ({
      waiting: context.waiting.filter((other) => other !== link),
      ...(message.type === "ANSWER" && {
        documents: [...context.documents, ...message.documents],
        hearsay: [...context.hearsay, ...(message.hearsay ?? [])],
      }),
    })),
  },
  guards: {
    isAnswered: ({ context }) => context.waiting.length === 0 || context.hearsay.length > 0,
    isAwaited: ({ context }, { link }: { readonly link: Link }) => context.waiting.includes(link),
  },
  delays: { patience: askPatienceMs },
}).createMachine({
  id: "ask",
  context: ({ input }) => ({ ...input, waiting: input.links, documents: [], hearsay: [] }),
  initial: "asking",
  states: {
    asking: {
      entry: {
        type: "broadcast",
        params: ({ context }) => ({
          links: context.links,
          message: { type: "ASK" as const, request: context.request, subject: context.subject },
        }),
      },
      always: { guard: "isAnswered", target: "done" },
      after: { patience: "done" },
      on: {
        "message.received": {
          guard: { type: "isAwaited", params: ({ event }) => event },
          actions: { type: "hear", params: ({ event }) => event },
        },
      },
    },
    done: { type: "final" },
  },
})
