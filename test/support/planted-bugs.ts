/**
 * Bugs that others made, to be planted in simulated nodes: each must be caught by a checker, or the checker is worth nothing.
 * Planted in front of a production actor or port, never in it.
 */
import type { Command } from "../../src/actors/command.ts"
import { gossip, type GossipEvent, type GossipInput, type GossipMemory } from "../../src/actors/gossip.ts"
import { heartbeat } from "../../src/actors/heartbeat.ts"
import type { Reducer } from "../../src/actors/reducer.ts"
import { read, type VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import { suspicionAfterMs } from "../../src/protocol/limits.ts"
import { type Cast, cast } from "../../src/runtime/cast.ts"
import type { Stage } from "../../src/sim/stage.ts"

type Say = (command: Command) => void
type Step = (memory: GossipMemory, event: GossipEvent, say: Say) => void
type Verified = Extract<GossipEvent, { readonly type: "announcement.verified" }>

/** In every node, a cast of its own. */
const plant = (stage: Stage, make: () => Partial<Cast>): void => {
  const settings = stage.settings.bind(stage)
  stage.settings = (more) => ({ ...settings(more), cast: { ...cast, ...make() } })
}

/** In front of every node's gossip; what it remembers is each node's own. */
const inGossip = (stage: Stage, make: () => Step): void =>
  plant(stage, () => {
    const step = make()
    const bugged: Reducer<GossipInput, GossipMemory, GossipEvent> = { ...gossip, step }
    return { gossip: bugged }
  })

/** A gossip that never hears of some announcements. */
const deafTo = (stage: Stage, make: () => (event: Verified) => boolean): void =>
  inGossip(stage, () => {
    const isUnheard = make()
    return (memory, event, say) => {
      if (event.type !== "announcement.verified" || !isUnheard(event)) gossip.step(memory, event, say)
    }
  })

const believing = ({ world }: Stage, reasons: ReadonlyArray<string>): void => {
  const honest = world.verifier
  world.verifier = {
    ...honest,
    believe: (document, claimedId, nowMs) => {
      const belief = honest.believe(document, claimedId, nowMs)
      if (belief.type === "verified" || !reasons.includes(belief.reason)) return belief
      return { type: "verified", announcement: read(document) as VerifiedAnnouncement }
    },
  }
}

const idle: Reducer<unknown, object, { readonly type: string }> = { id: "idle", begin: () => ({}), step: () => {} }

export const plantedBugs = {
  /** The deployed node signs the hop count, and changes it on the way: nothing is believed beyond the origin's neighbours. */
  "the hop count is signed": (stage: Stage) =>
    inGossip(stage, () => (memory, event, say) => {
      const isForwarded = event.type === "message.received" && event.message.type === "GOSSIP" && event.message.hopCount > 0
      gossip.step(
        memory,
        isForwarded ? { type: "verdict.given", link: event.link, verdict: "drop:signature", nowMs: event.nowMs } : event,
        say,
      )
    }),

  "nothing is remembered as seen": (stage: Stage) =>
    plant(stage, () => {
      const forgetful: Reducer<GossipInput, GossipMemory, GossipEvent> = {
        ...gossip,
        begin: (input) => ({ ...gossip.begin(input), seen: { bucketsKept: 6, buckets: Object.assign([], { push: () => 0 }), size: 0 } }),
      }
      return { gossip: forgetful }
    }),

  "of all that was said in one second only the first counts": (stage: Stage) =>
    deafTo(stage, () => {
      const seconds = new Map<number, string>()
      return ({ announcement: { at, id } }) => {
        if (!seconds.has(at)) seconds.set(at, id)
        return seconds.get(at) !== id
      }
    }),

  "anybody may announce anything": (stage: Stage) => believing(stage, ["authority"]),
  "signatures are not looked at": (stage: Stage) => believing(stage, ["signature"]),
  "tombstones are not looked at": (stage: Stage) =>
    deafTo(
      stage,
      () =>
        ({ announcement }) =>
          announcement.isTombstone,
    ),

  /** Nothing that comes later counts: no change, no registration after a deletion. */
  "the first word about a subject is the last": (stage: Stage) =>
    deafTo(stage, () => {
      const first = new Map<string, string>()
      return ({ announcement: { id, isTombstone, origin, subject } }) => {
        if (isTombstone) return false
        const slot = `${subject} ${origin}`
        if (!first.has(slot)) first.set(slot, id)
        return first.get(slot) !== id
      }
    }),

  "whoever claims an entity first is its home": (stage: Stage) =>
    deafTo(stage, () => {
      const homes = new Map<string, string>()
      return ({ announcement: { origin, subject } }) => {
        if (!homes.has(subject)) homes.set(subject, origin)
        return homes.get(subject) !== origin
      }
    }),

  "nobody reconciles": (stage: Stage) => plant(stage, () => ({ reconciler: idle })),

  "ids are not told, and not answered": (stage: Stage) =>
    inGossip(stage, () => (memory, event, say) => {
      if (event.type === "message.received" && event.message.type === "GRAFT") return
      gossip.step(memory, event, (command) => {
        if (command.type !== "send" || command.message.type !== "IHAVE") say(command)
      })
    }),

  "ids that nobody brings are remembered without bound": (stage: Stage) =>
    inGossip(stage, () => (memory, event, say) => {
      gossip.step(memory, event, say)
      if (event.type === "message.received" && event.message.type === "IHAVE")
        for (const id of event.message.ids) memory.push.missing.set(id, { sources: [event.link], asked: 0 })
    }),

  /** One allowance for all: who floods spends it. */
  "all peers share one allowance": (stage: Stage) =>
    inGossip(stage, () => {
      let [second, heard] = [0, 0]
      return (memory, event, say) => {
        if (event.type === "message.received" && event.message.type === "GOSSIP") {
          const now = Math.floor(event.nowMs / 1_000)
          if (now !== second) [second, heard] = [now, 0]
          if (++heard > 100) return
        }
        gossip.step(memory, event, say)
      }
    }),

  "silence is death, without suspicion": (stage: Stage) =>
    plant(stage, () => ({
      heartbeat: heartbeat.provide({ guards: { isDead: (_, { silentMs }) => silentMs > suspicionAfterMs } }),
    })),
} as const
