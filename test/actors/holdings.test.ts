/** What a node holds, as anti-entropy sees it: what it says for every event; and two nodes end with the same, whatever each held. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command, Link } from "../../src/actors/command.ts"
import { holdings, type HoldingsEvent, type HoldingsMemory } from "../../src/actors/holdings.ts"
import { reconciler } from "../../src/actors/reconciler.ts"
import type { VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import * as Reconcile from "../../src/protocol/gossip/reconcile.ts"
import { sha256Hex } from "../../src/protocol/identity/digest.ts"
import type { JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import {
  asksPerSecond,
  comparisonsPerPeriodMax,
  documentsPerMessage,
  reconciledAtOnceMax,
  reconcilePeriodMs,
} from "../../src/protocol/limits.ts"
import type { Message, Reconcile as ReconcileMessage } from "../../src/protocol/wire/message.ts"
import { compile, type State, type Step } from "../../src/runtime/engine/compile.ts"
import { attestationSubject } from "../../src/protocol/gossip/kinds/attestation.ts"
import { noon, registryOf } from "../support/builders.ts"
import { heartbeatOf, noonMs } from "../support/mesh.ts"

const link: Link = 7
const self = registryOf(1).registryId

interface Slot {
  readonly subject: string
  readonly origin: typeof self
  readonly id: string
  readonly at: number
}
/** What registry 2 or 3 said of a subject, first or later. */
const slot = (number: number, version = 0): Slot => ({
  subject: `zns:${number}`,
  origin: registryOf(2 + (number % 2)).registryId,
  id: sha256Hex(`${number}/${version}`).slice(0, 32),
  at: noon + version,
})
const slots = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => slot(from + i))

const holding = (held: ReadonlyArray<Slot>): HoldingsMemory => {
  const memory = holdings.begin({ self })
  for (const one of held) holdings.step(memory, { type: "slot.held", ...one, nowMs: noonMs }, () => {})
  return memory
}

const say = (memory: HoldingsMemory, event: HoldingsEvent): ReadonlyArray<Command> => {
  const said: Array<Command> = []
  holdings.step(memory, event, (command) => said.push(command))
  return said
}
const from = (message: Message, nowMs = noonMs): HoldingsEvent => ({ type: "message.received", link, message, nowMs })
const sent = (command: Command | undefined) => (command?.type === "send" ? (command.message as ReconcileMessage) : undefined)
const verdict = (reason: string): Command => ({
  type: "tell",
  to: "gossip",
  event: { type: "verdict.given", link, verdict: `drop:${reason}` },
})
const document = (id: string): JsonObject => ({ id })

