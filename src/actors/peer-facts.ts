/** What a peer knows of the other end, and what others are told of it (`peer.ts` says when). */
import { writeAddress } from "../protocol/mesh/address.ts"
import * as Greeting from "../protocol/mesh/greeting.ts"
import type * as Pin from "../protocol/mesh/pin.ts"
import type { Member } from "../protocol/mesh/roster.ts"
import { secondsOf } from "../protocol/time.ts"
import { capabilities, type Dialect, type Message } from "../protocol/wire/message.ts"
import { addressOf } from "./peer-happenings.ts"
import type { Linked, PeerContext, PeerInput } from "./peer.ts"

export const dialectsOf = (input: PeerInput): readonly [Dialect, ...ReadonlyArray<Dialect>] =>
  input.direction === "out" && input.dialects !== undefined ? input.dialects : ["spec"]

/** Another one that it may speak; the same where there is none. */
export const otherThan = ({ dialect, input }: PeerContext): Dialect => dialectsOf(input).find((one) => one !== dialect) ?? dialect

/** Who is refused in both dialects is tried in the other one again after so many attempts: somebody else may be there by then. */
export const otherDialectEvery = 4

/** Why this message is not the HELLO we wait for. */
export const whyNot = ({ input, hello, linked }: PeerContext, message: Message): string | undefined => {
  if (message.type !== "HELLO" || hello !== undefined) return "out-of-order"
  const verdict = Greeting.judge(message, linked!.key, { registryId: input.self.nodeId, network: input.self.network })
  if (verdict.type !== "welcome") return verdict.reason
  return message.isBilingual === true && input.self.isBilingual === true ? "other-dialect" : undefined
}

export const memberOf = ({ input, linked, hello }: PeerContext): Member => {
  const dial = input.direction === "out" ? dialOf(linked!) : hello!.dial
  const address = input.direction === "out" ? input.address : Greeting.addressOf(hello!, linked!.host)
  return {
    peer: input.id,
    link: linked!.link,
    registryId: hello!.nodeId,
    publicKey: linked!.key,
    direction: input.direction,
    role: hello!.role,
    ...(address !== undefined && { address }),
    agentCount: hello!.agentCount,
    connectedAtMs: linked!.sinceMs,
    ...(dial !== undefined && { dial }),
    ...(hello!.purpose === "dht" && { isVisitor: true }),
    ...(hello!.quirks !== undefined && { quirks: hello!.quirks }),
  }
}

/** Greater for every dial of ours: microseconds, of which the last three digits tell dials of one millisecond apart. */
export const dialOf = ({ link, sinceMs }: Linked): number => sinceMs * 1_000 + (link % 1_000)

export const pinOf = (context: PeerContext): Pin.PeerPin => ({
  address: writeAddress(addressOf(context)!),
  key: context.linked!.key,
  since: secondsOf(context.linked!.sinceMs),
  ...(context.dialect === "agentdns" && { dialect: context.dialect }),
})

/** Do both ends speak it? */
export const can = ({ input, hello }: PeerContext, what: keyof typeof capabilities): boolean =>
  input.self.capabilities.includes(capabilities[what]) && hello!.capabilities.includes(capabilities[what])
