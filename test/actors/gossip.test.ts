/** The node's gossip: what it says and remembers for every event, one line each; then the life of an announcement. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command, Link } from "../../src/actors/command.ts"
import { gossip, type GossipEvent, type GossipMemory } from "../../src/actors/gossip.ts"
import type { ContentId } from "../../src/protocol/gossip/announcement.ts"
import * as LazyPush from "../../src/protocol/gossip/lazy-push.ts"
import * as SeenSet from "../../src/protocol/gossip/seen-set.ts"
import { beaconPatienceMs, gossipHopsMax, graftsMax, missingIdsMax, owedIdsMax, recentEnvelopesMax } from "../../src/protocol/limits.ts"
import type { Message, MessageType } from "../../src/protocol/wire/message.ts"
import { blocksOf } from "../../src/protocol/moderation/blocks.ts"
import { noon, registryOf } from "../support/builders.ts"
import { announcementOf, envelopeOf, gossipOf, heartbeatOf, helloOf, noonMs, queryAckOf, queryOf } from "../support/mesh.ts"

const ids = [1, 2, 3, 4, 5].map((seed) => registryOf(seed).registryId).toSorted()
const [smallest, , self, , largest] = ids as [(typeof ids)[0], (typeof ids)[0], (typeof ids)[0], (typeof ids)[0], (typeof ids)[0]]

const [known, fresh, other] = [announcementOf(2), announcementOf(3), announcementOf(4)]
/** Links of the usual scene: along the tree, lazy, and of a peer that knows nothing of trees. */
const [tree, lazy, plain, gone] = [1, 2, 3, 9] as const

/** A node that is its own root, has three links, and accepted one announcement. */
const scene = (): GossipMemory => {
  const memory = gossip.begin({ self, nowMs: noonMs })
  const quiet = () => {}
  for (const [link, speaksLazily] of [
    [tree, true],
    [lazy, true],
    [plain, false],
  ] as const)
    gossip.step(memory, { type: "link.joined", link, speaksLazily, nowMs: noonMs }, quiet)
  LazyPush.branch(memory.push, tree, true)
  LazyPush.branch(memory.push, lazy, false)
  gossip.step(memory, { type: "announcement.made", announcement: known, nowMs: noonMs }, quiet)
  gossip.step(memory, { type: "lazy.due" }, quiet)
  return memory
}

const inWords = (command: Command): string => {
  // what is not worth more words is told by its name
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check
  switch (command.type) {
    case "broadcast":
    case "send": {
      const { message } = command
      const to = command.type === "send" ? command.link : command.links.join("+")
      if (message.type === "GOSSIP") return `${to} GOSSIP ${message.hopCount}`
      if (message.type === "BEACON") return `${to} BEACON ${message.beacon.distance}${message.isParent ? " parent" : ""}`
      return "ids" in message ? `${to} ${message.type} ${message.ids.length}` : `${to} ${message.type}`
    }
    case "tell":
      return `tell ${String(command.to)} ${command.event.type}`
    case "remind":
      return `remind ${command.event.type}`
    case "report":
      return `report ${command.happening.type}`
    default:
      return command.type
  }
}

const step = (memory: GossipMemory, event: GossipEvent): ReadonlyArray<string> => {
  const said: Array<string> = []
  gossip.step(memory, event, (command) => said.push(inWords(command)))
  return said
}

/** What was counted by an event, on any link. */
const counted = (memory: GossipMemory): string =>
  [...[...memory.push.links].map(([link, { tally }]) => [link, tally] as const), ["-", memory.others] as const]
    .flatMap(([link, tally]) => Object.entries(tally).map(([verdict, times]) => `${link} ${verdict} ${times}`))
    .join(", ")

interface Case {
  /** What happened before. */
  readonly before?: (memory: GossipMemory) => void
  readonly event: GossipEvent
  readonly says: ReadonlyArray<string>
  readonly counts?: string
  readonly then?: (memory: GossipMemory) => unknown
}
type Cases = Readonly<Record<string, Case>>

/** The same content in another document. */
const twin = { ...fresh, id: other.id }