/** Every event has its case; the messages of others get no answer. */
const table: { readonly [T in HoldingsEvent["type"]]: () => void } = {
  "slot.held": () => {
    const memory = holdings.begin({ self })
    // the first one starts the review of leases, the others do not
    expect(say(memory, { type: "slot.held", ...slot(1), nowMs: noonMs }).map(({ type }) => type)).toEqual(["remind"])
    expect(say(memory, { type: "slot.held", ...slot(2), nowMs: noonMs })).toEqual([])
    expect(say(memory, { type: "slot.held", ...slot(1, 1), nowMs: noonMs })).toEqual([])
    expect(memory.set.size).toBe(2)
  },
  "slot.lost": () => {
    const memory = holding(slots(0, 3))
    expect(say(memory, { type: "slot.lost", subject: slot(1).subject, origin: slot(1).origin })).toEqual([])
    expect(memory.set.size).toBe(2)
    say(memory, { type: "slot.lost", subject: "nobody", origin: self, mayReturn: true })
    expect(memory.set.size).toBe(2)
    // what gave way may come back, also while its id is remembered
    const { id, origin, subject } = slot(2)
    expect(say(memory, { type: "slot.lost", subject, origin, mayReturn: true })).toEqual([
      { type: "tell", to: "gossip", event: { type: "announcement.lost", id } },
    ])
  },
  "leases.due": () => {
    const memory = holding([slot(2), slot(4)])
    expect(say(memory, { type: "leases.due", nowMs: noonMs + 1_000 }).map(({ type }) => type)).toEqual(["remind"])
    expect(memory.set.size).toBe(2)
    // a registry that said nothing for days is set aside, and back when it speaks
    say(memory, { type: "leases.due", nowMs: noonMs + 10 * 86_400_000 })
    expect(memory.set.size).toBe(0)
    say(memory, { type: "slot.held", ...slot(6), at: noon + 10 * 86_400, nowMs: noonMs + 10 * 86_400_000 })
    expect(memory.set.size).toBe(3)
    // or when another one attests of it: a deployed node says no lease
    say(memory, { type: "leases.due", nowMs: noonMs + 20 * 86_400_000 })
    expect(memory.set.size).toBe(0)
    const subject = attestationSubject(registryOf(3).registryId, registryOf(2).registryId)
    const at = noon + 20 * 86_400
    say(memory, { type: "slot.held", ...slot(1), subject, at, nowMs: at * 1_000 })
    expect([memory.leases.stale.size, memory.set.size]).toEqual([0, 4])
    // of us nobody else says when we spoke last
    say(memory, { type: "slot.held", ...slot(1), subject: attestationSubject(registryOf(3).registryId, self), at, nowMs: at * 1_000 })
    expect(memory.leases.lastWord.get(self)).toBeUndefined()
  },
  "message.received": () => {
    const memory = holding(slots(0, 3))
    for (const message of [
      heartbeatOf(2),
      { type: "RECONCILE", step: "same" },
      { type: "RECONCILE", step: "split", bits: 0, digests: new Uint8Array(5) },
      { type: "RECONCILE", step: "want", short: new Uint8Array(0), isWhole: true },
      { type: "ANSWER", request: 1, documents: [] },
    ] satisfies ReadonlyArray<Message>)
      expect(say(memory, from(message)), message.type).toEqual([])
    const digest = Reconcile.digestOfAll(memory.set, "salt")
    expect(sent(say(memory, from({ type: "RECONCILE", step: "compare", salt: "salt", digest }))[0])).toMatchObject({ step: "same" })
    expect(sent(say(memory, from({ type: "RECONCILE", step: "compare", salt: "salt", digest: "other" }))[0])).toMatchObject({
      step: "split",
    })
    expect(say(memory, from({ type: "RECONCILE", step: "list", salt: "salt", bits: 0, listed: new Uint8Array(3) }))).toEqual([
      verdict("malformed"),
    ])
    expect(say(memory, from({ type: "ASK", request: 4, subject: "s" }))).toEqual([{ type: "answer", link, request: 4, subject: "s" }])
  },
  "reconcile.opened": () => {
    const memory = holding(slots(0, 3))
    const digest = Reconcile.digestOfAll(memory.set, "salt")
    expect(say(memory, { type: "reconcile.opened", link, salt: "salt" })).toEqual([
      { type: "send", link, message: { type: "RECONCILE", step: "compare", salt: "salt", digest } },
    ])
  },
  "reconcile.split": () => {
    const memory = holding(slots(0, 3))
    const digests = Reconcile.split(holding(slots(0, 4)).set, 0, "salt")
    expect(sent(say(memory, { type: "reconcile.split", link, salt: "salt", bits: 0, digests })[0])).toMatchObject({
      step: "list",
      bits: 0,
      salt: "salt",
    })
    expect(say(memory, { type: "reconcile.split", link, salt: "salt", bits: 3, digests })).toEqual([verdict("malformed")])
  },
  "reconcile.wanted": () => {
    // without a list of ours before it, nobody can want anything
    expect(say(holding(slots(0, 3)), { type: "reconcile.wanted", link, short: new Uint8Array(5) })).toEqual([])
  },
  "announcements.fetched": () => {
    const documents = Array.from({ length: documentsPerMessage + 1 }, (_, i) => document(`${i}`))
    const end: Message = { type: "RECONCILE", step: "want", short: new Uint8Array(0), isWhole: true }
    const said = say(holding([]), { type: "announcements.fetched", link, documents, then: end })
    expect(said.map((command) => sent(command)?.step)).toEqual(["records", "records", "want"])
    expect(say(holding([]), { type: "announcements.fetched", link, documents: [], then: undefined })).toEqual([])
  },
  "announcement.verified": () => {
    const announcement = { id: "a" } as unknown as VerifiedAnnouncement
    expect(say(holding([]), { type: "announcement.verified", link, announcement, hopCount: 0 })).toEqual([
      { type: "tell", to: "gossip", event: { type: "announcement.verified", link, announcement, hopCount: 0, isCaughtUp: true } },
    ])
  },
  "announcement.refused": () => {
    expect(say(holding([]), { type: "announcement.refused", link, reason: "signature" })).toEqual([verdict("signature")])
  },
  "link.left": () => {
    const memory = holding([])
    say(memory, from({ type: "ASK", request: 1, subject: "s" }))
    expect(memory.dealings.size).toBe(1)
    expect(say(memory, { type: "link.left", link })).toEqual([])
    expect(memory.dealings.size).toBe(0)
  },
}

