/**
 * Trust on first use: a peer that returns with another key is not let in again, and a forger that is first with somebody
 * else's entity takes over nobody.
 */
import { announceEntity, announceTombstone, type Origin } from "../../protocol/gossip/announcement.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import type { EntityRecord } from "../../protocol/records/entity.ts"
import { secondsOf } from "../../protocol/time.ts"
import { keySeed, signerOf } from "../keys.ts"
import { secretKeyOf, sign } from "../signatures.ts"
import type { Scenario } from "../scenario.ts"
import type { Stage } from "../stage.ts"
import { client } from "../workload/clients.ts"
import type { Machine } from "../world.ts"

const joinMs = 2_000

export const tofu: Scenario = {
  name: "tofu",
  purpose: "a peer with another key is refused, and a forger that comes first takes over nobody",
  defaults: { nodes: 12, untilMs: 90_000, records: 20 },
  play: (stage) => {
    stage.mesh(4)
    const [returning, forger] = [stage.world.machines[1]!, stage.world.machines[2]!]
    stage.markByzantine(forger)
    stage.run(joinMs)

    forgeFirst(stage, forger)
    stage.run(joinMs + 1_000)
    stage.registerMany(stage.options.records, 5_000)
    stage.run(10_000)

    returnWithAnotherKey(stage, returning)
    stage.run(stage.options.untilMs)
    return { gossip: stage.gossipSection() }
  },
}

/** Before the owners come, the forger announces their entities in every way it can think of. */
const forgeFirst = (stage: Stage, forger: Machine): void => {
  const origin: Origin = signerOf(forger.secret)
  const nowMs = stage.world.clock.currentTimeMillisUnsafe()
  const at = secondsOf(nowMs)
  for (let number = 0; number < stage.options.records; number++) {
    const registered = readRegistration(client(stage.options.seed, number).registration, {
      home: origin.registryId,
      nowMs,
      check: () => true,
    })
    if (registered.type === "refused") throw new Error(registered.message)
    const { record } = registered
    const ownKey = secretKeyOf(keySeed(stage.options.seed, `forger/${number}`))
    const forgeries: ReadonlyArray<EntityRecord> = [
      { ...record, service_endpoint: "https://forger.example.com" },
      { ...record, entity_url: "https://forger.example.com" },
      { ...record, name: "taken-over", signature: sign(ownKey, "taken-over") },
      // the last word is the worst one: who believes everything is left with it
      { ...record, name: "taken-over" },
    ]
    const said = forgeries.map((forgery, i) => announceEntity(origin, "register", forgery, at + i))
    const ended = announceTombstone(
      origin,
      record,
      { by: "entity", text: record.entity_id, signature: sign(ownKey, record.entity_id) },
      "forged",
      at + forgeries.length,
    )
    for (const announcement of [...said, ended]) forger.node!.actors.tell("gossip", { type: "announcement.made", announcement, nowMs })
  }
}

/** The machine loses its key and comes back, at the same address, with another one. */
const returnWithAnotherKey = (stage: Stage, machine: Machine): void => {
  const { world } = stage
  world.crash(machine)
  const impostor = world.replaceKey(machine, secretKeyOf(keySeed(stage.options.seed, "impostor")))
  stage.markByzantine(impostor)
  world.boot(impostor, stage.settings())
}
