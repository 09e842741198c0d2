/**
 * Mutants: protocol bugs, planted in every node of a simulated world, to see whether the checkers find them.
 *
 * Production code carries no switch for them: a mutant puts another actor into the cast, other rules under the store, or
 * other ports around the node.
 */
import { Context } from "effect"
import type { Command } from "../../actors/command.ts"
import { gossip, type GossipEvent, type GossipInput, type GossipMemory } from "../../actors/gossip.ts"
import { holdings, type HoldingsEvent, type HoldingsInput, type HoldingsMemory } from "../../actors/holdings.ts"
import type { Reducer } from "../../actors/reducer.ts"
import { type Announcement, read, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import * as Slots from "../../protocol/records/slots.ts"
import type { Message } from "../../protocol/wire/message.ts"
import type { Cast } from "../../runtime/cast.ts"
import { Codec, RecordStore } from "../../runtime/ports.ts"
import { makeMemoryStore, type SlotRules } from "../../runtime/store/memory.ts"
import type { RunOptions, Scenario } from "../scenario.ts"
import type { Stage } from "../stage.ts"

/** Where a mutant is looked for: a scenario with the options that bring the bug to light soon. */
export interface Trial {
  readonly scenario: Scenario
  readonly over: Partial<RunOptions>
}

export type Plant = (stage: Stage) => void

export interface Mutant {
  /** What is wrong with it, as a sentence. */
  readonly name: string
  readonly trial: Trial
  readonly plant: Plant
}

/** Bugs by what is wrong with them, each with the trial that shall find it. */
export const mutantsOf = (bugs: Readonly<Record<string, readonly [trial: Trial, plant: Plant]>>): ReadonlyArray<Mutant> =>
  Object.entries(bugs).map(([name, [trial, plant]]) => ({ name, trial, plant }))

// actors -------------------------------------------------------------------------------------------------------------

/** Other actors in every node, a cast of its own for each. */
export const casting =
  (make: () => Partial<Cast>): Plant =>
  (stage) => {
    const settings = stage.settings.bind(stage)
    stage.settings = (more) => {
      const given = settings(more)
      return { ...given, cast: { ...given.cast, ...make() } }
    }
  }

export type Say = (command: Command) => void
type Step<M, E> = (memory: M, event: E, say: Say) => void

/** In front of every node's gossip; what `make` remembers is each node's own. */
export const inGossip = (make: () => Step<GossipMemory, GossipEvent>): Plant =>
  casting(() => ({ gossip: { ...gossip, step: make() } satisfies Reducer<GossipInput, GossipMemory, GossipEvent> }))

export const inHoldings = (make: () => Step<HoldingsMemory, HoldingsEvent>): Plant =>
  casting(() => ({ holdings: { ...holdings, step: make() } satisfies Reducer<HoldingsInput, HoldingsMemory, HoldingsEvent> }))

/** A gossip that does not say some of its commands. */
export const mute = (isUnsaid: (command: Command) => boolean): Plant =>
  inGossip(() => (memory, event, say) => gossip.step(memory, event, (command) => (isUnsaid(command) ? undefined : say(command))))

/** A gossip that does not hear some of its events. */
export const deaf = (isUnheard: (event: GossipEvent, memory: GossipMemory) => boolean): Plant =>
  inGossip(() => (memory, event, say) => (isUnheard(event, memory) ? undefined : gossip.step(memory, event, say)))

export type Verified = Extract<GossipEvent, { readonly type: "announcement.verified" }>

/** A gossip that never hears of some announcements of others; what `make` remembers is each node's own. */
export const deafTo = (make: () => (event: Verified) => boolean): Plant =>
  inGossip(() => {
    const isUnheard = make()
    return (memory, event, say) => {
      if (event.type !== "announcement.verified" || !isUnheard(event)) gossip.step(memory, event, say)
    }
  })

/** An actor that does nothing at all. */
export const idle: Reducer<unknown, object, { readonly type: string }> = { id: "idle", begin: () => ({}), step: () => {} }

export const isSent = (command: Command, type: Message["type"]): boolean =>
  (command.type === "send" || command.type === "broadcast") && command.message.type === type

export const isHeard = (event: { readonly type: string; readonly message?: unknown }, type: Message["type"]): boolean =>
  event.type === "message.received" && (event.message as Message).type === type

// rules --------------------------------------------------------------------------------------------------------------

/** Other rules under every store. `make` is called once a store. */
export const ruling =
  (make: () => Partial<SlotRules>): Plant =>
  ({ world }) => {
    world.makeStore = () => makeMemoryStore({ ...slotRules, ...make() })
  }

const slotRules: SlotRules = { merge: Slots.merge, shown: Slots.shown, isTooLate: Slots.isTooLate, isExpired: Slots.isExpired }

/** Believes what is refused for one of these reasons, where it is of the kind that is meant. */
export const believing =
  (reasons: ReadonlyArray<string>, isMeant: (announcement: Announcement) => boolean = () => true): Plant =>
  ({ world }) => {
    const honest = world.verifier
    world.verifier = {
      ...honest,
      believe: (document, claimedId, nowMs) => {
        const belief = honest.believe(document, claimedId, nowMs)
        if (belief.type === "verified" || !reasons.includes(belief.reason)) return belief
        const announcement = read(document)
        return announcement.type !== "malformed" && isMeant(announcement)
          ? { type: "verified", announcement: announcement as VerifiedAnnouncement }
          : belief
      },
    }
  }

// ports --------------------------------------------------------------------------------------------------------------

/** Another store around every node's own; what `make` remembers is lost with the node, not with the disk. */
export const storing =
  (make: (store: RecordStore["Service"]) => Partial<RecordStore["Service"]>): Plant =>
  ({ world }) => {
    const over = world.over
    world.over = (ports) => {
      const before = over(ports)
      const store = Context.get(before, RecordStore)
      return Context.add(before, RecordStore, { ...store, ...make(store) })
    }
  }

/** Another codec around every node's own. */
export const coding =
  (make: (codec: Codec["Service"]) => Partial<Codec["Service"]>): Plant =>
  ({ world }) => {
    const over = world.over
    world.over = (ports) => {
      const before = over(ports)
      const codec = Context.get(before, Codec)
      return Context.add(before, Codec, { ...codec, ...make(codec) })
    }
  }
