/** Small worlds in which bugs show soon: ordinary scenarios at a small size, and some that bring about what is rare elsewhere. */
import { Hand } from "../byzantine/hand.ts"
import { idsPerMessageMax, heartbeatPeersMax, missingIdsMax, redialMaxMs } from "../../protocol/limits.ts"
import { announceEntity, type ContentId } from "../../protocol/gossip/announcement.ts"
import { readRegistration } from "../../protocol/records/registration.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { secondsOf } from "../../protocol/time.ts"
import { gossipOf, type LiarKind } from "../byzantine/liar.ts"
import { keySeed, signerOf } from "../keys.ts"
import { secretKeyOf } from "../signatures.ts"
import type { RunOptions, Scenario } from "../scenario.ts"
import { byzantine } from "../scenarios/byzantine.ts"
import { convergence } from "../scenarios/convergence.ts"
import { flood } from "../scenarios/flood.ts"
import { partition } from "../scenarios/partition.ts"
import { roles } from "../scenarios/roles.ts"
import { tofu } from "../scenarios/tofu.ts"
import { addressOf, type Stage } from "../stage.ts"
import { client } from "../workload/clients.ts"
import type { Machine } from "../world.ts"
import type { Trial } from "./mutant.ts"

const trial = (scenario: Scenario, over: Partial<RunOptions> = {}): Trial => ({ scenario, over })
const small: Partial<RunOptions> = { nodes: 12, records: 25, untilMs: 150_000 }

const play = (name: string, act: (stage: Stage) => void): Scenario => ({
  ...convergence,
  name,
  play: (stage) => {
    act(stage)
    stage.run(stage.options.untilMs)
    return { gossip: stage.gossipSection() }
  },
})

/** From here on what is announced has to arrive at once. */
const prompt = (stage: Stage, withinMs: number): void => {
  stage.prompt = { fromMs: stage.world.clock.elapsedMs, untilMs: Number.POSITIVE_INFINITY, withinMs }
}

const at = (stage: Stage, atMs: number, act: () => void): void => void stage.world.clock.at(atMs - stage.world.clock.elapsedMs, act)

/** Machines of which each dials the next. */
const inARow = (stage: Stage): void => {
  for (let i = 0; i < stage.options.nodes; i++) stage.world.addMachine()
  for (const machine of stage.world.machines) {
    const next = stage.world.machines[machine.index + 1]
    stage.world.boot(machine, stage.settings({ bootstrap: next === undefined ? [] : [{ address: addressOf(next) }] }))
  }
}

export const healthy = trial(convergence, { nodes: 12, records: 20, untilMs: 60_000 })
export const wide = trial(convergence, { nodes: 25, records: 20, untilMs: 20_000 })
/** Nodes of the mesh page, which flood: most of what they hear they have heard before. */
export const flooding = trial(
  play("flooding", (stage) => {
    stage.mesh(6, { capabilities: [] })
    stage.run(2_000)
    stage.registerMany(stage.options.records, 5_000)
  }),
  { nodes: 12, records: 20, untilMs: 20_000 },
)
export const split = trial(partition, { ...small, faults: ["halves"] })
export const doubled = trial(partition, { ...small, faults: ["duplication"] })
export const crashing = trial(partition, { ...small, faults: ["crash"] })
export const skewed = trial(partition, { ...small, untilMs: 200_000, faults: ["clock-skew"] })
export const flooded = trial(flood, { nodes: 12, records: 60, untilMs: 110_000 })
export const firstUse = trial(tofu)
export const everyRole = trial(roles, { nodes: 16, records: 20, gateways: 2, bootnodes: 1 })
export const lying = (...liars: ReadonlyArray<string>): Trial => trial(byzantine, { ...small, faults: liars })
/** No records: while half of all is lost nobody owes anybody a record. */
export const halfLost = trial(convergence, { nodes: 8, records: 0, loss: 0.5, untilMs: 600_000 })
/** Nodes of the mesh page, which have nothing to say to each other but that they live. */
export const quiet = (loss: number): Trial =>
  trial(
    play("quiet", (stage) => stage.mesh(4, { capabilities: [] })),
    { nodes: 8, records: 0, loss, untilMs: 400_000 },
  )

/** Pieces are lost, and what was lost must be there long before anybody reconciles. */
export const lossy = trial(
  play("lossy", (stage) => {
    stage.mesh(8)
    stage.run(5_000)
    prompt(stage, 8_000)
    stage.registerMany(stage.options.records, 5_000)
  }),
  { nodes: 12, records: 20, loss: 0.05, untilMs: 90_000 },
)

/** A chain of nodes, longer than an announcement may travel. */
export const chain = trial(
  play("chain", (stage) => {
    inARow(stage)
    stage.run(2_000)
    stage.registerMany(stage.options.records, 1_000)
  }),
  { nodes: 16, records: 6, untilMs: 60_000 },
)

