/**
 * A contact: a node that the DHT has heard of. Its key is proven by nobody but itself, in a handshake; until then it is
 * hearsay. What keeps one operator from being everybody's contact is the network that its address belongs to.
 */
import type { Address } from "../mesh/address.ts"
import type { DhtKey } from "./key.ts"

export interface Contact {
  readonly id: DhtKey
  readonly address: Address
}

/**
 * The network of an address, /24 of IPv4 and /48 of IPv6, as a word; `undefined` for what is no public address: loopback,
 * private and link-local ones, and names (whoever is connected has an address, so a name here is a simulated one).
 */
export const networkOf = (host: string): string | undefined => {
  const plain = host.startsWith("::ffff:") ? host.slice(7) : host
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.\d{1,3}$/.exec(plain)
  if (v4 !== null) return isPrivate4(Number(v4[1]), Number(v4[2])) ? undefined : `${v4[1]}.${v4[2]}.${v4[3]}.0/24`
  if (!plain.includes(":")) return undefined
  const groups = groups6(plain.split("%")[0]!)
  return groups === undefined || isPrivate6(groups)
    ? undefined
    : `${groups
        .slice(0, 3)
        .map((group) => group.toString(16))
        .join(":")}::/48`
}

const isPrivate4 = (a: number, b: number): boolean =>
  a === 0 ||
  a === 10 ||
  a === 127 ||
  (a === 100 && b >= 64 && b < 128) ||
  (a === 169 && b === 254) ||
  (a === 172 && b >= 16 && b < 32) ||
  (a === 192 && b === 168)

/** Unspecified and loopback, unique local fc00::/7, link-local fe80::/10. */
const isPrivate6 = (groups: ReadonlyArray<number>): boolean => {
  const [first = 0] = groups
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80 || (groups.slice(0, 7).every((group) => group === 0) && groups[7]! < 2)
}

const groups6 = (text: string): ReadonlyArray<number> | undefined => {
  const [head = "", tail, ...more] = text.split("::")
  const read = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)))
  const [before, after] = [read(head), read(tail ?? "")]
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: Math.max(0, zeros) }, () => 0), ...after]
  return more.length > 0 || groups.length !== 8 || groups.some(Number.isNaN) ? undefined : groups
}
