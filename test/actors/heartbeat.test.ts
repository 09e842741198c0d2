/** The heartbeat of one link: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { heartbeat, type HeartbeatEvent } from "../../src/actors/heartbeat.ts"
import { deployedProbeMs, deployedProbesMax, deployedSilenceMs } from "../../src/protocol/agentdns/limits.ts"
import { beatsPerRoundTrip, heartbeatPeriodMs, probePeriodMs, suspicionAfterMs, suspicionPatienceMs } from "../../src/protocol/limits.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { addressOf, announcementOf, gossipOf, heartbeatOf, noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof heartbeat>
type Context = ContextFrom<typeof heartbeat>

const context: Context = { link: 7, peer: "peer/in/7", beats: 1, probes: 0 }
const doubted: Context = { ...context, isDoubted: true, probes: 1 }
const silent = (silentMs: number) => ({ event: { silentMs } })
const says = (wantsAnswer: boolean) => ({ event: { message: heartbeatOf(2, { wantsAnswer }) } })
const learned = "tell bootstrap addresses.learned, tell node peer.counted, tell federation heartbeat.heard"

describe("heartbeat", () => {
  checkTable<State, HeartbeatEvent, Context>({
    machine: heartbeat,
    contexts: { starting: context, doubting: doubted, looking: doubted, alive: context, suspecting: context, dead: context },
    events: {
      "link.measured": { type: "link.measured", silentMs: 0 },
      "message.received": { type: "message.received", link: 7, message: heartbeatOf(2), nowMs: noonMs },
      "link.doubted": { type: "link.doubted" },
    },
    rows: {
      // left before its first step has ended
      starting: {
        "link.measured": "alive · tell node heartbeat.due",
        "message.received": "alive · tell node heartbeat.due",
        "link.doubted": "alive · tell node heartbeat.due",
        "(time)": "–",
      },
      doubting: {
        "link.measured": "–",
        "message.received": `doubting · ${learned}`,
        "link.doubted": "–",
        "(time)": "looking · measure",
      },
      looking: {
        "link.measured": {
          "heard since": [silent(deployedProbeMs - 1), "alive · tell node heartbeat.due"],
          "not heard": [silent(deployedProbeMs), "doubting · tell node heartbeat.due"],
          "not heard, for the last time": [
            { context: { probes: deployedProbesMax }, event: { silentMs: deployedProbeMs } },
            "dead · tell peer/in/7 link.silent",
          ],
        },
        "message.received": `looking · ${learned}`,
        "link.doubted": "–",
        "(time)": "–",
      },
      alive: {
        "link.measured": {
          "heard just now": [silent(0), "–"],
          "silent for as long as is usual": [silent(suspicionAfterMs), "–"],
          "silent for longer": [silent(suspicionAfterMs + 1), "suspecting · tell node heartbeat.due"],
          "silent for very long": [silent(suspicionAfterMs + suspicionPatienceMs + 1), "suspecting · tell node heartbeat.due"],
        },
        "message.received": {
          "a heartbeat": [says(false), `alive · ${learned}`],
          "a probe": [says(true), `alive · tell node heartbeat.due, ${learned}`],
        },
        "link.doubted": "doubting · tell node heartbeat.due",
        "(time)": "alive · measure, tell node heartbeat.due",
      },
      suspecting: {
        "link.measured": {
          "heard since": [silent(0), "alive · tell node heartbeat.due"],
          "heard within a probe's time": [silent(probePeriodMs), "alive · tell node heartbeat.due"],
          silent: [silent(suspicionAfterMs + suspicionPatienceMs), "–"],
          "silent for as long as a link that may be forgotten can be": [
            { context: { isDoubted: true }, event: { silentMs: deployedSilenceMs } },
            "–",
          ],
          "silent for longer than that": [
            { context: { isDoubted: true }, event: { silentMs: deployedSilenceMs + 1 } },
            "dead · tell peer/in/7 link.silent",
          ],
          "silent for too long": [silent(suspicionAfterMs + suspicionPatienceMs + 1), "dead · tell peer/in/7 link.silent"],
        },
        "message.received": {
          "a heartbeat": [says(false), `alive · ${learned}, tell node heartbeat.due`],
          "a probe": [says(true), `alive · ${learned}, tell node heartbeat.due`],
        },
        "link.doubted": "–",
        "(time)": "suspecting · measure, tell node heartbeat.due",
      },
      dead: { "link.measured": "–", "message.received": "–", "link.doubted": "–", "(time)": "–" },
    },
  })

  const steps = (value: State, event: object) => {
    const said: Array<Step> = []
    compile(heartbeat).step({ value, context, isDone: false }, event as HeartbeatEvent, said)
    return said
  }

  it("beats every 30 seconds while alive, and asks every 5 while suspecting", () => {
    const begun: Array<Step> = []
    compile(heartbeat).initial(context, begun)
    expect(begun.flatMap((step) => (step.kind === "schedule" ? [step.delayMs] : []))).toEqual([heartbeatPeriodMs])
    const suspected = steps("alive", { type: "link.measured", silentMs: suspicionAfterMs + 1 })
    expect(suspected.flatMap((step) => (step.kind === "schedule" ? [step.delayMs] : []))).toEqual([probePeriodMs])
    expect(suspected.find((step) => step.kind === "action")?.params).toMatchObject({ event: { wantsAnswer: true } })
  })

  it("asks for an answer with the first beat and every fourth, and answers who asks", () => {
    const machine = compile(heartbeat)
    const dues = (steps: ReadonlyArray<Step>) =>
      steps.flatMap((step) => {
        const event = step.kind === "action" && step.type === "tell" ? (step.params as { readonly event: object }).event : undefined
        return event !== undefined && "wantsAnswer" in event ? [event] : []
      })
    const said: Array<Step> = []
    let state = machine.initial({ link: 7, peer: "peer/in/7" }, said)
    for (let beat = 1; beat <= 2 * beatsPerRoundTrip; beat++) {
      const due = said.findLast((step) => step.kind === "schedule")!
      state = machine.step(state, { type: due.kind === "schedule" ? due.event.type : "" }, said)
    }
    expect(dues(said).map(({ wantsAnswer }) => wantsAnswer)).toEqual([true, false, false, false, true, false, false, false, true])
    expect(
      dues(steps("alive", { type: "message.received", link: 7, message: heartbeatOf(2, { wantsAnswer: true }), nowMs: noonMs })),
    ).toEqual([{ type: "heartbeat.due", link: 7, wantsAnswer: false, isAnswer: true }])
  })

  it("beats at once to who is in doubt, then probes, and at the period that it was given", () => {
    const compiled = compile(heartbeat)
    const said: Array<Step> = []
    const measured = (silentMs: number) => ({ type: "link.measured", silentMs }) as { readonly type: string }
    let state = compiled.initial({ link: 7, peer: "peer/in/7", isDoubted: true, beatMs: 27_000 }, said)
    for (let probe = 0; probe < deployedProbesMax; probe++) {
      state = compiled.step(state, { type: "xstate.after.look.heartbeat.doubting" }, said)
      state = compiled.step(state, measured(60_000), said)
    }
    const beats = said.flatMap((step) => (step.kind === "action" && step.type === "tell" ? [step.params] : []))
    expect(beats).toMatchObject([false, true, true, true, true].map((wantsAnswer) => ({ event: { wantsAnswer } })))
    state = compiled.step(state, { type: "xstate.after.look.heartbeat.doubting" }, said)
    const alive: Array<Step> = []
    expect(compiled.step(state, measured(0), alive).value).toBe("alive")
    expect(alive.flatMap((step) => (step.kind === "schedule" ? [step.delayMs] : []))).toEqual([27_000])
    expect(compiled.step(state, measured(60_000), []).value).toBe("dead")
  })

  it("passes on what a heartbeat says: addresses, counts, filters; of any other message nothing", () => {
    const told = (message: unknown) =>
      steps("alive", { type: "message.received", link: 7, message, nowMs: noonMs }).flatMap((step) =>
        step.kind === "action" ? [(step.params as { readonly event: object }).event] : [],
      )
    const message = heartbeatOf(2, { peers: [{ address: addressOf(5), reputation: 1 }], agentCount: 4, serviceCount: 3 })
    expect(told(message)).toEqual([
      { type: "addresses.learned", addresses: [addressOf(5)] },
      { type: "peer.counted", link: 7, agentCount: 7 },
      { type: "heartbeat.heard", link: 7, message },
    ])
    expect(told(gossipOf(announcementOf(2)))[0]).toEqual({ type: "addresses.learned", addresses: [] })
  })
})
