/**
 * One whole reconciliation of two nodes that hold nearly the same: what it costs beyond the records that have to be moved
 * anyway.
 */
import { Context } from "effect"
import { announceEntity, type Origin, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { secondsOf } from "../../protocol/time.ts"
import type { Message } from "../../protocol/wire/message.ts"
import { Codec } from "../../runtime/ports.ts"
import { keySeed, signerOf } from "../keys.ts"
import { secretKeyOf } from "../signatures.ts"
import type { ReconcileSection, Scenario } from "../scenario.ts"
import { addressOf, type Stage } from "../stage.ts"
import { client } from "../workload/clients.ts"
import type { PortsOver } from "../world.ts"

/** Registries whose clients these are. */
const homes = 20

export const reconcile: Scenario = {
  name: "reconcile",
  purpose: "two nodes find out cheaply in what they differ",
  defaults: { nodes: 2, untilMs: 20_000, records: 10_000, differences: 100 },
  play: (stage) => {
    const { world } = stage
    const [asker, answerer] = [world.addMachine(), world.addMachine()]
    const announcements = announce(stage)
    // half of the differences are unknown to the one, half to the other, all over the set
    const { differences, records } = stage.options
    const every = differences === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(records / differences))
    const isUnknownTo = (side: number) => (_: unknown, i: number) => i % every === 0 && i / every < differences && (i / every) % 2 === side
    const nowMs = world.clock.currentTimeMillisUnsafe()
    for (const [side, machine] of [asker, answerer].entries()) {
      const isUnknown = isUnknownTo(side)
      world.perform(
        machine,
        machine.store.merge(
          announcements.filter((announcement, i) => !isUnknown(announcement, i)),
          nowMs,
        ),
      )
    }

    const meter = makeMeter()
    world.boot(answerer, stage.settings(), meter.over)
    world.boot(asker, stage.settings({ bootstrap: [{ address: addressOf(answerer) }] }), meter.over)
    stage.digests.calmFromMs = 0
    stage.run(stage.options.untilMs)
    return { reconcile: meter.section(), digest: stage.digestSection() }
  },
}

/** One announcement of each of so many entities. */
const announce = ({ options: { records, seed }, world }: Stage): ReadonlyArray<VerifiedAnnouncement> => {
  const nowMs = world.clock.currentTimeMillisUnsafe()
  const origins = Array.from({ length: homes }, (_, i): Origin => signerOf(secretKeyOf(keySeed(seed, `home/${i}`))))
  return Array.from({ length: records }, (_, number) => {
    const origin = origins[number % homes]!
    const registered = readRegistration(client(seed, number).registration, { home: origin.registryId, nowMs, check: () => true })
    if (registered.type === "refused") throw new Error(registered.message)
    return announceEntity(origin, "register", registered.record, secondsOf(nowMs))
  })
}

/** Counts what both write. */
const makeMeter = (): { readonly over: PortsOver; readonly section: () => ReconcileSection } => {
  let bytesPerRound = 0
  let roundTrips = 0
  const count = (message: Message, frame: Uint8Array): void => {
    if (message.type !== "RECONCILE") return
    const records =
      message.step === "records" ? message.documents.reduce((sum, document) => sum + Buffer.byteLength(JSON.stringify(document)), 0) : 0
    bytesPerRound += frame.length - records
    // what the asker asks, the answerer answers
    if (message.step === "compare" || message.step === "list") roundTrips++
  }
  return {
    over: (ports) => {
      const codec = Context.get(ports, Codec)
      const write = (message: Message): Uint8Array => {
        const frame = codec.write(message)
        count(message, frame)
        return frame
      }
      return Context.add(ports, Codec, { ...codec, write })
    },
    section: () => ({ bytesPerRound, roundTrips }),
  }
}