const from = (link: Link, message: Message): GossipEvent => ({ type: "message.received", link, message, nowMs: noonMs })
const merged = (hopCount: number, changed = true, isCaughtUp = false): GossipEvent => ({
  type: "announcement.merged",
  envelope: envelopeOf(fresh, hopCount),
  from: tree,
  changed,
  isCaughtUp,
  nowMs: noonMs,
})
const verified = (link: Link, announcement = fresh, isCaughtUp = false): GossipEvent => ({
  type: "announcement.verified",
  link,
  announcement,
  hopCount: 2,
  isCaughtUp,
  nowMs: noonMs,
})
const beacon = (root: typeof self, epoch: number, distance: number, isParent = false): Message => ({
  type: "BEACON",
  beacon: { root, epoch, distance },
  isParent,
})
const isEager = (link: Link) => (memory: GossipMemory) => memory.push.links.get(link)!.isEager
const follows = (memory: GossipMemory) => gossip.step(memory, from(lazy, beacon(smallest, noon, 0)), () => {})

const blocking = (subject: string) => blocksOf([{ kind: "entity", subject, reason: "spam", since: 0 }])

/** No event and no message is left out. */
const table: { readonly [T in Exclude<GossipEvent["type"], "message.received"> | MessageType]: Cases } = {
  GOSSIP: {
    "of something new": { event: from(tree, gossipOf(fresh, 3)), says: [`tell gossip-session/${tree} announcement.offered`] },
    "of something new, at the last hop": {
      event: from(tree, gossipOf(fresh, gossipHopsMax)),
      says: [`tell gossip-session/${tree} announcement.offered`],
    },
    "that travelled too far": { event: from(tree, gossipOf(fresh, gossipHopsMax + 1)), says: [], counts: `${tree} drop:hops 1` },
    "of something seen, along the tree": { event: from(tree, gossipOf(known, 1)), says: [], counts: `${tree} duplicate 1` },
    "of something seen, over a lazy link": { event: from(lazy, gossipOf(known, 1)), says: [], counts: `${lazy} duplicate 1` },
    "of something seen, over a link that was eager without the tree": {
      before: ({ push }) => void LazyPush.turn(push, lazy, true),
      event: from(lazy, gossipOf(known, 1)),
      says: [`${lazy} PRUNE`],
      counts: `${lazy} duplicate 1`,
      then: isEager(lazy),
    },
    "of something seen, from a peer that prunes nothing": {
      event: from(plain, gossipOf(known, 1)),
      says: [],
      counts: `${plain} duplicate 1`,
    },
    "of something seen, over a link that is gone": { event: from(gone, gossipOf(known)), says: [], counts: "- duplicate 1" },
  },
  IHAVE: {
    "of something that did not come": {
      event: from(lazy, { type: "IHAVE", ids: [fresh.contentId, other.contentId] }),
      says: ["remind graft.due", "remind graft.due"],
      counts: `${lazy} ids 1`,
    },
    "of something seen": { event: from(lazy, { type: "IHAVE", ids: [known.contentId] }), says: [], counts: `${lazy} ids 1` },
    "of something that another told of before": {
      before: (memory) => void step(memory, from(tree, { type: "IHAVE", ids: [fresh.contentId] })),
      event: from(lazy, { type: "IHAVE", ids: [fresh.contentId, fresh.contentId] }),
      says: [],
      counts: `${tree} ids 1, ${lazy} ids 1`,
      then: ({ push }) => push.missing.get(fresh.contentId)!.sources,
    },
  },
  GRAFT: {
    "for what we have": { event: from(lazy, { type: "GRAFT", ids: [known.contentId] }), says: [`${lazy} GOSSIP 0`], then: isEager(lazy) },
    "for what we never had": { event: from(lazy, { type: "GRAFT", ids: [fresh.contentId] }), says: [], then: isEager(lazy) },
  },
  PRUNE: {
    "of an eager link": { event: from(tree, { type: "PRUNE" }), says: [], then: isEager(tree) },
    "of a plain one": { event: from(plain, { type: "PRUNE" }), says: [], then: isEager(plain) },
  },
  BEACON: {
    "of a smaller root": {
      event: from(lazy, beacon(smallest, noon, 4)),
      says: [`${tree} BEACON 5`, `${lazy} BEACON 5 parent`],
      then: ({ tree: { parent } }) => parent,
    },
    "of a larger root": { event: from(lazy, beacon(largest, noon + 99, 0)), says: [`${lazy} BEACON 0`] },
    "of ourselves, an older one": { event: from(lazy, beacon(self, noon - 99, 0)), says: [`${lazy} BEACON 0`] },
    "of ourselves, a newer one: ours is no news to them": { event: from(lazy, beacon(self, noon + 99, 0)), says: [] },
    "of a root that fell silent for us: who still believes in it would answer for ever": {
      before: (memory) => {
        follows(memory)
        step(memory, { type: "beacon.due", nowMs: noonMs + beaconPatienceMs })
      },
      event: from(tree, beacon(smallest, noon, 3)),
      says: [],
    },
    "of the same root, a newer one": {
      before: follows,
      event: from(tree, beacon(smallest, noon + 1, 5)),
      says: [`${lazy} BEACON 6`, `${tree} BEACON 6 parent`],
      then: ({ tree: { parent } }) => parent,
    },
    "of the same root, an older one": { before: follows, event: from(tree, beacon(smallest, noon - 1, 0)), says: [`${tree} BEACON 1`] },
    "that chose us": { before: follows, event: from(tree, beacon(smallest, noon, 2, true)), says: [], then: isEager(tree) },
    "that chose another": { before: follows, event: from(tree, beacon(smallest, noon, 2, false)), says: [], then: isEager(tree) },
  },
  HELLO: { "out of order": { event: from(tree, helloOf(2)), says: [], counts: `${tree} drop:out-of-order 1` } },
  HEARTBEAT: { "out of order": { event: from(tree, heartbeatOf(2)), says: [], counts: `${tree} drop:out-of-order 1` } },
  RECONCILE: {
    "out of order": { event: from(tree, { type: "RECONCILE", step: "same" }), says: [], counts: `${tree} drop:out-of-order 1` },
  },
  ASK: {
    "out of order": { event: from(tree, { type: "ASK", request: 1, subject: "s" }), says: [], counts: `${tree} drop:out-of-order 1` },
  },
  ANSWER: {
    "out of order": { event: from(tree, { type: "ANSWER", request: 1, documents: [] }), says: [], counts: `${tree} drop:out-of-order 1` },
  },
  QUERY: { "out of order": { event: from(tree, queryOf(1)), says: [], counts: `${tree} drop:out-of-order 1` } },
  QUERY_ACK: { "out of order": { event: from(tree, queryAckOf(1)), says: [], counts: `${tree} drop:out-of-order 1` } },
  DHT: {
    "out of order": { event: from(tree, { type: "DHT", op: "PING", request: 1 }), says: [], counts: `${tree} drop:out-of-order 1` },
  },
  "announcement.verified": {
    "for the first time": { event: verified(tree), says: ["merge"], then: ({ seen }) => SeenSet.has(seen, fresh.contentId) },
    "when it came by another link meanwhile": {
      before: (memory) => void step(memory, verified(lazy)),
      event: verified(tree),
      says: [],
      counts: `${tree} duplicate 1`,
    },
    "by comparison, that says what was heard in another document": {
      before: (memory) => void step(memory, verified(lazy)),
      event: verified(tree, twin, true),
      says: ["merge"],
    },
    "by comparison, that came by gossip meanwhile": {
      before: (memory) => [verified(tree, fresh, false), merged(2)].forEach((event) => step(memory, event)),
      event: verified(tree, fresh, true),
      says: [],
      counts: `${tree} accept 1, ${tree} duplicate 1`,
    },
    "by comparison, that came by gossip long ago": {
      before: (memory) => void step(memory, merged(2)),
      event: verified(tree, fresh, true),
      says: ["merge"],
    },
    "by comparison, twice": {
      before: (memory) => void step(memory, verified(lazy, twin, true)),
      event: verified(tree, twin, true),
      says: [],
      counts: `${tree} duplicate 1`,
    },
    "that was missing": {
      before: (memory) => void step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] })),
      event: verified(tree),
      says: ["merge"],
      counts: `${lazy} ids 1`,
      then: ({ push }) => push.missing.size,
    },
  },
  "announcement.merged": {
    "and it is news": {
      event: merged(2),
      says: ["report gossip.accepted", `${plain} GOSSIP 3`, "remind lazy.due"],
      counts: `${tree} accept 1`,
    },
    "and it is news that came over a lazy link": {
      event: { ...merged(2), from: lazy } as GossipEvent,
      says: ["report gossip.accepted", `${tree}+${plain} GOSSIP 3`],
      counts: `${lazy} accept 1`,
    },
    "and the operator blocks it: it is held, and nobody hears of it": {
      event: { ...merged(2), isWithheld: true } as GossipEvent,
      says: [],
      counts: `${tree} accept 1`,
    },
    "and something later is known": { event: merged(2, false), says: [], counts: `${tree} stale 1` },
    "at the last hop: ids only": {
      event: merged(gossipHopsMax),
      says: ["report gossip.accepted", "remind lazy.due"],
      counts: `${tree} accept 1`,
    },
    "one before the last hop": {
      event: merged(gossipHopsMax - 1),
      says: ["report gossip.accepted", `${plain} GOSSIP ${gossipHopsMax}`, "remind lazy.due"],
      counts: `${tree} accept 1`,
    },
    "by reconciliation: ids only": {
      event: merged(0, true, true),
      says: ["report gossip.accepted", "remind lazy.due"],
      counts: `${tree} accept 1`,
    },
  },
  "merge.failed": {
    "": { event: { type: "merge.failed", envelope: envelopeOf(fresh), from: tree }, says: [], counts: `${tree} drop:store 1` },
  },
  "announcement.made": {
    "": {
      event: { type: "announcement.made", announcement: fresh, nowMs: noonMs },
      says: [`${tree}+${plain} GOSSIP 0`, "remind lazy.due"],
      then: ({ seen }) => SeenSet.has(seen, fresh.contentId),
    },
  },
  "announcement.lost": {
    "that was passed on lately: it may come back": {
      before: (memory) => [merged(2), verified(tree, fresh, true)].forEach((event) => step(memory, event)),
      event: { type: "announcement.lost", id: fresh.id },
      says: [],
      counts: `${tree} accept 1`,
      then: ({ seen }) => [SeenSet.has(seen, fresh.contentId), SeenSet.has(seen, fresh.id)],
    },
    "that nobody remembers": { event: { type: "announcement.lost", id: "0" }, says: [] },
  },
  "verdict.given": {
    "that costs little": {
      event: { type: "verdict.given", link: tree, verdict: "drop:flood", nowMs: noonMs },
      says: [],
      counts: `${tree} drop:flood 1`,
    },
    "that was one too many": {
      before: (memory) =>
        [1, 2, 3].forEach(() => step(memory, { type: "verdict.given", link: tree, verdict: "drop:signature", nowMs: noonMs })),
      event: { type: "verdict.given", link: tree, verdict: "drop:signature", nowMs: noonMs },
      says: ["tell node peer.misbehaved"],
      counts: `${tree} drop:signature 4`,
    },
    "of a link that is gone": {
      event: { type: "verdict.given", link: gone, verdict: "drop:not-json", nowMs: noonMs },
      says: [],
      counts: "- drop:not-json 1",
    },
  },
  "link.joined": {
    "of a peer that speaks of trees": {
      event: { type: "link.joined", link: 4, speaksLazily: true, nowMs: noonMs },
      says: ["4 BEACON 0"],
      then: isEager(4),
    },
    "of one that does not": { event: { type: "link.joined", link: 4, speaksLazily: false, nowMs: noonMs }, says: [], then: isEager(4) },
  },
  "link.left": {
    "of any": {
      before: (memory) => void step(memory, { type: "verdict.given", link: lazy, verdict: "drop:flood", nowMs: noonMs }),
      event: { type: "link.left", link: lazy },
      says: [],
      counts: "- drop:flood 1",
    },
    "of the parent: the others are asked for whole ones": {
      before: follows,
      event: { type: "link.left", link: lazy },
      says: [`${tree} GRAFT 0`],
      then: isEager(tree),
    },
    "of one that was never there": { event: { type: "link.left", link: gone }, says: [] },
  },
  "lazy.due": {
    "and something is owed": {
      before: (memory) => void step(memory, merged(1)),
      event: { type: "lazy.due" },
      says: [`${lazy} IHAVE 1`],
      counts: `${tree} accept 1`,
    },
    "and it was told of meanwhile": {
      before: (memory) => {
        step(memory, merged(1))
        step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] }))
      },
      event: { type: "lazy.due" },
      says: [],
    },
    "and nothing is owed": { event: { type: "lazy.due" }, says: [] },
  },
  "graft.due": {
    "and it did not come": {
      before: (memory) => void step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] })),
      event: { type: "graft.due", id: fresh.contentId },
      says: [`${lazy} GRAFT 1`, "remind graft.due"],
      then: isEager(lazy),
    },
    "and it came": {
      before: (memory) => {
        step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] }))
        step(memory, verified(tree))
      },
      event: { type: "graft.due", id: fresh.contentId },
      says: [],
      then: ({ push }) => push.missing.size,
    },
    "and again not: the next one is asked": {
      before: (memory) => {
        step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] }))
        step(memory, from(tree, { type: "IHAVE", ids: [fresh.contentId] }))
        step(memory, { type: "graft.due", id: fresh.contentId })
      },
      event: { type: "graft.due", id: fresh.contentId },
      says: [`${tree} GRAFT 1`, "remind graft.due"],
      then: ({ push }) => push.missing.get(fresh.contentId)!.sources,
    },
    "and there is one to ask, again and again": {
      before: (memory) => {
        step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] }))
        for (let i = 1; i < graftsMax; i++) step(memory, { type: "graft.due", id: fresh.contentId })
      },
      event: { type: "graft.due", id: fresh.contentId },
      says: [`${lazy} GRAFT 1`, "remind graft.due"],
    },
    "and it was asked for often enough": {
      before: (memory) => {
        step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] }))
        for (let i = 0; i < graftsMax; i++) step(memory, { type: "graft.due", id: fresh.contentId })
      },
      event: { type: "graft.due", id: fresh.contentId },
      says: [],
      then: ({ push }) => push.missing.size,
    },
    "and who told of it has left": {
      before: (memory) => {
        step(memory, from(lazy, { type: "IHAVE", ids: [fresh.contentId] }))
        step(memory, { type: "link.left", link: lazy })
      },
      event: { type: "graft.due", id: fresh.contentId },
      says: [],
    },
  },
  "blocks.changed": {
    "about what was passed on: nobody can graft it any more": {
      before: (memory) => void step(memory, { type: "blocks.changed", blocks: blocking(known.subject) }),
      event: from(lazy, { type: "GRAFT", ids: [known.contentId] }),
      says: [],
    },
    "about something else": {
      before: (memory) => void step(memory, { type: "blocks.changed", blocks: blocking(fresh.subject) }),
      event: from(lazy, { type: "GRAFT", ids: [known.contentId] }),
      says: [`${lazy} GOSSIP 0`],
    },
  },
  "beacon.due": {
    "to the root": {
      event: { type: "beacon.due", nowMs: noonMs + 1_000 },
      says: ["remind beacon.due", `${tree}+${lazy} BEACON 0`],
      then: ({ tree: { beacon } }) => beacon.epoch - noon,
    },
    "to another": { before: follows, event: { type: "beacon.due", nowMs: noonMs + 1_000 }, says: ["remind beacon.due"] },
    "to another, whose root fell silent": {
      before: follows,
      event: { type: "beacon.due", nowMs: noonMs + beaconPatienceMs },
      says: ["remind beacon.due", `${tree}+${lazy} BEACON 0`],
      then: ({ tree: { parent } }) => parent,
    },
  },
}

