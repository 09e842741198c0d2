/**
 * Our side of one link (`protocol/wire/agentdns-dialogue.ts`) in conversation with the model: whatever crosses on the way,
 * searches are answered, nobody falls silent for long, and nothing ends the other's process.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { secretKeyOf } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { deployedAnswerAgainMs } from "../../../src/protocol/agentdns/limits.ts"
import type { Message, Query } from "../../../src/protocol/wire/message.ts"
import { makeDialogue } from "../../../src/protocol/wire/agentdns-dialogue.ts"
import { Frames } from "../../../src/sim/deployed/frames.ts"
import type { Wire } from "../../../src/sim/deployed/link.ts"
import type { DeployedFindings, DeployedNode } from "../../../src/sim/deployed/node.ts"
import { heartbeatOf, helloOf } from "../../support/mesh.ts"
import { DeployedWorld } from "../../support/deployed-world.ts"

const secret = secretKeyOf(new Uint8Array(32).fill(5))

/** One of ours that answers every question after so long, and says what it is told to. */
class OurEnd {
  readonly messages: Array<Message> = []
  isOver = false
  readonly #wire: Wire
  readonly #world: DeployedWorld
  readonly #frames = new Frames()
  readonly #dialogue = makeDialogue({
    localHost: "192.0.2.1",
    gossip: { read: () => undefined, write: (document) => JSON.stringify(document) },
  })

  constructor(world: DeployedWorld, wire: Wire, answerAfterMs: () => number) {
    this.#world = world
    this.#wire = wire
    wire.open({
      bytes: (chunk) => {
        this.#frames.push(chunk)
        for (let body = this.#frames.next(); body !== undefined; body = this.#frames.next()) this.#hear(body, answerAfterMs)
      },
      closed: () => {
        this.isOver = true
      },
    })
    this.say(helloOf(1, { publicKey: secret.publicKey, nodeId: idOf("registry", secret.publicKey) }))
  }

  say(message: Message): void {
    const bytes = this.#dialogue.write(message, this.#world.nowMs)
    if (bytes.length > 0) this.#wire.write(bytes)
  }

  #hear(body: Uint8Array, answerAfterMs: () => number): void {
    const { messages, reply } = this.#dialogue.read(body, this.#world.nowMs)
    if (reply !== undefined && reply.length > 0) this.#wire.write(reply)
    for (const message of messages) {
      if (message.type === "unreadable") continue
      this.messages.push(message)
      if (message.type !== "QUERY") continue
      const afterMs = answerAfterMs()
      for (const ms of [afterMs, afterMs + deployedAnswerAgainMs]) this.#world.after(ms, () => this.say(answerTo(message)))
    }
  }
}

const answerTo = ({ id }: Query): Message => ({ type: "QUERY_ACK", id, total: 0, documents: [] })

interface Talk {
  readonly world: DeployedWorld
  readonly node: DeployedNode
  readonly end: OurEnd
  readonly findings: Array<DeployedFindings>
  readonly ask: () => void
}

const talking = (answerAfterMs: () => number): Talk => {
  const world = new DeployedWorld()
  const node = world.node("g0")
  const end = new OurEnd(world, world.wire("g0:4001"), answerAfterMs)
  world.run(20)
  end.say(heartbeatOf(1))
  world.run(20)
  const findings: Array<DeployedFindings> = []
  return { world, node, end, findings, ask: () => node.search({ query: "weather" }, (found) => findings.push(found)) }
}

const answered = (findings: ReadonlyArray<DeployedFindings>) => findings.filter(({ silent }) => silent.size === 0).length

describe("a deployed node asks", () => {
  it.each([0, 3, 40, 400])("300 times back to back, and is answered after %i ms every time", (afterMs) => {
    const { ask, findings, node, world } = talking(() => afterMs)
    for (let i = 0; i < 300; i++) {
      ask()
      world.run(afterMs + 10)
    }
    world.run(2_000)
    expect([answered(findings), node.diedOf, [...node.conns.values()].map(({ isLocked }) => isLocked)]).toEqual([300, undefined, [false]])
  })

  it.each([2, 5])("%i at once, again and again", (count) => {
    const { ask, findings, world } = talking(() => 5)
    for (let i = 0; i < 30; i++) {
      for (let j = 0; j < count; j++) ask()
      world.run(300)
    }
    world.run(2_000)
    expect(answered(findings)).toBe(30 * count)
  })

  it("while we tell it news and beat: what waits is told afterwards, in order", () => {
    const { ask, end, findings, node, world } = talking(() => 5)
    for (let i = 0; i < 100; i++) {
      ask()
      world.run(2)
      end.say({ type: "GOSSIP", id: `${i}` as never, hopCount: 0, document: () => ({ type: "x", name: `${i}`, max_hops: 10 }) })
      if (i % 10 === 0) end.say(heartbeatOf(1))
      world.run(50)
    }
    world.run(2_000)
    // that much news is not signed: it is refused, one by one, and so has arrived
    expect([answered(findings), node.refused]).toEqual([100, 100])
  })
})

it("nothing that crosses on the way leaves it silent for good", () => {
  const step = fc.oneof(
    fc.record({ act: fc.constant("ask" as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ act: fc.constant("news" as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ act: fc.constant("beat" as const), count: fc.constant(1) }),
    fc.record({ act: fc.constant("say" as const), count: fc.constant(1) }),
    fc.record({ act: fc.constant("pass" as const), count: fc.integer({ min: 1, max: 400 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 2_500 }), (steps, afterMs) => {
      const { ask, end, node, world } = talking(() => afterMs)
      let said = 0
      let written = 0
      for (const { act, count } of steps) {
        if (act === "pass") world.run(count)
        for (let i = 0; i < count; i++) {
          if (act === "ask") ask()
          if (act === "beat") end.say(heartbeatOf(1))
          if (act === "news") end.say({ type: "GOSSIP", id: "x" as never, hopCount: 0, document: () => ({ name: "x" }) })
          if (act === "say")
            node.say({ type: "agent_announce", action: "register", entity_id: `zns:${++said}`, name: "x" }, () => written++)
        }
      }
      // a heartbeat of ours comes every half minute at the latest, and frees it
      for (let i = 0; i < 3; i++) {
        world.run(30_000)
        end.say(heartbeatOf(1))
      }
      world.run(5_000)
      expect([node.diedOf, end.isOver, written]).toEqual([undefined, false, said])
    }),
    { numRuns: 150 },
  )
})
