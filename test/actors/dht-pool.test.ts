/** The pool: every question is answered exactly once, whatever becomes of connections; and they are bounded. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/actors/command.ts"
import { dhtPool, type DhtPoolEvent, type DhtPoolMemory, type QuestionsAsked } from "../../src/actors/dht-pool.ts"
import { dhtIdleMs, dhtLinksMax } from "../../src/protocol/limits.ts"
import type { Dht } from "../../src/protocol/wire/message.ts"
import { contactAt, dhtContactOf, keyFrom } from "../support/dht.ts"
import { helloOf, noonMs } from "../support/mesh.ts"
import { inWords } from "../support/table.ts"

const key = keyFrom("key")
const begin = (): DhtPoolMemory => dhtPool.begin({ self: helloOf(1) })
const step = (memory: DhtPoolMemory, event: DhtPoolEvent): ReadonlyArray<Command> => {
  const said: Array<Command> = []
  dhtPool.step(memory, event, (command) => void said.push(command))
  return said
}
const asked = (seeds: ReadonlyArray<number>, goal: QuestionsAsked["goal"] = "contacts"): DhtPoolEvent => ({
  type: "questions.asked",
  from: "dht-lookup/1",
  goal,
  key,
  questions: seeds.map((seed) => ({ to: dhtContactOf(seed), target: key })),
  nowMs: noonMs,
})
const opened = (seed: number, link: number, closer?: string): DhtPoolEvent => ({
  type: "link.opened",
  link,
  host: "192.0.2.1",
  nowMs: noonMs,
  ...dhtContactOf(seed),
  ...(closer !== undefined && { closer }),
})
const heard = (link: number, message: Dht): DhtPoolEvent => ({ type: "message.received", link, message, nowMs: noonMs })
const words = (said: ReadonlyArray<Command>) => said.map(inWords)

describe("the pool", () => {
  it("asks a peer over its link, and dials everybody else first", () => {
    const memory = begin()
    step(memory, opened(2, 1))
    expect(words(step(memory, asked([2, 3])))).toEqual(["send", "remind", `start dht-link/${dhtContactOf(3).id}`, "remind"])
    expect(words(step(memory, asked([3])))).toEqual(["remind"])
    expect(words(step(memory, opened(3, 2, "dht-link/x")))).toEqual(["send", "send", "remind"])
  })

  it("takes an answer of the right kind, over the right link, once", () => {
    const memory = begin()
    step(memory, opened(2, 1))
    step(memory, opened(3, 2))
    step(memory, asked([2]))
    expect(step(memory, heard(2, { type: "DHT", op: "NODES", request: 1, nodes: [] }))).toEqual([])
    expect(step(memory, heard(1, { type: "DHT", op: "PONG", request: 1 }))).toEqual([])
    const answer = heard(1, { type: "DHT", op: "NODES", request: 1, nodes: [dhtContactOf(4)] })
    expect(words(step(memory, answer))).toEqual(["tell dht contact.answered", "tell dht-lookup/1 question.answered"])
    expect(step(memory, answer)).toEqual([])
  })

  it("asks once more over a new connection when the one it asked over ends", () => {
    const memory = begin()
    const { id } = dhtContactOf(2)
    step(memory, opened(2, 1))
    step(memory, asked([2]))
    expect(words(step(memory, { type: "link.left", link: 1, nowMs: noonMs }))).toEqual([`start dht-link/${id}`, "remind"])
    const [again] = step(memory, opened(2, 2, "dht-link/x"))
    expect(again).toMatchObject({ type: "send", link: 2, message: { op: "FIND_NODE", request: 2, target: key } })
    expect(step(memory, { type: "question.late", request: 1, nowMs: noonMs })).toEqual([])
    expect(words(step(memory, { type: "link.left", link: 2, nowMs: noonMs }))).toEqual([
      "tell dht-lookup/1 question.failed",
      "tell dht contact.failed",
    ])
  })

  it("has values proven before anybody hears of them", () => {
    const memory = begin()
    step(memory, opened(2, 1))
    step(memory, asked([2], "value"))
    const said = step(memory, heard(1, { type: "DHT", op: "VALUES", request: 1, values: [{}], nodes: [dhtContactOf(4)] }))
    expect(words(said)).toEqual(["tell dht contact.answered", "prove"])
    const [told] = step(memory, { type: "values.proven", about: { link: 1, request: 1 }, values: [] })
    expect(told).toMatchObject({ to: "dht-lookup/1", event: { type: "question.answered", nodes: [dhtContactOf(4)], values: [] } })
  })

  it("closes what rested, and of too many the one that rested longest", () => {
    const memory = begin()
    for (let i = 0; i < dhtLinksMax; i++) {
      const { address, id } = contactAt(keyFrom(`c${i}`))
      step(memory, { type: "link.opened", link: i, id, address, host: "192.0.2.1", closer: `dht-link/${i}`, nowMs: noonMs + i })
    }
    expect(words(step(memory, asked([3]))).slice(0, 2)).toEqual(["tell dht-link/0 link.unwanted", `start dht-link/${dhtContactOf(3).id}`])
    const closed = words(step(memory, { type: "idle.due", nowMs: noonMs + dhtIdleMs + 9 }))
    expect(closed).toEqual([...Array.from({ length: 10 }, (_, i) => `tell dht-link/${i} link.unwanted`), "remind"])
  })

  it("answers every question exactly once", () => {
    const seeds = fc.integer({ min: 2, max: 5 })
    const happening = fc.oneof(
      fc.record({ type: fc.constant("ask" as const), seed: seeds }),
      fc.record({ type: fc.constant("open" as const), seed: seeds }),
      fc.record({ type: fc.constant("left" as const), seed: seeds }),
      fc.record({ type: fc.constant("unreachable" as const), seed: seeds }),
      fc.record({ type: fc.constant("answer" as const), seed: fc.nat(40) }),
      fc.record({ type: fc.constant("late" as const), seed: fc.nat(40) }),
    )
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const memory = begin()
        const told: Array<Command> = []
        let [questions, links] = [0, 0]
        const linkOf = new Map<number, number>()
        const play = (event: DhtPoolEvent) => void told.push(...step(memory, event).filter(({ type }) => type === "tell"))
        for (const { seed, type } of happenings) {
          if (type === "ask") {
            questions++
            play(asked([seed]))
          } else if (type === "open") {
            linkOf.set(seed, ++links)
            play(opened(seed, links))
          } else if (type === "left") play({ type: "link.left", link: linkOf.get(seed) ?? 0, nowMs: noonMs })
          else if (type === "unreachable") play({ type: "contact.unreachable", id: dhtContactOf(seed).id, nowMs: noonMs })
          else if (type === "late") play({ type: "question.late", request: seed, nowMs: noonMs })
          else for (const link of linkOf.values()) play(heard(link, { type: "DHT", op: "NODES", request: seed, nodes: [] }))
        }
        for (let request = 1; request <= memory.requests; request++) play({ type: "question.late", request, nowMs: noonMs })
        const answers = told.filter((command) => command.type === "tell" && command.to === "dht-lookup/1")
        expect(answers).toHaveLength(questions)
        expect(memory.open.size).toBe(0)
        for (const way of memory.ways.values()) expect(way.open).toBe(0)
      }),
    )
  })
})
