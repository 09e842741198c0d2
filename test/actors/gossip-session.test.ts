/** One session with one peer: what it does in every state with every event, and how much it ever lets through. */
import * as fc from "fast-check"
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import type { Offer } from "../../src/actors/command.ts"
import { gossipSession, type GossipSessionEvent } from "../../src/actors/gossip-session.ts"
import { announcementsPerSecond, heldAnnouncementsMax, releasePeriodMs } from "../../src/protocol/limits.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { announcementOf, noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof gossipSession>
type Context = ContextFrom<typeof gossipSession>

const link = 7
const offer = (number = 0): Offer => ({ id: `${number}`, hopCount: 0, document: () => undefined })
const holding = (count: number) => Array.from({ length: count }, (_, i) => offer(i))

const fresh: Context = { link, allowance: { perSecond: announcementsPerSecond, left: announcementsPerSecond, atMs: noonMs }, held: [] }
const spent: Context = { link, allowance: { perSecond: announcementsPerSecond, left: 0.5, atMs: noonMs }, held: [] }
const judging = { "announcement.verified": "tell gossip announcement.verified", "announcement.refused": "tell gossip verdict.given" }

describe("gossip session", () => {
  checkTable<State, GossipSessionEvent, Context>({
    machine: gossipSession,
    contexts: { flowing: fresh, throttled: { ...spent, held: holding(12) } },
    events: {
      "announcement.offered": { type: "announcement.offered", offer: offer(), nowMs: noonMs },
      "announcement.verified": { type: "announcement.verified", link, announcement: announcementOf(2), hopCount: 1 },
      "announcement.refused": { type: "announcement.refused", link, reason: "signature" },
    },
    rows: {
      flowing: {
        "announcement.offered": {
          "within the allowance": [{}, "flowing · verify 1"],
          "the allowance spent": [{ context: spent }, "throttled · pauseReading"],
          "the allowance spent a while ago": [{ context: spent, event: { nowMs: noonMs + 10 } }, "flowing · verify 1"],
        },
        "announcement.verified": `flowing · ${judging["announcement.verified"]}`,
        "announcement.refused": `flowing · ${judging["announcement.refused"]}`,
        "(time)": "–",
      },
      throttled: {
        "announcement.offered": {
          "and there is room to hold it": [{}, "throttled"],
          "and there is no room": [{ context: { held: holding(heldAnnouncementsMax) } }, "throttled · tell gossip verdict.given"],
        },
        "announcement.verified": `throttled · ${judging["announcement.verified"]}`,
        "announcement.refused": `throttled · ${judging["announcement.refused"]}`,
        "(time)": {
          "more is held than may pass": [{}, "throttled · verify 10"],
          "all that is held may pass": [{ context: { held: holding(10) } }, "flowing · verify 10, resumeReading"],
          "a few": [{ context: { held: holding(3) } }, "flowing · verify 3, resumeReading"],
        },
      },
    },
  })

  /** Offers at these times (gaps in milliseconds), releases as they fall due; what was let through, and when. */
  const play = (gaps: ReadonlyArray<number>, perSecond = announcementsPerSecond) => {
    const compiled = compile(gossipSession)
    let nowMs = noonMs
    let state = compiled.initial({ link, nowMs, announcementsPerSecond: perSecond }, [])
    let releaseAtMs = Number.POSITIVE_INFINITY
    let isPaused = false
    const passed: Array<{ readonly id: string | undefined; readonly atMs: number }> = []
    const told = (event: object) => {
      const steps: Array<Step> = []
      state = compiled.step(state, event as GossipSessionEvent, steps)
      for (const step of steps) {
        if (step.kind === "schedule") releaseAtMs = nowMs + step.delayMs
        else if (step.kind === "cancel") releaseAtMs = Number.POSITIVE_INFINITY
        else if (step.type === "verify")
          passed.push(...(step.params as { readonly offers: ReadonlyArray<Offer> }).offers.map(({ id }) => ({ id, atMs: nowMs })))
        else if (step.type === "pauseReading") isPaused = true
        else if (step.type === "resumeReading") isPaused = false
      }
      // whoever is throttled reads nothing new, and whoever reads is not throttled
      expect(isPaused).toBe(state.value === "throttled")
    }
    const releaseUntil = (untilMs: number) => {
      for (;;) {
        if (releaseAtMs > untilMs) break
        nowMs = releaseAtMs
        told({ type: `xstate.after.${releasePeriodMs}.gossip-session.throttled` })
      }
      nowMs = untilMs
    }
    gaps.forEach((gap, number) => {
      releaseUntil(nowMs + gap)
      told({ type: "announcement.offered", offer: offer(number), nowMs })
    })
    releaseUntil(nowMs + 1_000_000)
    return { passed, state }
  }

  const gapsMs = fc.array(fc.constantFrom(0, 0, 0, 0, 0, 1, 3, 10, 40, 2_000), { maxLength: 400 })

  it("lets through, in any window of time, no more than the rate and one second's worth", () => {
    fc.assert(
      fc.property(gapsMs, fc.constantFrom(1, 5, 33, announcementsPerSecond, 250), (gaps, perSecond) => {
        const { passed } = play(gaps, perSecond)
        for (let i = 0; i < passed.length; i += 7) {
          for (let j = i; j < passed.length; j += 3) {
            const seconds = (passed[j]!.atMs - passed[i]!.atMs) / 1_000
            expect(j - i + 1).toBeLessThanOrEqual(perSecond * (1 + seconds) + 1e-6)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it("loses nothing of a flood that it can hold, keeps its order, and flows again", () => {
    fc.assert(
      fc.property(gapsMs, (gaps) => {
        const { passed, state } = play(gaps)
        expect(passed.map(({ id }) => id)).toEqual(gaps.map((_, number) => `${number}`))
        expect(state.value).toBe("flowing")
      }),
      { numRuns: 60 },
    )
  })

  it("drops what comes beyond the flood it can hold", () => {
    const { passed } = play(Array<number>(announcementsPerSecond + heldAnnouncementsMax + 50).fill(0))
    expect(passed).toHaveLength(announcementsPerSecond + heldAnnouncementsMax)
  })
})
