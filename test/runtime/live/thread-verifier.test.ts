/** Verified by another thread: the same judgement, in the order asked. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { announceStatus } from "../../../src/protocol/gossip/announcement.ts"
import { type Belief, believe } from "../../../src/protocol/gossip/authority.ts"
import { canonicalWithout, type Json, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import { gossipThread } from "../../../src/runtime/live/signature-thread.ts"
import { makeThreadVerifier } from "../../../src/runtime/live/thread-verifier.ts"
import { announced, buried, entityOf, noon, registryOf } from "../../support/builders.ts"

const home = registryOf(1)
const samples = [
  announced(home, entityOf(5, 0)),
  announced(home, entityOf(5, 1, { name: "Größe <b> & more" })),
  buried(home, 5, 0, entityOf(5, 0), noon),
  announceStatus(home, entityOf(5, 0).entity_id, "inactive", noon - 300, noon),
]

/** Another signature of the same length. */
const otherwise = (signature: Json): Json =>
  (signature as string).replace(/^ed25519:(.)/, (_, first) => `ed25519:${first === "A" ? "B" : "A"}`)
const inside = (document: JsonObject, member: string, field: string): JsonObject => {
  const part = document[member] as JsonObject | undefined
  return part?.[field] === undefined ? document : { ...document, [member]: { ...part, [field]: otherwise(part[field]) } }
}
/** What a liar does to a document, signed anew where it is the registry itself that lies. */
const resigned = (document: JsonObject): JsonObject => ({
  ...document,
  signature: sign(home.secret, canonicalWithout(document, "signature")),
})
const lies: ReadonlyArray<(document: JsonObject) => JsonObject> = [
  (document) => document,
  (document) => ({ ...document, signature: otherwise(document["signature"]!) }),
  (document) => resigned(inside(document, "record", "signature")),
  (document) => resigned(inside(document, "evidence", "signature")),
  (document) => resigned({ ...document, registry_id: "none" }),
  (document) => resigned({ ...document, record: { ...(document["record"] as JsonObject), name: "taken" } }),
]

it("judges as one thread does, in the order asked, whatever is asked at once", async () => {
  const asked = fc.array(fc.tuple(fc.constantFrom(...samples), fc.constantFrom(...lies), fc.boolean()), { minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(asked, async (questions) => {
      const later = makeThreadVerifier(gossipThread.firstBroken)
      const documents = questions.map(
        ([{ contentId, document }, lie, isNamed]) => [lie(document), isNamed ? contentId : undefined] as const,
      )
      const told: Array<readonly [number, Belief]> = []
      await new Promise<void>((resolve) =>
        documents.forEach(([document, id], i) =>
          later(document, id, noon * 1_000, (belief) => {
            told.push([i, belief])
            if (told.length === documents.length) resolve()
          }),
        ),
      )
      expect(told.map(([i]) => i)).toEqual(documents.map((_, i) => i))
      const outcome = (belief: Belief) => (belief.type === "verified" ? belief.announcement.id : belief.reason)
      expect(told.map(([, belief]) => outcome(belief))).toEqual(
        documents.map(([document, id]) => outcome(believe(document, id, noon * 1_000, verify))),
      )
    }),
    { numRuns: 60 },
  )
})
