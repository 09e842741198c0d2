/** Puts a deployed node on a machine of the simulated network, in place of one of ours. */
import { Clock, Effect } from "effect"
import { readAddress } from "../../protocol/mesh/address.ts"
import type { verifyRaw } from "../../protocol/identity/ed25519.ts"
import { writeKey, writeSignature } from "../../protocol/identity/key.ts"
import { Timers, Transport } from "../../runtime/ports.ts"
import { signerOf } from "../keys.ts"
import type { Machine, World } from "../world.ts"
import type { Ground, Wire } from "./link.ts"
import type { DeployedSettings } from "./mesh-links.ts"
import { DeployedNode } from "./node.ts"
import { DeployedRecords } from "./records.ts"

export interface Placed {
  readonly machine: Machine
  /** The one that runs now, or ran last. */
  readonly node: () => DeployedNode
}

const dialPatienceMs = 10_000

export interface PlacedSettings extends Pick<DeployedSettings, "bootstrap" | "expectedItems" | "maxPeers" | "rebuildEveryMs" | "told"> {
  /** Of each connection, whatever comes over it. */
  readonly heard?: () => (chunk: Uint8Array) => void
}

/**
 * Starts one, its clocks `afterMs` later, so that not all of them tick at once; and again whenever its machine comes back; what it holds is on its disk. `mayDial`: addresses that it reaches,
 * for networks in which not everybody reaches everybody.
 */
export const placeDeployed = (
  world: World,
  machine: Machine,
  settings: PlacedSettings,
  afterMs: number,
  mayDial: (address: string) => boolean = () => true,
): Placed => {
  const { publicKey, registryId, sign } = signerOf(machine.secret)
  const own = { ...settings, publicKey, registryId, sign, name: machine.name, listenPort: 4001, check: rememberedCheck(world) }
  const records = new DeployedRecords()
  let node: DeployedNode | undefined
  const program = Effect.gen(function* () {
    const transport = yield* Transport
    const timers = yield* Timers
    const clock = yield* Clock.Clock
    const fork = Effect.runForkWith(yield* Effect.context())
    const chance = world.random(`deployed/${machine.name}/${world.clock.elapsedMs}`)
    const dial: Ground["dial"] = (text, done) => {
      const address = readAddress(text)
      if (address === undefined || !mayDial(text)) return done(undefined)
      const dialled: Effect.Effect<Wire | undefined> = transport.dial(address).pipe(
        Effect.timeoutOrElse({ duration: dialPatienceMs, orElse: () => Effect.fail("nobody answers") }),
        Effect.orElseSucceed(() => undefined),
      )
      fork(Effect.map(dialled, (wire) => done(wire && overheard(world, wire, settings.heard?.()))))
    }
    const running = new DeployedNode(
      { nowMs: () => clock.currentTimeMillisUnsafe(), after: timers.after, dial, chance: () => chance.next() },
      own,
      records,
    )
    node = running
    yield* Effect.addFinalizer(() => Effect.sync(() => running.end()))
    yield* transport.listen((connection) => running.accept(overheard(world, connection, settings.heard?.())))
    yield* Effect.sleep(afterMs)
    running.begin()
  }).pipe(Effect.orDie)
  world.start(machine, program)
  return { machine, node: () => node! }
}

/** The same wire; where the run is logged, the log learns what its frames are, and so does who listens. */
const overheard = (world: World, wire: Wire, heard: ((chunk: Uint8Array) => void) | undefined): Wire => {
  const { log } = world
  if (log === undefined && heard === undefined) return wire
  return {
    remoteHost: wire.remoteHost,
    write: (bytes) => wire.write(bytes),
    close: () => wire.close(),
    open: ({ bytes, closed }) =>
      wire.open({
        closed,
        bytes: (chunk) => {
          log?.said(chunk)
          heard?.(chunk)
          bytes(chunk)
        },
      }),
  }
}

/** All of them check the same announcements: the world remembers. */
const rememberedCheck =
  (world: World): typeof verifyRaw =>
  (key, message, signature) => {
    if (key.length !== 32 || signature.length !== 64) return false
    return world.verifier.verify(writeKey(key), message, writeSignature(signature))
  }
