/** A lookup: what it does in every state with every event. Its arithmetic is tested in `test/protocol/dht/search.test.ts`. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { dhtLookup, type DhtLookupEvent, type DhtLookupInput } from "../../src/actors/dht-lookup.ts"
import * as Search from "../../src/protocol/dht/search.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { dhtContactOf } from "../support/dht.ts"
import { noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof dhtLookup>
type Context = ContextFrom<typeof dhtLookup>

const [a, b, c] = [dhtContactOf(2), dhtContactOf(3), dhtContactOf(4)]
const input: DhtLookupInput = {
  id: "dht-lookup/1",
  plan: { self: dhtContactOf(1).id, key: dhtContactOf(9).id, goal: "contacts", k: 2, alpha: 1, paths: 1, holdersWanted: 1 },
  patienceMs: 1_000,
}
const beginning: Context = { ...input, search: Search.begin(input.plan, [], 0), next: [] }
const [questions, begun] = Search.ask(Search.begin(input.plan, [a, b], 10))
const asking: Context = { ...input, search: begun, next: questions }
const first = questions[0]!.to
const [, oneLeft] = Search.ask(Search.begin(input.plan, [a], 10))
const last: Partial<Context> = { search: oneLeft }
const over = "done · tell  questions.asked, tell dht lookup.ended"

describe("a lookup", () => {
  checkTable<State, DhtLookupEvent, Context>({
    machine: dhtLookup,
    contexts: { beginning, asking, done: asking },
    events: {
      "contacts.known": { type: "contacts.known", contacts: [a, b], networkSize: 10, nowMs: noonMs },
      "question.answered": { type: "question.answered", from: first.id, nodes: [c], values: [], nowMs: noonMs },
      "question.failed": { type: "question.failed", to: first.id, nowMs: noonMs },
    },
    rows: {
      beginning: {
        "contacts.known": {
          "and somebody to ask": [{}, "asking · tell dht-pool questions.asked"],
          "and nobody": [{ event: { contacts: [] } }, over],
        },
        "question.answered": "–",
        "question.failed": "–",
        "(time)": "done · tell dht lookup.ended",
      },
      asking: {
        "contacts.known": "–",
        "question.answered": {
          "and somebody is left": [{}, "asking · tell dht-pool questions.asked"],
          "and nobody is left": [{ context: last, event: { from: a.id, nodes: [] } }, over],
          "by one who was not asked": [{ event: { from: c.id } }, "asking · tell  questions.asked"],
        },
        "question.failed": {
          "and somebody is left": [{}, "asking · tell dht-pool questions.asked"],
          "and nobody is left": [{ context: last, event: { to: a.id } }, over],
        },
        "(time)": "done · tell dht lookup.ended",
      },
      done: { "contacts.known": "–", "question.answered": "–", "question.failed": "–", "(time)": "–" },
    },
  })

  it("asks its own table whom to begin with, or begins with whom it was given", () => {
    const begins = (more: Partial<DhtLookupInput>) => {
      const said: Array<Step> = []
      compile(dhtLookup).initial({ ...input, ...more }, said)
      return said.flatMap((step) => (step.kind === "action" ? [step.params] : []))
    }
    expect(begins({})).toEqual([{ to: "dht", event: { type: "lookup.begun", lookup: "dht-lookup/1", target: input.plan.key } }])
    expect(begins({ among: [a] })).toMatchObject([{ event: { among: [a] } }])
  })

  it("tells whoever wanted it, and the table, how it ended", () => {
    const compiled = compile(dhtLookup)
    const said: Array<Step> = []
    const begun = compiled.initial({ ...input, tellTo: "dht-publisher" }, [])
    const end = compiled.step(begun, { type: "contacts.known", contacts: [], networkSize: 0, nowMs: noonMs } as never, said)
    expect(end.isDone).toBe(true)
    expect(said.at(-1)).toMatchObject({ params: { to: ["dht", "dht-publisher"], event: { type: "lookup.ended" } } })
  })
})