describe("holdings", () => {
  it.each(Object.entries(table))("%s", (_, check) => check())

  it("answers so many questions a second, and so many comparisons a period; the rest is a flood", () => {
    const memory = holding(slots(0, 3))
    const ask = (nowMs: number) => say(memory, from({ type: "ASK", request: 1, subject: "s" }, nowMs))[0]!.type
    const asked = Array.from({ length: asksPerSecond + 5 }, () => ask(noonMs))
    expect(asked.filter((type) => type === "answer")).toHaveLength(asksPerSecond)
    expect([ask(noonMs + 999), ask(noonMs + 1_000)]).toEqual(["tell", "answer"])
    const compare = (nowMs: number) => say(memory, from({ type: "RECONCILE", step: "compare", salt: "s", digest: "d" }, nowMs))[0]
    const compared = Array.from({ length: comparisonsPerPeriodMax + 5 }, () => compare(noonMs))
    expect(compared.filter((command) => command!.type === "send")).toHaveLength(comparisonsPerPeriodMax)
    expect(compare(noonMs + reconcilePeriodMs)!.type).toBe("send")
  })

  it("takes no more than it asked for", () => {
    const memory = holding([])
    const records = (count: number): HoldingsEvent =>
      from({ type: "RECONCILE", step: "records", documents: Array.from({ length: count }, (_, i) => document(`${i}`)) })
    expect(say(memory, records(2))).toEqual([verdict("unsolicited"), { type: "verify", link, offers: [], atOnce: true }])
    say(memory, { type: "reconcile.split", link, salt: "salt", bits: 0, digests: new Uint8Array(5) })
    const [taken] = say(memory, records(3))
    expect(taken).toMatchObject({ type: "verify", offers: [{ hopCount: 0 }, {}, {}] })
    expect(say(memory, records(reconciledAtOnceMax))[0]).toEqual(verdict("unsolicited"))
  })
})

