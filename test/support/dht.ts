/** Builders for the DHT: contacts and values follow from small numbers, keys from any text. */
import type { Contact } from "../../src/protocol/dht/contact.ts"
import { head } from "../../src/protocol/dht/distance.ts"
import type { Seen } from "../../src/protocol/dht/k-bucket.ts"
import { type DhtKey, nodeKeyOf } from "../../src/protocol/dht/key.ts"
import { type Checks, makeValue, type ProvenValue } from "../../src/protocol/dht/value.ts"
import type { VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import { believe } from "../../src/protocol/gossip/authority.ts"
import { sha256Hex } from "../../src/protocol/identity/digest.ts"
import { verify } from "../../src/protocol/identity/ed25519.ts"
import type { Seconds } from "../../src/protocol/time.ts"
import { noon, registryOf } from "./builders.ts"
import { addressOf } from "./mesh.ts"

/** The node of the registry of this seed. */
export const dhtContactOf = (seed: number): Contact => ({ id: nodeKeyOf(registryOf(seed).publicKey), address: addressOf(seed) })

/** A node that nobody has a key for. */
export const keyFrom = (text: string): DhtKey => sha256Hex(text) as DhtKey
export const contactAt = (id: DhtKey): Contact => ({ id, address: { host: `${id.slice(0, 8)}.example`, port: 4001 } })
export const seenAt = (id: DhtKey, seenMs = 0, network?: string): Seen => ({ ...contactAt(id), network, seenMs, head: head(id) })

/** As `DhtKey`s begin with these bits: `keyWith("0001", "x")`. */
export const keyWith = (bits: string, rest: string): DhtKey => {
  const tail = keyFrom(rest)
  const head = Number.parseInt(bits.padEnd(32, "0"), 2)
  const kept = Number.parseInt(tail.slice(0, 8), 16) & (2 ** (32 - bits.length) - 1)
  return `${(head + (kept >>> 0)).toString(16).padStart(8, "0")}${tail.slice(8)}` as DhtKey
}

export const checks: Checks = { verify, believe: (document, id, nowMs) => believe(document, id, nowMs, verify) }

/** What the registry of this seed stores of an announcement of its own. */
export const valueOf = (announcement: VerifiedAnnouncement, seed: number, at: Seconds = noon): ProvenValue =>
  makeValue(registryOf(seed), announcement, at, addressOf(seed))!.stored
