/** The host a socket was reached from as people write it: an IPv4 address seen through IPv6 is that IPv4 address. */
export const plainHost = (address: string | undefined): string => (address ?? "").replace(/^::ffff:(?=\d+\.)/, "")
