/** `Signer` and `Verifier` with this machine's Ed25519; the secret stays in here. */
import { Layer } from "effect"
import { type SecretKey, sign, verify } from "../../protocol/identity/ed25519.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { believe } from "../../protocol/gossip/authority.ts"
import { Signer, Verifier } from "../ports.ts"
import { makePoolVerifier } from "./pool-verifier.ts"
import { signatureThread } from "./signature-thread.ts"

export const signerOf = (key: SecretKey): Layer.Layer<Signer> =>
  Layer.succeed(Signer, {
    publicKey: key.publicKey,
    registryId: idOf("registry", key.publicKey),
    sign: (message) => sign(key, message),
    signLater: signatureThread.signerOf(key),
  })

export const strictVerifier: Layer.Layer<Verifier> = Layer.sync(Verifier, () => ({
  verify,
  verifyLater: signatureThread.verify,
  believe: (document, claimedId, nowMs) => believe(document, claimedId, nowMs, verify),
  believeLater: makePoolVerifier(),
}))
