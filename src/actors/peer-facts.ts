/** What a peer knows of the other end, and what others are told of it (`peer.ts` says when). */
import type { PublicKey } from "../protocol/identity/key.ts"
import type { Quirks } from "../protocol/agentdns/quirks.ts"
import { heartbeatPeriodMs } from "../protocol/limits.ts"
import { type Address, writeAddress } from "../protocol/mesh/address.ts"
import { roll } from "../protocol/mesh/dice.ts"
import * as Greeting from "../protocol/mesh/greeting.ts"
import type * as Pin from "../protocol/mesh/pin.ts"
import type { Member } from "../protocol/mesh/roster.ts"
import { secondsOf } from "../protocol/time.ts"
import { capabilities, type Dialect, type Message } from "../protocol/wire/message.ts"
import type { HeartbeatInput } from "./heartbeat.ts"
import { addressOf, verdictOnKey } from "./peer-happenings.ts"
import type { PeerInput } from "./peer-input.ts"
import type { Linked, PeerContext } from "./peer.ts"

export const dialectsOf = (input: PeerInput): readonly [Dialect, ...ReadonlyArray<Dialect>] =>
  input.direction === "out" && input.dialects !== undefined ? input.dialects : ["spec"]

/** Another one that it may speak; the same where there is none. */
export const otherThan = ({ dialect, input }: PeerContext): Dialect => dialectsOf(input).find((one) => one !== dialect) ?? dialect

/** Who is refused in both dialects is tried in the other one again after so many attempts: somebody else may be there by then. */
export const otherDialectEvery = 4

/** Each of these halves the first wait of a redial: the first is one of an eighth. */
export const redialsAtOnce = 3

/** Why this message is not the HELLO we wait for. */
export const whyNot = (context: PeerContext, message: Message): string | undefined => {
  const { hello, input, linked } = context
  if (message.type !== "HELLO" || hello !== undefined) return "out-of-order"
  const verdict = Greeting.judge(message, linked!.key ?? message.publicKey, { registryId: input.self.nodeId, network: input.self.network })
  if (verdict.type !== "welcome") return verdict.reason
  // where TLS is off ours sign a challenge before they say anything: only deployed nodes come without a key
  if (linked!.key === undefined && message.quirks === undefined) return "unproven"
  if (linked!.key === undefined && verdictOnKey(context, message.publicKey).type === "contradicts") return "key-contradicts-pin"
  return message.isBilingual === true && input.self.isBilingual === true ? "other-dialect" : undefined
}

export const memberOf = ({ input, linked, hello }: PeerContext): Member => {
  const dial = input.direction === "out" ? dialOf(linked!) : hello!.dial
  const address = input.direction === "out" ? input.address : Greeting.addressOf(hello!, linked!.host)
  return {
    peer: input.id,
    link: linked!.link,
    registryId: hello!.nodeId,
    publicKey: provenOf({ linked, hello }).key,
    direction: input.direction,
    role: hello!.role,
    ...(address !== undefined && { address }),
    agentCount: hello!.agentCount,
    connectedAtMs: linked!.sinceMs,
    ...(dial !== undefined && { dial }),
    ...(hello!.purpose === "dht" && { isVisitor: true }),
    ...quirksIn({ hello }),
  }
}

/** What is to be borne in mind with it. */
export const quirksIn = ({ hello }: Pick<PeerContext, "hello">): { readonly quirks?: Quirks } =>
  hello?.quirks === undefined ? {} : { quirks: hello.quirks }

export const isProven = ({ linked }: Pick<PeerContext, "linked">): boolean => linked?.key !== undefined

/**
 * Its link, with the key that the handshake proved. Over plain TCP a deployed node proves nothing and the key is the one that
 * its greeting claims: it may not contradict a pin, but it makes none, and whoever claims it is no contact of the DHT.
 */
export const provenOf = ({ hello, linked }: Pick<PeerContext, "hello" | "linked">): Linked & { readonly key: PublicKey } => ({
  ...linked!,
  key: linked!.key ?? hello!.publicKey,
})

/** Greater for every dial of ours: microseconds, of which the last three digits tell dials of one millisecond apart. */
export const dialOf = ({ link, sinceMs }: Linked): number => sinceMs * 1_000 + (link % 1_000)

export const pinOf = (context: PeerContext): Pin.PeerPin => ({
  address: writeAddress(addressOf(context)!),
  key: provenOf(context).key,
  since: secondsOf(context.linked!.sinceMs),
  ...(context.dialect === "agentdns" && { dialect: context.dialect }),
})

/** Who forgets links is in doubt from the beginning, and is beaten to at moments of its own. */
export const heartbeatInput = ({ dice, hello, input, linked }: PeerContext): HeartbeatInput => {
  const own = { link: linked!.link, peer: input.id }
  if (hello?.quirks?.keepsOldestLink !== true) return own
  return { ...own, isDoubted: true, beatMs: Math.round(heartbeatPeriodMs * (0.8 + 0.2 * roll(dice)[0])) }
}

/** Where a caller is dialled who is lost and does not come back at once by itself. */
export const returnOf = (context: PeerContext): Address | undefined =>
  context.input.direction === "in" && context.hello?.quirks?.losesLinks === true ? memberOf(context).address : undefined

/** Do both ends speak it? */
export const can = ({ input, hello }: PeerContext, what: keyof typeof capabilities): boolean =>
  input.self.capabilities.includes(capabilities[what]) && hello!.capabilities.includes(capabilities[what])
