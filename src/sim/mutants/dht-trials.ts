/** Where bugs in the DHT show soon: networks of few nodes, with small buckets, so that they are full. */
import { nodeKeyOf, keyOf } from "../../protocol/dht/key.ts"
import { makeValue } from "../../protocol/dht/value.ts"
import { announceEntity } from "../../protocol/gossip/announcement.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import { dhtValueLifeMs } from "../../protocol/limits.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { secondsOf } from "../../protocol/time.ts"
import { defaultDht } from "../../runtime/node/dht.ts"
import { signerOf } from "../keys.ts"
import { dht } from "../scenarios/dht.ts"
import { addressOf, type Stage } from "../stage.ts"
import { client } from "../workload/clients.ts"
import type { Trial } from "./mutant.ts"

/** Nodes meet; then one stores a value with another that somebody changed on the way, and one that has a minute to live. */
const cross = (stage: Stage): void => {
  stage.mesh(6, { dht: { ...defaultDht, k: 3 } })
  stage.run(20_000)
  const [from, to] = [stage.world.machines[0]!, stage.world.machines[1]!]
  const origin = signerOf(from.secret)
  const bornMs = from.clock.currentTimeMillisUnsafe() - dhtValueLifeMs + 60_000
  const registered = readRegistration(client(stage.options.seed, 0).registration, {
    home: origin.registryId,
    nowMs: bornMs,
    check: () => true,
  })
  if (registered.type === "refused") throw new Error(registered.message)
  const announcement = announceEntity(origin, "register", registered.record, secondsOf(bornMs))
  const { document } = makeValue(origin, announcement, secondsOf(bornMs), addressOf(from))!.stored
  const forged = { ...document, pointer: { ...(document["pointer"] as JsonObject), host: "evil.example" } }
  const key = keyOf(announcement)!
  const questions = [{ to: { id: nodeKeyOf(to.key), address: addressOf(to) }, target: key }]
  for (const value of [forged, document]) {
    const nowMs = from.clock.currentTimeMillisUnsafe()
    from.node!.actors.tell("dht-pool", { type: "questions.asked", from: "nobody", goal: "store", key, values: [value], questions, nowMs })
    stage.run(stage.world.clock.elapsedMs + 5_000)
  }
}

export const crossing: Trial = {
  scenario: {
    name: "crossing",
    purpose: "one node stores with another what it must not keep",
    defaults: { nodes: 14, records: 0, untilMs: 240_000 },
    play: (stage) => {
      cross(stage)
      stage.run(stage.options.untilMs)
      return {}
    },
  },
  over: {},
}

/** Buckets of this size, whatever the scenario says. */
const withBuckets = (k: number, { over, scenario }: Trial): Trial => ({
  over,
  scenario: {
    ...scenario,
    play: (stage) => {
      const settings = stage.settings.bind(stage)
      stage.settings = (more) => settings({ ...more, dht: { ...defaultDht, k } })
      return scenario.play(stage)
    },
  },
})

export const dying: Trial = withBuckets(6, { scenario: dht, over: { nodes: 24, records: 8, dead: 0.3 } })
export const misled: Trial = withBuckets(5, { scenario: dht, over: { nodes: 30, records: 10, byzantine: 0.3 } })
