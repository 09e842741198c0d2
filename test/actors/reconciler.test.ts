/** Reconciling with one peer: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { reconciler, type ReconcilerEvent } from "../../src/actors/reconciler.ts"
import { reconcilePatienceMs, reconcilePeriodMs, reconcileRoundsMax } from "../../src/protocol/limits.ts"
import { dice } from "../../src/protocol/mesh/dice.ts"
import type { Reconcile } from "../../src/protocol/wire/message.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { announcementOf, gossipOf, noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof reconciler>
type Context = ContextFrom<typeof reconciler>

const context: Context = { link: 7, dice: dice(1), waitMs: 100, salt: "abc", rounds: 1 }
const says = (message: Reconcile) => ({ event: { message } })
const same = says({ type: "RECONCILE", step: "same" })
const split = says({ type: "RECONCILE", step: "split", bits: 0, digests: new Uint8Array(5) })
const want = (isWhole: boolean) => says({ type: "RECONCILE", step: "want", short: new Uint8Array(5), isWhole })
const foreign = { event: { message: gossipOf(announcementOf(2)) } }
const opened = "tell holdings reconcile.opened"

describe("reconciler", () => {
  checkTable<State, ReconcilerEvent, Context>({
    machine: reconciler,
    contexts: { resting: context, comparing: context, listing: context },
    events: { "message.received": { type: "message.received", link: 7, message: { type: "RECONCILE", step: "same" }, nowMs: noonMs } },
    rows: {
      resting: {
        "message.received": { same: [same, "–"], split: [split, "–"], want: [want(true), "–"], "no step at all": [foreign, "–"] },
        "(time)": `comparing · ${opened}`,
      },
      comparing: {
        "message.received": {
          same: [same, "resting"],
          split: [split, "listing · tell holdings reconcile.split"],
          "want, before it has listed": [want(true), "–"],
          "no step at all": [foreign, "–"],
        },
        "(time)": "resting",
      },
      listing: {
        "message.received": {
          "want, and that was all": [want(true), "resting · tell holdings reconcile.wanted"],
          "want, and there is more": [want(false), `comparing · tell holdings reconcile.wanted, ${opened}`],
          "want, and there is more for ever": [
            { context: { rounds: reconcileRoundsMax }, ...want(false) },
            "resting · tell holdings reconcile.wanted",
          ],
          same: [same, "–"],
          "split once more": [split, "–"],
          "no step at all": [foreign, "–"],
        },
        "(time)": "resting",
      },
    },
  })

  const compiled = compile(reconciler)
  const delays = (step: (said: Array<Step>) => unknown) => {
    const said: Array<Step> = []
    step(said)
    return said.flatMap((one) => (one.kind === "schedule" ? [one.delayMs] : []))
  }

  it("asks soon after the link is there, and again after a period, at another moment than its neighbours", () => {
    const firsts = [1, 2, 3, 4].flatMap((seed) => delays((said) => compiled.initial({ link: 7, seed }, said)))
    for (const waitMs of firsts) expect(waitMs).toBeLessThanOrEqual(1_000)
    expect(new Set(firsts).size).toBe(4)
    const rests = [1, 2, 3, 4].flatMap((seed) =>
      delays((said) =>
        compiled.step(
          { value: "comparing", context: { ...context, dice: dice(seed) }, isDone: false },
          { type: "message.received", ...same.event },
          said,
        ),
      ),
    )
    for (const waitMs of rests) {
      expect(waitMs).toBeGreaterThanOrEqual(reconcilePeriodMs / 2)
      expect(waitMs).toBeLessThanOrEqual(reconcilePeriodMs)
    }
    expect(new Set(rests).size).toBe(4)
  })

  it("takes another salt each time, and waits for an answer for a while only", () => {
    let state = compiled.initial({ link: 7, seed: 1 }, [])
    const salts = new Set<string>()
    for (let round = 0; round < 20; round++) {
      expect(delays((said) => (state = compiled.step(state, { type: "xstate.after.due.reconciler.resting" }, said)))).toEqual([
        reconcilePatienceMs,
      ])
      salts.add((state.context as Context).salt)
      state = compiled.step(state, { type: "xstate.after.patience.reconciler.comparing" }, [])
      expect([state.value, (state.context as Context).rounds]).toEqual(["resting", 0])
    }
    expect(salts.size).toBe(20)
  })
})
