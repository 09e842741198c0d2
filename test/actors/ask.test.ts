/** A question to some peers: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { ask, type AskEvent } from "../../src/actors/ask.ts"
import type { EntityId } from "../../src/protocol/identity/id.ts"
import type { Hearsay } from "../../src/protocol/wire/message.ts"
import { compile, type State as Settled, type Step } from "../../src/runtime/engine/compile.ts"
import { registryOf } from "../support/builders.ts"
import { announcementOf, noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof ask>
type Context = ContextFrom<typeof ask>

const { document, subject } = announcementOf(2)
const told: Hearsay = {
  entityId: subject as EntityId,
  name: "told",
  summary: "",
  category: "",
  tags: [],
  home: registryOf(3).registryId,
  status: "active",
}
const asking: Context = { request: 5, subject, links: [1, 2], waiting: [1, 2], documents: [], hearsay: [] }
const answer = (link: number, documents = [document]) =>
  ({ type: "message.received", link, message: { type: "ANSWER", request: 5, documents }, nowMs: noonMs }) satisfies AskEvent

describe("ask", () => {
  checkTable<State, AskEvent, Context>({
    machine: ask,
    contexts: { asking, done: asking },
    events: { "message.received": answer(1) },
    rows: {
      asking: {
        "message.received": {
          "of one of those asked": [{}, "asking"],
          "of the last one": [{ context: { waiting: [1] } }, "done"],
          "of one who has answered": [{ context: { waiting: [2] } }, "–"],
          "of one who was not asked": [{ event: { link: 9 } }, "–"],
          "of one who tells it without proof": [
            { event: { message: { type: "ANSWER", request: 5, documents: [], hearsay: [told] } } },
            "done",
          ],
        },
        "(time)": "done",
      },
      done: { "message.received": "–", "(time)": "–" },
    },
  })

  it("asks all at once, and gathers what each of them answered, once", () => {
    const compiled = compile(ask)
    const said: Array<Step> = []
    const begun = compiled.initial({ request: 5, subject, links: [1, 2] }, said)
    expect(said[0]).toEqual({ kind: "action", type: "broadcast", params: { links: [1, 2], message: { type: "ASK", request: 5, subject } } })
    const other = announcementOf(3).document
    const end = [answer(1), answer(1), answer(2, [other])].reduce<Settled>((state, event) => compiled.step(state, event, []), begun)
    expect([end.isDone, (end.context as Context).documents]).toEqual([true, [document, other]])
  })

  it("is done at once when there is nobody to ask", () => {
    expect(compile(ask).initial({ request: 5, subject, links: [] }, []).isDone).toBe(true)
  })
})