/** Several homes register one entity at the same moment, far from each other: more than claims are kept of it. */
export const contested = trial(
  play("contested", (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    const { machines } = stage.world
    for (let number = 0; number < stage.options.records; number++)
      for (let home = 0; home < 2 + (number % 5); home++)
        stage.register(machines[(home * 5 + number) % machines.length]!, client(stage.options.seed, number))
    stage.digests.calmFromMs = 4_000
  }),
  { nodes: 12, records: 6, untilMs: 100_000 },
)

/** One home says a lot at once: more than its peers take in a second. */
export const burst = trial(
  play("burst", (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    prompt(stage, 12_000)
    const [home] = stage.world.machines
    for (let number = 0; number < stage.options.records; number++)
      at(stage, 3_000 + number, () => stage.register(home!, client(stage.options.seed, number)))
  }),
  { nodes: 6, records: 400, untilMs: 40_000 },
)

/** Owners end what they registered, and all must hear of it at once. */
export const ending = trial(
  play("ending", (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    prompt(stage, 8_000)
    const random = stage.world.random("ending")
    for (let number = 0; number < stage.options.records; number++)
      stage.register(random.pick(stage.world.machines), client(stage.options.seed, number), (word) =>
        at(stage, random.between(5_000, 8_000), () => stage.deregister(word)),
      )
  }),
  { nodes: 12, records: 12, untilMs: 60_000 },
)

/** Nearly all is said while two halves do not hear each other: there is more to move than one reconciliation moves. */
export const farApart = trial(
  play("far-apart", (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    const half = stage.world.machines.length / 2
    const mend = stage.world.network.disturb({ isCut: true, touches: (from, to) => from.index < half !== to.index < half })
    const [home] = stage.world.machines
    for (let number = 0; number < stage.options.records; number++)
      at(stage, 3_000 + 5 * number, () => stage.register(home!, client(stage.options.seed, number)))
    stage.run(12_000)
    mend()
    stage.digests.calmFromMs = 12_000
  }),
  { nodes: 4, records: 1_200, untilMs: 80_000 },
)

/** Short cuts: no connection ends, so nobody starts anew. */
export const blink = trial(
  play("blink", (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    const half = stage.world.machines.length / 2
    for (let cut = 0; cut < 3; cut++) {
      const mend = stage.world.network.disturb({ isCut: true, touches: (from, to) => from.index < half !== to.index < half })
      stage.registerMany(Math.floor(stage.options.records / 3), 8_000)
      stage.run(15_000 * (cut + 1))
      mend()
      stage.run(stage.world.clock.elapsedMs + 5_000)
    }
    stage.digests.calmFromMs = stage.world.clock.elapsedMs
  }),
  { nodes: 8, records: 24, untilMs: 130_000 },
)

/** Every two neighbours dial each other at the same moment. */
export const mutual = trial(
  play("mutual", (stage) => {
    const { nodes } = stage.options
    for (let i = 0; i < nodes; i++) stage.world.addMachine()
    for (const machine of stage.world.machines) {
      const neighbours = [1, 2, nodes - 1, nodes - 2].map((step) => stage.world.machines[(machine.index + step) % nodes]!)
      stage.world.boot(machine, stage.settings({ bootstrap: neighbours.map((other) => ({ address: addressOf(other) })) }))
    }
    stage.run(5_000)
    stage.registerMany(stage.options.records, 5_000)
  }),
  { nodes: 8, records: 8, untilMs: 60_000 },
)

/** Some lose their power and never come back. */
export const gone = trial(
  play("gone", (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    stage.registerMany(stage.options.records, 5_000)
    stage.run(20_000)
    const random = stage.world.random("gone")
    for (const index of new Set([random.below(8), random.below(8)])) stage.takeDown(index, { isSilent: true })
  }),
  { nodes: 8, records: 8, untilMs: 360_000 },
)

/** Each dials the next one; the last, who dials nobody, is away for a long time. */
export const longNight = trial(
  play("long-night", (stage) => {
    inARow(stage)
    stage.run(3_000)
    const last = stage.options.nodes - 1
    stage.takeDown(last, {})
    stage.registerMany(stage.options.records, 5_000)
    stage.run(300_000)
    stage.restart(last)
    // the longest wait before another dial; by then all have been found inactive as well
    stage.digests.calmFromMs = 300_000 + 1.3 * redialMaxMs
  }),
  { nodes: 5, records: 8, untilMs: 530_000 },
)

