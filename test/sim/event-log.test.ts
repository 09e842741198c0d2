/** The event log changes nothing, knows what comes of what, and finds the few events that a violation comes of. */
import { describe, expect, it } from "vitest"
import { firstViolation, pastOf, sliceOf } from "../../src/sim/causes.ts"
import type { EventLog, LoggedEvent } from "../../src/sim/event-log.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { partition } from "../../src/sim/scenarios/partition.ts"
import { type RunResult, simulate } from "../../src/sim/simulate.ts"

const logged = (scenario: Scenario, over: Partial<RunOptions>): { readonly log: EventLog; readonly result: RunResult } => {
  let log: EventLog | undefined
  const result = simulate(scenario, { ...defaultRun, ...over }, (stage) => {
    log = stage.world.record()
  })
  return { log: log!, result }
}

const lossy: Partial<RunOptions> = { nodes: 12, records: 20, loss: 0.4, untilMs: 12_000, seed: 9 }

describe("a logged run", () => {
  it.each([
    [convergence, { nodes: 8, records: 5, untilMs: 10_000, loss: 0.1 }],
    [partition, { nodes: 8, records: 10, untilMs: 100_000, codec: "wire" as const }],
  ])("of $name is the very run that is not logged", (scenario, over) => {
    expect(logged(scenario, over).result).toEqual(simulate(scenario, { ...defaultRun, ...over }))
  })

  it("says of every event what it comes of: earlier events, one of them at the sender", () => {
    const { log, result } = logged(partition, { nodes: 8, records: 10, untilMs: 120_000, seed: 2 })
    const events = [...log.events()]
    const isRight = ({ atMs, before, cause, index, machine, sinceMs, step }: LoggedEvent) =>
      Math.max(cause, before) < index &&
      sinceMs <= atMs &&
      (before < 0 || log.at(before).machine === machine) &&
      (cause < 0 || (log.at(cause).atMs <= atMs && log.at(cause).step <= step))
    expect(events.filter((event) => !isRight(event))).toEqual([])
    const deliveries = events.filter(({ kind }) => kind === "deliver")
    expect(deliveries.length).toBe(result.delivered)
    // the others were held back by a clog, and come of its end, or of what a client asked
    const fromSender = deliveries.filter(({ cause, from }) => cause >= 0 && log.at(cause).machine === from)
    expect(fromSender.length / deliveries.length).toBeGreaterThan(0.8)
  })

  it("knows what frames say, and which were lost", () => {
    const { log } = logged(convergence, lossy)
    const events = [...log.events()]
    const lost = events.filter(({ kind, what, about }) => kind === "lose" && what === "GOSSIP" && about.length === 1)
    const heard = events.filter(({ kind, what, about }) => kind === "deliver" && what === "GOSSIP" && about.length === 1)
    expect(Math.min(lost.length, heard.length)).toBeGreaterThan(5)
  })
})

describe("the causal slice", () => {
  const { log, result } = logged(convergence, lossy)
  const slice = sliceOf(log)!

  it("ends in the first violation, begins with the word that was not kept, and is small", () => {
    expect(result.violations[0]!.invariant).toBe("P1 convergence")
    const [end, word] = [slice.events.at(-1)!, slice.events.find(({ kind }) => kind === "word")!]
    expect(end.kind).toBe("violation")
    expect(result.violations[0]!.detail).toContain(end.about[0])
    expect(word.about).toEqual(end.about)
    expect(slice.events.length).toBeLessThan(log.count / 5)
    expect(
      slice.events.every(({ about, kind }) => about.includes(end.about[0]!) || ["boot", "crash", "fault", "calm"].includes(kind)),
    ).toBe(true)
  })

  it("links what it keeps through what it leaves out, and holds what was lost on the way", () => {
    const kept = new Set(slice.events.map(({ index }) => index))
    for (const { after, index } of slice.events) {
      const past = pastOf(log, index)
      for (const one of after) expect([kept.has(one), past[one]]).toEqual([true, 1])
    }
    expect(slice.events.some(({ kind }) => kind === "lose")).toBe(true)
  })

  it("is none where nothing is violated", () => {
    const { log: calm } = logged(convergence, { nodes: 4, records: 2, untilMs: 8_000 })
    expect([firstViolation(calm), sliceOf(calm)]).toEqual([undefined, undefined])
  })
})
