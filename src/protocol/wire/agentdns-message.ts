/** Greetings, heartbeats, keys and DHT replies: what the deployed dialect says, in our words, and back. */
import { type DhtKey } from "../dht/key.ts"
import { bilingualVersion, quirks, spokenVersion } from "../agentdns/quirks.ts"
import { read as readId, readRegistryId } from "../identity/id.ts"
import { readKey } from "../identity/key.ts"
import { heartbeatPeersMax } from "../limits.ts"
import { readAddress, writeAddress } from "../mesh/address.ts"
import { secondsOf } from "../time.ts"
import type { DeployedDht, DeployedHeartbeat, DeployedHello, DeployedKey, Said } from "./agentdns-codec.ts"
import type { Dht, Heartbeat, Hello, PeerHint } from "./message.ts"
import { publicNetwork } from "./spec-codec.ts"

// keys ---------------------------------------------------------------------------------------------------------------

export const bytesOf = (key: DhtKey): DeployedKey => [...Buffer.from(key, "hex")]
export const keyIn = (said: DeployedKey): DhtKey => Buffer.from(said).toString("hex") as DhtKey
export const zeros: DeployedKey = Array.from({ length: 32 }, () => 0)

/** The entities whose values have this key. */
export const subjectsOf = (key: DhtKey): ReadonlyArray<string> =>
  key.endsWith("0".repeat(32)) ? [`zns:${key.slice(0, 32)}`, `zns:svc:${key.slice(0, 32)}`].filter((id) => readId(id) !== undefined) : []

/** What a reply says beside whose and to what it is. */
export const replyOf = (message: Dht, nowMs: number): Partial<DeployedDht> => {
  switch (message.op) {
    case "PONG":
      return { ok: true }
    case "STORED":
      return { ok: message.stored > 0 }
    case "NODES":
    case "VALUES":
      return {
        nodes: message.nodes.map(({ address, id }) => ({ id: bytesOf(id), address: writeAddress(address), last_seen: secondsOf(nowMs) })),
      }
    case "PING":
    case "FIND_NODE":
    case "FIND_VALUE":
    case "STORE":
      return {}
  }
}

// greetings and heartbeats -------------------------------------------------------------------------------------------

export const helloText = (hello: Hello): Said & { readonly type: "hello" } => ({
  type: "hello",
  payload: {
    registry_id: hello.nodeId,
    name: hello.name ?? "agentdns",
    public_key: hello.publicKey,
    agent_count: hello.agentCount,
    version: hello.isBilingual === true ? bilingualVersion : spokenVersion,
    listen_port: hello.listenPort,
  },
})

/** `undefined` where id or key are none: that node believes anything here. */
export const helloOf = ({ agent_count, listen_port, name, public_key, registry_id, version }: DeployedHello): Hello | undefined => {
  const nodeId = readRegistryId(registry_id)
  const publicKey = readKey(public_key)
  if (nodeId === undefined || publicKey === undefined) return undefined
  return {
    type: "HELLO",
    nodeId,
    publicKey,
    version,
    capabilities: [],
    network: publicNetwork,
    role: "full",
    listenPort: listen_port,
    agentCount: agent_count,
    name,
    ...(version === bilingualVersion && { isBilingual: true as const }),
    quirks,
  }
}

export const heartbeatText = (message: Heartbeat): Said & { readonly type: "heartbeat" } => {
  const bloom = message.filter?.type === "whole" ? message.filter.bloom : undefined
  return {
    type: "heartbeat",
    payload: {
      registry_id: message.registryId,
      agent_count: message.agentCount + message.serviceCount,
      ...(bloom !== undefined && {
        bloom_filter: Buffer.from(bloom.bits.buffer, bloom.bits.byteOffset, bloom.bits.byteLength).toString("base64"),
        bloom_size: bloom.size,
        bloom_hashes: bloom.hashes,
      }),
      ...(message.peers.length > 0 && { peer_addrs: message.peers.map(({ address }) => writeAddress(address)) }),
    },
  }
}

export const heartbeatOf = (said: DeployedHeartbeat, nowMs: number): Heartbeat => {
  const filter = filterOf(said)
  return {
    type: "HEARTBEAT",
    registryId: said.registry_id,
    at: secondsOf(nowMs),
    peers: hintsOf(said.peer_addrs ?? []),
    agentCount: said.agent_count,
    serviceCount: 0,
    wantsAnswer: false,
    ...(filter !== undefined && { filter }),
  }
}

/** What can be dialled, no more than any heartbeat may name. */
const hintsOf = (texts: ReadonlyArray<string>): ReadonlyArray<PeerHint> => {
  const hints: Array<PeerHint> = []
  for (const text of texts) {
    if (hints.length === heartbeatPeersMax) break
    const address = readAddress(text)
    if (address !== undefined && address.port > 0) hints.push({ address, reputation: 1 })
  }
  return hints
}

/**
 * A filter that says something: as many bytes as it claims bits, at least one hash, and a bit set (for its first five minutes
 * that node sends zeros, whatever it holds).
 */
const filterOf = ({ bloom_filter, bloom_hashes, bloom_size }: DeployedHeartbeat): Heartbeat["filter"] => {
  if (bloom_filter === undefined || !bloom_size || !bloom_hashes) return undefined
  const bits = new Uint8Array(Buffer.from(bloom_filter, "base64"))
  if (bits.length !== (bloom_size + 7) >> 3 || bits.every((byte) => byte === 0)) return undefined
  return { type: "whole", version: 0, bloom: { size: bloom_size, hashes: bloom_hashes, bits }, isPlain: true }
}
