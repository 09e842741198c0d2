/** The inspector of one peer: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { inspector, type InspectorEvent } from "../../src/actors/inspector.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { keyOf } from "../support/builders.ts"
import { memberOf } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

const context: ContextFrom<typeof inspector> = { member: memberOf(2, 7, { direction: "out" }), isConfigured: false, layers: [] }
const another = { because: "dns", domain: "n2.example", expected: keyOf(3).publicKey } as const
const refuted = { event: { contradiction: another } }

describe("inspector", () => {
  checkTable<StateValueFrom<typeof inspector>, InspectorEvent, ContextFrom<typeof inspector>>({
    machine: inspector,
    contexts: { waiting: context, inspecting: context, resting: context, refuted: context },
    events: { "peer.inspected": { type: "peer.inspected", layers: ["proof", "tls"] } },
    rows: {
      waiting: { "peer.inspected": "–", "(time)": "inspecting · inspect" },
      inspecting: {
        "peer.inspected": {
          "nothing speaks against it": [{}, "resting"],
          "something names another key": [refuted, "refuted · report key.contradicted, tell node peer.misbehaved"],
        },
        "(time)": "–",
      },
      resting: { "peer.inspected": "–", "(time)": "inspecting · inspect" },
      refuted: { "peer.inspected": "–", "(time)": "–" },
    },
  })

  it("asks about the address that was dialled, not about the one that a caller gives", () => {
    const asked = (direction: "in" | "out") => {
      const said: Array<Step> = []
      const waiting = { value: "waiting", context: { ...context, member: memberOf(2, 7, { direction }) }, isDone: false }
      compile(inspector).step(waiting, { type: "xstate.after.delay.inspector.waiting" }, said)
      return said.flatMap((step) => (step.kind === "action" ? [(step.params as { readonly dialled?: string }).dialled] : []))
    }
    expect([asked("out"), asked("in")]).toEqual([["n2.example"], [undefined]])
  })
})
