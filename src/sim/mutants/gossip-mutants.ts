/** Bugs in how announcements spread: what is seen, passed on, told by id, and let through. */
import { gossip } from "../../actors/gossip.ts"
import { gossipSession } from "../../actors/gossip-session.ts"
import type { Command } from "../../actors/command.ts"
import * as SeenSet from "../../protocol/gossip/seen-set.ts"
import { gossipHopsMax } from "../../protocol/limits.ts"
import { casting, deaf, deafTo, inGossip, isHeard, isSent, mutantsOf, mute } from "./mutant.ts"
import * as on from "./trials.ts"

export const gossipMutants = mutantsOf({
  // The deployed node signs the hop count, and changes it on the way: nothing is believed beyond the origin's neighbours.
  "the hop count is signed": [
    on.wide,
    inGossip(
      () => (memory, event, say) =>
        event.type === "message.received" && event.message.type === "GOSSIP" && event.message.hopCount > 0
          ? gossip.step(memory, { type: "verdict.given", link: event.link, verdict: "drop:signature", nowMs: event.nowMs }, say)
          : gossip.step(memory, event, say),
    ),
  ],

  "an announcement is another one after every hop": [
    on.flooding,
    inGossip(() => {
      const seen = new Set<string>()
      return (memory, event, say) => {
        if (event.type === "message.received" && event.message.type === "GOSSIP") {
          const one = `${event.message.id}/${event.message.hopCount}`
          if (!seen.has(one)) SeenSet.remove(memory.seen, event.message.id)
          seen.add(one)
        }
        gossip.step(memory, event, say)
      }
    }),
  ],

  "signatures are checked before the seen-set is asked": [
    on.flooding,
    inGossip(() => (memory, event, say) => {
      if (event.type === "message.received" && event.message.type === "GOSSIP" && SeenSet.has(memory.seen, event.message.id)) {
        const { document, hopCount, id } = event.message
        say({
          type: "tell",
          to: `gossip-session/${event.link}`,
          event: { type: "announcement.offered", offer: { document, hopCount, id } },
        })
      }
      gossip.step(memory, event, say)
    }),
  ],

  "nothing is remembered as seen": [
    on.doubled,
    casting(() => ({
      gossip: {
        ...gossip,
        begin: (input: Parameters<typeof gossip.begin>[0]) => ({
          ...gossip.begin(input),
          seen: { buckets: Object.assign([], { push: () => 0 }), size: 0 },
        }),
      },
    })),
  ],

  // Who says a true id with other content makes everybody deaf to what has it.
  "what was heard counts as seen before it is believed": [
    on.lying("alter"),
    inGossip(() => {
      const unbelieved = new Set<string>()
      return (memory, event, say) => {
        if (event.type === "announcement.verified" && event.isCaughtUp && unbelieved.has(event.announcement.contentId)) return
        if (event.type === "message.received" && event.message.type === "GOSSIP") {
          if (unbelieved.has(event.message.id)) return
          unbelieved.add(event.message.id)
        }
        if (event.type === "announcement.verified") unbelieved.delete(event.announcement.contentId)
        gossip.step(memory, event, say)
      }
    }),
  ],

  "of all that was said in one second only the first counts": [
    on.healthy,
    deafTo(() => {
      const seconds = new Map<number, string>()
      return ({ announcement: { at, id } }) => {
        if (!seconds.has(at)) seconds.set(at, id)
        return seconds.get(at) !== id
      }
    }),
  ],

  "nothing is passed on": [on.healthy, mute((command) => command.type === "broadcast" || isSent(command, "IHAVE"))],

  "our own words are not pushed": [on.healthy, deaf((event) => event.type === "announcement.made")],
  "tombstones are not pushed": [on.ending, deaf((event) => event.type === "announcement.made" && event.announcement.isTombstone)],

  // Counts hops truly, and never minds them.
  "forwarding never tires": [
    on.chain,
    inGossip(() => {
      const hops = new Map<string, number>()
      const real = (id: string, command: Command): Command => {
        const travelled = hops.get(id) ?? 0
        if (command.type === "broadcast" && command.message.type === "GOSSIP")
          return { ...command, message: { ...command.message, hopCount: travelled + (hops.has(id) ? 1 : 0) } }
        if (command.type === "report" && command.happening.type === "gossip.accepted")
          return { ...command, happening: { ...command.happening, hopCount: travelled } }
        return command
      }
      return (memory, event, say) => {
        const isGossip = event.type === "message.received" && event.message.type === "GOSSIP"
        if (isGossip && event.message.type === "GOSSIP" && !hops.has(event.message.id)) hops.set(event.message.id, event.message.hopCount)
        const told = isGossip && event.message.type === "GOSSIP" ? { ...event, message: { ...event.message, hopCount: 0 } } : event
        const id =
          event.type === "announcement.merged"
            ? event.envelope.announcement.contentId
            : event.type === "announcement.made"
              ? event.announcement.contentId
              : ""
        gossip.step(memory, told, (command) => say(real(id, command)))
      }
    }),
  ],

  "the hop count starts at the bound": [
    on.healthy,
    inGossip(
      () => (memory, event, say) =>
        gossip.step(memory, event, (command) =>
          say(
            command.type === "broadcast" && command.message.type === "GOSSIP" && command.message.hopCount === 0
              ? { ...command, message: { ...command.message, hopCount: gossipHopsMax + 1 } }
              : command,
          ),
        ),
    ),
  ],

  "ids are neither told nor answered": [
    on.lossy,
    inGossip(() => (memory, event, say) => {
      if (isHeard(event, "GRAFT")) return
      gossip.step(memory, event, (command) => (isSent(command, "IHAVE") ? undefined : say(command)))
    }),
  ],
  "ids that are heard are never asked for": [on.lossy, deaf((event) => event.type === "graft.due")],
  "who asks for an announcement gets none": [on.lossy, deaf((event) => isHeard(event, "GRAFT"))],

  "ids that nobody brings are remembered without bound": [
    on.unbringable,
    inGossip(() => (memory, event, say) => {
      gossip.step(memory, event, say)
      if (event.type === "message.received" && event.message.type === "IHAVE")
        for (const id of event.message.ids) memory.push.missing.set(id, { sources: [event.link], asked: 0 })
    }),
  ],

  // One allowance for all: who floods spends it.
  "all peers share one allowance": [
    on.flooded,
    inGossip(() => {
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
  ],

  "the allowance is read from the settings and used nowhere": [
    on.flooded,
    casting(() => ({ "gossip-session": gossipSession.provide({ guards: { mayPass: () => true } }) })),
  ],
  "what exceeds the allowance is dropped": [
    on.burst,
    casting(() => ({ "gossip-session": gossipSession.provide({ guards: { mayHold: () => false } }) })),
  ],
  "what is held for a throttled peer is never let through": [
    on.burst,
    casting(() => ({ "gossip-session": gossipSession.provide({ guards: { holdsNothing: () => false } }) })),
  ],
  "announcements are held for a throttled peer without bound": [
    on.flooded,
    casting(() => ({ "gossip-session": gossipSession.provide({ guards: { mayHold: () => true } }) })),
  ],
})
