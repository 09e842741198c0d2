/** One federated query: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { fanOut, type FanOutEvent } from "../../src/actors/fan-out.ts"
import { queryPatienceMs } from "../../src/protocol/limits.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { announcementOf, heartbeatOf, noonMs, queryAckOf, queryIdOf } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof fanOut>
type Context = ContextFrom<typeof fanOut>

const input = { query: queryIdOf(1), question: { query: "weather" }, most: 10, patienceMs: queryPatienceMs }
const choosing: Context = { ...input, asked: [], waiting: [], awaited: [], answers: [] }
const asked = [
  { link: 1, hops: 1 },
  { link: 2, hops: 0 },
]
const asking: Context = { ...choosing, asked, waiting: [1, 2], awaited: [1] }
const answer = (link: number, seed = 1): FanOutEvent => ({
  type: "message.received",
  link,
  message: queryAckOf(seed, [announcementOf(2).document]),
  nowMs: noonMs,
})
const over = "done · tell federation peers.asked"

describe("fan-out", () => {
  checkTable<State, FanOutEvent, Context>({
    machine: fanOut,
    contexts: { choosing, asking, done: asking },
    events: {
      "peers.chosen": { type: "peers.chosen", asked, awaited: [1], nowMs: noonMs },
      "message.received": answer(1) as Extract<FanOutEvent, { type: "message.received" }>,
      "peer.left": { type: "peer.left", link: 1, nowMs: noonMs },
    },
    rows: {
      choosing: {
        "peers.chosen": {
          "some, some of them to pass it on": [{}, "asking · broadcast, broadcast"],
          nobody: [{ event: { asked: [], awaited: [] } }, over.replace("done · ", "done · broadcast, broadcast, ")],
        },
        "message.received": "–",
        "peer.left": "–",
        "(time)": over,
      },
      asking: {
        "peers.chosen": "–",
        "message.received": {
          "of the last one that is waited for": [{}, over],
          "of one that is not waited for": [{ event: answer(2) }, "asking"],
          "of one that has answered": [{ context: { waiting: [2] } }, "–"],
          "of one that was not asked": [{ event: answer(9) }, "–"],
          "to another query": [{ event: answer(1, 5) }, "–"],
          "that is no answer": [{ event: { message: heartbeatOf(2) } }, "–"],
        },
        "peer.left": { "the last one that is waited for": [{}, over], another: [{ event: { link: 2 } }, "asking"] },
        "(time)": over,
      },
      done: { "peers.chosen": "–", "message.received": "–", "peer.left": "–", "(time)": "–" },
    },
  })

  it("asks each of them once, with the hops that it has, and keeps what each answered, once", () => {
    const compiled = compile(fanOut)
    const said: Array<Step> = []
    const begun = compiled.initial(input, said)
    const events: ReadonlyArray<FanOutEvent> = [
      { type: "peers.chosen", asked, awaited: [1, 2], nowMs: noonMs },
      answer(1),
      answer(1),
      answer(2),
    ]
    const end = events.reduce((state, event) => compiled.step(state, event, said), begun)
    const sent = said.flatMap((step) => (step.kind === "action" && step.type === "broadcast" ? [step.params] : []))
    expect(sent).toMatchObject([
      { links: [1], message: { hops: 1, withinMs: queryPatienceMs } },
      { links: [2], message: { hops: 0 } },
    ])
    expect((end.context as Context).answers.map(({ link }) => link)).toEqual([1, 2])
  })
})
