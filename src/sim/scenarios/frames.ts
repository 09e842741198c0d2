/**
 * Strangers come, greet as they should, and send frames that were made wrong byte by byte: each may end nothing but its own
 * connection, while the mesh goes on.
 */
import { Effect } from "effect"
import { idOf } from "../../protocol/identity/id.ts"
import { idsPerMessageMax } from "../../protocol/limits.ts"
import { secondsOf } from "../../protocol/time.ts"
import { capabilities, type Message } from "../../protocol/wire/message.ts"
import { wireCodec } from "../../runtime/codec.ts"
import type { ContentId } from "../../protocol/gossip/announcement.ts"
import type { Connection } from "../../runtime/ports.ts"
import { Hand } from "../byzantine/hand.ts"
import type { SeededRandom } from "../dice.ts"
import { hostKey } from "../keys.ts"
import type { Scenario } from "../scenario.ts"
import { addressOf, type Stage } from "../stage.ts"
import { inPieces, mutilated } from "../workload/mutilate.ts"

const joinMs = 3_000
const registeringMs = 10_000
/** Between two strangers. */
const everyMs = 150
/** All of a stranger's frames are out by then, and it leaves. */
const stayMs = 3_000
const framesMax = 12
const calmMs = 40_000

export const frames: Scenario = {
  name: "frames",
  purpose: "a frame can end nothing but its own connection",
  defaults: { nodes: 8, untilMs: 90_000, records: 15 },
  play: (stage) => {
    // what goes by at one honest node is what strangers make wrong
    const hand = new Hand()
    stage.mesh(4, {}, () => new Map([[0, hand.over]]))
    stage.run(joinMs)
    stage.registerMany(stage.options.records, registeringMs)
    const untilMs = Math.max(joinMs + registeringMs, stage.options.untilMs - calmMs)
    let strangers = 0
    for (let atMs = joinMs; atMs < untilMs; atMs += everyMs) stage.world.clock.at(atMs - joinMs, () => visit(stage, hand, strangers++))
    stage.run(untilMs)
    stage.digests.calmFromMs = untilMs
    stage.drawn["strangers"] = strangers
    stage.run(untilMs + calmMs)
    return { gossip: stage.gossipSection(), digest: stage.digestSection() }
  },
}

/** One stranger comes to one node. */
const visit = (stage: Stage, hand: Hand, number: number): void => {
  const { world } = stage
  const random = world.random(`stranger/${number}`)
  const name = `stranger-${number}`
  const { publicKey } = hostKey(stage.options.seed, name)
  const victim = random.pick(world.machines)
  const transport = world.network.transportOf({ index: world.machines.length + number, name, key: publicKey })
  const hello: Message = {
    type: "HELLO",
    nodeId: idOf("registry", publicKey),
    publicKey,
    version: "stranger",
    capabilities: Object.values(capabilities),
    network: "public",
    role: "full",
    listenPort: 0,
    agentCount: 0,
  }
  const talk = (connection: Connection): void => {
    connection.open({ bytes: () => {}, closed: () => {} })
    if (random.isTrue(0.8)) connection.write(wireCodec.write(hello))
    for (let count = 1 + random.below(framesMax); count > 0; count--)
      world.clock.at(random.between(100, stayMs / 2), () => {
        const frame = wireCodec.write(random.pick(messages)(random, hand, hello))
        for (const piece of inPieces(random, random.isTrue(0.9) ? mutilated(random, frame) : frame)) connection.write(piece)
      })
    world.clock.at(stayMs, () => connection.close())
  }
  world.fork(victim, Effect.match(transport.dial(addressOf(victim)), { onFailure: () => {}, onSuccess: talk }))
}

type Make = (random: SeededRandom, hand: Hand, hello: Message) => Message

const bytesOf = (random: SeededRandom): Uint8Array => random.bytes(random.below(400))
const idsOf = (random: SeededRandom): ReadonlyArray<ContentId> =>
  Array.from(
    { length: random.below(2 * idsPerMessageMax) },
    () =>
      random
        .below(2 ** 31)
        .toString(16)
        .padStart(32, "0") as ContentId,
  )

/** One of each kind that can be said. */
const messages: ReadonlyArray<Make> = [
  (_, __, hello) => hello,
  (random, hand, hello) => {
    const document = hand.heard.length === 0 ? undefined : random.pick(hand.heard)
    return document === undefined
      ? hello
      : { type: "GOSSIP", id: idsOf(random)[0] ?? ("0".repeat(32) as ContentId), hopCount: random.below(12), document: () => document }
  },
  (random, _, hello) => ({
    type: "HEARTBEAT",
    registryId: hello.type === "HELLO" ? hello.nodeId : idOf("registry", hostKey(0, "nobody").publicKey),
    at: secondsOf(random.below(2 ** 31) * 1_000),
    peers: [{ address: { host: "h.example", port: 1 + random.below(60_000) }, reputation: random.next() }],
    agentCount: random.below(10),
    serviceCount: 0,
    wantsAnswer: random.isTrue(0.5),
  }),
  (random) => ({ type: "IHAVE", ids: idsOf(random) }),
  (random) => ({ type: "GRAFT", ids: idsOf(random) }),
  () => ({ type: "PRUNE" }),
  (random) => ({
    type: "RECONCILE",
    step: "compare",
    salt: "stranger",
    digest: Buffer.from(bytesOf(random)).toString("base64url").slice(0, 16),
  }),
  (random) => ({ type: "RECONCILE", step: "list", salt: "stranger", bits: random.below(14), listed: bytesOf(random) }),
  (random) => ({ type: "RECONCILE", step: "split", bits: random.below(14), digests: bytesOf(random) }),
  (random) => ({ type: "RECONCILE", step: "want", short: bytesOf(random), isWhole: random.isTrue(0.5) }),
  (random, hand) => ({ type: "RECONCILE", step: "records", documents: hand.heard.slice(0, random.below(5)) }),
  (random) => ({ type: "ASK", request: random.below(1_000), subject: "zns:nothing" }),
  (random, hand) => ({ type: "ANSWER", request: random.below(1_000), documents: hand.heard.slice(0, random.below(3)) }),
]