/** Two nodes, each with a store of documents; the first one asks. What passes between them, until nothing does. */
const reconcile = (left: ReadonlyArray<Slot>, right: ReadonlyArray<Slot>, roundsMax = 10) => {
  const nodes = [left, right].map((held) => ({
    memory: holding(held),
    store: new Map(held.map((one) => [one.id, one])),
    current: new Map(held.map((one) => [`${one.subject} ${one.origin}`, one])),
  }))
  const machine = compile(reconciler)
  let state: State = machine.initial({ link, seed: 1 }, [])
  let moved = 0
  let rounds = 0
  const queue: Array<() => void> = []
  const tell = (who: number, event: HoldingsEvent): void => say(nodes[who]!.memory, event).forEach((command) => perform(who, command))
  const ofReconciler = (steps: ReadonlyArray<Step>): void => {
    for (const step of steps) if (step.kind === "action") tell(0, (step.params as { readonly event: HoldingsEvent }).event)
  }
  const perform = (who: number, command: Command): void => {
    const node = nodes[who]!
    if (command.type === "send") queue.push(() => hear(1 - who, command.message as ReconcileMessage))
    else if (command.type === "fetch")
      tell(who, {
        type: "announcements.fetched",
        link,
        documents: command.ids.flatMap((id) => (node.store.has(id) ? [document(id)] : [])),
        then: command.then,
      })
    else if (command.type === "verify") {
      for (const offer of command.offers) {
        const id = offer.document()!["id"] as string
        const said = nodes[1 - who]!.store.get(id)!
        moved++
        const key = `${said.subject} ${said.origin}`
        // the store's rule: what was said later counts
        if ((node.current.get(key)?.at ?? -1) >= said.at) continue
        node.current.set(key, said)
        node.store.set(id, said)
        tell(who, { type: "slot.held", ...said, nowMs: noonMs })
      }
    }
  }
  const hear = (who: number, message: ReconcileMessage): void => {
    if (message.step === "compare" || message.step === "list" || message.step === "records") return tell(who, from(message))
    const steps: Array<Step> = []
    state = machine.step(state, from(message), steps)
    ofReconciler(steps)
  }
  for (; rounds < roundsMax; rounds++) {
    const steps: Array<Step> = []
    state = machine.step(state, { type: "xstate.after.due.reconciler.resting" }, steps)
    ofReconciler(steps)
    while (queue.length > 0) queue.shift()!()
    expect(state.value).toBe("resting")
    if (Reconcile.digestOfAll(nodes[0]!.memory.set, "x") === Reconcile.digestOfAll(nodes[1]!.memory.set, "x")) break
  }
  return { sets: nodes.map(({ memory }) => memory.set), moved, rounds }
}

describe("two nodes that reconcile", () => {
  it("hold the same after one round, and have moved only what the other lacked", () => {
    const held = fc.array(fc.record({ number: fc.nat(60), version: fc.nat(2) }), { maxLength: 80 })
    const latest = (picked: ReadonlyArray<{ readonly number: number; readonly version: number }>) => [
      ...new Map(picked.toSorted((a, b) => a.version - b.version).map(({ number, version }) => [number, slot(number, version)])).values(),
    ]
    fc.assert(
      fc.property(held, held, (a, b) => {
        const [left, right] = [latest(a), latest(b)]
        const [ids, others] = [new Set(left.map(({ id }) => id)), new Set(right.map(({ id }) => id))]
        const { sets, moved, rounds } = reconcile(left, right)
        expect(rounds).toBe(0)
        expect(Reconcile.digestOfAll(sets[0]!, "s")).toBe(Reconcile.digestOfAll(sets[1]!, "s"))
        expect(sets[0]!.size).toBe(new Set([...left, ...right].map(({ subject }) => subject)).size)
        const [there, back] = [left.filter(({ id }) => !others.has(id)), right.filter(({ id }) => !ids.has(id))]
        // what the answer has overtaken is not sent any more
        expect(moved).toBeLessThanOrEqual(there.length + back.length)
        expect(moved).toBeGreaterThanOrEqual(new Set([...there, ...back].map(({ subject }) => subject)).size)
      }),
      { numRuns: 100 },
    )
  })

  it("move many in portions, from either side", () => {
    const many = slots(0, 3 * reconciledAtOnceMax)
    for (const [left, right] of [
      [many, []],
      [[], many],
      [many.filter((_, i) => i % 2 === 0), many.filter((_, i) => i % 2 === 1)],
    ] as const) {
      const { sets, moved } = reconcile(left, right)
      expect(sets.map(({ size }) => size)).toEqual([many.length, many.length])
      expect(moved).toBe(2 * many.length - left.length - right.length)
    }
  })
})
