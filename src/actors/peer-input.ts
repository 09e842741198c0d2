/** What a peer is told when it starts: an address to dial, or a caller. */
import type { PublicKey } from "../protocol/identity/key.ts"
import type { Address } from "../protocol/mesh/address.ts"
import type { Dialect, Hello } from "../protocol/wire/message.ts"
import type { Link } from "./command.ts"

interface Common {
  readonly id: string
  /** Our own HELLO: who we are, and the network we belong to. */
  readonly self: Hello
  readonly seed: number
  /** What the other end may send once it is connected; the page's number when absent. */
  readonly announcementsPerSecond?: number
}

interface Outbound extends Common {
  readonly direction: "out"
  readonly address: Address
  /** The key that the operator says is at this address. */
  readonly configured?: PublicKey
  /** The key that was met there before. */
  readonly pinned?: PublicKey
  /** Failed attempts in a row after which it gives up. */
  readonly attemptsMax: number
  /** Dialects that it may speak, the likeliest first; the pages' when absent. */
  readonly dialects?: readonly [Dialect, ...ReadonlyArray<Dialect>]
}

interface Inbound extends Common {
  readonly direction: "in"
  readonly link: Link
  readonly key: PublicKey | undefined
  readonly host: string
  readonly nowMs: number
}

export type PeerInput = Outbound | Inbound
