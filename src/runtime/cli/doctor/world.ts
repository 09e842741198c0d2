/** What the doctor looks at. Tests bring a world of their own: no check leaves this machine there. */
import { resolveTxt } from "node:dns/promises"
import { connect } from "node:tls"
import { Effect } from "effect"
import { type PublicKey, writeKey } from "../../../protocol/identity/key.ts"
import type { Address } from "../../../protocol/mesh/address.ts"
import { canListen } from "../../live/listening.ts"

export interface World {
  readonly nowMs: () => number
  readonly isFree: (address: Address) => Promise<boolean>
  /** `registry_id` of GET /v1/info, where a registry answers. */
  readonly registryAt: (url: string) => Promise<string | undefined>
  /** The key of the certificate that a mesh port shows. */
  readonly meshKeyAt: (address: Address) => Promise<PublicKey | undefined>
  readonly textsAt: (name: string) => Promise<ReadonlyArray<string> | undefined>
}

const patienceMs = 5_000

export const thisWorld: World = {
  nowMs: () => Date.now(),
  isFree: (address) => Effect.runPromise(Effect.match(canListen([address]), { onFailure: () => false, onSuccess: () => true })),
  registryAt: async (url) => {
    try {
      const response = await fetch(`${url.replace(/\/+$/, "")}/v1/info`, { signal: AbortSignal.timeout(patienceMs) })
      const { registry_id } = (await response.json()) as { readonly registry_id?: unknown }
      return typeof registry_id === "string" ? registry_id : undefined
    } catch {
      return undefined
    }
  },
  meshKeyAt: ({ host, port }) =>
    new Promise((resolve) => {
      // Nobody vouches for certificates of the mesh: the key in it is what is looked at.
      const socket = connect({
        host,
        port,
        rejectUnauthorized: false,
        servername: "",
        checkServerIdentity: () => undefined,
        timeout: patienceMs,
      })
      const end = (key: PublicKey | undefined) => {
        socket.destroy()
        resolve(key)
      }
      socket.once("secureConnect", () => {
        const key = socket.getPeerX509Certificate()?.publicKey
        end(key?.asymmetricKeyType === "ed25519" ? writeKey(key.export({ format: "der", type: "spki" }).subarray(-32)) : undefined)
      })
      for (const event of ["error", "timeout", "close"] as const) socket.once(event, () => end(undefined))
    }),
  textsAt: async (name) => {
    try {
      return (await resolveTxt(name)).map((parts) => parts.join(""))
    } catch {
      return undefined
    }
  },
}
