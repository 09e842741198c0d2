/**
 * Whose request it is, for counting: the address that reached us, or, where that is a proxy the operator trusts, the last
 * address in `X-Forwarded-For` that is not one (what stands before it, the client may have written itself).
 *
 * IPv6 clients are counted by their /64, which is what one customer has.
 */
import { Option } from "effect"
import { BlockList, isIP, isIPv6 } from "node:net"

/** As much of a request as this needs. */
export interface Caller {
  readonly remoteAddress: Option.Option<string>
  readonly headers: { readonly [name: string]: string | undefined }
}

/** An IPv4 address, or the first half of an IPv6 one. */
export type ClientAddress = string & { readonly ClientAddress: unique symbol }

export const clientAddressOf = (trustedProxies: ReadonlyArray<string>) => {
  const trusted = networksOf(trustedProxies)
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4")
  return (request: Caller): ClientAddress => {
    const direct = plain(Option.getOrElse(request.remoteAddress, () => ""))
    const forwarded = request.headers["x-forwarded-for"]
    if (forwarded === undefined || isIP(direct) === 0 || !isTrusted(direct)) return counted(direct)
    const hops = forwarded.split(",").map((hop) => plain(hop.trim()))
    const client = hops.findLast((hop) => isIP(hop) === 0 || !isTrusted(hop))
    return counted(client === undefined || isIP(client) === 0 ? direct : client)
  }
}

/** Throws on what is neither an address nor a network: settings are checked before. */
const networksOf = (trustedProxies: ReadonlyArray<string>): BlockList => {
  const list = new BlockList()
  for (const proxy of trustedProxies) {
    const [address = "", bits] = proxy.split("/")
    const family = isIPv6(address) ? "ipv6" : "ipv4"
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** An IPv4 client of a dual-stack socket is an IPv4 client. */
const plain = (address: string): string => (address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address)

const counted = (address: string): ClientAddress => (isIPv6(address) ? firstHalfOf(address) : address) as ClientAddress

const firstHalfOf = (address: string): string => {
  const [head = "", tail] = address.split("::")
  const groups = (text: string | undefined) => (text === undefined || text === "" ? [] : text.split(":"))
  const front = groups(head)
  const gap = tail === undefined ? 0 : 8 - front.length - groups(tail).length
  const all = [...front, ...Array<string>(Math.max(0, gap)).fill("0"), ...groups(tail)]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`
}
