/** News between the processes of a registry: whole, in order, in letters that fit; and how the activity stream tells them on. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type ActivityEvent, makeActivity } from "../../src/runtime/activity.ts"
import { lettersOf, type News, readLetter } from "../../src/runtime/news.ts"
import { announced, entityOf, registryOf } from "../support/builders.ts"

const news = fc.array(
  fc.oneof(
    fc.constant<News>({ type: "blocks" }),
    fc.record({ type: fc.constant("beat" as const), entity: fc.string(), sentMs: fc.nat() }),
    fc.record({
      type: fc.constant("activity" as const),
      event: fc.string(),
      data: fc.dictionary(fc.constantFrom("a", "ä"), fc.string({ unit: "binary" })),
    }),
  ),
)

it("arrives whole and in order, in letters that fit, and says nothing to whoever wrote it", () =>
  fc.assert(
    fc.property(news, fc.integer({ min: 40, max: 400 }), (all, bytesMax) => {
      const letters = lettersOf("me", all, bytesMax)
      for (const letter of letters) expect(Buffer.byteLength(letter)).toBeLessThanOrEqual(bytesMax)
      const fitting = all.filter((piece) => Buffer.byteLength(`{"from":"me","news":[${JSON.stringify(piece)}]}`) < bytesMax)
      expect(letters.flatMap((letter) => readLetter(letter, "you"))).toEqual(fitting)
      expect(letters.flatMap((letter) => readLetter(letter, "me"))).toEqual([])
    }),
  ))

it.each(["", "x", "null", "[]", `{"from":1,"news":[]}`, `{"from":"you","news":[{"type":"later"},null,{"type":"activity","event":1}]}`])(
  "of %s nothing is understood, and nothing goes wrong",
  (letter) => expect(readLetter(letter, "me")).toEqual([]),
)

it("of an activity is told by each process once: what is written by each itself, the rest by whom it happened to", () => {
  const listeners: Array<(piece: News) => void> = []
  const processes = [0, 1].map((own) => {
    const events: Array<ActivityEvent["type"]> = []
    const activity = makeActivity(String(own), () => 0, {
      tell: (piece) => listeners.forEach((listener, i) => i !== own && listener(piece)),
      hear: (listener) => {
        listeners.push(listener)
        return { stop: () => {} }
      },
    })
    activity.listen(({ type }) => events.push(type))
    return { activity, events }
  })
  const word = announced(registryOf(1), entityOf(5, 0))
  // as the others do when they read it (`node/voice.ts`)
  for (const { activity } of processes) activity.report({ type: "announcement.said", announcement: word })
  processes[0]!.activity.report({ type: "entity.beat", entityId: entityOf(5, 0).entity_id })
  for (const { events } of processes) expect(events).toEqual(["gossip_outgoing", "entity_registered", "entity_heartbeat"])
  // of a newer process
  listeners[1]!({ type: "activity", event: "never_heard_of", data: {} })
  expect(processes[1]!.events).toHaveLength(3)
})