/** What is worth a look afterwards, where the table looks. */
const afterwards: Readonly<Record<string, unknown>> = {
  "GOSSIP of something seen, over a link that was eager without the tree": false,
  "IHAVE of something that another told of before": [tree, lazy],
  "GRAFT for what we have": true,
  "GRAFT for what we never had": true,
  "PRUNE of an eager link": false,
  "PRUNE of a plain one": true,
  "BEACON of a smaller root": lazy,
  "BEACON of the same root, a newer one": tree,
  "BEACON that chose us": true,
  "BEACON that chose another": false,
  "announcement.verified for the first time": true,
  "announcement.verified that was missing": 0,
  "announcement.made ": true,
  "announcement.lost that was passed on lately: it may come back": [false, false],
  "link.joined of a peer that speaks of trees": true,
  "link.joined of one that does not": true,
  "link.left of the parent: the others are asked for whole ones": true,
  "graft.due and it did not come": true,
  "graft.due and it came": 0,
  "graft.due and again not: the next one is asked": [lazy, tree],
  "graft.due and it was asked for often enough": 0,
  "beacon.due to the root": 1,
  "beacon.due to another, whose root fell silent": undefined,
}

describe("gossip", () => {
  for (const [type, cases] of Object.entries(table)) {
    it.each(Object.entries(cases))(`${type} %s`, (name, { before, event, says, counts, then }) => {
      const memory = scene()
      before?.(memory)
      expect(step(memory, event)).toEqual(says)
      if (counts !== undefined) expect(counted(memory)).toBe(counts)
      if (then !== undefined) expect(then(memory)).toEqual(afterwards[`${type} ${name}`])
    })
  }

  it("looks afterwards only where the table says so", () => {
    const looked = Object.entries(table).flatMap(([type, cases]) =>
      Object.entries(cases).flatMap(([name, { then }]) => (then === undefined ? [] : [`${type} ${name}`])),
    )
    expect(looked.toSorted()).toEqual(Object.keys(afterwards).toSorted())
  })

  it("sends its first beacon with the first link, and no second one for the next", () => {
    const memory = gossip.begin({ self, nowMs: noonMs })
    expect(step(memory, { type: "link.joined", link: 1, speaksLazily: false, nowMs: noonMs })).toEqual([])
    expect(step(memory, { type: "link.joined", link: 2, speaksLazily: true, nowMs: noonMs })).toEqual([
      "2 BEACON 0",
      "remind beacon.due",
      "2 BEACON 0",
    ])
    expect(step(memory, { type: "link.joined", link: 3, speaksLazily: true, nowMs: noonMs })).toEqual(["3 BEACON 0"])
  })

  it("admits an announcement once, whoever brings it and however often", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ seed: fc.constantFrom(5, 6, 7), link: fc.constantFrom(tree, lazy, plain) }), { maxLength: 30 }),
        (brought) => {
          const memory = scene()
          let merges = 0
          for (const { seed, link } of brought) {
            const announcement = announcementOf(seed)
            merges += step(memory, verified(link, announcement)).filter((word) => word === "merge").length
            expect(step(memory, from(link, gossipOf(announcement)))).not.toContain(`tell gossip-session/${link} announcement.offered`)
          }
          expect(merges).toBe(new Set(brought.map(({ seed }) => seed)).size)
        },
      ),
      { numRuns: 50 },
    )
  })

  it("bounds what others make it remember", () => {
    const idOf = (i: number) => i.toString(16).padStart(32, "0") as ContentId
    const memory = scene()
    for (let at = 0; at < missingIdsMax + 1_000; at += 500)
      step(memory, from(lazy, { type: "IHAVE", ids: Array.from({ length: 500 }, (_, i) => idOf(at + i)) }))
    expect(memory.push.missing.size).toBe(missingIdsMax)
    const made = (i: number): GossipEvent => ({ type: "announcement.made", announcement: { ...fresh, contentId: idOf(i) }, nowMs: noonMs })
    for (let i = 0; i < owedIdsMax + 100; i++) step(memory, made(i))
    expect(memory.push.links.get(lazy)!.owed.size).toBe(owedIdsMax)
    expect(memory.push.recent.size).toBe(recentEnvelopesMax)
    // each id that was owed is told once, in messages of a bounded size
    const told = step(memory, { type: "lazy.due" })
    expect(told).toEqual(Array.from({ length: owedIdsMax / 500 }, () => `${lazy} IHAVE 500`))
    expect(step(memory, { type: "lazy.due" })).toEqual([])
  })

  it("what could not be stored may come again", () => {
    const memory = scene()
    step(memory, { type: "announcement.verified", link: tree, announcement: fresh, hopCount: 1, isCaughtUp: false, nowMs: noonMs })
    expect(SeenSet.has(memory.seen, fresh.contentId)).toBe(true)
    step(memory, { type: "merge.failed", envelope: envelopeOf(fresh), from: tree })
    expect(SeenSet.has(memory.seen, fresh.contentId)).toBe(false)
  })
})
