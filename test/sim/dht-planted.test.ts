/** Bugs that others made in their DHTs, planted here: each must be caught. Small networks with small buckets, so that they are full. */
import { describe, expect, it } from "vitest"
import { dht, type DhtEvent, type DhtInput, type DhtMemory } from "../../src/actors/dht.ts"
import type { Reducer } from "../../src/actors/reducer.ts"
import { type DhtKey, keyOf, nodeKeyOf } from "../../src/protocol/dht/key.ts"
import * as Table from "../../src/protocol/dht/routing-table.ts"
import { makeValue, type ProvenValue, readValue } from "../../src/protocol/dht/value.ts"
import * as Values from "../../src/protocol/dht/value-store.ts"
import { announceEntity } from "../../src/protocol/gossip/announcement.ts"
import type { JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { dhtValueLifeMs } from "../../src/protocol/limits.ts"
import { secondsOf } from "../../src/protocol/time.ts"
import { cast } from "../../src/runtime/cast.ts"
import { defaultDht } from "../../src/runtime/node/dht.ts"
import { signerOf } from "../../src/sim/keys.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { type RunResult, simulate } from "../../src/sim/simulate.ts"
import { addressOf, type Stage } from "../../src/sim/stage.ts"
import { entityOf } from "../support/builders.ts"

type Dht = Reducer<DhtInput, DhtMemory, DhtEvent>
const k = 3

/** Nodes meet; then one stores a value with another that somebody changed on the way, and one that has a minute to live. */
const crossing: Scenario = {
  name: "crossing",
  purpose: "",
  defaults: { nodes: 14, records: 0, untilMs: 330_000 },
  play: (stage) => {
    stage.mesh(6, { dht: { ...defaultDht, k } })
    stage.run(20_000)
    const [from, to] = [stage.world.machines[0]!, stage.world.machines[1]!]
    const origin = signerOf(from.secret)
    const at = secondsOf(from.clock.currentTimeMillisUnsafe() - dhtValueLifeMs) + 60
    const announcement = announceEntity(
      origin,
      "register",
      { ...entityOf(2, 0), home_registry: origin.registryId, registered_at: at, updated_at: at },
      at,
    )
    const { document } = makeValue(origin, announcement, at, addressOf(from))!.stored
    const forged = { ...document, pointer: { ...(document["pointer"] as JsonObject), host: "evil.example" } }
    const target = { to: { id: nodeKeyOf(to.key), address: addressOf(to) }, target: keyOf(announcement)! }
    const asked = { type: "questions.asked", from: "nobody", goal: "store", key: keyOf(announcement)!, questions: [target] }
    for (const value of [forged, document]) {
      from.node!.actors.tell("dht-pool", { ...asked, values: [value], nowMs: from.clock.currentTimeMillisUnsafe() })
      stage.run(stage.world.clock.elapsedMs + 5_000)
    }
    stage.run(stage.options.untilMs)
    return {}
  },
}

const planting = (bugged: Dht) => (stage: Stage) => {
  stage.planted = { cast: { ...cast, dht: bugged } }
}

const bugs: Readonly<Record<string, readonly [caughtBy: string, bugged: Dht]>> = {
  "whoever comes last takes the place of whoever was heard longest ago": [
    "K2 live contacts stay",
    {
      ...dht,
      step: (memory, event, say) => {
        dht.step(memory, event, say)
        for (const { contacts, replacements } of memory.table.buckets.values())
          if (replacements.length > 0) Table.lose(memory.table, contacts[0]!.id)
      },
    },
  ],
  "values are not proven before they are kept": [
    "K3 proven values",
    {
      ...dht,
      step: (memory, event, say) => {
        if (event.type !== "message.received" || event.message.type !== "DHT" || event.message.op !== "STORE")
          return dht.step(memory, event, say)
        for (const document of event.message.values) Values.put(memory.values, readValue(document) as ProvenValue, event.nowMs)
      },
    },
  ],
  "what has expired is kept": [
    "K3 proven values",
    {
      ...dht,
      step: (memory, event, say) => {
        const held = new Map<DhtKey, Values.Held>(memory.values.held)
        dht.step(memory, event, say)
        if (event.type === "upkeep.due") for (const [key, values] of held) memory.values.held.set(key, values)
      },
    },
  ],
  "a bucket has no end": [
    "K1 table",
    {
      ...dht,
      step: (memory, event, say) => {
        dht.step(memory, event, say)
        for (const bucket of memory.table.buckets.values()) {
          bucket.contacts = [...bucket.contacts, ...bucket.replacements]
          bucket.replacements = []
        }
      },
    },
  ],
}

const run = (plant: (stage: Stage) => void = () => {}): RunResult => {
  const options: RunOptions = { ...defaultRun, ...crossing.defaults, seed: 1 }
  return simulate(crossing, options, plant)
}

describe("a bug planted in the DHT is caught", () => {
  it("and without one nothing is", () => {
    expect(run().violations).toEqual([])
  })
  it.each(Object.entries(bugs))("%s", (_, [caughtBy, bugged]) => {
    const result = run(planting(bugged))
    expect(result.crash).toBeUndefined()
    expect(result.violations.map(({ invariant }) => invariant)).toContain(caughtBy)
  })
})
