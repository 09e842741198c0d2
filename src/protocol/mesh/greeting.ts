/**
 * What a HELLO must prove (mesh, "Joining the mesh"; identity, "TLS from Ed25519"; ruled): the id is that of the key, the
 * key is the one of the TLS handshake, the network is ours, and it is not ourselves.
 */
import { idOf, type RegistryId } from "../identity/id.ts"
import type { PublicKey } from "../identity/key.ts"
import type { Hello } from "../wire/message.ts"
import type { Address } from "./address.ts"

export type GreetingVerdict =
  | { readonly type: "welcome" }
  | { readonly type: "drop"; readonly reason: "id-is-not-of-key" | "key-is-not-of-tls" | "other-network" | "own-id" }

export const judge = (
  hello: Hello,
  proven: PublicKey,
  self: { readonly registryId: RegistryId; readonly network: string },
): GreetingVerdict => {
  if (hello.nodeId !== idOf("registry", hello.publicKey)) return { type: "drop", reason: "id-is-not-of-key" }
  if (hello.publicKey !== proven) return { type: "drop", reason: "key-is-not-of-tls" }
  if (hello.nodeId === self.registryId) return { type: "drop", reason: "own-id" }
  if (hello.network !== self.network) return { type: "drop", reason: "other-network" }
  return { type: "welcome" }
}

/** Where a node that said this can be dialled; `undefined` when it does not listen. */
export const addressOf = (hello: Hello, seenAtHost: string): Address | undefined =>
  hello.listenPort === 0 ? undefined : { host: hello.advertisedHost ?? seenAtHost, port: hello.listenPort }

/** Who dialled a link, and which of its dials that was, if it said so. */
export interface Dialled {
  readonly by: RegistryId
  readonly dial: number | undefined
}

/**
 * Of two links between the same two nodes both ends keep the same one, in whatever order their greetings arrive: dialled by
 * the smaller id; of the same dialler, the later dial. Who does not number its dials keeps the link that greeted last.
 */
export const keepsNewLink = (existing: Dialled, fresh: Dialled): boolean =>
  fresh.by === existing.by ? (fresh.dial ?? Number.POSITIVE_INFINITY) >= (existing.dial ?? 0) : fresh.by < existing.by
