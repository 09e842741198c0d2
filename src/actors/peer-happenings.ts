/** What a peer tells people: its coming and going, and why somebody was refused (`peer.ts` says when). */
import type { PublicKey } from "../protocol/identity/key.ts"
import { type Address, writeAddress } from "../protocol/mesh/address.ts"
import * as Pin from "../protocol/mesh/pin.ts"
import type { Happening } from "./happening.ts"
import type { PeerContext } from "./peer.ts"

/** Where we dialled it. */
export const addressOf = ({ input }: PeerContext): Address | undefined => (input.direction === "out" ? input.address : undefined)

export const verdictOnKey = ({ input, pinned }: PeerContext, key: PublicKey): Pin.PinVerdict =>
  input.direction === "out" ? Pin.judge(key, pinned, input.configured) : { type: "first" }

const whereabouts = (context: PeerContext): string => {
  const address = addressOf(context)
  return address === undefined ? context.linked!.host : writeAddress(address)
}

export const arrival = (context: PeerContext): Happening => ({
  type: "peer.connected",
  registryId: context.hello!.nodeId,
  address: whereabouts(context),
  direction: context.input.direction,
})

export const departure = (context: PeerContext, reason: string): Happening => ({
  type: "peer.disconnected",
  registryId: context.hello!.nodeId,
  reason,
})

export const refusal = (context: PeerContext, reason: string): Happening => ({
  type: "peer.refused",
  ...(context.hello !== undefined && { registryId: context.hello.nodeId }),
  address: whereabouts(context),
  reason,
})

export const contradiction = (context: PeerContext, met: PublicKey): Happening => {
  const judged = verdictOnKey(context, met)
  return judged.type === "contradicts"
    ? {
        type: "key.contradicted",
        address: whereabouts({ ...context, linked: undefined }),
        expected: judged.expected,
        met,
        because: judged.because,
      }
    : refusal(context, "key-contradicts-pin")
}
