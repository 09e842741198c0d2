/** `Signer` and `Verifier` with this machine's Ed25519; the secret stays in here, and in the thread that signs. */
import { Layer } from "effect"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { believe } from "../../protocol/gossip/authority.ts"
import { Signer, Verifier } from "../ports.ts"
import { sign, verify } from "./ed25519.ts"
import { clientsThread, gossipThread } from "./signature-thread.ts"
import { makeThreadVerifier } from "./thread-verifier.ts"

export const signerOf = (key: SecretKey): Layer.Layer<Signer> =>
  Layer.succeed(Signer, {
    publicKey: key.publicKey,
    registryId: idOf("registry", key.publicKey),
    sign: (message) => sign(key, message),
    signLater: clientsThread.signerOf(key),
  })

export const strictVerifier: Layer.Layer<Verifier> = Layer.sync(Verifier, () => {
  for (const thread of [clientsThread, gossipThread]) thread.warm()
  return {
    verify,
    firstBroken: clientsThread.firstBroken,
    believe: (document, claimedId, nowMs) => believe(document, claimedId, nowMs, verify),
    believeLater: makeThreadVerifier(gossipThread.firstBroken),
  }
})
