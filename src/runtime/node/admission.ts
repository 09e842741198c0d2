/**
 * Letting a developer in whose key the registry makes (reference 9; the deployed command lines want it so). A developer who has
 * a key of its own is better off with `registerDeveloper`: then no secret travels.
 *
 * The key follows from the registry's own key and from `state`, which only the caller knows. So the same request again is the
 * same developer, and no secret is kept anywhere.
 */
import { canonical } from "../../protocol/identity/canonical-json.ts"
import { sha512 } from "../../protocol/identity/digest.ts"
import { secretKeyOf, sign } from "../../protocol/identity/ed25519.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { rawKey } from "../../protocol/identity/key.ts"
import type { Node } from "../node-service.ts"
import { conflict, type Desk } from "./desk.ts"
import { steps } from "../steps.ts"

export const admissionOn = (
  { origin, store }: Pick<Desk, "origin" | "store">,
  registerDeveloper: Node["Service"]["registerDeveloper"],
): Pick<Node["Service"], "admitDeveloper"> => ({
  admitDeveloper: steps(function* (name, state) {
    const seed = sha512(origin.sign(`agdns: a developer's key for ${state}`)).subarray(0, 32)
    const key = secretKeyOf(seed)
    const id = idOf("developer", key.publicKey)
    const known = yield* store.developer(id)
    if (known !== undefined && known.record.name !== name) return yield* conflict("this state let in a developer of another name")
    if (known?.tier !== "local") {
      const said = { github: "", name, profile_url: "", public_key: key.publicKey }
      yield* registerDeveloper({ ...said, signature: sign(key, canonical(said)) })
    }
    return { developerId: id, publicKey: key.publicKey, secret: new Uint8Array([...seed, ...rawKey(key.publicKey)]) }
  }),
})
