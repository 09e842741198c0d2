/**
 * The real half of `fidelity`: nodes in this process that listen on loopback and speak TLS, with the keys of the simulated
 * ones. Tells its parent what happened when, and what came of it.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { Cause, Clock, Effect, Layer, type Scope } from "effect"
import { layer as codecLayer } from "../../runtime/codec.ts"
import { signerOf, strictVerifier } from "../../runtime/live/keys.ts"
import { systemTimers } from "../../runtime/live/timers.ts"
import { tlsTransport } from "../../runtime/live/tls-transport.ts"
import { makeNode, type RunningNode } from "../../runtime/node.ts"
import { Codec, Journal, RecordStore } from "../../runtime/ports.ts"
import { makeMemoryStore } from "../../runtime/store/memory.ts"
import { SeededRandom } from "../dice.ts"
import { digestOfNode } from "../digest-watch.ts"
import { hostKey } from "../keys.ts"
import { client } from "../workload/clients.ts"
import { counted, type Counts, type Deed, dialsOf, type Plan, type RealOutcome, settingsOf } from "./plan.ts"

/** Between two nodes that come: until the tree has taken in the one before. */
const settlingMs = 250
/** A registration takes less, even on a busy machine. */
const spareMs = 300
/** After a registration, until all have heard of its developer: who has not introduces the same one as well. */
const heardMs = 100

/**
 * A registration is dated in several places. Where a second ends in between, as it may on a busy machine, they differ, and nobody
 * who computes in no time can do the same: it waits for the next second.
 */
const awayFromTheEnd = (clock: Clock.Clock): Effect.Effect<void> =>
  Effect.suspend(() => {
    const leftMs = 1_000 - (clock.currentTimeMillisUnsafe() % 1_000)
    return leftMs > spareMs ? Effect.void : Effect.sleep(leftMs)
  })

/** A moment, in the second that the node dated it. */
const within = (secondMs: number, atMs: number): number => Math.min(Math.max(atMs, secondMs), secondMs + 999)

const run = (plan: Plan): Effect.Effect<RealOutcome, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const startMs = clock.currentTimeMillisUnsafe()
    const now = () => clock.currentTimeMillisUnsafe() - startMs
    const deeds: Array<Deed> = []
    const counts: Counts = {}
    const nodes: Array<RunningNode> = []
    const dials = Map.groupBy(dialsOf(plan, new SeededRandom(plan.seed, "topology")), ([dialler]) => dialler)
    for (let node = 0; node < plan.nodes; node++) {
      yield* Effect.sleep(settlingMs)
      const bootstrap = (dials.get(node) ?? []).map(([, listener]) => ({ address: nodes[listener]!.address }))
      deeds.push({ atMs: now(), type: "boot", node })
      nodes.push(yield* start(plan, node, counts, bootstrap))
    }
    const random = new SeededRandom(plan.seed, "fidelity")
    const moments = Array.from({ length: plan.records }, () => random.between(plan.registerFromMs, plan.registerUntilMs)).sort(
      (a, b) => a - b,
    )
    for (const [number, moment] of moments.entries()) {
      const node = random.below(plan.nodes)
      yield* Effect.sleep(Math.max(0, moment - now()))
      yield* awayFromTheEnd(clock)
      const askedMs = now()
      const { updated_at } = yield* nodes[node]!.service.registerEntity(client(plan.seed, number).registration)
      deeds.push({ atMs: within(updated_at * 1_000 - startMs, askedMs), type: "register", node, client: number })
      yield* Effect.sleep(heardMs)
    }
    yield* Effect.sleep(Math.max(0, plan.untilMs - now()))
    return { startMs, deeds, counts: { ...counts }, digests: nodes.map(digestOfNode) }
  })

const start = (plan: Plan, index: number, counts: Counts, bootstrap: Parameters<typeof settingsOf>[0]) => {
  const key = hostKey(plan.seed, `n${index}`)
  const countedCodec = Layer.effect(
    Codec,
    Effect.map(Codec, (codec) => counted(codec, counts)),
  ).pipe(Layer.provide(codecLayer))
  const ports = Layer.mergeAll(
    tlsTransport(key, { host: "127.0.0.1", port: 0 }),
    systemTimers,
    signerOf(key),
    strictVerifier,
    countedCodec,
    Layer.succeed(RecordStore, makeMemoryStore()),
    Layer.succeed(Journal, {
      report: () => {},
      defect: (cause) => {
        throw new Error(String(cause))
      },
    }),
  )
  return makeNode(settingsOf(bootstrap)).pipe(Effect.provide(ports))
}

/** Says one thing, the outcome or why there is none, and ends. */
const say = (answer: RealOutcome | string): void => void process.send!(answer, undefined, undefined, () => process.exit())

process.once("message", (plan: Plan) => {
  Effect.runFork(
    Effect.matchCause(Effect.scoped(run(plan)), { onFailure: (cause) => say(Cause.pretty(cause)), onSuccess: (outcome) => say(outcome) }),
  )
})