/** Some come back with what was true when they left, long after everybody has forgotten what it has seen. */
export const latecomer = trial(
  play("latecomer", (stage) => {
    stage.mesh(4)
    stage.run(3_000)
    const random = stage.world.random("latecomer")
    const away = new Set([random.below(8), random.below(8)])
    for (let number = 0; number < stage.options.records; number++) {
      const home = stage.world.machines.find(({ index }) => !away.has(index))!
      stage.register(home, client(stage.options.seed, number), (word) =>
        at(stage, random.between(20_000, 30_000), () =>
          number % 2 === 0 ? stage.deregister(word) : stage.update(word, client(stage.options.seed, number, 1)),
        ),
      )
    }
    stage.run(15_000)
    for (const index of away) stage.takeDown(index, {})
    // a new word is what makes a node forget the old ones
    stage.run(480_000)
    stage.register(
      stage.world.machines.find(({ index }) => !away.has(index))!,
      client(stage.options.seed, stage.options.records),
    )
    stage.run(490_000)
    for (const index of away) stage.restart(index)
    stage.digests.calmFromMs = 490_000 + 1.3 * redialMaxMs
  }),
  { nodes: 8, records: 12, untilMs: 660_000 },
)

/** A node that met its peers restarts, and one of them comes back with another key. */
export const stranger = trial(
  play("stranger", (stage) => {
    stage.mesh(4)
    stage.run(5_000)
    const { world } = stage
    for (const machine of world.machines) world.crash(machine)
    stage.run(6_000)
    const impostor = world.replaceKey(world.machines[1]!, secretKeyOf(keySeed(stage.options.seed, "impostor")))
    stage.markByzantine(impostor)
    world.boot(impostor, stage.settings())
    for (const machine of world.machines) if (machine !== impostor) world.boot(machine, machine.started!.settings)
  }),
  { nodes: 8, records: 0, untilMs: 60_000 },
)

/** One of the machines has a hand on its connections. */
const withHand = (stage: Stage, more: Parameters<Stage["settings"]>[0], act: (hand: Hand, liar: Machine) => void): void => {
  const hand = new Hand()
  stage.mesh(4, more, () => new Map([[0, hand.over]]))
  const [liar] = stage.world.machines
  stage.markByzantine(liar!)
  stage.run(3_000)
  act(hand, liar!)
}

/** A neighbour of the liar comes back, and lacks what was said meanwhile. */
export const returning = (kind: LiarKind): Trial =>
  trial(
    play("returning", (stage) =>
      withHand(stage, {}, (hand, liar) => {
        kind.begin(stage, { machine: liar, hand, random: stage.world.random("liar"), origin: signerOf(liar.secret) })
        stage.takeDown(1, {})
        stage.registerMany(stage.options.records, 5_000)
        stage.run(12_000)
        stage.restart(1)
      }),
    ),
    { nodes: 6, records: 20, untilMs: 90_000 },
  )

/** A peer tells more ids than anybody can bring. */
export const unbringable = trial(
  play("unbringable", (stage) =>
    withHand(stage, {}, (hand) => {
      for (let batch = 0; batch <= (2 * missingIdsMax) / idsPerMessageMax; batch++)
        hand.say({
          type: "IHAVE",
          ids: Array.from({ length: idsPerMessageMax }, (_, i) => hex(batch * idsPerMessageMax + i) as ContentId),
        })
    }),
  ),
  { nodes: 6, records: 0, untilMs: 6_000 },
)

/** A peer tells more addresses than there are. */
export const hearsay = trial(
  play("hearsay", (stage) =>
    withHand(stage, { wantedPeers: 3 }, (hand, liar) => {
      for (let batch = 0; batch < 40; batch++)
        hand.say({
          type: "HEARTBEAT",
          registryId: idOf("registry", liar.key),
          at: secondsOf(liar.clock.currentTimeMillisUnsafe()),
          peers: Array.from({ length: heartbeatPeersMax }, (_, i) => ({
            address: { host: `h${batch}-${i}.example`, port: 4001 },
            reputation: 1,
          })),
          agentCount: 0,
          serviceCount: 0,
          wantsAnswer: false,
        })
    }),
  ),
  { nodes: 6, records: 0, untilMs: 8_000 },
)

/** A peer says this to some and that to others, once, in the same second: the same claim with other content. */
export const tied = trial(
  play("tied", (stage) =>
    withHand(stage, {}, (hand, liar) => {
      stage.digests.calmFromMs = 4_000
      // its node, which knows nothing of these words, would take them back
      hand.lets = (message) => (message.type === "HEARTBEAT" ? message : undefined)
      const origin = signerOf(liar.secret)
      const nowMs = liar.clock.currentTimeMillisUnsafe()
      for (let number = 0; number < 6; number++) {
        const registered = readRegistration(client(stage.options.seed, number).registration, {
          home: origin.registryId,
          nowMs,
          check: () => true,
        })
        if (registered.type === "refused") throw new Error(registered.message)
        const { record } = registered
        hand.connections.forEach((connection, i) => {
          const said = { ...record, service_endpoint: `https://${i % 2 === 0 ? "this" : "that"}.example.com` }
          hand.say(gossipOf(announceEntity(origin, "register", said, secondsOf(nowMs))), [connection])
        })
      }
    }),
  ),
  { nodes: 8, records: 0, untilMs: 80_000 },
)

const hex = (value: number): string => value.toString(16).padStart(32, "0")
