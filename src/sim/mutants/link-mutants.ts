/** Bugs in who is connected, believed to be alive, and let in; on the disk; and in reading what comes. */
import { Effect } from "effect"
import { assign } from "xstate"
import { bootstrap } from "../../actors/bootstrap.ts"
import { heartbeat } from "../../actors/heartbeat.ts"
import { node } from "../../actors/node.ts"
import { peer } from "../../actors/peer.ts"
import { suspicionAfterMs } from "../../protocol/limits.ts"
import { writeAddress } from "../../protocol/mesh/address.ts"
import { casting, coding, idle, mutantsOf, storing } from "./mutant.ts"
import * as on from "./trials.ts"

export const linkMutants = mutantsOf({
  // keys ----------------------------------------------------------------------------------------------------------------
  "who was met before is forgotten": [on.firstUse, casting(() => ({ peer: peer.provide({ guards: { isNotToGreet: () => false } }) }))],
  "who was met is forgotten with a restart": [on.stranger, storing(() => ({ pin: () => Effect.void }))],
  "a greeting's key need not be that of the handshake": [
    on.lying("impersonate"),
    casting(() => ({ peer: peer.provide({ guards: { isWelcome: (_, { message }) => message.type === "HELLO" } }) })),
  ],

  // links ---------------------------------------------------------------------------------------------------------------
  "of two that dial each other both links stay": [
    on.mutual,
    casting(() => ({ node: node.provide({ guards: { isRefused: () => false, replacesAnother: () => false } }) })),
  ],
  "of two that dial each other each end keeps its own": [
    on.mutual,
    casting(() => ({
      node: node.provide({
        guards: {
          isRefused: ({ context }, { member }) =>
            member.direction === "in" &&
            context.roster.some(({ direction, registryId }) => direction === "out" && registryId === member.registryId),
          replacesAnother: () => false,
        },
      }),
    })),
  ],
  "configured peers are dialled once": [
    on.longNight,
    casting(() => ({
      bootstrap: bootstrap.provide({ actions: { strike: assign({}) } }),
      peer: peer.provide({ guards: { givesUp: () => true } }),
    })),
  ],
  "the wait before another dial has no bound": [
    on.longNight,
    casting(() => ({ peer: peer.provide({ delays: { redial: ({ context }) => 1_000 * 2 ** context.attempts } }) })),
  ],
  "addresses are remembered without bound": [
    on.hearsay,
    casting(() => ({
      bootstrap: bootstrap.provide({
        actions: {
          learn: assign(({ context }, { addresses }) => ({
            candidates: new Map([
              ...context.candidates,
              ...addresses.map((address) => [writeAddress(address), { address, failures: 0 }] as const),
            ]),
          })),
        },
      }),
    })),
  ],

  // signs of life ---------------------------------------------------------------------------------------------------------
  "silence is death, without suspicion": [
    on.halfLost,
    casting(() => ({ heartbeat: heartbeat.provide({ guards: { isDead: (_, { silentMs }) => silentMs > suspicionAfterMs } }) })),
  ],
  "nobody says that it lives": [
    on.quiet(0),
    coding((codec) => ({ write: (message) => (message.type === "HEARTBEAT" ? new Uint8Array(0) : codec.write(message)) })),
  ],
  "who asks whether one lives gets no answer": [
    on.quiet(0.5),
    casting(() => ({ heartbeat: heartbeat.provide({ guards: { wantsAnswer: () => false } }) })),
  ],
  "the dead are kept": [on.gone, casting(() => ({ heartbeat: idle }))],
  // the disk ------------------------------------------------------------------------------------------------------------
  "what was acknowledged was only in memory": [
    on.crashing,
    (stage) => {
      const takeDown = stage.world.takeDown.bind(stage.world)
      stage.world.takeDown = (machine, outage) => takeDown(machine, { ...outage, losesDisk: true })
    },
  ],
  "a merge that is reported did not happen": [
    on.healthy,
    storing((store) => {
      let count = 0
      return {
        merge: (announcements, nowMs) =>
          ++count % 7 === 0 ? Effect.succeed(announcements.map(() => ({ changed: true }))) : store.merge(announcements, nowMs),
      }
    }),
  ],

  // reading ---------------------------------------------------------------------------------------------------------------
  "one frame ends the process": [
    on.lying("spam"),
    coding((codec) => ({
      reader: () => {
        const read = codec.reader()
        return (chunk) => {
          const spoken = read(chunk)
          if (spoken.fault !== undefined) throw new Error(`cannot read ${spoken.fault}`)
          return spoken
        }
      },
    })),
  ],
})
