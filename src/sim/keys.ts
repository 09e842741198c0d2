/**
 * Keys of the simulated: real Ed25519 from the seed, and a verifier that remembers.
 *
 * What was verified once need not be verified again by the next node: verdicts are remembered by the exact content, so a
 * changed byte is judged anew. Signatures are the budget of a simulation (60 µs, fifty machine steps).
 */
import { type Belief, believe, isAhead } from "../protocol/gossip/authority.ts"
import { sha256 } from "../protocol/identity/digest.ts"
import type { SecretKey } from "../protocol/identity/ed25519.ts"
import { idOf } from "../protocol/identity/id.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { Signer, Verifier } from "../runtime/ports.ts"
import { secretKeyOf, sign, verify } from "./signatures.ts"

/** A 32-byte seed of its own for everything that has a key. */
export const keySeed = (seed: number, whose: string): Uint8Array => sha256(`agentdns/sim/${seed}/${whose}`)

export const signerOf = (secret: SecretKey): Signer["Service"] => ({
  publicKey: secret.publicKey,
  registryId: idOf("registry", secret.publicKey),
  sign: (message) => sign(secret, message),
})

export const hostKey = (seed: number, name: string): SecretKey => secretKeyOf(keySeed(seed, `host/${name}`))

/**
 * One for the whole world. `isReadOnce`: nodes share what the codec read, so that a document comes again as the same object.
 * Where every node reads its own copy none does, and each would be a weight to keep.
 */
export const makeRememberingVerifier = (isReadOnce = false): Verifier["Service"] => {
  const verdicts = new Map<string, boolean>()
  const beliefs = new Map<string, Belief>()
  const beliefsByIdentity = new WeakMap<JsonObject, Belief>()

  const rememberedVerify: typeof verify = (key, message, signature) => {
    const question = `${key}${signature}${typeof message === "string" ? message : Buffer.from(message).toString("latin1")}`
    const known = verdicts.get(question)
    if (known !== undefined) return known
    const verdict = verify(key, message, signature)
    remember(verdicts, question, verdict)
    return verdict
  }

  /** All of it but the clock and the sender's claim, which differ from node to node. */
  const timeless = (document: JsonObject): Belief => {
    const same = beliefsByIdentity.get(document)
    if (same !== undefined) return same
    const text = JSON.stringify(document)
    const known = beliefs.get(text)
    const belief = known ?? believe(document, undefined, Number.POSITIVE_INFINITY, rememberedVerify)
    if (known === undefined) remember(beliefs, text, belief)
    if (known === undefined || isReadOnce) beliefsByIdentity.set(document, belief)
    return belief
  }

  return {
    verify: rememberedVerify,
    believe: (document, claimedId, nowMs) => {
      const belief = timeless(document)
      if (belief.type === "drop") return belief
      const { announcement } = belief
      // the same two checks as in authority.ts, on what was remembered; their order does not matter to who believes nothing
      if (claimedId !== undefined && announcement.contentId !== claimedId) return { type: "drop", reason: "id-mismatch" }
      return isAhead(announcement, nowMs) ? { type: "drop", reason: "ahead-of-clock" } : belief
    },
  }
}

const rememberedMax = 200_000

const remember = <A>(memory: Map<string, A>, key: string, value: A): void => {
  if (memory.size >= rememberedMax) memory.delete(memory.keys().next().value!)
  memory.set(key, value)
}
