/** K1: a bucket has at most k contacts, each in its own, and of one network few: in a bucket, and in all. */
import type { DhtMemory } from "../../actors/dht.ts"
import { sharedBits } from "../../protocol/dht/distance.ts"
import type { Seen } from "../../protocol/dht/k-bucket.ts"
import { contactsOf } from "../../protocol/dht/routing-table.ts"
import { dhtContactsPerNetwork, dhtContactsPerNetworkAndBucket } from "../../protocol/limits.ts"
import type { Checker } from "./checker.ts"

export const table: Checker = {
  invariant: "K1 table",
  look: (_, { name, node }) => {
    const memory = node?.actors.snapshot("dht")?.context as DhtMemory | undefined
    if (memory === undefined) return undefined
    const { buckets, k, self } = memory.table
    if (mostOfOneNetwork(contactsOf(memory.table)) > dhtContactsPerNetwork) return { node: name, detail: "knows too many of one network" }
    for (const [bits, { contacts }] of buckets) {
      if (contacts.length > k) return { node: name, detail: `has ${contacts.length} contacts in bucket ${bits}, at most ${k} are allowed` }
      if (contacts.some(({ id }) => sharedBits(self, id) !== bits)) return { node: name, detail: `has a stranger in bucket ${bits}` }
      if (mostOfOneNetwork(contacts) > dhtContactsPerNetworkAndBucket)
        return { node: name, detail: `has too many of one network in bucket ${bits}` }
    }
    return undefined
  },
}

const mostOfOneNetwork = (contacts: ReadonlyArray<Seen>): number => {
  const counts = new Map<string, number>()
  for (const { network } of contacts) if (network !== undefined) counts.set(network, (counts.get(network) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}
