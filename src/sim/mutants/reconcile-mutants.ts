/** Bugs in anti-entropy: what is compared, listed, handed over and taken. */
import { holdings } from "../../actors/holdings.ts"
import { reconciler } from "../../actors/reconciler.ts"
import type { Message } from "../../protocol/wire/message.ts"
import { casting, idle, inHoldings, isHeard, isSent, mutantsOf } from "./mutant.ts"
import * as on from "./trials.ts"

const isStep = (message: Message, step: string): boolean => message.type === "RECONCILE" && message.step === step

export const reconcileMutants = mutantsOf({
  "nobody reconciles": [on.split, casting(() => ({ reconciler: idle }))],
  "who has reconciled once never does again": [
    on.blink,
    casting(() => ({
      reconciler: reconciler.provide({ delays: { due: ({ context }) => (context.waitMs > 1_000 ? 1e9 : context.waitMs) } }),
    })),
  ],
  "whoever compares is told that all is the same": [
    on.split,
    inHoldings(
      () => (memory, event, say) =>
        holdings.step(memory, event, (command) =>
          say(
            command.type === "send" && isStep(command.message, "split")
              ? { ...command, message: { type: "RECONCILE", step: "same" } }
              : command,
          ),
        ),
    ),
  ],
  "what the answerer lacks is not given to it": [
    on.farApart,
    inHoldings(() => (memory, event, say) => (event.type === "reconcile.wanted" ? undefined : holdings.step(memory, event, say))),
  ],
  "what the asker lacks is not given to it": [
    on.farApart,
    inHoldings(
      () => (memory, event, say) =>
        holdings.step(memory, event, (command) =>
          say(command.type === "fetch" && command.then !== undefined ? { ...command, ids: [] } : command),
        ),
    ),
  ],
  "only the first message of records is sent": [
    on.farApart,
    inHoldings(() => (memory, event, say) => {
      let sent = 0
      holdings.step(memory, event, (command) => {
        if (command.type !== "send" || !isStep(command.message, "records") || sent++ === 0) say(command)
      })
    }),
  ],
  "what is missing is asked for once, and not until nothing is": [
    on.farApart,
    casting(() => ({
      reconciler: reconciler.provide({
        guards: { wantsMore: () => false },
        delays: { due: ({ context }) => (context.waitMs > 1_000 ? 1e9 : context.waitMs) },
      }),
    })),
  ],
  "tombstones are left out of what is compared": [
    on.split,
    inHoldings(
      () => (memory, event, say) =>
        event.type === "announcements.fetched"
          ? holdings.step(memory, { ...event, documents: event.documents.filter(({ reason }) => reason === undefined) }, say)
          : holdings.step(memory, event, say),
    ),
  ],
  "what was caught up is not told to others": [
    on.split,
    inHoldings(
      () => (memory, event, say) =>
        holdings.step(memory, event, (command) => (command.type === "tell" && command.to === "gossip" ? undefined : say(command))),
    ),
  ],
  "questions are not answered": [
    on.everyRole,
    inHoldings(() => (memory, event, say) => (isHeard(event, "ASK") ? undefined : holdings.step(memory, event, say))),
  ],
  "what has changed is not compared anew": [
    on.split,
    inHoldings(() => {
      const first = new Set<string>()
      return (memory, event, say) => {
        const isChange = event.type === "slot.held" && first.has(`${event.subject} ${event.origin}`)
        if (event.type === "slot.held") first.add(`${event.subject} ${event.origin}`)
        if (!isChange) holdings.step(memory, event, say)
      }
    }),
  ],
  "who asks lists nothing": [
    on.split,
    inHoldings(
      () => (memory, event, say) =>
        holdings.step(memory, event, (command) =>
          isSent(command, "RECONCILE") && command.type === "send" && isStep(command.message, "list") ? undefined : say(command),
        ),
    ),
  ],
})
