/** Announcements of entities that really registered: an entity's own signature, its developer's proof, its registry's signature. */
import { announceEntity, type VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import type { SecretKey } from "../../src/protocol/identity/ed25519.ts"
import { readRegistration } from "../../src/protocol/records/registration.ts"
import { secondsOf } from "../../src/protocol/time.ts"
import { wireCodec } from "../../src/runtime/codec.ts"
import { signerOf } from "../../src/sim/keys.ts"
import { client } from "../../src/sim/workload/clients.ts"

/** Of that many entities, as the registry with this key makes them now. */
export const announcementsOf = (key: SecretKey, count: number): ReadonlyArray<VerifiedAnnouncement> => {
  const origin = signerOf(key)
  const nowMs = Date.now()
  return Array.from({ length: count }, (_, number) => {
    // the clients' signatures are checked by whoever is measured
    const read = readRegistration(client(1, number).registration, { home: origin.registryId, nowMs, check: () => true })
    if (read.type === "refused") throw new Error(read.message)
    return announceEntity(origin, "register", read.record, secondsOf(nowMs))
  })
}

export const frameOf = ({ contentId, document }: VerifiedAnnouncement): Uint8Array =>
  wireCodec.write({ type: "GOSSIP", id: contentId, hopCount: 0, document: () => document })
