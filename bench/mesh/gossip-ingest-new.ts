/**
 * `gossip.ingest.new`: announcements that one node takes in per second, none of them seen before.
 *
 * Another process writes them over TLS on loopback; the node reads, merges, stores them in memory and indexes their words in
 * one thread, and has them verified by another. Its peers' allowance is set so high that it does not slow the reader; everything else is
 * as in production.
 *
 * The bound is Ed25519; how many verifications one announcement costs is counted with the node's own `believe`.
 */
import { Effect } from "effect"
import { signedText } from "../../src/protocol/gossip/announcement.ts"
import { believe } from "../../src/protocol/gossip/authority.ts"
import { verify } from "../../src/protocol/identity/ed25519.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { hostKey } from "../../src/sim/keys.ts"
import { type Benchmark, perSecond, readable } from "../benchmark.ts"
import { verifyRate } from "../protocol/verify-rate.ts"
import { announcementsOf } from "../support/announcements.ts"
import { realNode } from "../support/real-node.ts"
import { standIn } from "../support/stand-in-process.ts"

const count = 6_000
const announcementsPerSecond = 1_000_000

export const ingestNew: Benchmark = {
  name: "gossip.ingest.new",
  purpose: "new announcements over TLS: verified, merged, stored in memory and indexed",
  measure: (say) =>
    Effect.gen(function* () {
      const { signedBytes, verifications } = oneAnnouncement()
      const other = yield* standIn
      const { bytes } = yield* other.ask({ type: "prepare", count }, "prepared")
      say(`${readable(count)} announcements of ${readable(bytes / count)} bytes are signed; each costs ${verifications} verifications`)
      const rateBefore = verifyRate(signedBytes)

      let accepted = 0
      let done = () => {}
      const store = makeMemoryStore()
      const node = yield* realNode(store, { announcementsPerSecond }, (happening) => {
        if (happening.type === "gossip.accepted" && ++accepted === count) done()
      })
      yield* other.ask({ type: "connect", port: node.address.port, greets: true }, "connected")
      const startedAt = performance.now()
      yield* Effect.callback<void>((resume) => {
        done = () => resume(Effect.void)
        other.tell({ type: "feed", times: 1 })
      })
      const ms = performance.now() - startedAt
      const { gossipEntities } = yield* store.counts
      if (gossipEntities !== count) throw new Error(`${gossipEntities} of ${count} were stored`)
      const verifies = (rateBefore + verifyRate(signedBytes)) / 2
      say(`${readable(count)} stored in ${readable(ms)} ms; ${readable(verifies)} verifications a second and nothing else`)
      return {
        value: perSecond(count, ms),
        unit: "announcements/s",
        bound: verifies / verifications,
        boundName: `Ed25519 on one core, ${verifications} verifications each`,
      }
    }).pipe(Effect.scoped, Effect.runPromise),
}

const oneAnnouncement = () => {
  const { contentId, document } = announcementsOf(hostKey(1, "counted"), 1)[0]!
  let verifications = 0
  const belief = believe(document, contentId, Date.now(), (key, message, signature) => {
    verifications++
    return verify(key, message, signature)
  })
  if (belief.type !== "verified") throw new Error(`it is not believed: ${belief.reason}`)
  return { verifications, signedBytes: Buffer.byteLength(signedText(document)) }
}
