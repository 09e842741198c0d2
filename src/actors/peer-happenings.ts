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

/** Why whoever has this key is not greeted where we dialled: it is ourselves, whom others may name to us, or not whom we look for. */
export const whyNotKey = (context: PeerContext, key: PublicKey): "own-id" | "key-contradicts-pin" | undefined => {
  if (key === context.input.self.publicKey) return "own-id"
  return verdictOnKey(context, key).type === "contradicts" ? "key-contradicts-pin" : undefined
}

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

export const wrongKey = (context: PeerContext, met: PublicKey): Happening => {
  const address = whereabouts({ ...context, linked: undefined })
  const judged = verdictOnKey(context, met)
  return judged.type === "contradicts" && met !== context.input.self.publicKey
    ? { type: "key.contradicted", address, expected: judged.expected, met, because: judged.because }
    : { type: "peer.refused", address, reason: whyNotKey(context, met)! }
}
