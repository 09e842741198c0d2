/** Where a node is reached: `host:port`, an IPv6 host in brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

export const writeAddress = ({ host, port }: Address): string => `${host.includes(":") ? `[${host}]` : host}:${port}`

/**
 * A host as it may stand alone: a name or an IP address. Nothing else, because peers name hosts, and what they name is
 * dialled (a NUL throws there) and logged.
 */
export const hostShape = /^[A-Za-z0-9._:%-]{1,253}$/

/** Reads `host:port` or `[v6]:port`; port 0 … 65535. */
export const readAddress = (text: string): Address | undefined => {
  const match = /^(?:\[([0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9._%-]{1,253})):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  return port <= 65_535 ? { host: match[1] ?? match[2]!, port } : undefined
}
