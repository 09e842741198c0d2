/** Announcements as a deployed node makes them: its struct, signed by the key of a small seed. */
import { type GoAnnouncement, readAnnouncement, signedText } from "../../src/protocol/agentdns/go-announcement.ts"
import { readGo } from "../../src/protocol/agentdns/announcement.ts"
import type { JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { verify } from "../../src/protocol/identity/ed25519.ts"
import { believe } from "../../src/protocol/gossip/authority.ts"
import type { VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import { type Seconds, writeTime } from "../../src/protocol/time.ts"
import { noon, type Registry } from "./builders.ts"

/** The announcement of a `gossip` payload, as its origin sends it. `members` come last: they may say anything. */
export const deployedSaid = (registry: Registry, members: Partial<GoAnnouncement> | JsonObject, at: Seconds = noon): JsonObject => {
  const said = {
    name: "",
    home_registry: registry.registryId,
    timestamp: writeTime(at),
    origin_public_key: registry.publicKey,
    max_hops: 10,
    ...members,
  } as JsonObject
  return { hop_count: 0, ...said, signature: registry.sign(signedText(readAnnouncement(said)!)) }
}

/** The same, as ours hold it. */
export const deployedWord = (
  registry: Registry,
  members: Partial<GoAnnouncement> | JsonObject,
  at: Seconds = noon,
): VerifiedAnnouncement => {
  const read = readGo(deployedSaid(registry, members, at))
  const belief = read === undefined ? undefined : believe(read.document(), read.id, at * 1_000, verify)
  if (belief?.type !== "verified") throw new Error(`not believed: ${JSON.stringify({ belief, members })}`)
  return belief.announcement
}
