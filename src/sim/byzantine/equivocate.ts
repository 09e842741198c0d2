/**
 * Says one thing to some peers and another, in the same second, to the others, about entities that it is really home to: a
 * change, an end, or another time of registration.
 */
import { announceEntity, announceTombstone } from "../../protocol/gossip/announcement.ts"
import { clockSkewMaxMs } from "../../protocol/limits.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { secondsOf } from "../../protocol/time.ts"
import { client } from "../workload/clients.ts"
import { again, gossipOf, type LiarKind } from "./liar.ts"

/** Clients of liars have numbers that no honest one has. */
const firstNumber = 1_000_000
const clientsOfEach = 16

export const equivocate: LiarKind = {
  name: "equivocate",
  lie: "says this to some and that to others",
  begin: (stage, liar) =>
    again(stage, liar, 300, 4_000, () => {
      const { hand, machine, origin, random } = liar
      const who = client(stage.options.seed, firstNumber + machine.index * clientsOfEach + random.below(4))
      const nowMs = machine.clock.currentTimeMillisUnsafe()
      const registered = readRegistration(who.registration, { home: origin.registryId, nowMs, check: () => true })
      if (registered.type === "refused") throw new Error(registered.message)
      const at = secondsOf(nowMs)
      const record = { ...registered.record, registered_at: secondsOf(stage.world.clock.startMs - clockSkewMaxMs), updated_at: at }
      const [, signature] = who.deletion.split(" ")
      const words = [
        announceEntity(origin, "register", record, at),
        announceEntity(origin, "register", { ...record, service_endpoint: `https://b-${at}.example.com` }, at),
        announceEntity(origin, "register", { ...record, registered_at: record.registered_at - random.below(1_000) }, at),
        announceTombstone(
          origin,
          record,
          { by: "entity", text: record.entity_id, signature: signature as typeof record.signature },
          "owner-deregistered",
          at,
        ),
      ]
      for (const connection of hand.connections) hand.say(gossipOf(random.pick(words)), [connection])
    }),
}
