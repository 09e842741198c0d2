/**
 * Trust on first use of peers (mesh page, "TOFU"): the key first met at an address we dialled is the key of that address.
 *
 * Only addresses that *we* dialled are pinned; what a caller says of its own address proves nothing. A key that the
 * operator configured (`host:port#ed25519:…`) comes before the pin, and replaces it: that is how a pin is renewed.
 */
import type { PublicKey } from "../identity/key.ts"
import type { Seconds } from "../time.ts"

export interface PeerPin {
  /** `host:port` as it was dialled. */
  readonly address: string
  readonly key: PublicKey
  readonly since: Seconds
  /** In which it was understood, where that is not the pages'. */
  readonly dialect?: "agentdns"
}

export type PinVerdict =
  | { readonly type: "agrees" }
  | { readonly type: "first" }
  | { readonly type: "replaces"; readonly pinned: PublicKey }
  | { readonly type: "contradicts"; readonly expected: PublicKey; readonly because: "configured" | "pinned" }

/** May this key be the one at that address? `configured` is the operator's word, `pinned` what was met before. */
export const judge = (met: PublicKey, pinned: PublicKey | undefined, configured: PublicKey | undefined): PinVerdict => {
  if (configured !== undefined && configured !== met) return { type: "contradicts", expected: configured, because: "configured" }
  if (pinned === undefined) return { type: "first" }
  if (pinned === met) return { type: "agrees" }
  return configured === undefined ? { type: "contradicts", expected: pinned, because: "pinned" } : { type: "replaces", pinned }
}
