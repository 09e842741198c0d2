/**
 * Which addresses are anybody's on the internet: what a stranger's URL may make us connect to. Everything that the IANA's
 * special-purpose registries (RFC 6890) name is not: private, link-local, loopback, shared, documentation, multicast, and
 * the ways in which IPv6 carries IPv4.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net"

const special = new BlockList()
for (const network of [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
])
  special.addSubnet(network.split("/")[0]!, Number(network.split("/")[1]), "ipv4")
/** Of IPv6 only 2000::/3 is given out; in it these are special. */
for (const network of ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])
  special.addSubnet(network.split("/")[0]!, Number(network.split("/")[1]), "ipv6")
const givenOut = new BlockList()
givenOut.addSubnet("2000::", 3, "ipv6")

/** False for what is no address. */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !special.check(address, "ipv4")
  return isIPv6(address) && givenOut.check(address, "ipv6") && !special.check(address, "ipv6")
}
