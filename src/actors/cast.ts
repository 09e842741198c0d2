/** Names of the cast: one node, one bootstrap, one gossip; a peer for each remote registry; a session and a heartbeat for each link. */
import type { Link } from "./command.ts"
import type { DhtKey } from "../protocol/dht/key.ts"
import { type Address, writeAddress } from "../protocol/mesh/address.ts"

export const outboundPeerOf = (address: Address): string => `peer/${writeAddress(address)}`
export const inboundPeerOf = (link: Link): string => `peer/in/${link}`
export const sessionOf = (link: Link): string => `gossip-session/${link}`
export const heartbeatOf = (link: Link): string => `heartbeat/${link}`
export const reconcilerOf = (link: Link): string => `reconciler/${link}`
export const inspectorOf = (link: Link): string => `inspector/${link}`
export const askOf = (request: number): string => `ask/${request}`
export const fanOutOf = (query: string): string => `fan-out/${query}`
/** A connection for DHT questions only: one for each contact that we dial, and for each caller. */
export const dhtLinkOf = (id: DhtKey): string => `dht-link/${id}`
export const visitorOf = (link: Link): string => `dht-link/in/${link}`
