/**
 * A crowd of Sybils: machines whose keys are, all of them, closer to one key of the DHT than anybody else's. Such keys are
 * found by trying; here only what their hash needs is tried, as nothing that these machines say has to be signed.
 */
import { sharedBits } from "../../protocol/dht/distance.ts"
import type { DhtKey } from "../../protocol/dht/key.ts"
import { sha256Hex } from "../../protocol/identity/digest.ts"
import { writeKey } from "../../protocol/identity/key.ts"
import { keySeed } from "../keys.ts"
import { secretKeyOf } from "../signatures.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"

/** Sixteen times closer than the closest of a thousand. */
const bits = 14

export const crowdOf = (stage: Stage, count: number, key: DhtKey): ReadonlyArray<Machine> => {
  const { options, world } = stage
  const raw = Buffer.from(keySeed(options.seed, "crowd"))
  let tried = 0
  return Array.from({ length: count }, (_, i) => {
    do raw.writeUInt32LE(++tried)
    while (sharedBits(sha256Hex(raw) as DhtKey, key) < bits)
    const secret = { ...secretKeyOf(keySeed(options.seed, `sybil/${i}`)), publicKey: writeKey(raw) }
    return world.replaceKey(world.addMachine(`sybil${i}`), secret)
  })
}
